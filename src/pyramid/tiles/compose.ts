import { composeBlock, type MapPixels } from "../blending/compose.ts";
import { type PlacedPixels, pastePixels } from "../geometry/paste.ts";
import { blockBox, type PhaseLevels } from "../layers/blocks.ts";
import type { BatchImage, ReducedBatch, SitesBatch } from "./batch.ts";
import { type BlockPart, REDUCED_SIDE } from "./encodeBlocks.ts";
import { emptyPixels, type TilePixels } from "./pixels.ts";
import type { SiteImage } from "./siteReader.ts";

/** What {@link placeSites} reads with. */
export interface SitesReader {
  /** All pixels of an image; undefined where it is left out. */
  read(image: BatchImage): Promise<SiteImage | undefined>;
  /** Told when an image was read for the last time. */
  release(image: BatchImage): void;
}

/** The pixels of an image; undefined where they are left out. */
export type ReadImage = (image: BatchImage) => Promise<PlacedPixels<TilePixels> | undefined>;

/**
 * The blocks of a batch as what an encoder does that puts them together itself: a block begins, gets its sites one by one, of overlapping ones
 * the later on top, as the batch lists them, and is made. A pixel that no image has is 0.
 *
 * @throws whatever `read` throws
 */
export async function* placeSites(batch: SitesBatch, reader: SitesReader): AsyncGenerator<BlockPart> {
  const lastBlocks = new Map(batch.blocks.flatMap(({ inputs }, i) => inputs.map((input) => [input, i])));
  for (const [i, { row, column, inputs }] of batch.blocks.entries()) {
    const box = blockBox({ row, column }, phaseOf(batch), batch.layer.levels[batch.level]);
    const touched = [];
    yield { kind: "begin", box };
    for (const input of inputs) {
      const image = batch.images[input];
      const site = await reader.read(image);
      if (lastBlocks.get(input) === i) reader.release(image);
      if (site === undefined) continue;
      yield { kind: "site", site };
      const { y, x, window, height, width } = image;
      touched.push({ y, x, height: window?.height ?? height, width: window?.width ?? width });
    }
    yield { kind: "end", block: { row, column, box, touched } };
  }
}

/**
 * The blocks of a batch with overlaps and fractions of pixels as the batch says: all images of a block are in memory at once.
 *
 * @throws whatever `read` throws
 */
export async function* blendSites(batch: SitesBatch, read: ReadImage): AsyncGenerator<BlockPart> {
  const { blend, resample, featherPx } = batch;
  for (const block of batch.blocks) {
    const box = blockBox(block, phaseOf(batch), batch.layer.levels[batch.level]);
    const target = { ...box, data: emptyPixels(batch.layer.dtype, box) };
    const sites: MapPixels<TilePixels>[] = [];
    const touched = [];
    for (const input of block.inputs) {
      const image = batch.images[input];
      const found = await read(image);
      if (found === undefined) continue;
      const { y, x, height, width } = found;
      const fraction = image.fraction ?? { y: 0, x: 0 };
      sites.push({ ...found, y: y + fraction.y, x: x + fraction.x });
      touched.push({ y, x, height, width });
    }
    composeBlock<TilePixels>(sites, target, { blend, resample, ...(featherPx !== null && { featherPx }) });
    yield { kind: "begin", box };
    yield { kind: "pixels", pixels: target.data };
    yield { kind: "end", block: { row: block.row, column: block.column, box, touched } };
  }
}

/** The same of what the phase below left. @param read  the (128, 128) pixels that a part names */
export async function* composeReduced(
  batch: ReducedBatch,
  read: (part: ReducedBatch["parts"][number]) => Promise<Uint8Array>,
): AsyncGenerator<BlockPart> {
  for (const block of batch.blocks) {
    const box = blockBox(block, phaseOf(batch), batch.layer.levels[batch.level]);
    const target = { ...box, data: new Uint8Array(box.height * box.width) };
    const touched = [];
    for (const input of block.inputs) {
      const part = batch.parts[input];
      const [y, x] = [part.row * REDUCED_SIDE, part.column * REDUCED_SIDE];
      const place = { y, x, height: REDUCED_SIDE, width: REDUCED_SIDE };
      pastePixels({ ...place, data: await read(part) }, target);
      touched.push(place);
    }
    yield { kind: "begin", box };
    yield { kind: "pixels", pixels: target.data };
    yield { kind: "end", block: { row: block.row, column: block.column, box, touched } };
  }
}

function phaseOf({ level, levels }: { readonly level: number; readonly levels: number }): PhaseLevels {
  return { first: level, count: levels };
}
