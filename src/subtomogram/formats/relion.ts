import { VitrineError } from "../../core/index.ts";
import { createStarTable, type StarCell, type StarFile, type StarTable, starTables } from "../../io/index.ts";
import { toFeatureValues } from "../molecules/csv.ts";
import type { FeatureInput, Features, FeatureValue } from "../molecules/features.ts";
import { Molecules } from "../molecules/molecules.ts";
import {
  IDENTITY,
  multiplyQuaternions,
  type Quaternion,
  rotateVector,
  type Zyx,
} from "../molecules/quaternion.ts";
import { fromRelion, placeOf, toRelion, voxelsOf } from "./convention.ts";
import { columnOf, requirePixelSize, requireSize, type TomogramOf } from "./tomograms.ts";

const AXES = ["X", "Y", "Z"] as const;
const ANGLES = ["Rot", "Tilt", "Psi"] as const;

/** Where RELION 5 counts centred coordinates from, in voxels of a side of n: RELION itself n / 2, its Python tools n / 2 - 1. */
export type RelionCentre = "half" | "half-minus-one";

/** What reading and writing RELION's tables needs besides them. */
export interface RelionContext {
  readonly tomogramOf: TomogramOf;
  readonly centre: RelionCentre;
  readonly at: string;
}

/** The table of particles of RELION 5, 4, 3.1 or 3.0; undefined where a file has none with a third coordinate. */
export function relionParticles(file: StarFile): StarTable | undefined {
  const tables = file.blocks.flatMap(starTables);
  return tables.find((table) => table.has("rlnCenteredCoordinateZAngst") || table.has("rlnCoordinateZ"));
}

/**
 * Molecules of RELION's particles. Places are the voxels of the tomogram without binning times its pixel size: coordinates minus the
 * origins, turned by the subtomogram's rotation. `tomogram` is a feature; every other column is one by RELION's name.
 *
 * @throws {VitrineError} missing: columns, a pixel size or, of centred coordinates, a size of the tomogram
 */
export function moleculesFromRelion(file: StarFile, table: StarTable, context: RelionContext): Molecules {
  const rows = Array.from({ length: table.rows }, (_, row) => row);
  const names = namesOf(table);
  const pixelOf = pixelSizes(file, table, context);
  const outer = rotationsOf(table, "rlnTomoSubtomogram");
  const inner = rotationsOf(table, "rlnAngle");
  const places = placesOf(table, { ...context, names, pixelOf, outer });
  const quaternions = rows.map((row) => multiplyQuaternions(outer(row), inner(row)));
  return new Molecules(rows.flatMap(places), quaternions, { tomogram: names, ...otherColumns(table) });
}

function namesOf(table: StarTable): readonly string[] {
  const name = columnOf(table, "rlnTomoName", "rlnMicrographName");
  return name === undefined ? new Array<string>(table.rows).fill("") : table.column(name);
}

function rotationsOf(table: StarTable, prefix: string): (row: number) => Quaternion {
  const columns = ANGLES.map((angle) =>
    table.has(prefix + angle) ? table.numbers(prefix + angle) : undefined,
  );
  if (columns.every((column) => column === undefined)) return () => IDENTITY;
  const [rot, tilt, psi] = columns.map((column) => (row: number) => column?.[row] ?? 0);
  return (row) => fromRelion({ rot: rot(row), tilt: tilt(row), psi: psi(row) });
}

interface PlaceContext extends RelionContext {
  readonly names: readonly string[];
  readonly pixelOf: (row: number) => number;
  readonly outer: (row: number) => Quaternion;
}

function placesOf(table: StarTable, context: PlaceContext): (row: number) => Zyx {
  const { names, pixelOf, outer, tomogramOf, at } = context;
  const isCentred = table.has("rlnCenteredCoordinateZAngst");
  const coordinates = AXES.map((axis) =>
    table.numbers(isCentred ? `rlnCenteredCoordinate${axis}Angst` : `rlnCoordinate${axis}`),
  );
  const origins = originsOf(table);
  return (row) => {
    const pixel = pixelOf(row);
    const centre = isCentred
      ? centreOf(requireSize(tomogramOf(names[row]), pixel, at), context.centre)
      : [0, 0, 0];
    const [z, y, x] = rotateVector(outer(row), origins(row, pixel));
    const voxel = (axis: number) =>
      (isCentred ? coordinates[axis][row] / pixel : coordinates[axis][row]) + centre[axis];
    return placeOf([voxel(0) - x, voxel(1) - y, voxel(2) - z], pixel);
  };
}

