import {
  firstNotFinite,
  type Image,
  type OptionKeys,
  type Shape2,
  VitrineError,
  type Volume,
} from "../../core/index.ts";
import {
  checkMrcVolume,
  flipRows,
  identifyFile,
  openMrc,
  readMrcImage,
  readMrcVolume,
  readTiffImage,
  type TiffRows,
  tiffRowsLine,
} from "../../io/index.ts";
import { padVolume, sincCorrection } from "../../optics/index.ts";
import type { Log } from "../../program/index.ts";

/** A cubic map whose sections are read when they are needed, so that a large one never exists twice. */
export interface TemplateSource {
  /** How messages call it. */
  readonly name: string;
  /** Side in voxels. */
  readonly size: number;
  /** Å, as its file says; 0 or absent where it does not. */
  readonly voxelSizeA?: number;
  /** What its file leaves open or hides, each with its name. */
  readonly warnings?: readonly string[];
  /** Sections `first`… `first + count - 1`, (count, size, size) values. */
  readSections(first: number, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/** How central slices are taken; not in the configuration file. */
export interface SliceOptions {
  /**
   * Central slices without Leopard-EM's float32 rounding: where an x frequency is 0 its rounded rotations make it
   * a little less in places, and the sample is dropped. Default false: Leopard-EM's maps.
   */
  readonly exactSlices?: boolean;
  /** Zeros around the template before its transform, to this many times its side: slices interpolate better. Default 1. */
  readonly templatePadding?: number;
  /** Divide the template by what trilinear interpolation multiplies it with; see `sincCorrection`. Default false. */
  readonly sincCorrection?: boolean;
}

/** Keys of how slices are taken. */
export const SLICE_KEYS: OptionKeys<SliceOptions> = {
  exactSlices: true,
  templatePadding: true,
  sincCorrection: true,
};

/** What is searched, and for what. */
export interface SearchInputs {
  readonly micrograph: Image;
  readonly template: TemplateSource;
}

/** A map in memory as a template. @throws {VitrineError} shape: not a cube */
export function templateFromVolume(volume: Volume, name = "template"): TemplateSource {
  const size = requireCube(volume.shape, name);
  return {
    name,
    size,
    voxelSizeA: volume.voxelSizeA,
    readSections: async (first, count) =>
      volume.data.subarray(first * size * size, (first + count) * size * size),
    close: async () => {},
  };
}

/**
 * Opens a template file. Whoever opens it closes it. One whose axes are in another order is read at once and brought to (z, y, x).
 *
 * @throws {VitrineError} missing, storage, format: as `openMrc`; shape: not a cube, or several volumes; unsupported: complex values, or voxels whose sides
 *   differ by more than 1 %
 */
export async function openTemplate(path: string): Promise<TemplateSource> {
  const file = await openMrc(path);
  try {
    const { header } = file;
    const size = requireCube(header.shape, path);
    if (header.mode === 4) {
      throw new VitrineError({
        code: "unsupported",
        at: `${path} header.mode`,
        expected: "real values",
        found: "4, complex",
      });
    }
    const warnings = checkMrcVolume(file);
    if (header.axes.join() !== "1,2,3") {
      await file.close();
      return { ...templateFromVolume(await readMrcVolume(path), path), warnings };
    }
    return {
      name: path,
      size,
      voxelSizeA: header.voxelSizeA[0],
      warnings,
      readSections: (first, count) => file.readSections(first, count),
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function requireCube([depth, height, width]: readonly number[], at: string): number {
  if (depth === height && height === width) return width;
  throw new VitrineError({
    code: "shape",
    at: `${at} header.shape`,
    expected: "a cube",
    found: `${depth} x ${height} x ${width}`,
    hint: "Pad the map to a cube first",
  });
}

/**
 * The template as its transform wants it: corrected and padded if that is asked for, else as it is, read in parts.
 *
 * @throws {VitrineError} range: a padding that is not a whole number from 1
 */
export async function preparedTemplate(
  template: TemplateSource,
  { templatePadding = 1, sincCorrection: isCorrected = false }: SliceOptions,
): Promise<TemplateSource> {
  requirePadding(templatePadding);
  if (templatePadding === 1 && !isCorrected) return template;
  const { size, name } = template;
  const data = await template.readSections(0, size);
  requireContrast(data, name, "voxels"); // padding would hide that it has none
  const volume = { data, shape: [size, size, size] as const, voxelSizeA: 0 };
  const corrected = isCorrected ? sincCorrection(volume, templatePadding) : volume;
  return templateFromVolume(padVolume(corrected, templatePadding), name);
}

function requirePadding(padding: number): void {
  if (Number.isInteger(padding) && padding >= 1 && padding <= 4) return;
  throw new VitrineError({
    code: "range",
    at: "template padding",
    expected: "a whole number from 1 to 4",
    found: String(padding),
  });
}

/** How images of TIFF are taken beside those of MRC. */
export interface TiffOptions {
  /** Which row of a TIFF micrograph or movie is the first of an MRC one; default "flip", its last, which `onLog` is told. */
  readonly tiffRows?: TiffRows | undefined;
  readonly onLog?: Log | undefined;
}

/**
 * Reads a micrograph, MRC or TIFF, and checks that it can be searched. Rows are those of MRC.
 *
 * @throws {VitrineError} range: NaN, infinity, or all pixels alike; shape: a movie, or colours
 */
export async function readMicrograph(path: string, options: TiffOptions = {}): Promise<Image> {
  const image = await readFiniteImage(path, options);
  requireContrast(image.data, path);
  return image;
}

/** Reads an image, MRC or TIFF; a map may be constant. @throws {VitrineError} range: NaN, infinity; shape: a movie, or colours */
export async function readFiniteImage(path: string, options: TiffOptions = {}): Promise<Image> {
  const isTiff = (await identifyFile(path)) === "tiff";
  const image = isTiff ? await readTiffImage(path) : await readMrcImage(path);
  requireFinite(image.data, path, image.shape[1]);
  if (isTiff) toMrcRows(image.data, path, { ...options, shape: image.shape });
  return image;
}

/** Turns rows of TIFF to those of MRC, in place, and says so where nobody has. */
function toMrcRows(
  data: Float32Array,
  path: string,
  { tiffRows, onLog, shape: [height, width] }: TiffOptions & { readonly shape: Shape2 },
): void {
  if (tiffRows === undefined) onLog?.(tiffRowsLine(path), "warning");
  if (tiffRows !== "keep") flipRows(data, width, height);
}

/**
 * In a constant image the rounding of a transform would be taken for the spectrum.
 *
 * @param unit  what the values are of
 * @throws {VitrineError} range: all of them alike
 */
export function requireContrast(data: Float32Array, at: string, unit: "pixels" | "voxels" = "pixels"): void {
  const [value] = data;
  if (data.some((other) => other !== value)) return;
  throw withoutContrast(at, { unit, count: data.length, value });
}

/** What {@link requireContrast} throws. */
export function withoutContrast(
  at: string,
  { unit, count, value }: { unit: "pixels" | "voxels"; count: number; value: number },
): VitrineError {
  const hint = "Nothing can be found in it or with it: look which file it is and how it was made";
  const found = `${count} times ${value}`;
  return new VitrineError({ code: "range", at, expected: `${unit} that differ`, found, hint });
}

/** @throws {VitrineError} range: NaN or infinity, with its place */
export function requireFinite(data: Float32Array, at: string, width: number): void {
  const bad = firstNotFinite(data);
  if (bad < 0) return;
  throw new VitrineError({
    code: "range",
    at: `${at} pixel (y ${Math.floor(bad / width)}, x ${bad % width})`,
    expected: "a finite number",
    found: String(data[bad]),
    hint: "Replace such pixels, for example by the mean of their neighbours",
  });
}
