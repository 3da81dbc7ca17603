/** What the engine's processes load: the jobs of a pyramid, by name. They never open the experiment's database. */
import { poolKernels } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { makeFolder, parseWithSchema } from "../../io/essentials.ts";
import type { BatchContext, BatchResult, Json } from "../../jobs/index.ts";
import { withPool } from "../../program/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import { correctionTable } from "../illumination/correctionTable.ts";
import { correctIllumination, type IlluminationModel } from "../illumination/models.ts";
import { type IntensityRange, scaleTable } from "../illumination/scaling.ts";
import { readIlluminationModel } from "../illumination/store.ts";
import type { BatchImage, BatchLayer, ReducedBatch, SitesBatch, TilesBatch } from "../tiles/batch.ts";
import { tilesBatchSchema } from "../tiles/batch.ts";
import { blendSites, composeReduced, composeSites, listSites, type ReadImage } from "../tiles/compose.ts";
import { type ComposedBlock, type EncodeOptions, encodeBlocks, reducedPart } from "../tiles/encodeBlocks.ts";
import { valueOffset } from "../tiles/pixels.ts";
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
  const batch = parseWithSchema(value, tilesBatchSchema, `${context.phase} ${context.index}`);
  await context.requireSame("kernels", poolKernels());
  if (batch.kind === "reduced")
    return encode(batch, composeReduced(batch, reducedReader(batch, context)), context);
  const { illumination } = batch;
  const model = illumination === null ? undefined : await readIlluminationModel(illumination);
  const size = model === undefined ? undefined : oneSize(batch);
  const isBlended = batch.blend !== "last" || batch.resample !== "round";
  if (model !== undefined && size !== undefined && isOf(model, size) && !isBlended) {
    await using reader = new SiteReader({ type: batch.layer.dtype });
    const correction = { table: correctionTable(model, scaleTable(rangeOf(batch.layer))), site: size };
    const { read, missing } = imageReader(reader, context);
    return await encode(batch, listSites(batch, read), { ...context, correction, missing });
  }
  const correct: Correct | undefined = model && ((pixels) => correctIllumination(pixels, model));
  await using reader = new SiteReader({ type: batch.layer.dtype, correct });
  const { read, missing } = imageReader(reader, context);
  const blocks = isBlended ? blendSites(batch, read) : composeSites(batch, read);
  return await encode(batch, blocks, { ...context, missing });
}

interface ImageReader {
  readonly read: ReadImage;
  /** Sites that were left out, by what was wrong with them. */
  readonly missing: ReadonlyMap<BatchImage, string>;
}

/** Reads images; one that cannot be read is left out and said once, where the step is told so. @throws {VitrineError} what is wrong, else */
function imageReader(reader: SiteReader, { options, onLog, phase }: BatchContext): ImageReader {
  const { missingSites } = parseWithSchema(options, IlluminatiBatchArguments, `${phase} options`);
  const missing = new Map<BatchImage, string>();
  const read = async (image: BatchImage) => {
    if (missing.has(image)) return undefined;
    try {
      return await reader.read(image);
    } catch (error) {
      if (missingSites !== "black" || !(error instanceof VitrineError) || error.code === "aborted")
        throw error;
      const { at, expected, found } = error.fault;
      missing.set(image, image.site);
      onLog(`${at}: expected ${expected}, found ${found}: the site stays black`, "warning");
      return undefined;
    }
  };
  return { read, missing };
}

/** The size of all images of 16 bits that are shown whole: such are corrected where they are put together. */
function oneSize({ layer, images }: SitesBatch): PixelSize | undefined {
  const [first] = images;
  const { height, width } = first;
  const areAlike = images.every(
    (image) => image.window === null && image.height === height && image.width === width,
  );
  return layer.dtype === "uint16" && areAlike ? { height, width } : undefined;
}

function isOf(model: IlluminationModel, { height, width }: PixelSize): boolean {
  return (model.kind === "zscore" ? model.mean : model.flat).length === height * width;
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
  blocks: AsyncIterable<ComposedBlock>,
  context: BatchContext & Pick<EncodeOptions, "correction"> & Partial<Pick<ImageReader, "missing">>,
): Promise<BatchResult<TilesResult>> {
  const { cores, signal, onProgress, scratch, correction } = context;
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
  const table = batch.kind === "sites" ? tableOf(batch.layer) : undefined;
  const { index, reduced, tiles } = await withPool({ workers: cores }, (pool) =>
    encodeBlocks(blocks, { pool, batch, table, path, signal, onBlock, ...(correction && { correction }) }),
  );
  const { tiles: pack, index: list, reduced: rest } = PACK_FILES;
  const files = { [pack]: { path }, [list]: index, [rest]: reduced };
  const missing = [...(context.missing?.values() ?? [])];
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
