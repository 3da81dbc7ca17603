import type { Axes, ImageLayout } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import { inOrder } from "../dataset/arrayPlan.ts";
import type { Dataset, JsonObject } from "../dataset/dataset.ts";
import { openNdtiff } from "../ndtiff/open.ts";
import { openOmeZarr } from "../omezarr/open.ts";

/** Images of one size and type in a dataset. */
export interface LayoutDescription extends ImageLayout {
  readonly images: number;
}

/** What is known of a dataset of images by axes. */
export interface DatasetDescription {
  readonly images: number;
  /** Their values, outermost first. */
  readonly axes: Dataset["axes"];
  /** Places of the axes' product that no image fills. */
  readonly missing: number;
  readonly channelNames: readonly string[];
  /** One for each size and type. */
  readonly layouts: readonly LayoutDescription[];
  /** From the summary metadata, else from the first image's. */
  readonly pixelSizeUm?: number;
  readonly summaryMetadata: JsonObject;
  /** Of the image that was saved first. */
  readonly firstMetadata?: JsonObject;
  /** Why they cannot be read, as where only the index of a dataset is there. */
  readonly unreadable?: string;
}

/** What is known of an NDTiff dataset. */
export interface NdtiffDescription extends DatasetDescription {
  readonly kind: "ndtiff";
  readonly version: string;
  /** Images that the index lacks, found in the stacks. */
  readonly recovered: number;
  /** Powers of two by which the levels of a pyramid are smaller. */
  readonly levels: readonly number[];
}

/** What is known of an OME-Zarr store. */
export interface OmeZarrDescription extends DatasetDescription {
  readonly kind: "ome-zarr";
  /** Images whose chunks are gone. */
  readonly lost: readonly Axes[];
}

/** An NDTiff folder; its images are not read. */
export async function describeNdtiff(path: string): Promise<NdtiffDescription> {
  await using dataset = await openNdtiff(path);
  const { version, recovered, levels } = dataset;
  return {
    kind: "ndtiff",
    version: version === undefined ? "unknown" : `${version.major}.${version.minor}`,
    recovered,
    levels,
    ...(await describeDataset(dataset)),
  };
}

/** An OME-Zarr store; its images are not read. */
export async function describeOmeZarr(path: string): Promise<OmeZarrDescription> {
  await using dataset = await openOmeZarr(path);
  return { kind: "ome-zarr", lost: dataset.lostImages, ...(await describeDataset(dataset)) };
}

async function describeDataset(dataset: Dataset): Promise<DatasetDescription> {
  const { axes, summaryMetadata, channelNames } = dataset;
  const all = dataset.imageCoordinates();
  const places = Object.values(axes).reduce((product, values) => product * values.length, 1);
  const first = await describeFirst(dataset, all[0]);
  const known = [summaryMetadata, first.firstMetadata ?? {}].flatMap((metadata) => [
    metadata.PixelSize_um,
    metadata.PixelSizeUm,
  ]);
  const pixelSizeUm = known.find((value) => typeof value === "number" && value > 0);
  return {
    images: all.length,
    missing: all.length === 0 ? 0 : Math.max(0, places - all.length),
    axes: Object.fromEntries(inOrder(Object.keys(axes)).map((name) => [name, axes[name]])),
    channelNames,
    layouts: layoutsOf(dataset, all),
    ...(typeof pixelSizeUm === "number" && { pixelSizeUm }),
    summaryMetadata,
    ...first,
  };
}

async function describeFirst(
  dataset: Dataset,
  axes: Axes | undefined,
): Promise<Pick<DatasetDescription, "firstMetadata" | "unreadable">> {
  if (axes === undefined) return {};
  try {
    return { firstMetadata: await dataset.readMetadata(axes) };
  } catch (error) {
    if (error instanceof VitrineError) return { unreadable: error.message };
    throw error;
  }
}

function layoutsOf(dataset: Dataset, all: readonly Axes[]): LayoutDescription[] {
  const counts = new Map<string, LayoutDescription>();
  for (const axes of all) {
    const layout = dataset.imageLayout(axes);
    const key = Object.values(layout).join();
    counts.set(key, { ...layout, images: (counts.get(key)?.images ?? 0) + 1 });
  }
  return [...counts.values()];
}
