import type { Pool } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { makeFolder, parseWithSchema } from "../../io/essentials.ts";
import type { BatchContext as AnyContext, BatchResult, Json } from "../../jobs/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import { type CorrectionTable, correctionTable, modelPixels } from "../illumination/correctionTable.ts";
import { correctIllumination } from "../illumination/models.ts";
import { type IntensityRange, scaleTable } from "../illumination/scaling.ts";
import { readIlluminationModel } from "../illumination/store.ts";
import { createSiteRooms } from "../kernels/index.ts";
import { quiet } from "../quiet.ts";
import type { BatchImage, BatchLayer, ReducedBatch, SitesBatch, TilesBatch } from "../tiles/batch.ts";
import { tilesBatchSchema } from "../tiles/batch.ts";
import { blendSites, composeReduced, placeSites } from "../tiles/compose.ts";
import { type BlockPart, type EncodeOptions, encodeBlocks, reducedPart } from "../tiles/encodeBlocks.ts";
import { rawTable, valueOffset } from "../tiles/pixels.ts";
import { type Correct, SiteReader } from "../tiles/siteReader.ts";
import { IlluminatiBatchArguments } from "./arguments.ts";
import { PACK_FILES } from "./packFiles.ts";

/** What a job tells beside its files. */
export type TilesResult = {
  readonly layer: number;
  readonly tiles: number;
  /** Names of sites that could not be read and are left out; absent where all could. */
  readonly missing?: readonly string[];
};

/** What a batch is made with. */
interface BatchContext extends AnyContext {
  /** Threads that start while the batch is read. */
  readonly pool: Promise<Pool>;
}

/** Makes the tiles of one batch; see `makeTiles`, which loads this. */
export async function tilesOfBatch(value: Json, context: BatchContext): Promise<BatchResult<TilesResult>> {
  const batch = parseWithSchema(value, tilesBatchSchema, `${context.phase} ${context.index}`);
  if (batch.kind === "reduced")
    return encode(batch, composeReduced(batch, reducedReader(batch, context)), {
      ...context,
      table: undefined,
    });
  return batch.blend === "last" && batch.resample === "round"
    ? pasted(batch, context)
    : blended(batch, context);
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
  const left = leftOut(context);
  const correction =
    illumination === null ? undefined : await readCorrection(illumination, table ?? eightBits());
  const correctedPixels = correction?.pixels;
  const known = sitesOf(batch, correction);
  const ahead = sitesAhead(known.largest);
  const areSmall = siteBytes(known.largest) <= AHEAD_BYTES;
  const opened = areSmall ? quiet(context.pool.then(createSiteRooms)) : undefined;
  // those that wait to be placed stay as long as those that are read meanwhile
  const reading = { reuse: true, ...(opened && { rooms: opened }), ahead: areSmall ? 2 * ahead : ahead };
  await using reader = new SiteReader({ type: layer.dtype, correctedPixels, ...reading });
  reader.prepare(batch.images[0]);
  using rooms = await opened;
  const read = (image: BatchImage) => left.unless(image, () => reader.readWhole(image));
  const parts = placeSites(batch, { read, release: (image) => reader.release(image) });
  return await encode(batch, parts, {
    ...context,
    table: table && rawTable(table, layer.dtype),
    sites: { ...known, ...(rooms && { rooms }) },
    ahead,
    left,
  });
}

/** Of sites that are read while a block is made. Larger ones are not read into the pool's memory, whose addresses a few of them would fill. */
const AHEAD_BYTES = 2 ** 25;

/** Most sites of a block of four, and its begin and end. */
const MOST_AHEAD = 6;

/** How many sites are read before they are needed: one at the least, whatever their size. */
function sitesAhead(size: PixelSize): number {
  return Math.max(1, Math.min(MOST_AHEAD, Math.floor(AHEAD_BYTES / siteBytes(size))));
}

/** Of 16-bit pixels. */
function siteBytes({ height, width }: PixelSize): number {
  return 2 * height * width;
}

interface Correction {
  readonly pixels: number;
  /** Once. */
  readonly table: () => CorrectionTable;
}

/** A model as what the kernel takes, which copies its maps: nobody else keeps them. */
async function readCorrection(path: string, lookup: Uint8Array): Promise<Correction> {
  const model = await readIlluminationModel(path);
  let table: CorrectionTable | undefined = correctionTable(model, lookup);
  return {
    pixels: modelPixels(model),
    table() {
      const taken = table;
      table = undefined;
      if (taken === undefined) throw new Error("a correction is taken once");
      return taken;
    },
  };
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
    ...(correction && corrected && { correction: correction.table }),
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
  const { index, reduced, tiles } = await encodeBlocks(parts, { pool: await context.pool, ...options });
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
