import { composeBlock, type MapPixels } from "../blending/compose.ts";
import { type PlacedPixels, pastePixels } from "../geometry/paste.ts";
import { type Block, blockBox, type PhaseLevels } from "../layers/blocks.ts";
import type { BatchImage, ReducedBatch, SitesBatch } from "./batch.ts";
import { type PixelsBlock, REDUCED_SIDE, type SitesBlock } from "./encodeBlocks.ts";
import { emptyPixels, type TilePixels } from "./pixels.ts";

/** The pixels of an image; undefined where they are left out. */
export type ReadImage = (image: BatchImage) => Promise<PlacedPixels<TilePixels> | undefined>;

/**
 * The blocks of a batch with the pixels of all images that they show, of overlapping ones the later on top, as the batch lists them. A pixel
 * that no image has is 0.
 *
 * @throws whatever `read` throws
 */
export async function* composeSites(batch: SitesBatch, read: ReadImage): AsyncGenerator<PixelsBlock> {
  for (const block of batch.blocks) {
    const box = blockBox(block, phaseOf(batch), batch.layer.levels[batch.level]);
    const target = { ...box, data: emptyPixels(batch.layer.dtype, box) };
    const touched = [];
    for (const input of block.inputs) {
      const found = await read(batch.images[input]);
      if (found === undefined) continue;
      const { data, ...place } = found;
      pastePixels<TilePixels>({ ...place, data }, target);
      touched.push(place);
    }
    yield composed(block, { box, pixels: target.data, touched });
  }
}

/**
 * As {@link composeSites}, with overlaps and fractions of pixels as the batch says: all images of a block are in memory at once.
 *
 * @throws whatever `read` throws
 */
export async function* blendSites(batch: SitesBatch, read: ReadImage): AsyncGenerator<PixelsBlock> {
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
    yield composed(block, { box, pixels: target.data, touched });
  }
}

/** The blocks of a batch as the sites that they show, for an encoder that puts them together itself. @throws whatever `read` throws */
export async function* listSites(batch: SitesBatch, read: ReadImage): AsyncGenerator<SitesBlock> {
  for (const { row, column, inputs } of batch.blocks) {
    const box = blockBox({ row, column }, phaseOf(batch), batch.layer.levels[batch.level]);
    const sites: PlacedPixels<Uint16Array>[] = [];
    for (const input of inputs) {
      const found = await read(batch.images[input]);
      if (found?.data instanceof Uint16Array) sites.push({ ...found, data: found.data });
    }
    yield { row, column, box, sites, touched: sites };
  }
}

/** The same of what the phase below left. @param read  the (128, 128) pixels that a part names */
export async function* composeReduced(
  batch: ReducedBatch,
  read: (part: ReducedBatch["parts"][number]) => Promise<Uint8Array>,
): AsyncGenerator<PixelsBlock> {
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
    yield composed(block, { box, pixels: target.data, touched });
  }
}

function composed(
  { row, column }: Block,
  rest: Pick<PixelsBlock, "box" | "pixels" | "touched">,
): PixelsBlock {
  return { row, column, ...rest };
}

function phaseOf({ level, levels }: { readonly level: number; readonly levels: number }): PhaseLevels {
  return { first: level, count: levels };
}
