import type { PixelType } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import { NPY_PIXEL_TYPES, type NpyHeader } from "../npy.ts";
import { openNpy } from "../npyFile.ts";
import type { WideType } from "../wide.ts";
import { sourceAxis } from "./axes.ts";
import { plainStrides, rawSource } from "./raw.ts";
import type { ImageSource } from "./source.ts";

/** Names of the dimensions, of which the last ones are there. */
const AXES = ["time", "channel", "z", "y", "x"];

/** numpy's whole numbers are of 64 bits unless one says otherwise, also those of labels: they are read as float64. */
const WIDE: Readonly<Record<string, WideType>> = { i8: "int64", u8: "uint64" };

/**
 * A .npy array of 2 to 5 dimensions as a source, the last ones of time, channel, z, y, x, in C or Fortran order. Only what is
 * asked for is read.
 *
 * @throws {VitrineError} unsupported: other ranks, empty arrays, complex numbers; range, when it is read: 64-bit integers beyond 2⁵³; and the errors of `readNpy`
 */
export async function openNpySource(path: string): Promise<ImageSource> {
  const { file, header } = await openNpy(path);
  try {
    const { shape } = header;
    const wide = WIDE[header.dtype];
    const dtype = wide === undefined ? NPY_PIXEL_TYPES[header.dtype] : "float64";
    if (dtype === undefined)
      throw notPixels(`${file.name} header.descr`, {
        expected: "values that are pixels",
        ...typeFound(header.dtype),
      });
    if (shape.length < 2 || shape.length > AXES.length || shape.includes(0))
      throw notPixels(`${file.name} header.shape`, {
        expected: "2 to 5 dimensions, none empty",
        found: `(${shape.join(", ")})`,
      });
    const axes = AXES.slice(AXES.length - shape.length).map((name) => sourceAxis(name));
    const level = {
      shape,
      chunkShape: chunkShape(header),
      scale: shape.map(() => 1),
      translation: shape.map(() => 0),
    };
    return rawSource(
      {
        name: file.name,
        axes,
        dtype,
        levels: [level],
        channels: [],
        isLabels: false,
        metadata: {},
        warnings: file.warning ? [file.warning] : [],
      },
      {
        file,
        offset: header.dataOffset,
        strides: stridesOf(header, dtype),
        storage: wide ?? (header.dtype === "f2" ? "half" : "plain"),
        bigEndian: header.bigEndian,
      },
    );
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Two dimensions that lie together. */
function chunkShape({ shape, fortranOrder }: NpyHeader): number[] {
  return shape.map((length, axis) => ((fortranOrder ? axis < 2 : axis >= shape.length - 2) ? length : 1));
}

function stridesOf({ shape, fortranOrder, dtype }: NpyHeader, type: PixelType): number[] {
  const steps = fortranOrder ? plainStrides([...shape].reverse(), type).reverse() : plainStrides(shape, type);
  return dtype === "f2" ? steps.map((step) => step / 2) : steps;
}

function typeFound(dtype: string): { readonly found: string; readonly hint?: string } {
  if (dtype.startsWith("c"))
    return { found: `complex numbers (${dtype})`, hint: "Save the real part or numpy.abs" };
  return { found: dtype };
}

function notPixels(
  at: string,
  fault: { readonly expected: string; readonly found: string; readonly hint?: string },
): VitrineError {
  return new VitrineError({ code: "unsupported", at, ...fault });
}
