import type { Pool } from "../../compute/index.ts";
import {
  type Axes,
  imageBytes,
  type PixelArray,
  type PixelType,
  pixelView,
  requireNotAborted,
  VitrineError,
} from "../../core/index.ts";
import { createFile } from "../../io/essentials.ts";
import {
  fileExists,
  type ImageSource,
  makeFolder,
  refuseUnknownKeys,
  removeFolder,
  renameFile,
  viewOf,
  writeFileAtomic,
} from "../../io/index.ts";
import { withPool } from "../../program/index.ts";
import { type PixelOffset, type PixelSize, TILE_SIZE } from "../geometry/levels.ts";
import { type PlacedPixels, pastePixels } from "../geometry/paste.ts";
import { createTiles, type EncodedTile, type TilesPlan } from "../kernels/index.ts";
import { quiet } from "../quiet.ts";
import { halve } from "../tiles/pixels.ts";
import { type DeepZoomPhase, deepZoomLevels, deepZoomPhases } from "./levels.ts";
import { type DeepZoomPixels, deepZoomPixels, type ShownRange } from "./range.ts";

/** What {@link writeDeepZoom} takes. */
export interface DeepZoomOptions extends ShownRange {
  /** Places on axes: values of the axis, else indices from 0. Axes that it does not name have their first. */
  readonly at?: Axes;
  /** Which resolution becomes the full one (default 0). */
  readonly level?: number;
  /** Of JPEG, 1 to 100 (default 95). */
  readonly quality?: number;
  readonly overwrite?: boolean;
  /** Threads; default: all processors. */
  readonly workers?: number;
  readonly signal?: AbortSignal;
  /** How many tiles are written. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
  /** Gets the name of what computes. */
  readonly onBackend?: (name: string) => void;
}

const KEYS: Readonly<Record<keyof DeepZoomOptions, true>> = {
  ...{ at: true, level: true, quality: true, overwrite: true, workers: true, contrast: true, range: true },
  ...{ signal: true, onProgress: true, onLog: true, onBackend: true },
};

/** What {@link writeDeepZoom} made. */
export interface DeepZoomReport extends PixelSize {
  readonly levels: number;
  readonly tiles: number;
  /** Values that became black and white. */
  readonly range: readonly [low: number, high: number];
}

const QUALITY = 95;

/**
 * Writes one plane of an image as DeepZoom: `name.dzi` and `name_files/LEVEL/COLUMN_ROW.jpg`, grey tiles of 256 x 256 that do not overlap, those
 * at the ends as large as what there is, level 0 one pixel. Every level is made of uncompressed pixels. It is there whole or not at all.
 *
 * @param path  ends with `.dzi`
 * @throws {VitrineError} format: an unknown option; range: another ending, or a quality or range that cannot be; exists: the path is taken; unsupported: pixels of neither
 *   8 nor 16 bits, or colours; missing: no axis of this name; aborted; storage; and the errors of `source.read`
 *
 * Source: Microsoft's DeepZoom file format, schema of 2008.
 */
export async function writeDeepZoom(
  source: ImageSource,
  path: string,
  options: DeepZoomOptions = {},
): Promise<DeepZoomReport> {
  refuseUnknownKeys(options, { known: Object.keys(KEYS), at: "writeDeepZoom options" });
  const stem = await requireFree(path, options);
  const plane = planeOf(source, options);
  const [height, width] = plane.levels[0].shape;
  const pixels = await deepZoomPixels(plane, options);
  const temporary = `${stem}_files.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const { workers, onBackend } = options;
  try {
    const tiles = await withPool(
      { ...(workers !== undefined && { workers }), ...(onBackend && { onBackend }) },
      (pool) => new Writer({ plane, pixels, folder: temporary, pool, options }).write(),
    );
    await removeFolder(`${stem}_files`);
    await renameFile(temporary, `${stem}_files`);
    await writeFileAtomic(path, new TextEncoder().encode(describe({ height, width })), { overwrite: true });
    return { height, width, levels: deepZoomLevels({ height, width }).length, tiles, range: pixels.range };
  } catch (error) {
    await removeFolder(temporary);
    throw error;
  }
}

/** @returns the path without its ending */
async function requireFree(
  path: string,
  { overwrite = false, quality = QUALITY }: DeepZoomOptions,
): Promise<string> {
  const [, stem] = /^(.+)\.dzi$/i.exec(path) ?? [];
  if (stem === undefined)
    throw new VitrineError({
      code: "range",
      at: path,
      expected: "a path that ends with .dzi",
      found: "another",
    });
  if (!(Number.isInteger(quality) && quality >= 1 && quality <= 100))
    throw new VitrineError({
      code: "range",
      at: `${path} quality`,
      expected: "1 to 100",
      found: `${quality}`,
    });
  const hasFile = await fileExists(path);
  const hasFolder = await fileExists(`${stem}_files`);
  // a folder without its description is somebody else's
  if ((hasFile || hasFolder) && !(overwrite && hasFile)) {
    const hint = "Remove it, choose another name, or replace it with --overwrite";
    const at = hasFile ? path : `${stem}_files`;
    throw new VitrineError({
      code: "exists",
      at,
      expected: "nothing of this name",
      found: "something",
      hint,
    });
  }
  return stem;
}

function describe({ height, width }: PixelSize): string {
  const image = `<Image xmlns="http://schemas.microsoft.com/deepzoom/2008" Format="jpg" Overlap="0" TileSize="${TILE_SIZE}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${image}<Size Width="${width}" Height="${height}"/></Image>\n`;
}

