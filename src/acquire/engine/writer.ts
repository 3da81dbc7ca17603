import { VitrineError } from "../../core/index.ts";
import {
  createMemoryDataset,
  createNdtiff,
  createNdtiffPyramid,
  createOmeZarr,
  type DatasetWriter,
  type JsonObject,
  nextDatasetFolder,
} from "../../io/index.ts";
import { summaryMetadata } from "./metadata.ts";
import type { AcquisitionOptions } from "./options.ts";
import type { TileGrid, TilingOptions } from "./tiling.ts";

/**
 * Makes the dataset of an acquisition; none where nothing is to be saved.
 *
 * @throws {VitrineError} missing: a directory without a name; unsupported: options that exclude each other; storage
 */
export async function createWriter(
  options: AcquisitionOptions,
  grid: TileGrid | undefined,
): Promise<DatasetWriter | undefined> {
  const { directory, name, save, durability = "power" } = options;
  if (directory !== undefined && name === undefined) throw nameless(directory);
  if (save === undefined && directory === undefined) return undefined;
  const summary: JsonObject = {
    ...(await summaryMetadata(options.microscope.core, name)),
    ...gridMetadata(grid),
    ...options.summaryMetadata,
  };
  if (directory === undefined || name === undefined) return createMemoryDataset({ summaryMetadata: summary });
  if (save !== undefined) throw bothPlaces(directory);
  const folder = await nextDatasetFolder(directory, name);
  const { maxLevel } = options.tiling ?? {};
  const settings = {
    ...{ directory: folder, summaryMetadata: summary, durability },
    ...(maxLevel !== undefined && { maxLevel }),
  };
  if (options.format === "ome-zarr")
    return createOmeZarr({ ...settings, ...(grid && { tiling: tilingOf(grid, options.tiling) }) });
  if (grid === undefined) return createNdtiff({ ...settings, name });
  return createNdtiffPyramid({ ...settings, name, overlapPx: grid.overlapPx });
}

function tilingOf({ overlapPx }: TileGrid, { first }: Partial<TilingOptions> = {}) {
  return { overlapPx, ...(first !== undefined && { first }) };
}

function gridMetadata(grid: TileGrid | undefined): JsonObject {
  if (grid === undefined) return {};
  const { overlapPx, affine } = grid;
  return {
    GridPixelOverlapX: overlapPx.x,
    GridPixelOverlapY: overlapPx.y,
    AffineTransform: affine.join("_"),
  };
}

function nameless(directory: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at: "Acquisition.open",
    expected: "a name with the directory",
    found: `directory ${directory} alone`,
  });
}

function bothPlaces(directory: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: "Acquisition.open",
    expected: 'either directory and name, or save: "memory"',
    found: `both, directory ${directory}`,
  });
}
