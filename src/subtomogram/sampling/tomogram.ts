import { elementCount, type PixelArray, type Shape3, VitrineError } from "../../core/index.ts";
import { convertUnit, type ImageSource, requireKnownOptions, volumeAxes } from "../../io/index.ts";
import type { NumberArray } from "../../pipe/index.ts";
import type { RegionView } from "../kernels/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";

/** A volume that is read in boxes: in memory, in a file, or made of others. */
export interface Tomogram {
  /** How messages call it. */
  readonly name: string;
  /** Voxels (z, y, x). */
  readonly shape: Shape3;
  /** Values of a box that lies inside, C order, in an array of the caller's own. */
  read(from: Zyx, to: Zyx, signal?: AbortSignal): Promise<Float32Array>;
  /** The same without an array of its own, where the values are in memory. */
  copy?(from: Zyx, to: Zyx, into: RegionView): void;
  /** All of it, C order, where it lies in memory in single precision. */
  readonly values?: Float32Array;
  /** nm/voxel where the file says. */
  readonly scale?: number;
  /** What its file leaves open or hides, and what was taken for granted: sections of a stack of images for those of a volume. */
  readonly warnings?: readonly string[];
}

/** What loaders take as an image. */
export type TomogramInput = NumberArray | ImageSource | Tomogram;

/** Which part of a source is the tomogram. */
export interface TomogramOptions {
  /** Resolution of a pyramid; default 0, the full one. */
  readonly level?: number;
}

/**
 * Takes an array, a source of any size, or what is one already as a tomogram. Nothing is copied or read.
 *
 * @throws {VitrineError} shape: not three axes z, y, x with voxels, or other than the product of them; missing: no such level
 */
export function toTomogram(image: TomogramInput, options: TomogramOptions = {}): Tomogram {
  requireKnownOptions("toTomogram", options, { level: true });
  const { level = 0 } = options;
  if ("levels" in image) return sourceTomogram(image, level);
  if ("data" in image) return arrayTomogram(image);
  return image;
}

/** A volume in memory, its values as they are: they are converted box by box. */
export function arrayTomogram(
  { data, shape }: NumberArray,
  { name = "tomogram", scale }: { readonly name?: string; readonly scale?: number | undefined } = {},
): Tomogram {
  if (shape.length !== 3 || !shape.every((side) => Number.isInteger(side) && side > 0))
    throw shapeError(name, "three axes (z, y, x) with voxels", `[${shape}]`);
  if (data.length !== elementCount(shape))
    throw shapeError(name, `${elementCount(shape)} values for [${shape}]`, `${data.length}`);
  const [depth, height, width] = shape;
  const copy = ([z0, y0, x0]: Zyx, [z1, y1, x1]: Zyx, into: RegionView) => {
    for (let z = z0; z < z1; z++)
      for (let y = y0; y < y1; y++) {
        const row = (z * height + y) * width;
        const to = into.start + (z - z0) * into.planeLength + (y - y0) * into.rowLength;
        // Kept apart, so that each loop sees one type of array: rows are too short for copies of views.
        if (data instanceof Float32Array) copyRow(data, into.data, { from: row + x0, to, length: x1 - x0 });
        else for (let x = x0; x < x1; x++) into.data[to + x - x0] = data[row + x];
      }
  };
  return {
    name,
    shape: [depth, height, width],
    ...(scale !== undefined && { scale }),
    async read(from, to) {
      const [planes, rows, rowLength] = [to[0] - from[0], to[1] - from[1], to[2] - from[2]];
      const values = new Float32Array(planes * rows * rowLength);
      copy(from, to, { data: values, start: 0, planeLength: rows * rowLength, rowLength });
      return values;
    },
    copy,
    ...(data instanceof Float32Array && { values: data }),
  };
}

function copyRow(
  source: Float32Array,
  target: Float32Array,
  { from, to, length }: { readonly from: number; readonly to: number; readonly length: number },
): void {
  for (let i = 0; i < length; i++) target[to + i] = source[from + i];
}

function sourceTomogram(source: ImageSource, level: number): Tomogram {
  const { name, axes, levels } = source;
  if (levels[level] === undefined)
    throw new VitrineError({
      code: "missing",
      at: name,
      expected: `a level from 0 to ${levels.length - 1}`,
      found: `${level}`,
    });
  const { shape } = levels[level];
  const {
    places: [z, y, x],
    warnings,
  } = volumeAxes(source, shape);
  const side = (axis: number) => (axis < 0 ? 1 : shape[axis]);
  const scale = axisStep(source, x, level);
  return {
    name,
    shape: [side(z), side(y), side(x)],
    warnings,
    ...(scale !== undefined && { scale }),
    async read(from, to, signal) {
      const ranges = [z, y, x].flatMap((axis, i) =>
        axis < 0 ? [] : [[axes[axis].name, [from[i], to[i]] as const] as const],
      );
      const options = { level, region: Object.fromEntries(ranges), ...(signal && { signal }) };
      const block = await source.read(options);
      return toFloats(block.data);
    },
  };
}

/** nm from one index of an axis to the next, where the source says. */
export function axisStep({ axes, levels }: ImageSource, axis: number, level = 0): number | undefined {
  const [step, { unit }] = [levels[level].scale[axis], axes[axis]];
  return unit === undefined || !(step > 0) ? undefined : convertUnit(step, unit, "nanometer");
}

function toFloats(data: PixelArray): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}

function shapeError(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "shape", at, expected, found });
}
