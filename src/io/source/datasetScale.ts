import type { Axes } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { Dataset, JsonObject } from "../dataset/dataset.ts";

/** Distances between neighbours, by the names of axes; those that are not known are left out. */
export interface DatasetScale {
  readonly steps: Readonly<Record<string, number>>;
  readonly units: Readonly<Record<string, string>>;
  readonly warnings: readonly string[];
}

/**
 * What a dataset says of distances, in µm and seconds: summary metadata first, then the metadata of its first image, whose
 * pixel size may be there alone, and the heights of two images.
 */
export async function scaleOfDataset(dataset: Dataset, images: readonly Axes[]): Promise<DatasetScale> {
  const { summaryMetadata } = dataset;
  const warnings: string[] = [];
  const first = await metadataOf(dataset, images[0], warnings);
  const pixelUm =
    positive(summaryMetadata.PixelSize_um) ??
    positive(summaryMetadata.PixelSizeUm) ??
    positive(first.PixelSize_um) ??
    positive(first.PixelSizeUm);
  const zUm =
    positive(summaryMetadata["z-step_um"]) ?? (await heightStep(dataset, images, { first, warnings }));
  const intervalMs = positive(summaryMetadata.Interval_ms);
  const known = { x: pixelUm, y: pixelUm, z: zUm, time: intervalMs && intervalMs / 1000 };
  const steps = Object.fromEntries(
    Object.entries(known).flatMap(([name, step]) => (step === undefined ? [] : [[name, step]])),
  );
  const units = Object.fromEntries(
    Object.keys(steps).map((name) => [name, name === "time" ? "second" : "micrometer"]),
  );
  return { steps, units, warnings };
}

/** The intended heights of the first image and of one next to it. */
async function heightStep(
  dataset: Dataset,
  images: readonly Axes[],
  { first, warnings }: { first: JsonObject; warnings: string[] },
): Promise<number | undefined> {
  const [from, start] = [first.ZPosition_um_Intended, images[0].z];
  if (typeof from !== "number" || typeof start !== "number") return undefined;
  const next = images.find(({ z }) => typeof z === "number" && z !== start);
  if (next === undefined) return undefined;
  const to = (await metadataOf(dataset, next, warnings)).ZPosition_um_Intended;
  return typeof to === "number" ? positive(Math.abs((to - from) / (Number(next.z) - start))) : undefined;
}

/** Metadata that cannot be read cost a scale, not the pixels. */
async function metadataOf(dataset: Dataset, axes: Axes, warnings: string[]): Promise<JsonObject> {
  try {
    return await dataset.readMetadata(axes);
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    warnings.push(`metadata, which may tell pixel sizes, cannot be read: ${error.message}`);
    return {};
  }
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}
