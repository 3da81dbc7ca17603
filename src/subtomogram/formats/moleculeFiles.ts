import { VitrineError } from "../../core/index.ts";
import {
  fileExists,
  type OptionKeys,
  openFile,
  prepareResultFiles,
  readFileBytes,
  readStar,
  readText,
  readUnpackedHead,
  requireKnownOptions,
  type StarFile,
  writeFileAtomic,
  writeStar,
  writeTogether,
} from "../../io/index.ts";
import { PLACE_COLUMNS, parseMoleculesCsv, ROTATION_COLUMNS, writeMoleculesCsv } from "../molecules/csv.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { readMoleculesParquet, writeMoleculesParquet } from "../molecules/parquet.ts";
import { copickFromMolecules, moleculesFromCopick } from "./copick.ts";
import { dynamoFromMolecules, moleculesFromDynamo } from "./dynamo.ts";
import { eman2FromMolecules, isEman2, moleculesFromEman2, refuseEman2Alignment } from "./eman2.ts";
import { type HeldFormat, heldBy } from "./held.ts";
import {
  emFromMolecules,
  moleculesFromEm,
  moleculesFromStopgap,
  stopgapFromMolecules,
  stopgapTable,
} from "./motiveList.ts";
import { moleculesFromPeet, type PeetContext, peetFromMolecules } from "./peet.ts";
import { MOLECULE_STAR } from "./recognise.ts";
import {
  moleculesFromRelion,
  type RelionCentre,
  type RelionContext,
  relionFromMolecules,
  relionParticles,
} from "./relion.ts";
import { listed, tomogramsOf } from "./tomogramNames.ts";
import { openTomograms, type TomogramOptions, type TomogramVolume } from "./tomograms.ts";

/** Programs whose tables of molecules are read and written. */
export type MoleculeFormat =
  | "acryo"
  | "relion5"
  | "relion4"
  | "dynamo"
  | "av3"
  | "stopgap"
  | "copick"
  | "peet"
  | "eman2";

/** Names of {@link MoleculeFormat}. */
export const MOLECULE_FORMATS: readonly MoleculeFormat[] = [
  "acryo",
  "relion5",
  "relion4",
  "dynamo",
  "av3",
  "stopgap",
  "copick",
  "peet",
  "eman2",
];

/** What reading molecules needs besides their table. */
export interface ReadMoleculesOptions extends TomogramOptions {
  /** Where centred coordinates of RELION 5 count from; default `half`, as RELION itself. */
  readonly centre?: RelionCentre;
  /** PEET's motive list of a model; default the .csv beside it with the same name. */
  readonly motiveList?: string;
  /** What is left out, doubtful or guessed, said once each. */
  onLog?(message: string, kind: "warning"): void;
}

/** What writing molecules needs. */
export interface WriteMoleculeFileOptions extends ReadMoleculesOptions {
  /** Default by the ending: .csv and .parquet acryo, .star RELION 5, .tbl Dynamo, .em AV3, .json copick, .mod PEET. */
  readonly format?: MoleculeFormat;
  /** The name of the tomogram; where molecules are of several, those of this one are written. */
  readonly tomogram?: string;
  /** Replace a file that is there; default false. */
  readonly overwrite?: boolean;
}

/** Names of {@link ReadMoleculesOptions}, for checks. */
export const READ_KEYS: OptionKeys<ReadMoleculesOptions> = {
  pixelSizeA: true,
  tomogramSize: true,
  tomograms: true,
  centre: true,
  motiveList: true,
  onLog: true,
};
const WRITE_KEYS: OptionKeys<WriteMoleculeFileOptions> = {
  ...READ_KEYS,
  format: true,
  tomogram: true,
  overwrite: true,
};

/**
 * Reads molecules of acryo (.csv, .parquet), RELION 3 to 5 and STOPGAP (.star), Dynamo (.tbl), TOM and AV3 (.em), copick and EMAN2 (.json), PEET (.mod
 * with its .csv): places in nm from the first voxel, orientations from the reference into the tomogram, everything else as features.
 *
 * @throws {VitrineError} missing, storage: the file, a pixel size or a size of the tomogram; format: damaged; unsupported: another kind
 */
export async function readMolecules(path: string, options: ReadMoleculesOptions = {}): Promise<Molecules> {
  requireKnownOptions("readMolecules", options, READ_KEYS);
  return readMoleculesIn(path, options);
}