function centreOf(size: readonly [number, number, number], centre: RelionCentre): readonly number[] {
  return size.map((n) => n / 2 - (centre === "half" ? 0 : 1));
}

/** Voxels, z y x: of Å since RELION 3.1, of pixels before. */
function originsOf(table: StarTable): (row: number, pixelSizeA: number) => Zyx {
  const column = (axis: string) => columnOf(table, `rlnOrigin${axis}Angst`, `rlnOrigin${axis}`);
  const [x, y, z] = AXES.map((axis) => {
    const name = column(axis);
    if (name === undefined) return () => 0;
    const values = table.numbers(name);
    return (row: number, pixel: number) => (name.endsWith("Angst") ? values[row] / pixel : values[row]);
  });
  return (row, pixel) => [z(row, pixel), y(row, pixel), x(row, pixel)];
}

/** Å without binning: what the options say, else the optics group, else the particle. */
function pixelSizes(
  file: StarFile,
  table: StarTable,
  { tomogramOf, at }: RelionContext,
): (row: number) => number {
  const names = namesOf(table);
  const groups = opticsPixels(file);
  const group = table.has("rlnOpticsGroup") ? table.column("rlnOpticsGroup") : undefined;
  const own = columnOf(table, "rlnTomoTiltSeriesPixelSize", "rlnPixelSize");
  const values = own === undefined ? undefined : table.numbers(own);
  return (row) => {
    const tomogram = tomogramOf(names[row]);
    if (tomogram.pixelSizeA !== undefined) return tomogram.pixelSizeA;
    const found = (group === undefined ? undefined : groups.get(group[row])) ?? values?.[row];
    return requirePixelSize({ ...tomogram, ...(found !== undefined && { pixelSizeA: found }) }, at);
  };
}

