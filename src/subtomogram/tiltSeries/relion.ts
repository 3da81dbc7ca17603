import { VitrineError } from "../../core/index.ts";
import { readStar, type StarFile, type StarTable, starTables } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { fromProject, type ReadTiltSeriesOptions } from "./common.ts";
import type { Tilt } from "./tilt.ts";
import { type TiltOptics, TiltSeries, type TiltSeriesParts } from "./tiltSeries.ts";

const A_PER_NM = 10;
const UM_PER_A = 1e-4;

/**
 * A tilt series of RELION 5: `tomograms.star` or `tilt_series.star`, which name a table of tilts for each tomogram, or such a table itself.
 *
 * @throws {VitrineError} missing: a column, the tomogram of this name, a file that is named; undeterminable: several, and none is named
 */
export async function readRelionTiltSeries(
  path: string,
  options: ReadTiltSeriesOptions = {},
): Promise<TiltSeries> {
  const file = await readStar(path);
  const listing = tablesOf(file).find((table) => table.has("rlnTomoTiltSeriesStarFile"));
  if (listing === undefined) return seriesOf(requireTilts(file), { ...options, file: path });
  const row = rowOf(listing, options.name, path);
  const own = await fromProject(listing.value(row, "rlnTomoTiltSeriesStarFile"), path);
  const tilts = requireTilts(await readStar(own));
  return seriesOf(tilts, { ...options, file: own, series: { table: listing, row } });
}

function tablesOf(file: StarFile): readonly StarTable[] {
  return file.blocks.flatMap(starTables);
}

function requireTilts(file: StarFile): StarTable {
  const table = tablesOf(file).find((one) => one.has("rlnMicrographName") && hasAngles(one));
  if (table !== undefined) return table;
  const expected = "a table of tilts: rlnMicrographName with rlnTomoYTilt or rlnTomoNominalStageTiltAngle";
  throw new VitrineError({ code: "missing", at: file.name, expected, found: "none" });
}

function hasAngles(table: StarTable): boolean {
  return table.has("rlnTomoYTilt") || table.has("rlnTomoNominalStageTiltAngle");
}

function rowOf(table: StarTable, name: string | undefined, at: string): number {
  const names = table.column("rlnTomoName");
  const row = name === undefined ? (names.length === 1 ? 0 : -1) : names.indexOf(name);
  if (row >= 0) return row;
  throw new VitrineError({
    code: name === undefined ? "undeterminable" : "missing",
    at,
    expected: `one of the tomograms ${names.join(", ")}`,
    found: name ?? "none named",
    hint: "Name it before an @: TS_01@tomograms.star (name)",
  });
}

interface Context extends ReadTiltSeriesOptions {
  readonly file: string;
  readonly series?: { readonly table: StarTable; readonly row: number };
}

async function seriesOf(table: StarTable, context: Context): Promise<TiltSeries> {
  const { file, series, onLog } = context;
  const said = (name: string) =>
    series?.table.has(name) === true ? series.table.numbers(name)[series.row] : undefined;
  const pixelA = said("rlnTomoTiltSeriesPixelSize");
  const scale = context.scale ?? (pixelA === undefined ? undefined : pixelA / A_PER_NM);
  const alignment = alignmentOf(table, file, onLog);
  const defocus = defocusOf(table, file, onLog);
  const dose = table.has("rlnMicrographPreExposure") ? table.numbers("rlnMicrographPreExposure") : undefined;
  const tilts: Tilt[] = [];
  for (const [i, name] of table.column("rlnMicrographName").entries())
    tilts.push({
      ...(await imageOf(name, file)),
      ...alignment(i),
      ...(defocus !== undefined && { defocus: defocus(i) }),
      ...(dose !== undefined && { preExposurePerA2: dose[i] }),
    });
  if (table.has("rlnPhaseShift") && table.numbers("rlnPhaseShift").some((shift) => shift !== 0))
    onLog?.(`${file}: phase shifts are not taken into account`, "warning");
  return new TiltSeries({ ...describedBy(said, tilts), ...(scale !== undefined && { scale }), name: file });
}

function describedBy(said: (name: string) => number | undefined, tilts: readonly Tilt[]): TiltSeriesParts {
  const [voltageKv, csMm, amplitudeContrast] = [
    said("rlnVoltage"),
    said("rlnSphericalAberration"),
    said("rlnAmplitudeContrast"),
  ];
  const optics: TiltOptics | undefined =
    voltageKv === undefined || csMm === undefined || amplitudeContrast === undefined
      ? undefined
      : { voltageKv, csMm, amplitudeContrast };
  const [x, y, z] = ["X", "Y", "Z"].map((axis) => said(`rlnTomoSize${axis}`));
  return {
    tilts,
    detectorCentre: "half",
    hand: (said("rlnTomoHand") ?? -1) > 0 ? 1 : -1,
    ...(optics !== undefined && { optics }),
    ...(x !== undefined && y !== undefined && z !== undefined && { tomogramSize: [x, y, z] as const }),
  };
}

/** `N@file` is the N-th image of a file, counted from 1. */
async function imageOf(name: string, file: string): Promise<Pick<Tilt, "imagePath" | "imageIndex">> {
  const match = /^(\d+)@(.*)$/.exec(name);
  const path = match === null ? name : match[2];
  return { imagePath: await fromProject(path, file), imageIndex: match === null ? 0 : Number(match[1]) - 1 };
}

const ALIGNED = ["rlnTomoXTilt", "rlnTomoYTilt", "rlnTomoZRot", "rlnTomoXShiftAngst", "rlnTomoYShiftAngst"];

type Alignment = Pick<Tilt, "tiltDeg" | "xTiltDeg" | "axisDeg" | "shiftNm">;

function alignmentOf(table: StarTable, file: string, onLog: Log | undefined): (row: number) => Alignment {
  if (ALIGNED.every((name) => table.has(name))) {
    const [xTilt, tilt, axis, x, y] = ALIGNED.map((name) => table.numbers(name));
    return (i) => {
      const shiftNm = [y[i] / A_PER_NM, x[i] / A_PER_NM] as const;
      return { tiltDeg: tilt[i], xTiltDeg: xTilt[i], axisDeg: axis[i], shiftNm };
    };
  }
  onLog?.(`${file} is not aligned: angles are as they were set, and nothing is shifted`, "warning");
  const tilt = table.numbers("rlnTomoNominalStageTiltAngle");
  const axis = table.has("rlnTomoNominalTiltAxisAngle") ? table.numbers("rlnTomoNominalTiltAxisAngle") : [];
  return (i) => ({ tiltDeg: tilt[i], xTiltDeg: 0, axisDeg: axis[i] ?? 0, shiftNm: [0, 0] });
}

function defocusOf(table: StarTable, file: string, onLog: Log | undefined) {
  const names = ["rlnDefocusU", "rlnDefocusV", "rlnDefocusAngle"];
  const absent = names.filter((name) => !table.has(name));
  if (absent.length > 0) {
    if (absent.length < names.length)
      onLog?.(`${file}: the defocus is left out, since ${absent.join(" and ")} are missing`, "warning");
    return undefined;
  }
  const [u, v, angle] = names.map((name) => table.numbers(name));
  return (i: number) => ({ uUm: -u[i] * UM_PER_A, vUm: -v[i] * UM_PER_A, angleDeg: angle[i] });
}
