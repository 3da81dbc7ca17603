import { VitrineError } from "../../core/index.ts";
import type { OmeZarrCompression } from "../omezarr/chunks.ts";

/** What `openDataset` opens and `convertDataset` writes. */
export type DatasetFormat = "ndtiff" | "ome-zarr" | "mrc" | "npy" | "tiff";

/** How far a conversion is. */
export interface ConvertProgress {
  /** Images that are written. */
  readonly done: number;
  readonly total: number;
}

/** Options of {@link convertDataset}. */
export interface ConvertOptions {
  /** Default: what the ending of the path says. */
  readonly format?: DatasetFormat;
  /** Replace what is there, if it is a file or a dataset (default false). */
  readonly overwrite?: boolean;
  /** Of OME-Zarr (default "none"). */
  readonly compression?: OmeZarrCompression;
  readonly onProgress?: (progress: ConvertProgress) => void;
  readonly signal?: AbortSignal;
}

/** The error of a conversion that was stopped. */
export function aborted({ reason }: AbortSignal): VitrineError {
  const found = reason instanceof Error ? reason.message : String(reason);
  return new VitrineError({ code: "aborted", at: "convertDataset", expected: "all images", found });
}