/** rlnImagePixelSize is of the subtomograms, which are binned: it is taken with the binning alone. */
function opticsPixels(file: StarFile): Map<string, number> {
  const [optics] = file.blocks.filter(({ name }) => name === "optics").flatMap(starTables);
  if (optics === undefined || !optics.has("rlnOpticsGroup")) return new Map();
  const number = (row: number, name: string) => (optics.has(name) ? optics.numbers(name)[row] : undefined);
  return new Map(
    Array.from({ length: optics.rows }, (_, row): [string, number | undefined] => {
      const [image, binning] = [number(row, "rlnImagePixelSize"), number(row, "rlnTomoSubtomogramBinning")];
      const unbinned = image === undefined || binning === undefined ? undefined : image / binning;
      return [optics.value(row, "rlnOpticsGroup"), number(row, "rlnTomoTiltSeriesPixelSize") ?? unbinned];
    }).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}

const CONSUMED = new Set([
  ...["rlnTomoName", "rlnMicrographName", "rlnOpticsGroup"],
  ...AXES.flatMap((axis) => [`rlnCenteredCoordinate${axis}Angst`, `rlnCoordinate${axis}`]),
  ...AXES.flatMap((axis) => [`rlnOrigin${axis}Angst`, `rlnOrigin${axis}`]),
  ...ANGLES.flatMap((angle) => [`rlnAngle${angle}`, `rlnTomoSubtomogram${angle}`]),
]);

function otherColumns(table: StarTable): FeatureInput {
  const names = table.columns.filter((name) => !CONSUMED.has(name));
  return Object.fromEntries(names.map((name) => [name, toFeatureValues(table.column(name))]));
}

/** Version of RELION whose table is written. */
export type RelionVersion = 4 | 5;

/** What else writing needs. */
export interface WriteRelionContext extends RelionContext {
  readonly version: RelionVersion;
  /** Told which features were left out: RELION has no columns of these names. */
  onLeftOut(names: readonly string[]): void;
}

/**
 * RELION's tables of molecules: `optics` with the pixel sizes, `particles` with places (5: Å from the centre of the tomogram; 4: voxels
 * without binning), no origins, and angles. Features of RELION's names come along.
 *
 * @throws {VitrineError} missing: the feature `tomogram`, a pixel size, or for 5 a size of the tomogram
 */
export function relionFromMolecules(molecules: Molecules, context: WriteRelionContext): StarFile {
  const { at, version, tomogramOf } = context;
  const names = tomogramNames(molecules, at);
  const pixels = names.map((name) => requirePixelSize(tomogramOf(name), at));
  const groups = [...new Set(pixels)];
  const angles = molecules.rotator.map(toRelion);
  const positions = Array.from({ length: molecules.count }, (_, i) => {
    const voxels = voxelsOf(molecules.place(i), pixels[i]);
    if (version === 4) return voxels;
    const centre = centreOf(requireSize(tomogramOf(names[i]), pixels[i], at), context.centre);
    return voxels.map((voxel, axis) => (voxel - centre[axis]) * pixels[i]);
  });
  const position = (axis: string) =>
    version === 5 ? `rlnCenteredCoordinate${axis}Angst` : `rlnCoordinate${axis}`;
  const columns: Record<string, readonly StarCell[]> = {
    rlnTomoName: names,
    ...Object.fromEntries(
      AXES.map((axis, k) => [position(axis), positions.map((place) => decimal(place[k]))]),
    ),
    ...Object.fromEntries(AXES.map((axis) => [`rlnOrigin${axis}Angst`, names.map(() => 0)])),
    rlnAngleRot: angles.map(({ rot }) => decimal(rot)),
    rlnAngleTilt: angles.map(({ tilt }) => decimal(tilt)),
    rlnAnglePsi: angles.map(({ psi }) => decimal(psi)),
    rlnOpticsGroup: pixels.map((pixel) => groups.indexOf(pixel) + 1),
    ...relionFeatures(molecules.features, context),
  };
  const optics = createStarTable({
    rlnOpticsGroup: groups.map((_, i) => i + 1),
    rlnOpticsGroupName: groups.map((_, i) => `opticsGroup${i + 1}`),
    rlnTomoTiltSeriesPixelSize: groups,
  });
  const blocks = [
    { name: "optics", items: [optics] },
    { name: "particles", items: [createStarTable(columns, at)] },
  ];
  return { name: at, blocks };
}

/** Names of tomograms. @throws {VitrineError} missing: no feature `tomogram` */
export function tomogramNames(molecules: Molecules, at: string): readonly string[] {
  const names = molecules.features.tomogram;
  if (names?.every((name) => name !== null && name !== "")) return names.map(String);
  const hint = "Give the name of the one tomogram with --tomogram (tomogram)";
  throw new VitrineError({
    code: "missing",
    at,
    expected: "the name of each molecule's tomogram",
    found: "none",
    hint,
  });
}

/** More digits than single precision has are noise of the conversion. */
const DECIMALS = 4;

function decimal(value: number): string {
  const text = value.toFixed(DECIMALS);
  return Number(text) === 0 ? (0).toFixed(DECIMALS) : text;
}

/** Our names of what RELION calls otherwise. */
const RENAMED: Readonly<Record<string, string>> = { class: "rlnClassNumber", halfset: "rlnRandomSubset" };

function relionFeatures(
  features: Features,
  { onLeftOut }: WriteRelionContext,
): Record<string, readonly StarCell[]> {
  const entries = Object.entries(features).filter(([name]) => name !== "tomogram");
  const named = entries.map(
    ([name, values]) => [Object.hasOwn(RENAMED, name) ? RENAMED[name] : name, values] as const,
  );
  const isRelion = (name: string, values: readonly FeatureValue[]) =>
    name.startsWith("rln") && !values.includes(null);
  const leftOut = named.filter(([name, values]) => !isRelion(name, values)).map(([name]) => name);
  if (leftOut.length > 0) onLeftOut(leftOut);
  const cells = (values: readonly FeatureValue[]) =>
    values.map((value) => (typeof value === "number" ? value : String(value)));
  return Object.fromEntries(
    named.filter(([name, values]) => isRelion(name, values)).map(([name, values]) => [name, cells(values)]),
  );
}
