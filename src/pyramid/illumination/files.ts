import { firstNotFinite, VitrineError } from "../../core/index.ts";
import { type ImageSource, openImage } from "../../io/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import type { FlatFieldModel } from "./models.ts";

/** A lab's own maps of a channel. */
export interface IlluminationFiles {
  /** Image of the light: TIFF, .npy, OME-Zarr, MRC. Without it light is even. */
  readonly flat?: string;
  /** What the camera shows without light: an image, or one number. Default 0. */
  readonly dark?: string | number;
  /**
   * Whether the flat field is as the camera took it, so that the dark is subtracted from it as well. Default: it is if its values are whole
   * numbers.
   */
  readonly isFlatRaw?: boolean;
  /** Which image of a file that holds several channels, by name or from 0. */
  readonly channel?: string | number;
}

/** A model of maps, and what was done to them. */
export interface ReadIllumination {
  readonly model: FlatFieldModel;
  /** What was guessed, divided out or held at a limit, said once each with the name of the file. */
  readonly warnings: readonly string[];
}

/** Light below that part of its mean is held there: what is divided by it stays finite. */
const LEAST_LIGHT = 0.01;
/** A mean so near to 1 goes unsaid. */
const UNSAID = 1e-3;

/**
 * Reads a lab's own flat field and dark image for `correctIllumination`: corrected = (image - dark) / flat. A flat field of any scale is divided by
 * its mean, so that a corrected image is as bright as before.
 *
 * @param size  of the sites; maps must have it
 * @throws {VitrineError} shape: a map of another size; range: light of 0 or below; format: values that are no numbers; missing: no such channel, or
 *   which of several is not said; and the errors of the files
 */
export async function readIlluminationFiles(
  files: IlluminationFiles,
  size: PixelSize,
): Promise<ReadIllumination> {
  const { flat: path, dark: from = 0, channel } = files;
  const dark = await readDark(from, size, channel);
  const pixels = size.height * size.width;
  if (path === undefined)
    return { model: { kind: "flatfield", flat: new Float32Array(pixels).fill(1), dark }, warnings: [] };
  const map = await readMap(path, size, channel);
  const { isFlatRaw = map.isWhole } = files;
  const warnings: string[] = [];
  const hasDark = typeof dark !== "number" || dark !== 0;
  if (isFlatRaw && hasDark) {
    map.data.forEach((value, i) => {
      map.data[i] = value - (typeof dark === "number" ? dark : dark[i]);
    });
    if (files.isFlatRaw === undefined)
      warnings.push(`${path}: whole numbers, taken as the camera's: the dark is subtracted from it as well`);
  }
  return { model: { kind: "flatfield", flat: normalised(path, map.data, warnings), dark }, warnings };
}

/**
 * What the camera shows without light: a number as it is, or an image of the size of the sites.
 *
 * @throws {VitrineError} as {@link readIlluminationFiles}
 */
export async function readDark(
  dark: string | number,
  size: PixelSize,
  channel?: string | number,
): Promise<number | Float32Array> {
  if (typeof dark === "string") return Float32Array.from((await readMap(dark, size, channel)).data);
  if (Number.isFinite(dark)) return dark;
  throw new VitrineError({ code: "range", at: "dark", expected: "a number or an image", found: `${dark}` });
}

/** Divides by the mean; adds what was done to `warnings`. */
function normalised(path: string, data: Float64Array, warnings: string[]): Float32Array {
  const dim = data.reduce((count, value) => (value > 0 ? count : count + 1), 0);
  if (dim > 0) {
    const first = data.findIndex((value) => !(value > 0));
    const found = `${dim} pixels that are not, the first ${data[first]} at pixel ${first}`;
    const hint = "Light of 0 cannot be divided out: check that file and dark belong together";
    throw new VitrineError({ code: "range", at: path, expected: "light above 0 everywhere", found, hint });
  }
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  if (Math.abs(mean - 1) > UNSAID)
    warnings.push(
      `${path}: divided by its mean, ${Number(mean.toPrecision(6))}: corrected images stay as bright as they are`,
    );
  const held = data.reduce((count, value) => (value < LEAST_LIGHT * mean ? count + 1 : count), 0);
  if (held > 0)
    warnings.push(`${path}: ${held} pixels of less than ${LEAST_LIGHT} of the mean are taken as that`);
  return Float32Array.from(data, (value) => Math.max(LEAST_LIGHT, value / mean));
}

interface IlluminationMap {
  readonly data: Float64Array;
  /** The file's numbers have no fractions. */
  readonly isWhole: boolean;
}

async function readMap(
  path: string,
  { height, width }: PixelSize,
  channel: string | number | undefined,
): Promise<IlluminationMap> {
  await using image = await openImage(path);
  const { shape } = image.levels[0];
  const [rows, columns] = ["y", "x"].map((name) => shape[image.axes.findIndex((axis) => axis.name === name)]);
  if (rows !== height || columns !== width) {
    const [expected, found] = [`${height} x ${width} pixels, as the sites have`, `${rows} x ${columns}`];
    throw new VitrineError({ code: "shape", at: path, expected, found });
  }
  const region = regionOf(path, image, channel);
  const { data } = await image.read({ region });
  const values = Float64Array.from(data, Number);
  const odd = firstNotFinite(values);
  if (odd !== -1) {
    const found = `${values[odd]} at pixel ${odd}`;
    throw new VitrineError({ code: "format", at: path, expected: "a number in every pixel", found });
  }
  return { data: values, isWhole: !image.dtype.startsWith("float") };
}

/** One plane of the file: all axes but y, x and the channel must have one place. */
function regionOf(
  path: string,
  { axes, levels, channels }: ImageSource,
  channel: string | number | undefined,
): Record<string, number> {
  const region: Record<string, number> = {};
  axes.forEach(({ name, kind, values }, i) => {
    const count = levels[0].shape[i];
    if (name === "y" || name === "x") return;
    if (kind !== "channel" || channel === undefined) {
      if (count !== 1) throw severalOf(path, name, count);
      region[name] = 0;
      return;
    }
    const names = Array.from({ length: count }, (_, k) => channels[k]?.name ?? values?.[k]);
    const found = typeof channel === "number" ? channel : count === 1 ? 0 : names.indexOf(channel);
    if (found < 0 || found >= count) {
      const expected = `one of ${names.map((one, k) => one ?? k).join(", ")}`;
      throw new VitrineError({ code: "missing", at: `${path} channel`, expected, found: `${channel}` });
    }
    region[name] = found;
  });
  return region;
}

function severalOf(path: string, axis: string, count: number): VitrineError {
  const hint =
    axis === "channel" ? "Say which channel, or give a file a channel" : "Give a file with one image";
  return new VitrineError({ code: "missing", at: path, expected: `one ${axis}`, found: `${count}`, hint });
}
