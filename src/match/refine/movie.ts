import { type Shape2, VitrineError } from "../../core/index.ts";
import {
  flipRows,
  identifyFile,
  type MrcHeader,
  openMrc,
  openTiff,
  requireCubicVoxels,
  type TiffPage,
  tiffRowsLine,
} from "../../io/index.ts";
import { requireFinite, type TiffOptions } from "../search/searchInputs.ts";

/** An open movie, whose frames are read one at a time. Whoever opened it closes it. */
export interface Movie {
  /** How messages call it. */
  readonly name: string;
  readonly frames: number;
  /** [H, W] of a frame. */
  readonly shape: Shape2;
  /** Reads one frame, counted from 0: (H, W) values, a new array. @throws {VitrineError} as the file; range: NaN */
  readFrame(index: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens a movie: an MRC stack, or a TIFF file with a page a frame, whose rows are turned to those of MRC.
 *
 * @throws {VitrineError} missing, storage, format: as `openMrc` and `openTiff`; shape: frames of unlike size, colours;
 *   unsupported: complex values, axes in another order, pixels that are not square
 */
export async function openMovie(path: string, tiff: TiffOptions = {}): Promise<Movie> {
  return (await identifyFile(path)) === "tiff" ? openTiffMovie(path, tiff) : openMrcMovie(path);
}

async function openMrcMovie(path: string): Promise<Movie> {
  const file = await openMrc(path);
  try {
    const fault = mrcFault(file.header, path);
    if (fault !== undefined) throw fault;
    requireCubicVoxels({ ...file.header, kind: "stack" }, path);
  } catch (error) {
    await file.close();
    throw error;
  }
  const [frames, ...shape] = file.header.shape;
  return {
    name: path,
    frames,
    shape,
    readFrame: async (index) => finite(await file.readSections(index, 1), { path, index, shape }),
    close: () => file.close(),
  };
}

function mrcFault({ mode, axes }: MrcHeader, path: string): VitrineError | undefined {
  const code = "unsupported";
  if (mode === 4)
    return new VitrineError({
      code,
      at: `${path} header.mode`,
      expected: "real values",
      found: "4 (complex)",
    });
  if (axes.every((axis, i) => axis === i + 1)) return undefined;
  const expected = "1, 2, 3: frames along the sections";
  return new VitrineError({ code, at: `${path} header.axes`, expected, found: axes.join(", ") });
}

async function openTiffMovie(path: string, { tiffRows, onLog }: TiffOptions): Promise<Movie> {
  const file = await openTiff(path);
  const [{ height, width }] = file.pages;
  const shape = [height, width] as const;
  const odd = file.pages.findIndex((page) => sizeOf(page) !== `${height} x ${width}`);
  if (odd >= 0) {
    await file.close();
    const expected = `${height} x ${width}, one value a pixel`;
    const found = `${sizeOf(file.pages[odd])}`;
    throw new VitrineError({ code: "shape", at: `${path} page ${odd}`, expected, found });
  }
  if (tiffRows === undefined) onLog?.(tiffRowsLine(path), "warning");
  return {
    name: path,
    frames: file.pages.length,
    shape,
    readFrame: async (index) => {
      const { data } = await file.readPage(index);
      const values = data instanceof Float32Array ? data : Float32Array.from(data);
      finite(values, { path, index, shape }); // with its place in the file
      return tiffRows === "keep" ? values : flipRows(values, width, height);
    },
    close: () => file.close(),
  };
}

function sizeOf({ height, width, channels }: TiffPage): string {
  return `${height} x ${width}${channels === 1 ? "" : ` x ${channels}`}`;
}

function finite(
  data: Float32Array,
  { path, index, shape }: { readonly path: string; readonly index: number; readonly shape: Shape2 },
): Float32Array {
  requireFinite(data, `${path} frame ${index}`, shape[1]);
  return data;
}
