import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { splitTiltSeriesPath } from "../tiltSeries/read.ts";
import { READ_KEYS, type ReadMoleculesOptions, readMoleculesIn } from "./moleculeFiles.ts";
import { fileName, fileStem, listed, tomogramsOf } from "./tomogramNames.ts";
import type { TomogramVolume } from "./tomograms.ts";

/** Whose molecules are taken of a table. */
export interface TomogramMoleculesOptions extends ReadMoleculesOptions {
  /** The tomogram's file, or its tilt series: of a table of several tomograms the molecules of the one that is called so. */
  readonly tomogramPath: string;
  /** Voxels of the tomogram, for tables that say nothing of pixel sizes and of where they count from. */
  readonly volume: TomogramVolume;
  /** The name of the tomogram in the table. */
  readonly tomogram?: string | undefined;
  /** Where it cannot be told which tomogram of a table it is: an error (default), or the molecules of all. */
  readonly ifUnclear?: "refuse" | "all";
}

const KEYS: OptionKeys<TomogramMoleculesOptions> = {
  ...READ_KEYS,
  tomogramPath: true,
  volume: true,
  tomogram: true,
  ifUnclear: true,
};

/**
 * Reads the molecules that lie in one tomogram, of a table of any program, see `readMolecules`: what the table says of pixel sizes counts, then the tomogram's voxels.
 * Of a table of several tomograms (the feature `tomogram`, or `image-id` of alignments of several) those of the one that `tomogram` names, else of the one that the
 * file is called after, which is said.
 *
 * @throws {VitrineError} as `readMolecules`; missing: no molecules of this tomogram; undeterminable: of which tomogram of several
 */
export async function readTomogramMolecules(
  path: string,
  options: TomogramMoleculesOptions,
): Promise<Molecules> {
  requireKnownOptions("readTomogramMolecules", options, KEYS);
  const { tomogramPath, volume, tomogram, ifUnclear = "refuse", ...how } = options;
  const molecules = await readMoleculesIn(path, how, volume);
  const names = tomogramsOf(molecules);
  const all = [...new Set(names)].filter((name) => name !== "");
  const choice = { path, all, tomogramPath, tomogram, ifUnclear, onLog: options.onLog };
  const chosen = all.length === 0 ? undefined : chooseName(choice);
  if (chosen === undefined) return molecules;
  return molecules.subset(names.flatMap((name, row) => (name === chosen ? [row] : [])));
}

interface Choice extends Pick<TomogramMoleculesOptions, "tomogramPath" | "tomogram" | "ifUnclear"> {
  readonly path: string;
  /** Names of the table's tomograms. */
  readonly all: readonly string[];
  readonly onLog: TomogramMoleculesOptions["onLog"];
}

/** The tomogram of a table that is meant; undefined: all of it. */
function chooseName(choice: Choice): string | undefined {
  const { path, all, tomogram, tomogramPath, onLog } = choice;
  if (tomogram !== undefined) {
    if (all.includes(tomogram)) return tomogram;
    const expected = `molecules of the tomogram ${tomogram}`;
    throw new VitrineError({ code: "missing", at: path, expected, found: `those of ${listed(all)}` });
  }
  const { file, name: series } = splitTiltSeriesPath(tomogramPath);
  if (all.length === 1) {
    // Dynamo and others number their tomograms
    if (series !== undefined && all[0] !== series && !/^\d+$/.test(all[0]))
      onLog?.(`${path}: its molecules are of ${all[0]}, not of ${series}`, "warning");
    return undefined;
  }
  const own = series ?? fileName(file);
  const [name, ...more] = calledAs(own, all);
  if (name === undefined || more.length > 0) return unclear(choice, own);
  if (name === series) return name;
  const others = choice.ifUnclear === "refuse" ? `; others: ${OTHERS}` : "";
  const taken = `those of ${name} are taken, as ${fileName(file)} is called${others}`;
  onLog?.(`${path} has molecules of ${all.length} tomograms: ${taken}`, "warning");
  return name;
}

/** @throws {VitrineError} undeterminable: which of several tomograms */
function unclear({ path, all, ifUnclear, onLog }: Choice, own: string): undefined {
  if (ifUnclear === "refuse")
    throw new VitrineError({
      code: "undeterminable",
      at: path,
      expected: `molecules of one tomogram, or of one that is called as ${own}`,
      found: `those of ${listed(all)}`,
      hint: `Say of which: ${OTHERS}`,
    });
  const taken = `which of them ${own} is cannot be told: all are taken`;
  onLog?.(`${path} has molecules of ${all.length} tomograms, and ${taken}`, "warning");
}

const OTHERS = "--tomogram NAME (tomogram)";

/** Those names that a file has: RELION's and others' files have more in their names than the tomogram's. */
function calledAs(file: string, names: readonly string[]): readonly string[] {
  const stemOf = (name: string) => fileStem(name).toLowerCase();
  const own = stemOf(file);
  const same = names.filter((name) => stemOf(name) === own);
  // a mere number stands in many names by chance
  return same.length > 0 ? same : names.filter((name) => !/^\d+$/.test(name) && hasName(own, stemOf(name)));
}

/** Whether a name stands in another as a whole: TS_1 in TS_1_bin4, and not in TS_10. */
function hasName(text: string, name: string): boolean {
  if (name === "") return false;
  const at = text.indexOf(name);
  const isEdge = (letter: string | undefined) => letter === undefined || !/[a-z0-9]/.test(letter);
  return at >= 0 && isEdge(text[at - 1]) && isEdge(text[at + name.length]);
}
