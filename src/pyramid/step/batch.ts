/** What the engine's processes load: the jobs of a pyramid, by name. They never open the experiment's database. */
import { poolKernels } from "../../compute/index.ts";
import { makeFolder, parseWithSchema } from "../../io/essentials.ts";
import type { BatchContext, BatchResult, Json } from "../../jobs/index.ts";
import { withPool } from "../../program/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import { correctionTable } from "../illumination/correctionTable.ts";
import { correctIllumination, type IlluminationModel } from "../illumination/models.ts";
import { type IntensityRange, scaleTable } from "../illumination/scaling.ts";
import { readIlluminationModel } from "../illumination/store.ts";
import type { BatchLayer, ReducedBatch, SitesBatch, TilesBatch } from "../tiles/batch.ts";
import { tilesBatchSchema } from "../tiles/batch.ts";
import { composeReduced, composeSites, listSites } from "../tiles/compose.ts";
import { type ComposedBlock, type EncodeOptions, encodeBlocks, reducedPart } from "../tiles/encodeBlocks.ts";
import { valueOffset } from "../tiles/pixels.ts";
import { type Correct, SiteReader } from "../tiles/siteReader.ts";

/** Names of the files that a job leaves. */
export const PACK_FILES = { tiles: "tiles.pack", index: "tiles.index", reduced: "reduced" } as const;

/** What a job tells beside its files. */
export type TilesResult = { readonly layer: number; readonly tiles: number };

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
  if (model !== undefined && size !== undefined && isOf(model, size)) {
    await using reader = new SiteReader({ type: batch.layer.dtype });
    const correction = { table: correctionTable(model, scaleTable(rangeOf(batch.layer))), site: size };
    const blocks = listSites(batch, (image) => reader.read(image));
    return await encode(batch, blocks, { ...context, correction });
  }
  const correct: Correct | undefined = model && ((pixels) => correctIllumination(pixels, model));
  await using reader = new SiteReader({ type: batch.layer.dtype, correct });
  const blocks = composeSites(batch, (image) => reader.read(image));
  return await encode(batch, blocks, context);
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
  { cores, signal, onProgress, scratch, correction }: BatchContext & Pick<EncodeOptions, "correction">,
): Promise<BatchResult<TilesResult>> {
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
  return { value: { layer: batch.layer.id, tiles }, files };
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
