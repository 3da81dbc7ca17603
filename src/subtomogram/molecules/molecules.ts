import { seededRandom, VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { type RowsInput, rowsFor, toRows } from "./arrays.ts";
import { type MoleculeAxes, quaternionsFromAxes } from "./axes.ts";
import { affineMatrices, boxCoordinates } from "./boxes.ts";
import { eulerFromQuaternion } from "./euler.ts";
import {
  type FeatureInput,
  type FeatureRow,
  type Features,
  type FeatureValue,
  featureColumn,
  featureRow,
  joinFeatures,
  takeFeatures,
  toFeatures,
} from "./features.ts";
import {
  canonicalQuaternion,
  IDENTITY,
  invertQuaternion,
  multiplyQuaternions,
  type Quaternion,
  quaternionMatrix,
  rotateVector,
  rotvecFromQuaternion,
  type Zyx,
} from "./quaternion.ts";
import {
  type EulerOptions,
  eulerQuaternions,
  matrixQuaternions,
  RADIANS,
  randomQuaternions,
  requireEulerOptions,
  rotvecQuaternions,
  toQuaternionRows,
} from "./rotations.ts";
import { type CutEdges, columnsOf, cutRows, groupedRows, sortedRows } from "./rows.ts";
import { type AxisName, symmetryQuaternions } from "./symmetry.ts";

export type { CutEdges };

/**
 * Places and orientations of molecules in a tomogram, with features. Places are (z, y, x) in nm in single precision; a rotation acts
 * on (z, y, x) columns and turns the axes of a volume into those of the molecule. A value is never changed: every method that moves,
 * turns or selects gives new molecules.
 */
export class Molecules {
  /** (n, 3), nm, z y x. */
  readonly pos: Float32Array;
  /** The rotations, in the order of `pos`. */
  readonly rotator: readonly Quaternion[];
  /** Columns by name; empty where nothing is known. */
  readonly features: Features;

  /**
   * @param pos       (n, 3) places, nm, z y x
   * @param rotator   (n, 4) quaternions, see {@link Quaternion}; default none is turned
   * @param features  columns of n values by name
   * @throws {VitrineError} shape: rows of another width, or another number of rotations or values; range: no quaternion
   */
  constructor(pos: RowsInput, rotator?: RowsInput | readonly Quaternion[], features: FeatureInput = {}) {
    this.pos = Float32Array.from(toRows(pos, 3, "molecules pos"));
    const count = this.pos.length / 3;
    this.rotator =
      rotator === undefined ? new Array<Quaternion>(count).fill(IDENTITY) : toQuaternions(rotator, count);
    this.features = toFeatures(features, count);
  }

  /** No molecules, of features by these names. */
  static empty(featureNames: readonly string[] = []): Molecules {
    return new Molecules([], [], Object.fromEntries(featureNames.map((name) => [name, []])));
  }

  /** Of two of their axes. @throws {VitrineError} as the constructor; format: not two axes; range: axes that are parallel */
  static fromAxes(pos: RowsInput, axes: MoleculeAxes, features?: FeatureInput): Molecules {
    const count = toRows(pos, 3, "molecules pos").length / 3;
    return new Molecules(pos, quaternionsFromAxes(axes, count), features);
  }

  /** Of Euler angles, (n, 3) in the order of their sequence. */
  static fromEuler(
    pos: RowsInput,
    angles: RowsInput,
    options: EulerOptions = {},
    features?: FeatureInput,
  ): Molecules {
    return new Molecules(pos, eulerQuaternions(angles, options), features);
  }

  /** Of quaternions, (n, 4), of any length but 0. */
  static fromQuat(pos: RowsInput, quaternions: RowsInput, features?: FeatureInput): Molecules {
    return new Molecules(pos, quaternions, features);
  }

  /** Of rotation vectors, (n, 3), radians. */
  static fromRotvec(pos: RowsInput, vectors: RowsInput, features?: FeatureInput): Molecules {
    return new Molecules(pos, rotvecQuaternions(vectors), features);
  }

  /** Of rotation matrices, (n, 9), row-major, acting on (z, y, x) columns. @throws {VitrineError} range: no rotation */
  static fromMatrix(pos: RowsInput, matrices: RowsInput, features?: FeatureInput): Molecules {
    return new Molecules(pos, matrixQuaternions(matrices), features);
  }

  /** Turned at random, all orientations alike probable; the same seed gives the same (not acryo's). */
  static fromRandom(pos: RowsInput, seed: number, features?: FeatureInput): Molecules {
    const count = toRows(pos, 3, "molecules pos").length / 3;
    return new Molecules(pos, randomQuaternions(count, seed), features);
  }

  /** One after the other; a feature that some lack is null there, or with `nullable: false` an error. */
  static concat(
    all: readonly Molecules[],
    options: { readonly concatFeatures?: boolean; readonly nullable?: boolean } = {},
  ): Molecules {
    requireKnownOptions("Molecules.concat", options, { concatFeatures: true, nullable: true });
    const { concatFeatures = true, nullable = true } = options;
    const pos = Float32Array.from(all.flatMap((one) => Array.from(one.pos)));
    const features = concatFeatures ? joinFeatures(all, nullable) : {};
    return new Molecules(
      pos,
      all.flatMap((one) => one.rotator),
      features,
    );
  }

  /** Number of molecules. */
  get count(): number {
    return this.rotator.length;
  }

  /** The molecules' z axes, (n, 3), z y x. */
  get z(): Float64Array {
    return this.#axes([1, 0, 0]);
  }

  /** The molecules' y axes, (n, 3), z y x. */
  get y(): Float64Array {
    return this.#axes([0, 1, 0]);
  }

  /** The molecules' x axes, (n, 3), z y x. */
  get x(): Float64Array {
    return this.#axes([0, 0, 1]);
  }

  /** Place of one, nm. */
  place(index: number): Zyx {
    return [this.pos[3 * index], this.pos[3 * index + 1], this.pos[3 * index + 2]];
  }

  /** (n, 9) rotation matrices, row-major, acting on (z, y, x) columns. */
  matrix(): Float64Array {
    return Float64Array.from(this.rotator.flatMap((q) => quaternionMatrix(q)));
  }

  /** (n, 3) Euler angles in the order of their sequence. @throws {VitrineError} format: no sequence */
  eulerAngle(options: EulerOptions = {}): Float64Array {
    requireEulerOptions(options, "eulerAngle");
    const { sequence = "ZXZ", degrees = false, order = "xyz" } = options;
    const unit = degrees ? RADIANS : 1;
    return Float64Array.from(
      this.rotator.flatMap((q) => eulerFromQuaternion(q, sequence, order)),
      (a) => a / unit,
    );
  }

  /** (n, 4) quaternions; `canonical` gives of the two that are one rotation that with a scalar not below 0. */
  quaternion(canonical = false): Float64Array {
    return Float64Array.from(this.rotator.flatMap((q) => (canonical ? canonicalQuaternion(q) : q)));
  }

  /** (n, 3) rotation vectors, radians, of lengths from 0 to π. */
  rotvec(): Float64Array {
    return Float64Array.from(this.rotator.flatMap(rotvecFromQuaternion));
  }

  /** Moved by (3) or (n, 3) nm, z y x, along the axes of the tomogram. */
  translate(shifts: RowsInput): Molecules {
    const shiftOf = this.#rows(shifts, 3, "translate shifts");
    return this.#moved((i) => [shiftOf(i)[0], shiftOf(i)[1], shiftOf(i)[2]]);
  }

  /** Moved by (3) or (n, 3) nm, z y x, along the molecules' own axes. */
  translateInternal(shifts: RowsInput): Molecules {
    const shiftOf = this.#rows(shifts, 3, "translateInternal shifts");
    return this.#moved((i) => rotateVector(this.rotator[i], [shiftOf(i)[0], shiftOf(i)[1], shiftOf(i)[2]]));
  }

  /** Moved by up to `maxDistance` nm, evenly in that ball; the same seed gives the same. */
  translateRandom(maxDistance: number, seed: number): Molecules {
    const random = seededRandom(seed);
    return this.#moved(() => {
      const radius = maxDistance * Math.cbrt(random.uniform());
      const direction = [random.normal(), random.normal(), random.normal()];
      const length = Math.hypot(...direction);
      return [
        (radius * direction[0]) / length,
        (radius * direction[1]) / length,
        (radius * direction[2]) / length,
      ];
    });
  }

  /** Turned about the axes of the tomogram, places unchanged, by (4) or (n, 4) quaternions. */
  rotateBy(quaternions: RowsInput | readonly Quaternion[]): Molecules {
    return this.#turned((q, by) => multiplyQuaternions(by, q), toQuaternionRows(quaternions));
  }

  /** As {@link rotateBy}, by quaternions. */
  rotateByQuaternion(quaternions: RowsInput): Molecules {
    return this.rotateBy(quaternions);
  }

  /** As {@link rotateBy}, by (3) or (n, 3) rotation vectors, radians. */
  rotateByRotvec(vectors: RowsInput): Molecules {
    return this.rotateBy(rotvecQuaternions(vectors));
  }

  /** As {@link rotateBy}, by (9) or (n, 9) matrices, row-major. */
  rotateByMatrix(matrices: RowsInput): Molecules {
    return this.rotateBy(matrixQuaternions(matrices));
  }

  /** As {@link rotateBy}, by (3) or (n, 3) Euler angles. */
  rotateByEulerAngle(angles: RowsInput, options: EulerOptions = {}): Molecules {
    return this.rotateBy(eulerQuaternions(angles, options));
  }

  /** Turned about the molecules' own axes, places unchanged, by (3) or (n, 3) rotation vectors, radians. */
  rotateByRotvecInternal(vectors: RowsInput): Molecules {
    return this.#turned((q, by) => multiplyQuaternions(q, by), rotvecQuaternions(vectors));
  }

  /** Each turned at random; the same seed gives the same. */
  rotateRandom(seed: number): Molecules {
    return this.rotateBy(randomQuaternions(this.count, seed));
  }

  /**
   * Moved along their own axes and then turned about them, as an alignment moves them.
   *
   * @param shift     (3) or (n, 3) nm
   * @param vectors   (3) or (n, 3) rotation vectors in the molecules' axes
   * @param inverse   back: turned by the inverse, then moved by minus the shift
   */
  spatialTransform(shift: RowsInput, vectors: RowsInput, inverse = false): Molecules {
    if (!inverse) return this.translateInternal(shift).rotateByRotvecInternal(vectors);
    const back = (rows: RowsInput, at: string) => toRows(rows, 3, at).map((value) => -value);
    return this.rotateByRotvecInternal(back(vectors, "spatialTransform vectors")).translateInternal(
      back(shift, "spatialTransform shift"),
    );
  }

  /**
   * Matrices of 4 x 4, (n, 16), that move `source` to the origin, turn, and move to `destination`; coordinates are z y x 1.
   *
   * @param source       (3) or (n, 3)
   * @param destination  default the molecules' places
   * @param inverse      turn by the inverse
   */
  affineMatrix(source: RowsInput, destination: RowsInput = this.pos, inverse = false): Float32Array {
    const from = this.#rows(source, 3, "affineMatrix source");
    const to = this.#rows(destination, 3, "affineMatrix destination");
    const turns = this.rotator.map((q) => (inverse ? invertQuaternion(q) : q));
    return affineMatrices(turns, from, to);
  }

  /**
   * Where the voxels of a box about each molecule lie in the tomogram, in its voxels: (n, 3, depth, height, width).
   *
   * @param shape  of the box, whose centre is (n - 1) / 2
   * @param scale  nm/pixel of both
   */
  localCoordinates(shape: Zyx, scale = 1): Float32Array {
    const places = this.#indices().map((i) => this.place(i));
    return boxCoordinates(places, this.rotator, { shape, scale });
  }

  /**
   * Some of them: an index, indices, or a list of true and false; see {@link slice} for ranges.
   *
   * @throws {VitrineError} range: an index that is none; shape: a list of another length
   */
  subset(which: number | readonly number[] | readonly boolean[]): Molecules {
    if (typeof which === "number") return this.#take([which]);
    if (!which.some((one) => typeof one === "boolean")) return this.#take(which.map(Number));
    if (which.length === this.count)
      return this.#take(which.flatMap((isIn, i) => (isIn === true ? [i] : [])));
    const expected = `${this.count} values, one a molecule`;
    throw new VitrineError({ code: "shape", at: "subset", expected, found: `${which.length}` });
  }

  /** From `start` up to `end`, as arrays are cut. */
  slice(start?: number, end?: number): Molecules {
    return this.#take(this.#indices().slice(start, end));
  }

  /** The first (default 10). */
  head(count = 10): Molecules {
    return this.slice(0, count);
  }

  /** The last (default 10). */
  tail(count = 10): Molecules {
    return this.slice(Math.max(0, this.count - count));
  }

  /** So many, drawn without putting back, in the order of drawing; the same seed gives the same. @throws {VitrineError} range: too many */
  sample(count: number, seed: number): Molecules {
    if (!Number.isInteger(count) || count < 0 || count > this.count)
      throw new VitrineError({
        code: "range",
        at: "sample",
        expected: `0 to ${this.count} molecules`,
        found: `${count}`,
      });
    const random = seededRandom(seed);
    const left = this.#indices();
    return this.#take(
      Array.from({ length: count }, () => left.splice(Math.floor(random.uniform() * left.length), 1)[0]),
    );
  }

  /** Those of which it holds. */
  filter(holds: (features: FeatureRow, index: number) => boolean): Molecules {
    return this.#take(this.#indices().filter((i) => holds(featureRow(this.features, i), i)));
  }

  /** In the order of a feature, or of several; equal ones stay in order. @throws {VitrineError} missing: no such feature */
  sort(by: string | readonly string[], options: { readonly descending?: boolean } = {}): Molecules {
    requireKnownOptions("Molecules.sort", options, { descending: true });
    const { descending = false } = options;
    return this.#take(sortedRows(columnsOf(this.features, by), { count: this.count, descending }));
  }

  /** Groups of one value of a feature, or of one combination of several, by their first appearance. */
  groupBy(by: string): [key: FeatureValue, molecules: Molecules][];
  groupBy(by: readonly string[]): [key: readonly FeatureValue[], molecules: Molecules][];
  groupBy(
    by: string | readonly string[],
  ): [key: FeatureValue | readonly FeatureValue[], molecules: Molecules][] {
    return groupedRows(columnsOf(this.features, by), this.count).map(({ values, rows }) => [
      typeof by === "string" ? values[0] : values,
      this.#take(rows),
    ]);
  }

  /**
   * Groups by where a feature's number lies between edges: up to the first, above it up to the second, and so on, above the last.
   * Only groups that have molecules, by their first appearance; those without a number are in none.
   *
   * @throws {VitrineError} missing: no such feature; range: edges that do not rise
   */
  cutBy(by: string, edges: readonly number[]): [edges: CutEdges, molecules: Molecules][] {
    return cutRows(featureColumn(this.features, by), edges).map(({ bin, rows }) => [bin, this.#take(rows)]);
  }

  /** With these features too, or in place of those of the same name. @throws {VitrineError} shape: a column of another length */
  withFeatures(features: FeatureInput): Molecules {
    return this.#with({ features: { ...this.features, ...toFeatures(features, this.count) } });
  }

  /** Without these features, by name or in a list. @throws {VitrineError} missing: one that there is not */
  dropFeatures(...names: readonly (string | readonly string[])[]): Molecules {
    const dropped = names.flat();
    for (const name of dropped) featureColumn(this.features, name);
    const left = Object.entries(this.features).filter(([name]) => !dropped.includes(name));
    return this.#with({ features: Object.fromEntries(left) });
  }

  /** These and then the others, as {@link Molecules.concat}. */
  concatWith(other: Molecules, options: { readonly nullable?: boolean } = {}): Molecules {
    requireKnownOptions("Molecules.concatWith", options, { nullable: true });
    return Molecules.concat([this, other], options);
  }

  /**
   * Each molecule once for every rotation of a point group, all of the first rotation before all of the second; places unchanged.
   *
   * @param symmetry  "C3", "D2", "T", "O", "I"
   * @param axis      of C and D, the molecules' own; default z
   * @throws {VitrineError} unsupported: another group
   */
  symmetryExpand(symmetry: string, axis: AxisName = "z"): Molecules {
    const expanded = symmetryQuaternions(symmetry, axis).map((by) =>
      this.#turned((q, one) => multiplyQuaternions(q, one), [by]),
    );
    return Molecules.concat(expanded);
  }

  /** As `Molecules(n=3)`. */
  toString(): string {
    return `Molecules(n=${this.count})`;
  }

  #indices(): number[] {
    return Array.from({ length: this.count }, (_, i) => i);
  }

  #rows(input: RowsInput, width: number, at: string): (index: number) => ArrayLike<number> {
    return rowsFor(input, { count: this.count, width, at });
  }

  #axes(axis: Zyx): Float64Array {
    return Float64Array.from(this.rotator.flatMap((q) => rotateVector(q, axis)));
  }

  #with(changed: {
    readonly pos?: Float32Array;
    readonly rotator?: readonly Quaternion[];
    readonly features?: Features;
  }): Molecules {
    return new Molecules(
      changed.pos ?? this.pos,
      changed.rotator ?? this.rotator,
      changed.features ?? this.features,
    );
  }

  #moved(shiftOf: (index: number) => Zyx): Molecules {
    const pos = this.pos.slice();
    for (let i = 0; i < this.count; i++)
      shiftOf(i).forEach((shift, axis) => {
        // Single precision, as the places: acryo rounds the shift before it adds it.
        pos[3 * i + axis] += Math.fround(shift);
      });
    return this.#with({ pos });
  }

  #turned(turn: (q: Quaternion, by: Quaternion) => Quaternion, by: readonly Quaternion[]): Molecules {
    if (by.length !== 1 && by.length !== this.count) {
      const expected = `one rotation, or ${this.count}`;
      throw new VitrineError({ code: "shape", at: "rotations", expected, found: `${by.length}` });
    }
    return this.#with({ rotator: this.rotator.map((q, i) => turn(q, by[by.length === 1 ? 0 : i])) });
  }

  #take(indices: readonly number[]): Molecules {
    const other = indices.find((i) => !Number.isInteger(i) || i < 0 || i >= this.count);
    if (other !== undefined) {
      const expected =
        this.count === 0 ? "no index: there are no molecules" : `an index from 0 to ${this.count - 1}`;
      throw new VitrineError({ code: "range", at: "molecules", expected, found: `${other}` });
    }
    return this.#with({
      pos: Float32Array.from(indices.flatMap((i) => this.place(i))),
      rotator: indices.map((i) => this.rotator[i]),
      features: takeFeatures(this.features, indices),
    });
  }
}

function toQuaternions(input: RowsInput | readonly Quaternion[], count: number): readonly Quaternion[] {
  const rows = toQuaternionRows(input);
  if (rows.length === count) return rows;
  const expected = `${count} rotations, one a molecule`;
  throw new VitrineError({ code: "shape", at: "molecules rotator", expected, found: `${rows.length}` });
}
