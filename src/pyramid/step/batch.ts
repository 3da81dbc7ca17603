/** What the engine's processes load: the jobs of a pyramid, by name. They never open the experiment's database. */
import { createPool, type Pool, poolKernels } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { makeFolder, parseWithSchema } from "../../io/essentials.ts";
import type { BatchContext, BatchResult, Json } from "../../jobs/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import { type CorrectionPart, correctionParts, modelPixels } from "../illumination/correctionTable.ts";
import { correctIllumination, type IlluminationModel } from "../illumination/models.ts";
import { type IntensityRange, scaleTable } from "../illumination/scaling.ts";
import { readIlluminationModel } from "../illumination/store.ts";
import type { BatchImage, BatchLayer, ReducedBatch, SitesBatch, TilesBatch } from "../tiles/batch.ts";
import { tilesBatchSchema } from "../tiles/batch.ts";
import { blendSites, composeReduced, placeSites } from "../tiles/compose.ts";
import { type BlockPart, type EncodeOptions, encodeBlocks, reducedPart } from "../tiles/encodeBlocks.ts";
import { rawTable, valueOffset } from "../tiles/pixels.ts";
import { type Correct, SiteReader } from "../tiles/siteReader.ts";
import { IlluminatiBatchArguments } from "./arguments.ts";

/** Names of the files that a job leaves. */
export const PACK_FILES = { tiles: "tiles.pack", index: "tiles.index", reduced: "reduced" } as const;

/** What a job tells beside its files. */
export type TilesResult = {
  readonly layer: number;
  readonly tiles: number;
  /** Names of sites that could not be read and are left out; absent where all could. */
  readonly missing?: readonly string[];
};

/**
 * Makes the tiles of one batch.
 *
 * @throws {VitrineError} what is wrong with an image, with its site and file; storage; aborted; unsupported: other kernels than the others'
 */
export async function makeTiles(value: Json, context: BatchContext): Promise<BatchResult<TilesResult>> {
  poolOf(context).catch(() => undefined); // they start while the batch is read; what goes wrong is told where they are waited for
  const batch = parseWithSchema(value, tilesBatchSchema, `${context.phase} ${context.index}`);
  await context.requireSame("kernels", poolKernels());
  if (batch.kind === "reduced")
    return encode(batch, composeReduced(batch, reducedReader(batch, context)), {
      ...context,
      table: undefined,
    });
  return batch.blend === "last" && batch.resample === "round"
    ? pasted(batch, context)
    : blended(batch, context);
}

/**
 * Threads that all batches of a process use: to start them takes longer than a small batch. A later phase, of fewer and smaller batches, may have
 * more cores for each, and does with those that there are.
 */
function poolOf({ cores, keep }: BatchContext): Promise<Pool> {
  return keep("pool", () => createPool({ workers: cores }));
}

async function blended(batch: SitesBatch, context: BatchContext): Promise<BatchResult<TilesResult>> {
  const { illumination, layer } = batch;
  const model = illumination === null ? undefined : await readIlluminationModel(illumination);
  const left = leftOut(context);
  const correct: Correct | undefined = model && ((pixels) => correctIllumination(pixels, model));
  await using reader = new SiteReader({ type: layer.dtype, correct });
  const read = (image: BatchImage) => left.unless(image, () => reader.read(image));
  return await encode(batch, blendSites(batch, read), { ...context, table: tableOf(layer), left });
}

async function pasted(batch: SitesBatch, context: BatchContext): Promise<BatchResult<TilesResult>> {
  const { illumination, layer } = batch;
  const table = tableOf(layer);
  const correction =
    illumination === null ? undefined : await readCorrection(illumination, table ?? eightBits());
  const left = leftOut(context);
  const correctedPixels = correction?.pixels;
  const sites = sitesOf(batch, correction);
  const ahead = sitesAhead(sites.largest);
  await using reader = new SiteReader({ type: layer.dtype, reuse: true, correctedPixels, ahead });
  const read = (image: BatchImage) => left.unless(image, () => reader.readWhole(image));
  const parts = placeSites(batch, { read, release: (image) => reader.release(image) });
  return await encode(batch, parts, {
    ...context,
    table: table && rawTable(table, layer.dtype),
    sites,
    ahead,
    left,
  });
}

/** Of sites that are read while a block is made. */
const AHEAD_BYTES = 2 ** 25;

/** Most sites of a block of four, and its begin and end. */
const MOST_AHEAD = 6;

/** How many sites are read before they are needed: one at the least, whatever their size. */
function sitesAhead({ height, width }: PixelSize): number {
  return Math.max(1, Math.min(MOST_AHEAD, Math.floor(AHEAD_BYTES / (2 * height * width))));
}

interface Correction {
  readonly pixels: number;
  /** Once. */
  readonly parts: () => Iterable<CorrectionPart>;
}