/** The same, of molecules that are looked for in a volume: where neither options nor the table say, its voxels and size count. */
export async function readMoleculesIn(
  path: string,
  options: ReadMoleculesOptions,
  volume?: TomogramVolume,
): Promise<Molecules> {
  const { centre = "half", onLog } = options;
  const context = { at: path, tomogramOf: await openTomograms(options, volume), centre, onLog };
  switch (endingOf(path)) {
    case "csv":
      return parseMoleculesCsv(await readText(path), path);
    case "pq":
    case "parquet":
      return readMoleculesParquet(path);
    case "tbl":
      return moleculesFromDynamo(await readText(path), context);
    case "em":
      return moleculesFromEm(await readFileBytes(path), context);
    case "json": {
      const text = await readText(path);
      refuseEman2Alignment(text, path);
      return isEman2(text) ? moleculesFromEman2(text, context) : moleculesFromCopick(text, context);
    }
    case "mod":
      return moleculesFromPeet(
        await readFileBytes(path),
        await motiveListOf(path, options.motiveList),
        context,
      );
    case "star": {
      const file = await readStar(path);
      const stopgap = stopgapTable(file);
      if (stopgap !== undefined) return moleculesFromStopgap(stopgap, context);
      return moleculesFromRelion(file, requireRelion(file), context);
    }
    default:
      throw unknownEnding(path);
  }
}

/** Beside a model lies its list, if it has one. */
async function motiveListOf(model: string, given: string | undefined) {
  const at = given ?? listBeside(model);
  if (given === undefined && !(await fileExists(at))) return undefined;
  return { at, text: await readText(at) };
}

function listBeside(model: string): string {
  return model.replace(/\.mod$/i, ".csv");
}

/** Every name of a column stands in so much of a table's beginning. */
const HEAD_BYTES = 2 ** 20;

/** Whether a table is of molecules of tomograms, by its ending or the names of its columns. @throws {VitrineError} missing, storage: the file */
export async function isMoleculeFile(path: string): Promise<boolean> {
  switch (endingOf(path)) {
    case "tbl":
    case "em":
    case "json":
    case "mod":
    case "pq":
    case "parquet":
      return true;
    case "csv": {
      const columns = /[^\r\n]+/
        .exec(await headOf(path))?.[0]
        .split(",")
        .map((name) => name.replace(/^"(.*)"$/, "$1"));
      return [...PLACE_COLUMNS, ...ROTATION_COLUMNS].every((name) => columns?.includes(name));
    }
    case "star":
      return MOLECULE_STAR.test(await headOf(path));
    default:
      return false;
  }
}

/** The beginning of a text. */
async function headOf(path: string): Promise<string> {
  const file = await openFile(path);
  try {
    return new TextDecoder().decode(await readUnpackedHead(file, HEAD_BYTES));
  } finally {
    await file.close();
  }
}

/**
 * Writes molecules for another program; see {@link MoleculeFormat}.
 *
 * @returns how many were written
 * @throws {VitrineError} exists: the file; missing: a pixel size, the tomogram's name or its size where the format needs them;
 *   unsupported: an ending that says no format
 */
export async function writeMolecules(
  path: string,
  molecules: Molecules,
  options: WriteMoleculeFileOptions = {},
): Promise<number> {
  requireKnownOptions("writeMolecules", options, WRITE_KEYS);
  const { overwrite = false, format = formatOf(path), centre = "half", onLog } = options;
  const tomogramOf = await openTomograms(options);
  const named = nameTomograms(molecules, options, path);
  await writeMoleculeTable(path, named, { format, overwrite, at: path, tomogramOf, centre, onLog });
  return named.count;
}

/** What {@link writeMoleculeTable} needs; `at` is what messages call the file. */
export interface MoleculeTable extends RelionContext {
  readonly format: MoleculeFormat;
  readonly overwrite: boolean;
  readonly onLog: ReadMoleculesOptions["onLog"];
}

/** Writes molecules that name their tomograms. @throws {VitrineError} as {@link writeMolecules} */
export async function writeMoleculeTable(
  path: string,
  molecules: Molecules,
  { format, overwrite, onLog, ...context }: MoleculeTable,
): Promise<void> {
  const { at } = context;
  switch (format) {
    case "acryo":
      if (/\.(pq|parquet)$/i.test(at)) return writeMoleculesParquet(path, molecules, { overwrite });
      return writeMoleculesCsv(path, molecules, { overwrite, floatPrecision: null });
    case "relion5":
    case "relion4": {
      const version = format === "relion5" ? 5 : 4;
      const onLeftOut = (names: readonly string[]) =>
        onLog?.(`${at}: left out ${names.join(", ")}: RELION has no such columns`, "warning");
      const file = relionFromMolecules(molecules, { ...context, version, onLeftOut });
      return writeStar(path, file, { overwrite });
    }
    default:
      return writeHeld(path, heldBy(molecules, format, { at, onLog }), {
        ...context,
        format,
        overwrite,
        onLog,
      });
  }
}

