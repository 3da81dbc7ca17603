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
import type { TileGrid } from "./tiling.ts";

/**
 * Makes the dataset of an acquisition; none where nothing is to be saved.
 *
 * @throws {VitrineError} missing: only one of directory and name; unsupported: options that exclude each other; storage
 */
export async function createWriter(
  options: AcquisitionOptions,
  grid: TileGrid | undefined,
): Promise<DatasetWriter | undefined> {
  const { directory, name, save, durability = "power" } = options;
  if ((directory === undefined) !== (name === undefined)) throw halfNamed(directory, name);
  if (save === undefined && directory === undefined) return undefined;
  const summary: JsonObject = {
    ...(await summaryMetadata(options.microscope.core, name)),
    ...gridMetadata(grid),
    ...options.summaryMetadata,
  };
  if (directory === undefined || name === undefined) return createMemoryDataset({ summaryMetadata: summary });
  if (save !== undefined) throw bothPlaces(directory);
  if (grid !== undefined && options.format === "ome-zarr") throw noPyramid();
  const folder = await nextDatasetFolder(directory, name);
  if (options.format === "ome-zarr")
    return createOmeZarr({ directory: folder, summaryMetadata: summary, durability });
  const settings = { directory: folder, name, summaryMetadata: summary, durability };
  if (grid === undefined) return createNdtiff(settings);
  const { maxLevel } = options.tiling ?? {};
  return createNdtiffPyramid({
    ...settings,
    overlapPx: grid.overlapPx,
    ...(maxLevel !== undefined && { maxLevel }),
  });
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

function halfNamed(directory: string | undefined, name: string | undefined): VitrineError {
  return new VitrineError({
    code: "missing",
    at: "Acquisition.open",
    expected: "both directory and name, or neither",
    found: directory === undefined ? `name ${name} alone` : `directory ${directory} alone`,
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

function noPyramid(): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: "Acquisition.open tiling",
    expected: "format ndtiff, whose pyramids grow with the acquisition",
    found: "ome-zarr",
    hint: "Leave the format out, or give events x and y instead of rows and columns",
  });
}
