import type { Axes } from "../../core/index.ts";
import type { PngPicture } from "../png.ts";

/** How the planes of an axis become one; values that are no number count as nothing. */
export type ProjectionKind = "max" | "mean" | "min" | "sum";

/** Options of {@link renderPicture}; of an axis that none of them names one index is taken, with a word. */
export interface PictureOptions {
  /** Where the plane lies on an axis: one of its values (`{ channel: "DAPI" }`), else an index from 0. `t`, `c`, `p` stand for time, channel, position. */
  readonly at?: Axes;
  /** Joins all planes of an axis. */
  readonly project?: { readonly axis: string; readonly by: ProjectionKind };
  /** Planes of an axis side by side; of two axes: rows and columns. */
  readonly montage?: readonly string[];
  /** Most planes of a montage, chosen evenly (default 64). */
  readonly panels?: number;
  /**
   * Per cent of the values that are shown black and full, for each channel (default 0.1 and 99.9); "file": what the file shows, else
   * all that its integers can be (`significantBits`), else the default.
   */
  readonly contrast?: readonly [low: number, high: number] | "file";
  /** Values that are shown black and full, instead. */
  readonly range?: readonly [low: number, high: number];
  /** Six hexadecimal digits a channel, instead of those of the file. */
  readonly colors?: readonly string[];
  /** Most pixels of the longer side (default 2048); a larger image is read at a lower level and shrunk by a whole number. */
  readonly maxSize?: number;
  /** Which resolution is read (default: the one that suits `maxSize`). */
  readonly level?: number;
  /** Whole number of screen pixels a pixel (default 1); the picture may become larger than `maxSize`. */
  readonly zoom?: number;
  /** Size of a full-resolution pixel for the scale bar, Å, in place of what the file tells. */
  readonly pixelSizeA?: number;
  /** Draw a scale bar where the size of a pixel is known; where it is not, `onLog` is told (default true). */
  readonly scaleBar?: boolean;
  /** Write what each plane of a montage is (default true). */
  readonly labels?: boolean;
  readonly signal?: AbortSignal;
  /** What was chosen, left out or is implausible, a line each. */
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
}

/** How a channel is shown. */
export interface ShownChannel {
  /** Empty where the file gives none. */
  readonly name: string;
  /** Six hexadecimal digits. */
  readonly color: string;
  /** Values that are shown black and full. */
  readonly range: readonly [low: number, high: number];
}

/** A picture and how it came about. */
export interface RenderedPicture extends PngPicture {
  readonly level: number;
  /** Pixels of the level that became one, along each side. */
  readonly shrunk: number;
  /** In the order of drawing; none for colour images and labels, which are shown as they are. */
  readonly shown: readonly ShownChannel[];
}