/** Formats whose columns are fixed. */
async function writeHeld(
  path: string,
  held: Molecules,
  { format, overwrite, ...context }: MoleculeTable & { readonly format: HeldFormat },
): Promise<void> {
  switch (format) {
    case "stopgap":
      return writeStar(path, stopgapFromMolecules(held, context), { overwrite });
    case "dynamo":
      return writeFileAtomic(path, utf8(dynamoFromMolecules(held, context)), { overwrite });
    case "av3":
      return writeFileAtomic(path, emFromMolecules(held, context), { overwrite });
    case "copick":
      return writeFileAtomic(path, utf8(copickFromMolecules(held)), { overwrite });
    case "eman2":
      return writeFileAtomic(path, utf8(eman2FromMolecules(held, context)), { overwrite });
    case "peet":
      return writePeet(path, held, { ...context, overwrite });
  }
}

/** Both files or none. */
async function writePeet(
  path: string,
  molecules: Molecules,
  { overwrite, ...context }: PeetContext & { readonly overwrite: boolean },
): Promise<void> {
  refuseOtherModel(path);
  const { model, list } = peetFromMolecules(molecules, context);
  await prepareResultFiles({ inputs: [], outputs: [path, listBeside(path)], overwrite });
  await writeTogether(async (files) => {
    await files.write(path, (to) => writeFileAtomic(to, model, { overwrite: true }));
    await files.write(listBeside(path), (to) => writeFileAtomic(to, utf8(list), { overwrite: true }));
  });
}

function refuseOtherModel(at: string): void {
  if (endingOf(at) === "mod") return;
  const expected = "a model's name that ends with .mod; its motive list is written beside it";
  throw new VitrineError({ code: "unsupported", at, expected, found: "another ending" });
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Those of a table of several, or all of the one, which is then called so. @throws {VitrineError} missing: none of several has the name */
function nameTomograms(
  molecules: Molecules,
  { tomogram, onLog }: Pick<WriteMoleculeFileOptions, "tomogram" | "onLog">,
  at: string,
): Molecules {
  if (tomogram === undefined) return molecules;
  const names = tomogramsOf(molecules);
  const all = [...new Set(names)];
  if (all.length < 2)
    return molecules.withFeatures({ tomogram: new Array<string>(molecules.count).fill(tomogram) });
  const own = molecules.subset(names.flatMap((name, row) => (name === tomogram ? [row] : [])));
  if (own.count === 0) {
    const expected = `molecules of the tomogram ${tomogram}`;
    throw new VitrineError({ code: "missing", at, expected, found: `those of ${listed(all)}` });
  }
  onLog?.(
    `${at}: ${molecules.count - own.count} of ${molecules.count} molecules are of other tomograms than ${tomogram} and are left out (--tomogram)`,
    "warning",
  );
  return own.withFeatures({ tomogram: new Array<string>(own.count).fill(tomogram) });
}

const BY_ENDING: Readonly<Record<string, MoleculeFormat>> = {
  csv: "acryo",
  pq: "acryo",
  parquet: "acryo",
  star: "relion5",
  tbl: "dynamo",
  em: "av3",
  json: "copick",
  mod: "peet",
};

/** The format that an ending stands for, if it does for any. */
export function formatByEnding(path: string): MoleculeFormat | undefined {
  const ending = endingOf(path);
  return Object.hasOwn(BY_ENDING, ending) ? BY_ENDING[ending] : undefined;
}

function formatOf(path: string): MoleculeFormat {
  const format = formatByEnding(path);
  if (format === undefined) throw unknownEnding(path);
  return format;
}

/** What stands behind a path's last point, in small letters. */
export function endingOf(path: string): string {
  return /\.(\w+)$/.exec(path)?.[1].toLowerCase() ?? "";
}

function unknownEnding(at: string): VitrineError {
  const expected = "a table of molecules: .csv, .parquet, .star, .tbl, .em, .json or .mod";
  return new VitrineError({ code: "unsupported", at, expected, found: "another ending" });
}

function requireRelion(file: StarFile) {
  const table = relionParticles(file);
  if (table !== undefined) return table;
  const expected =
    "particles of tomograms: rlnCoordinateZ or rlnCenteredCoordinateZAngst, or STOPGAP's motive list";
  const found = file.blocks.map(({ name }) => `data_${name}`).join(", ") || "no block";
  throw new VitrineError({ code: "missing", at: file.name, expected, found });
}