/** One plane of a source as a source of its own. @throws {VitrineError} unsupported: colours; missing, range: no such axis, place or level */
function planeOf(source: ImageSource, { at, level, onLog }: DeepZoomOptions): ImageSource {
  const { axes, name } = source;
  if (axes.some((axis) => axis.name === "sample"))
    throw new VitrineError({ code: "unsupported", at: name, expected: "a grey image", found: "colours" });
  const view = viewOf(source, { at, level });
  const outer = view.axes.slice(0, -2);
  for (const [i, axis] of outer.entries()) {
    const length = view.levels[0].shape[i];
    if (length > 1)
      onLog?.(
        `${name}: the first of ${length} along ${axis.name} is taken; at (--at ${axis.name}=N) takes another`,
        "warning",
      );
  }
  return viewOf(view, { indices: Object.fromEntries(outer.map((axis) => [axis.name, 0])) });
}

interface Parts {
  readonly plane: ImageSource;
  readonly pixels: DeepZoomPixels;
  readonly folder: string;
  readonly pool: Pool;
  readonly options: DeepZoomOptions;
}

/** Files that are made at once: as many threads as the platform has for it. */
const FILES_AT_ONCE = 4;

type Box = PixelOffset & PixelSize;
type ReadBox = (box: Box) => Promise<Uint8Array | Uint16Array>;

