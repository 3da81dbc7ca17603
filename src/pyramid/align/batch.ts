/** What the engine's processes load to align cycles, by name. */
import { z } from "zod";
import { toFault } from "../../core/index.ts";
import { parseWithSchema } from "../../io/essentials.ts";
import type { BatchContext, BatchResult, Json } from "../../jobs/index.ts";
import { withPool } from "../../program/index.ts";
import { registerCycle } from "../registration/cycles.ts";
import type { RegistrationImage } from "../registration/image.ts";
import { type BatchImage, imageSchema } from "../tiles/batch.ts";
import { SiteReader } from "../tiles/siteReader.ts";

const dtype = z.enum(["uint8", "uint16", "int8", "int16"]);
const side = z.strictObject({ dtype, images: z.array(imageSchema.nullable()) });

const batchSchema = z.strictObject({
  /** How messages call it. */
  well: z.string(),
  cycleId: z.int(),
  cycleIndex: z.int(),
  siteIds: z.array(z.int()).min(1),
  /** From the well's corner, pixels. */
  places: z.array(z.strictObject({ y: z.int(), x: z.int(), height: z.int(), width: z.int() })),
  reference: side,
  cycle: side,
});

/** The sites of one well in one cycle, beside those of the reference cycle. */
export type AlignBatch = z.infer<typeof batchSchema>;

const resultSchema = z.strictObject({
  shifts: z.array(z.strictObject({ y: z.int(), x: z.int(), isRegistered: z.boolean() })),
  warnings: z.array(z.string()),
});

/** Whole pixels by which each site is moved onto the reference. */
export type AlignResult = z.infer<typeof resultSchema>;

/** Checks a batch. */
export function parseAlignBatch(value: Json, at: string): AlignBatch {
  return parseWithSchema(value, batchSchema, at);
}

/** Checks a result. */
export function parseAlignResult(value: Json, at: string): AlignResult {
  return parseWithSchema(value, resultSchema, at);
}

/**
 * Finds the shifts of a well's sites between two cycles. Where no site can be registered they are 0, and that is said.
 *
 * @throws {VitrineError} aborted; storage
 */
export async function alignWell(value: Json, context: BatchContext): Promise<BatchResult<AlignResult>> {
  const batch = parseAlignBatch(value, `${context.phase} ${context.index}`);
  const warnings: string[] = [];
  const at = `${batch.well}, cycle ${batch.cycleIndex}`;
  await using reference = readerOf(batch.reference, warnings);
  await using cycle = readerOf(batch.cycle, warnings);
  const { signal, cores } = context;
  const sites = { sites: batch.places, readReference: reference.read, readCycle: cycle.read };
  try {
    const found = await withPool({ workers: cores }, (pool) => registerCycle(pool, sites, { signal }));
    const shifts = found.shifts.map(({ y, x, how }) => ({
      y: Math.round(y),
      x: Math.round(x),
      isRegistered: how === "registered",
    }));
    for (const warning of found.warnings) warnings.push(`${at}: ${warning}`);
    return { value: { shifts, warnings } };
  } catch (error) {
    const { code, found } = toFault(error, at);
    if (code !== "undeterminable") throw error;
    warnings.push(`${at}: no site shows the same in both cycles (${found}): it is not moved`);
    return { value: { shifts: batch.siteIds.map(() => ({ y: 0, x: 0, isRegistered: false })), warnings } };
  }
}

interface SideReader extends AsyncDisposable {
  readonly read: (site: number) => Promise<RegistrationImage | undefined>;
}

/** Images that are missing or cannot be read are nobody's reason to fail: their sites take what the others say. */
function readerOf({ dtype: type, images }: AlignBatch["cycle"], warnings: string[]): SideReader {
  const reader = new SiteReader({ type, cacheBytes: 0 });
  const read = async (image: BatchImage | null): Promise<RegistrationImage | undefined> => {
    if (image === null) return undefined;
    try {
      const { height, width, data } = await reader.read(image);
      return { height, width, data };
    } catch (error) {
      warnings.push(toFault(error, image.site).at);
      return undefined;
    }
  };
  return {
    read: (site) => read(images[site]),
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}