/** A model as its parts: the maps of large sites, which the kernel copies, are kept by nobody else. */
async function readCorrection(path: string, lookup: Uint8Array): Promise<Correction> {
  const read = await readIlluminationModel(path);
  let model: IlluminationModel | undefined = read;
  const parts = () => {
    const taken = model;
    model = undefined;
    return taken === undefined ? [] : correctionParts(taken, lookup);
  };
  return { pixels: modelPixels(read), parts };
}

/** How sites of a batch become 8 bits. A model of none of their sizes is never used: each of them is refused. */
function sitesOf(
  { images }: SitesBatch,
  correction: Correction | undefined,
): NonNullable<EncodeOptions["sites"]> {
  const pixelsOf = ({ height, width }: PixelSize) => height * width;
  const [first] = images;
  const largest = images.reduce((most, image) => (pixelsOf(image) > pixelsOf(most) ? image : most), first);
  const corrected = correction && images.find((image) => pixelsOf(image) === correction.pixels);
  const { height, width } = corrected ?? largest;
  return {
    largest: { height, width },
    ...(correction && corrected && { correction: correction.parts }),
  };
}

/** What corrected values of 8 bits become: the nearest end where they are beyond it. */
function eightBits(): Uint8Array {
  const table = new Uint8Array(65_536).fill(255);
  for (let value = 0; value < 255; value++) table[value] = value;
  return table;
}

interface LeftOut {
  /** What `read` gives; nothing where that fails and the step leaves such sites out, which is said once. @throws whatever `read` throws, else */
  unless<Image>(image: BatchImage, read: () => Promise<Image>): Promise<Image | undefined>;
  /** Names of sites that were left out. */
  readonly names: () => readonly string[];
}

/** Sites that cannot be read and stay black, where the step is told so. */
function leftOut({ options, onLog, phase }: BatchContext): LeftOut {
  const { missingSites } = parseWithSchema(options, IlluminatiBatchArguments, `${phase} options`);
  const missing = new Set<BatchImage>();
  return {
    async unless(image, read) {
      if (missing.has(image)) return undefined;
      try {
        return await read();
      } catch (error) {
        if (missingSites !== "black" || !(error instanceof VitrineError) || error.code === "aborted")
          throw error;
        const { at, expected, found } = error.fault;
        missing.add(image);
        onLog(`${at}: expected ${expected}, found ${found}: the site stays black`, "warning");
        return undefined;
      }
    },
    names: () => [...missing].map(({ site }) => site),
  };
}

/** Reads what jobs of the phase below left; all blocks of one job lie in one file. */
function reducedReader({ from }: ReducedBatch, context: BatchContext) {
  let last: { readonly batch: number; readonly bytes: Promise<Uint8Array> } | undefined;
  return async ({ batch, at }: ReducedBatch["parts"][number]): Promise<Uint8Array> => {
    if (last?.batch !== batch) {
      const bytes = context.resultOf(from, batch).then((result) => result.read(PACK_FILES.reduced));
      last = { batch, bytes };
    }
    return reducedPart(await last.bytes, at, `${from} ${batch} ${PACK_FILES.reduced}`);
  };
}

async function encode(
  batch: TilesBatch,
  parts: AsyncIterable<BlockPart>,
  context: BatchContext & Pick<EncodeOptions, "table" | "sites" | "ahead"> & { readonly left?: LeftOut },
): Promise<BatchResult<TilesResult>> {
  const { signal, onProgress, scratch, table, sites, ahead } = context;
  const began = performance.now();
  const total = batch.blocks.length;
  let done = 0;
  const onBlock = () => {
    done++;
    const rate = done / Math.max(1e-3, (performance.now() - began) / 1000);
    onProgress({ done, total, unit: "blocks", rate });
  };
  const path = scratch(PACK_FILES.tiles);
  await makeFolder(path.replace(/[\\/][^\\/]*$/, ""));
  const options = { batch, table, path, signal, onBlock, ...(sites && { sites }), ...(ahead && { ahead }) };
  const { index, reduced, tiles } = await encodeBlocks(parts, { pool: await poolOf(context), ...options });
  const { tiles: pack, index: list, reduced: rest } = PACK_FILES;
  const files = { [pack]: { path }, [list]: index, [rest]: reduced };
  const missing = context.left?.names() ?? [];
  return { value: { layer: batch.layer.id, tiles, ...(missing.length > 0 && { missing }) }, files };
}

/** 8-bit pixels stay as they are. */
function tableOf(layer: BatchLayer): Uint8Array | undefined {
  return layer.dtype === "uint8" ? undefined : scaleTable(rangeOf(layer));
}

/** In values without a sign. */
function rangeOf({ dtype, minIntensity, maxIntensity }: BatchLayer): IntensityRange {
  const offset = valueOffset(dtype);
  return { lower: minIntensity + offset, upper: maxIntensity + offset };
}
