import { type Matrix3, VitrineError } from "../../core/index.ts";
import { type FileSource, readAtoms, requireKnownOptions, sourceName } from "../../io/index.ts";
import { callName } from "../curry.ts";
import { type PipeImage, toThree } from "../image.ts";
import { createProvider, type ImageProvider } from "../pipeline.ts";
import { once } from "./once.ts";

type Three = readonly [number, number, number];

/** Coordinates in nm, one atom after the other: a list of (z, y, x), or all numbers in one. */
export type AtomCoordinates = readonly Three[] | Float64Array | Float32Array;

/**
 * A histogram of atoms in the cube that holds them whichever way they are turned: as many voxels a side as twice the distance of
 * the farthest atom from the centre, rounded up.
 *
 * @param atoms    nm, (z, y, x)
 * @param weights  what each atom counts; default 1
 * @param center   nm, (z, y, x), of the cube; default the mean of the atoms
 * @throws {VitrineError} shape: coordinates that are not three an atom, another number of weights; range: no atoms, or
 *   coordinates that are not finite; when called, undeterminable: atoms that all lie in the centre
 */
export function fromAtoms(
  atoms: AtomCoordinates,
  weights?: ArrayLike<number>,
  center?: Three,
): ImageProvider {
  const coordinates = toCoordinates(atoms, "fromAtoms");
  const count = coordinates.length / 3;
  if (weights !== undefined && weights.length !== count)
    throw shapeError("fromAtoms weights", `${count} weights`, `${weights.length}`);
  const middle = center === undefined ? meanOf(coordinates) : toThree(center, "fromAtoms center");
  const name = callName("fromAtoms", [`${count} atoms`, weights, center]);
  return createProvider((scale) => atomHistogram(coordinates, { middle, weights, scale, name }), name);
}

/** Options of {@link fromPdb}. */
export interface FromPdbOptions {
  /** Only this model, counted from 1; default all. */
  readonly model?: number;
  /** Ligands, ions and waters (HETATM) too; default not. */
  readonly hetero?: boolean;
}

/**
 * {@link fromAtoms} of a PDB or mmCIF file: its polymer atoms, each 1, about their mean. It is read once, at the first call.
 *
 * @param rotation  acts on (z, y, x) columns, before the histogram; default none
 * @throws {VitrineError} when called: the errors of `readAtoms`; range: no atoms
 */
export function fromPdb(source: FileSource, rotation?: Matrix3, options: FromPdbOptions = {}): ImageProvider {
  requireKnownOptions("fromPdb", options, { model: true, hetero: true });
  const provider = once(() => readPdb(source, rotation, options));
  return createProvider(
    async (scale) => (await provider())(scale),
    callName("fromPdb", [sourceName(source), rotation]),
  );
}

/** Å to nm. */
const NM_PER_A = 0.1;

async function readPdb(source: FileSource, rotation: Matrix3 | undefined, { model, hetero }: FromPdbOptions) {
  const { models } = await readAtoms(source, model === undefined ? {} : { model });
  const atoms = models.flat().filter((atom) => hetero === true || !atom.isHetero);
  if (atoms.length === 0) {
    const found = `${models.flat().length} of ligands, ions and waters`;
    const hint = "Take them with { hetero: true }";
    throw new VitrineError({
      code: "range",
      at: sourceName(source),
      expected: "atoms of a polymer",
      found,
      hint,
    });
  }
  const places = atoms.map(({ x, y, z }): Three => [z * NM_PER_A, y * NM_PER_A, x * NM_PER_A]);
  return fromAtoms(rotation === undefined ? places : places.map((place) => rotate(rotation, place)));
}

function rotate(r: Matrix3, [z, y, x]: Three): Three {
  return [r[0] * z + r[1] * y + r[2] * x, r[3] * z + r[4] * y + r[5] * x, r[6] * z + r[7] * y + r[8] * x];
}

interface Histogram {
  readonly middle: Three;
  readonly weights: ArrayLike<number> | undefined;
  readonly scale: number;
  readonly name: string;
}

function atomHistogram(atoms: Float64Array, { middle, weights, scale, name }: Histogram): PipeImage {
  const places = atoms.map((at, i) => (at - middle[i % 3]) / scale);
  const size = cubeSize(places, name);
  const data = new Float64Array(size ** 3);
  for (let i = 0; i < places.length; i += 3) {
    // The last edge belongs to the last voxel.
    const bin = (axis: number) => Math.min(Math.floor(places[i + axis] + size / 2), size - 1);
    data[(bin(0) * size + bin(1)) * size + bin(2)] += weights?.[i / 3] ?? 1;
  }
  return { data: Float32Array.from(data), shape: [size, size, size] };
}

function cubeSize(places: Float64Array, at: string): number {
  let farthest = 0;
  for (let i = 0; i < places.length; i += 3)
    farthest = Math.max(farthest, Math.hypot(places[i], places[i + 1], places[i + 2]));
  if (farthest > 0) return Math.ceil(2 * farthest);
  const expected = "atoms away from the centre, which give the size of the cube";
  throw new VitrineError({ code: "undeterminable", at, expected, found: "all in one place" });
}

function toCoordinates(atoms: AtomCoordinates, at: string): Float64Array {
  const flat = Float64Array.from(
    ArrayBuffer.isView(atoms) ? atoms : atoms.flatMap((atom) => toThree(atom, at)),
  );
  if (flat.length === 0) throw new VitrineError({ code: "range", at, expected: "atoms", found: "none" });
  if (flat.length % 3 !== 0)
    throw shapeError(at, "three coordinates an atom: z, y, x", `${flat.length} numbers`);
  const other = flat.find((value) => !Number.isFinite(value));
  if (other !== undefined)
    throw new VitrineError({ code: "range", at, expected: "finite coordinates", found: `${other}` });
  return flat;
}

function meanOf(atoms: Float64Array): Three {
  const mean = [0, 0, 0];
  atoms.forEach((at, i) => {
    mean[i % 3] += at / (atoms.length / 3);
  });
  return [mean[0], mean[1], mean[2]];
}

function shapeError(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "shape", at, expected, found });
}
