import { VitrineError } from "../../core/index.ts";
import { createStarTable, type StarFile, type StarTable, starTables } from "../../io/index.ts";
import { Molecules } from "../molecules/molecules.ts";
import type { Quaternion, Zyx } from "../molecules/quaternion.ts";
import { AV3, fromRelion, numberOf, placeOf, toRelion, voxelsOf } from "./convention.ts";
import { numberNames } from "./dynamo.ts";
import { requirePixelSize, type TomogramOf, type Warn } from "./tomograms.ts";

/** Header of an .em file: machine, type of values, and three lengths. */
const EM = { headerBytes: 512, littleEndian: 6, float32: 5, values: 20 };

/** Values of a particle in a motive list of TOM and AV3, counted from 0. */
const VALUE = {
  score: 0,
  subtomogram: 3,
  tomogram: 4,
  object: 5,
  place: 7,
  shift: 10,
  phi: 16,
  psi: 17,
  theta: 18,
  class: 19,
};

interface Particle {
  readonly place: Zyx;
  readonly shift: Zyx;
  readonly phi: number;
  readonly psi: number;
  readonly theta: number;
}

interface Context {
  readonly tomogramOf: TomogramOf;
  readonly at: string;
  readonly onLog: Warn | undefined;
}

/**
 * Molecules of an .em motive list of TOM and AV3: places are x y z plus the shifts, in voxels counted from 1; angles are phi, psi and
 * theta. Features are `score`, `subtomogram`, `tomogram`, `object` and `class`.
 *
 * @throws {VitrineError} format: no .em file of 20 numbers a particle; missing: a pixel size
 */
export function moleculesFromEm(bytes: Uint8Array, context: Context): Molecules {
  const rows = parseEm(bytes, context.at);
  const column = (index: number) => rows.map((row) => row[index]);
  const particles = rows.map((row): Particle => {
    const three = (from: number): Zyx => [row[from + 2], row[from + 1], row[from]];
    const [phi, psi, theta] = [row[VALUE.phi], row[VALUE.psi], row[VALUE.theta]];
    return { place: three(VALUE.place), shift: three(VALUE.shift), phi, psi, theta };
  });
  return moleculesOf(particles, column(VALUE.tomogram).map(String), context, {
    score: column(VALUE.score),
    subtomogram: column(VALUE.subtomogram),
    object: column(VALUE.object),
    class: column(VALUE.class),
  });
}