class Writer {
  readonly #parts: Parts;
  readonly #sizes: readonly PixelSize[];
  readonly #total: number;
  #done = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    const [height, width] = parts.plane.levels[0].shape;
    this.#sizes = deepZoomLevels({ height, width });
    const tilesOf = (size: PixelSize) =>
      Math.ceil(size.height / TILE_SIZE) * Math.ceil(size.width / TILE_SIZE);
    this.#total = this.#sizes.reduce((sum, size) => sum + tilesOf(size), 0);
  }

  /** @returns how many tiles */
  async write(): Promise<number> {
    const { folder, plane, pixels, options } = this.#parts;
    for (const level of this.#sizes.keys()) await makeFolder(`${folder}/${level}`);
    let room: PixelArray | undefined;
    // a block is copied before the next is read: all are read into the same memory
    let read: ReadBox = async ({ y, x, height, width }) => {
      if (room?.length !== height * width) room = newPixels(plane.dtype, { height, width });
      const region = { y: [y, y + height], x: [x, x + width] } as const;
      const run = options.signal && { signal: options.signal };
      const { data } = await plane.read({ region, into: room, ...run });
      return pixels.convert(data);
    };
    const [chunkHeight, chunkWidth] = plane.levels[0].chunkShape;
    const chunk = { height: chunkHeight, width: chunkWidth };
    for (const phase of deepZoomPhases(this.#sizes, chunk)) read = await this.#writePhase(phase, read);
    return this.#done;
  }

  /** Makes the levels of a phase block by block. @returns the level behind its last one, which is in memory */
  async #writePhase(phase: DeepZoomPhase, read: ReadBox): Promise<ReadBox> {
    const { pool, pixels } = this.#parts;
    const size = this.#sizes[phase.first];
    const below = this.#sizes[phase.first + phase.count];
    const next = below && { y: 0, x: 0, ...below, data: new Uint8Array(below.height * below.width) };
    const type = phase.first === 0 ? pixels.type : "uint8";
    const height = Math.min(phase.block.height, size.height);
    const width = Math.min(phase.block.width, size.width);
    const plan = createTiles(pool, { height, width, type, levels: phase.count });
    try {
      if (type === "uint16" && pixels.table !== undefined) plan.set("lookup", pixels.table);
      await this.#writeBlocks(phase, { plan, read, next });
    } finally {
      plan.dispose();
    }
    return async (box) => {
      const part = { ...box, data: new Uint8Array(box.height * box.width) };
      if (next) pastePixels(next, part);
      return part.data;
    };
  }

  /** While a block is encoded, the next one is read and the tiles of the one before are written. */
  async #writeBlocks(
    phase: DeepZoomPhase,
    {
      plan,
      read,
      next,
    }: {
      readonly plan: TilesPlan;
      readonly read: ReadBox;
      readonly next: PlacedPixels<Uint8Array> | undefined;
    },
  ): Promise<void> {
    const boxes = blocksOf(this.#sizes[phase.first], phase.block);
    const { quality = QUALITY, signal } = this.#parts.options;
    const run = signal === undefined ? {} : { signal };
    let pixels = quiet(read(boxes[0]));
    let encoded: Promise<readonly EncodedTile[]> = Promise.resolve([]);
    let stored: Promise<void> = Promise.resolve();
    try {
      for (const [i, box] of boxes.entries()) {
        requireNotAborted(signal, "writeDeepZoom");
        await plan.run({ block: { height: box.height, width: box.width } });
        plan.set("pixels", await pixels);
        encoded = quiet(plan.run({ quality }, run));
        if (i + 1 < boxes.length) pixels = quiet(read(boxes[i + 1]));
        const tiles = await encoded;
        await stored;
        stored = quiet(this.#store(phase, box, tiles));
        const across = 2 ** phase.count;
        if (next) pastePixels({ y: box.y / across, x: box.x / across, ...lastHalf(plan, phase, box) }, next);
      }
      await stored;
    } finally {
      // nothing reads, writes, or works in the plan's memory, when they are given back
      await Promise.allSettled([pixels, encoded, stored]);
    }
  }

  /** Several at once: to make a file takes a disk longer than the tile in it. */
  async #store(
    { first }: DeepZoomPhase,
    { y, x }: PixelOffset,
    tiles: readonly EncodedTile[],
  ): Promise<void> {
    const { folder, options } = this.#parts;
    const top = this.#sizes.length - 1;
    const waiting = tiles.values();
    const lane = async () => {
      for (const { level, row, column, bytes } of waiting) {
        const across = TILE_SIZE * 2 ** level;
        const place = `${column + x / across}_${row + y / across}`;
        await createFile(`${folder}/${top - first - level}/${place}.jpg`, bytes);
        this.#done++;
      }
    };
    await Promise.all(Array.from({ length: FILES_AT_ONCE }, lane));
    options.onProgress?.({ done: this.#done, total: this.#total });
  }
}

function newPixels(dtype: PixelType, { height, width }: PixelSize): PixelArray {
  const layout = { height, width, channels: 1, dtype };
  return pixelView(layout, new ArrayBuffer(imageBytes(layout)));
}

/** The blocks of a level, row by row. */
function blocksOf(size: PixelSize, block: PixelSize): Box[] {
  const boxes: Box[] = [];
  for (let y = 0; y < size.height; y += block.height)
    for (let x = 0; x < size.width; x += block.width) {
      const height = Math.min(block.height, size.height - y);
      boxes.push({ y, x, height, width: Math.min(block.width, size.width - x) });
    }
  return boxes;
}

/** Half of a block's last level. */
function lastHalf(plan: TilesPlan, { count }: DeepZoomPhase, { height, width }: Box) {
  const shrunk = 2 ** (count - 1);
  const size = { height: Math.ceil(height / shrunk), width: Math.ceil(width / shrunk) };
  const last = new Uint8Array(size.height * size.width);
  plan.read("last", last);
  return {
    height: Math.ceil(size.height / 2),
    width: Math.ceil(size.width / 2),
    data: halve(last, size),
  };
}
