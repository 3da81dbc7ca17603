import { VitrineError } from "../../core/index.ts";
import {
  identifyFile,
  type NpyRecords,
  parseStar,
  readText,
  type StarFile,
  type StarTable,
  starTable,
  starTables,
} from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { opticsValues, warnOfRows } from "../config/plausible.ts";
import { cistemTable } from "../particles/cistem.ts";
import { CS_CTF, cryosparcColumns, plainPath } from "../particles/cryosparc.ts";
import { readCryosparc } from "../particles/cryosparcFiles.ts";
import type { MicrographCtf } from "../particles/micrographCtf.ts";
import { requireEachOnce, starColumns } from "../particles/starToParticles.ts";
import { isCtffind, parseCtffind } from "./ctffind.ts";
import { ctfsOfParticles } from "./ctfsOfParticles.ts";

/** RELION's columns, of a micrograph or of its optics group. */
const COLUMNS = [
  ["defocusUA", "rlnDefocusU"],
  ["defocusVA", "rlnDefocusV"],
  ["astigmatismAngleDeg", "rlnDefocusAngle"],
  ["phaseShiftDeg", "rlnPhaseShift"],
  ["voltageKv", "rlnVoltage"],
  ["sphericalAberrationMm", "rlnSphericalAberration"],
  ["amplitudeContrast", "rlnAmplitudeContrast"],
  ["pixelSizeA", "rlnMicrographPixelSize"],
] as const;

/** Optics that belong in the configuration, where there are fields for them. */
const UNUSED = /^rln(BeamTilt[XY]|OddZernike|EvenZernike|MagMat\d\d|MtfFileName)$/;

/** Å in a µm. */
const A_PER_UM = 1e4;

/**
 * The CTFs of micrographs: RELION's `micrographs_ctf.star` (3.1 with optics groups, or older), the text of CTFFIND 4 and 5, exposures of
 * cryoSPARC; or particles of RELION, cisTEM or cryoSPARC, whose mean is their micrograph's.
 *
 * Rows whose defocus is no finite number, of a fit that failed, are left out with a warning; values in what seems to be another unit get one.
 *
 * @throws {VitrineError} missing: no such file, no micrographs in it, no defocus; format: neither STAR nor CTFFIND's text, a cell that is
 *   no number, an optics group that is not there
 */
export async function readCtfs(path: string, onLog?: Log): Promise<MicrographCtf[]> {
  const all =
    (await identifyFile(path)) === "cryosparc"
      ? ctfsOfCryosparc(await readCryosparc(path, onLog), onLog)
      : await ctfsOfText(path, onLog);
  const fitted = all.filter(({ at, name, optics }) => {
    const isFitted = Number.isFinite(optics.defocusUA) && Number.isFinite(optics.defocusVA);
    if (!isFitted) onLog?.(`${at}: no defocus was fitted to ${name}, which is left out`, "warning");
    return isFitted;
  });
  warnOfRows(
    fitted.map(({ at, optics }) => opticsValues(optics, (field) => `${at} ${field}`)),
    onLog,
  );
  return fitted;
}

async function ctfsOfText(path: string, onLog: Log | undefined): Promise<MicrographCtf[]> {
  const text = await readText(path);
  if (isCtffind(text)) return [parseCtffind(text, path)];
  const file = parseStar(text, path);
  const areParticles = cistemTable(file) !== undefined || hasCoordinates(file);
  if (areParticles) return ctfsOfParticles(starColumns(file, { ...(onLog && { onLog }) }), path, onLog);
  return ctfsOfStar(file, onLog);
}

function hasCoordinates({ blocks }: StarFile): boolean {
  return blocks.flatMap(starTables).some((table) => table.has("rlnCoordinateX"));
}

const CS_FIELDS = {
  defocus_u: "defocusUA",
  defocus_v: "defocusVA",
  astigmatism_angle: "astigmatismAngleDeg",
  voltage: "voltageKv",
  spherical_aberration: "sphericalAberrationMm",
  amplitude_contrast_ratio: "amplitudeContrast",
  phase_shift: "phaseShiftDeg",
} as const;