function parseEm(bytes: Uint8Array, at: string): number[][] {
  const wrong = (expected: string, found: string) =>
    new VitrineError({ code: "format", at, expected, found });
  if (bytes.length < EM.headerBytes) throw wrong("a motive list (.em)", `${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = bytes[0] === EM.littleEndian;
  const [width, height, depth] = [4, 8, 12].map((offset) => view.getInt32(offset, isLittle));
  if (bytes[3] !== EM.float32) throw wrong("floats", `type ${bytes[3]}`);
  if (width !== EM.values || height < 0 || depth !== 1)
    throw wrong(`${EM.values} numbers a particle`, `${width} x ${height} x ${depth}`);
  const size = EM.headerBytes + 4 * EM.values * height;
  if (bytes.length !== size) throw wrong(`${size} bytes for ${height} particles`, `${bytes.length}`);
  const value = (row: number, i: number) =>
    view.getFloat32(EM.headerBytes + 4 * (row * EM.values + i), isLittle);
  return Array.from({ length: height }, (_, row) =>
    Array.from({ length: EM.values }, (_, i) => value(row, i)),
  );
}

function moleculesOf(
  particles: readonly Particle[],
  names: readonly string[],
  { tomogramOf, at }: Context,
  features: Readonly<Record<string, readonly (number | string | null)[]>>,
): Molecules {
  const places = particles.map(({ place, shift }, i) => {
    const pixel = requirePixelSize(tomogramOf(names[i]), at);
    const [z, y, x] = place.map((voxel, axis) => voxel + shift[axis] - 1);
    return placeOf([x, y, z], pixel);
  });
  const quaternions = particles.map(
    ({ phi, psi, theta }): Quaternion => fromRelion(AV3.toRelion([phi, psi, theta])),
  );
  return new Molecules(places, quaternions, { tomogram: names, ...features });
}

/** An .em motive list, without shifts. @throws {VitrineError} missing: a pixel size */
export function emFromMolecules(molecules: Molecules, context: Context): Uint8Array {
  const { features, count } = molecules;
  const bytes = new Uint8Array(EM.headerBytes + 4 * EM.values * count);
  bytes.set([EM.littleEndian, 0, 0, EM.float32]);
  const view = new DataView(bytes.buffer);
  [EM.values, count, 1].forEach((length, i) => {
    view.setInt32(4 + 4 * i, length, true);
  });
  const { numbers, voxels, angles } = listed(molecules, context);
  for (let i = 0; i < count; i++) {
    const set = (index: number, value: number) =>
      view.setFloat32(EM.headerBytes + 4 * (i * EM.values + index), value, true);
    const feature = (name: string, otherwise: number) => numberOf(features[name]?.[i], otherwise);
    set(VALUE.score, feature("score", 0));
    set(VALUE.subtomogram, feature("subtomogram", i + 1));
    set(VALUE.tomogram, numbers[i]);
    set(VALUE.object, feature("object", 0));
    voxels[i].forEach((voxel, axis) => {
      set(VALUE.place + axis, voxel);
    });
    [VALUE.phi, VALUE.psi, VALUE.theta].forEach((index, k) => {
      set(index, angles[i][k]);
    });
    set(VALUE.class, feature("class", 0));
  }
  return bytes;
}

/** Voxels counted from 1, and the angles phi, psi, theta. */
function listed(molecules: Molecules, { tomogramOf, at }: Context) {
  const names = Array.from({ length: molecules.count }, (_, i) =>
    String(molecules.features.tomogram?.[i] ?? ""),
  );
  return {
    numbers: numberNames(names),
    voxels: names.map((name, i) =>
      voxelsOf(molecules.place(i), requirePixelSize(tomogramOf(name), at)).map((voxel) => voxel + 1),
    ),
    angles: molecules.rotator.map((q) => AV3.fromRelion(toRelion(q))),
  };
}

/** The block of STOPGAP's table. */
const STOPGAP_BLOCK = "stopgap_motivelist";

/** STOPGAP's table of a STAR file; undefined where it has none. */
export function stopgapTable(file: StarFile): StarTable | undefined {
  return file.blocks.filter(({ name }) => name === STOPGAP_BLOCK).flatMap(starTables)[0];
}

/**
 * Molecules of a motive list of STOPGAP: places are orig_x y z plus the shifts, in voxels counted from 1; angles are phi, psi, the.
 * Features are `motl`, `tomogram`, `object`, `subtomogram`, `halfset` (1 of A, 2 of B), `score` and `class`.
 *
 * @throws {VitrineError} missing: a column, or a pixel size; format: a cell that is no number
 */
export function moleculesFromStopgap(table: StarTable, context: Context): Molecules {
  const numbers = (name: string) => Array.from(table.numbers(name));
  const three = (name: (axis: string) => string) => {
    const [x, y, z] = ["x", "y", "z"].map((axis) => table.numbers(name(axis)));
    return (row: number): Zyx => [z[row], y[row], x[row]];
  };
  const [place, shift] = [three((axis) => `orig_${axis}`), three((axis) => `${axis}_shift`)];
  const [phi, psi, theta] = ["phi", "psi", "the"].map((name) => table.numbers(name));
  const particles = Array.from({ length: table.rows }, (_, row): Particle => {
    return { place: place(row), shift: shift(row), phi: phi[row], psi: psi[row], theta: theta[row] };
  });
  return moleculesOf(particles, table.column("tomo_num"), context, {
    motl: numbers("motl_idx"),
    object: numbers("object"),
    subtomogram: numbers("subtomo_num"),
    ...(table.has("halfset") && { halfset: halvesOf(table.column("halfset"), context) }),
    score: numbers("score"),
    class: numbers("class"),
  });
}

/** 1 of A, 2 of B; what is neither is said. */
function halvesOf(halves: readonly string[], { at, onLog }: Context): readonly (number | null)[] {
  const known: Readonly<Record<string, number>> = { A: 1, B: 2 };
  const others = halves.filter((half) => !Object.hasOwn(known, half));
  if (others.length > 0)
    onLog?.(
      `${at}: halfset is neither A nor B in ${others.length} of ${halves.length} molecules (${JSON.stringify(others[0])}): they are of none`,
      "warning",
    );
  return halves.map((half) => known[half] ?? null);
}

/** A motive list of STOPGAP, without shifts. @throws {VitrineError} missing: a pixel size */
export function stopgapFromMolecules(molecules: Molecules, context: Context): StarFile {
  const { features, count } = molecules;
  const rows = Array.from({ length: count }, (_, i) => i);
  const feature = (name: string, otherwise: (i: number) => number) =>
    rows.map((i) => numberOf(features[name]?.[i], otherwise(i)));
  const { numbers, voxels, angles } = listed(molecules, context);
  const subtomograms = feature("subtomogram", (i) => i + 1);
  if (features.halfset === undefined && count > 0)
    context.onLog?.(
      `${context.at}: no halfset is known: even numbers of subtomograms are A, odd ones B`,
      "warning",
    );
  // As cryoCAT divides them.
  const halves = feature("halfset", (i) => (subtomograms[i] % 2 === 0 ? 1 : 2)).map((half) =>
    half === 2 ? "B" : "A",
  );
  const decimals = (values: readonly number[]) => values.map((value) => Number(value.toFixed(6)));
  const columns = {
    motl_idx: feature("motl", (i) => i + 1),
    tomo_num: numbers,
    object: feature("object", () => 1),
    subtomo_num: subtomograms,
    halfset: halves,
    orig_x: decimals(voxels.map(([x]) => x)),
    orig_y: decimals(voxels.map(([, y]) => y)),
    orig_z: decimals(voxels.map(([, , z]) => z)),
    score: feature("score", () => 0),
    x_shift: rows.map(() => 0),
    y_shift: rows.map(() => 0),
    z_shift: rows.map(() => 0),
    phi: decimals(angles.map(([phi]) => phi)),
    psi: decimals(angles.map(([, psi]) => psi)),
    the: decimals(angles.map(([, , theta]) => theta)),
    class: feature("class", () => 1),
  };
  return {
    name: context.at,
    blocks: [{ name: STOPGAP_BLOCK, items: [createStarTable(columns, context.at)] }],
  };
}
