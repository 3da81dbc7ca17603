import type { Axes } from "../../core/index.ts";
import type { OmeZarrCompression } from "../omezarr/chunks.ts";
import type { MultiscaleVersion } from "../omezarr/multiscale/plan.ts";
import type { PictureOptions } from "../render/options.ts";
import type { TiffRows } from "../tiff/rows.ts";

/** What `openDataset` opens and `convertDataset` writes. */
export type DatasetFormat = "ndtiff" | "ome-zarr" | "mrc" | "npy" | "tiff";

/** What `convertDataset` writes. */
export type ConvertFormat = DatasetFormat | "ome-tiff" | "png";

/** How far a conversion is. */
export interface ConvertProgress {
  /** Images that are written. */
  readonly done: number;
  readonly total: number;
}

/** How an OME-Zarr is laid out. */
export interface ZarrLayout {
  /** Default 0.5. */
  readonly version?: MultiscaleVersion;
  /** Side of a shard in pixels, a multiple of 512: many chunks become one file. 0.5 alone. */
  readonly shardPx?: number;
  /** Default: until both sides are at most 256. */
  readonly levels?: number;
}

/** Options of {@link convertDataset}. */
export interface ConvertOptions {
  /** Default: what the ending of the path says. */
  readonly format?: ConvertFormat;
  /** Replace what is there, if it is a file or a dataset (default false). */
  readonly overwrite?: boolean;
  /** Of OME-Zarr (default "none"). */
  readonly compression?: OmeZarrCompression;
  /** Of OME-Zarr; images then keep what images of many resolutions hold, not the metadata of each. */
  readonly zarr?: ZarrLayout;
  /** Which series, field or label image of a file that holds several (default the first). */
  readonly image?: string;
  /** Between MRC and TIFF: whether rows change their order (default "flip", which `onLog` is told). */
  readonly tiffRows?: TiffRows;
  /** Which resolution is written (default 0, the full one). */
  readonly level?: number;
  /** Writes one place of an axis, which then is none of the result: a value of the axis, else an index from 0. */
  readonly at?: Axes;
  /** Unsigned integers of so many bits; values that do not fit are scaled, which `onLog` is told. Not of PNG. */
  readonly bits?: 8 | 16;
  /** With `bits`: the values that become 0 and the highest number (default: all that the source's integers can be). */
  readonly range?: readonly [low: number, high: number];
  /** Of PNG: what is drawn, and how; `at`, `level` and `signal` come from above. */
  readonly picture?: Omit<PictureOptions, "at" | "level" | "signal" | "onLog">;
  readonly onProgress?: (progress: ConvertProgress) => void;
  /** What is left out, chosen or implausible, a line each. */
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
  readonly signal?: AbortSignal;
}