/** Micrographs of cryoSPARC's CTF jobs, or those of its particles. Seven digits: those of float32. */
function ctfsOfCryosparc(records: NpyRecords, onLog: Log | undefined): MicrographCtf[] {
  if (!records.has("micrograph_blob/path") && records.has("location/micrograph_path"))
    return ctfsOfParticles(cryosparcColumns(records), records.name, onLog);
  const number = (row: number, field: string, factor = 1) =>
    Number((records.number(row, field) * factor).toPrecision(7));
  return Array.from({ length: records.rows }, (_, row) => {
    const optics = CS_CTF.flatMap(([column, field, factor]) =>
      records.has(field) ? [[CS_FIELDS[column], number(row, field, factor)]] : [],
    );
    const size = records.has("micrograph_blob/psize_A")
      ? { pixelSizeA: number(row, "micrograph_blob/psize_A") }
      : {};
    const name = plainPath(records.text(row, "micrograph_blob/path"));
    return {
      at: `${records.name} micrograph ${row + 1}`,
      name,
      optics: { ...Object.fromEntries(optics), ...size },
    };
  });
}

function ctfsOfStar(file: StarFile, onLog: Log | undefined): MicrographCtf[] {
  const table = micrographsOf(file);
  const groups = opticsGroups(file, table);
  const unused = [...new Set([...table.columns, ...(groups?.table.columns ?? [])])].filter((name) =>
    UNUSED.test(name),
  );
  if (unused.length > 0)
    onLog?.(`${file.name}: ${unused.join(", ")} are not used; the configuration's optics are`, "warning");
  const columns = COLUMNS.flatMap(([field, column]) => {
    const cells = numbersOf(column, table, groups);
    return cells === undefined ? [] : [[field, cells] as const];
  });
  const old = columns.some(([field]) => field === "pixelSizeA") ? undefined : oldPixelSizes(table);
  const all = old === undefined ? columns : [...columns, ["pixelSizeA", old] as const];
  return table.column("rlnMicrographName").map((name, row) => ({
    at: `${file.name} micrograph ${row + 1}`,
    name,
    optics: Object.fromEntries(all.map(([field, cells]) => [field, cells[row]])),
  }));
}

/** The table of micrographs; in RELION up to 3.0 its block has no name. */
function micrographsOf(file: StarFile): StarTable {
  const names = file.blocks.map(({ name }) => name);
  const name = names.includes("micrographs") ? "micrographs" : (names.find((one) => one !== "optics") ?? "");
  const table = starTable(file, name);
  const absent = ["rlnMicrographName", "rlnDefocusU", "rlnDefocusV"].find((column) => !table.has(column));
  if (absent === undefined) return table;
  throw new VitrineError({
    code: "missing",
    at: `${file.name} data_${name}`,
    expected: `micrographs with their defocus, a column ${absent}`,
    found: table.columns.join(", "),
    hint: "Take micrographs_ctf.star of a CTF job",
  });
}

interface Groups {
  readonly table: StarTable;
  /** Of each micrograph, the row of its group. */
  readonly rows: readonly number[];
}

function opticsGroups(file: StarFile, micrographs: StarTable): Groups | undefined {
  if (!micrographs.has("rlnOpticsGroup") || !file.blocks.some(({ name }) => name === "optics"))
    return undefined;
  const table = starTable(file, "optics");
  const known = table.column("rlnOpticsGroup");
  requireEachOnce(known, `${file.name} data_optics rlnOpticsGroup`);
  const rows = micrographs.column("rlnOpticsGroup").map((group, i) => {
    const row = known.indexOf(group);
    if (row >= 0) return row;
    throw new VitrineError({
      code: "format",
      at: `${file.name} micrograph ${i + 1} rlnOpticsGroup`,
      expected: `one of the groups ${known.join(", ")}`,
      found: group,
    });
  });
  return { table, rows };
}

/** A value a micrograph: its own, else that of its group. */
function numbersOf(
  column: string,
  micrographs: StarTable,
  groups: Groups | undefined,
): ArrayLike<number> | undefined {
  if (micrographs.has(column)) return micrographs.numbers(column);
  if (!groups?.table.has(column)) return undefined;
  const values = groups.table.numbers(column);
  return groups.rows.map((row) => values[row]);
}

/** RELION up to 3.0: the detector's pixels in µm and the magnification. */
function oldPixelSizes(table: StarTable): ArrayLike<number> | undefined {
  if (!table.has("rlnDetectorPixelSize") || !table.has("rlnMagnification")) return undefined;
  const magnifications = table.numbers("rlnMagnification");
  // twelve digits: the quotient's last ones are noise
  return table
    .numbers("rlnDetectorPixelSize")
    .map((um, i) => Number(((um * A_PER_UM) / magnifications[i]).toPrecision(12)));
}
