import { VitrineError } from "../../core/index.ts";
import { createMemoryDataset, type DatasetWriter, type JsonObject } from "../../io/index.ts";
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
  const { directory, name, save } = options;
  if ((directory === undefined) !== (name === undefined)) throw halfNamed(directory, name);
  if (save === undefined && directory === undefined) return undefined;
  const summary: JsonObject = {
    ...(await summaryMetadata(options.microscope.core, name)),
    ...gridMetadata(grid),
    ...options.summaryMetadata,
  };
  return createMemoryDataset({ summaryMetadata: summary });
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
