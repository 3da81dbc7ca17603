import type { TiffPageEntry, TiffPlane, TiffReader } from "../../tiff/reader.ts";
import type { ImageSource, SourceAxis } from "../source.ts";

/** Where a plane is: in which file, and which of its pages. */
export interface PlacedPlane {
  readonly reader: TiffReader;
  readonly plane: TiffPlane;
}

/** Scale and unit of rows and columns. */
export interface PlaneScale {
  readonly scale: number;
  readonly unit?: string;
  /** Place of the first pixel's centre in that unit (default 0). */
  readonly start?: number;
}

/** An image of a TIFF file: how its planes are told apart, and where they are. */
export interface TiffImagePlan
  extends Pick<ImageSource, "name" | "channels" | "metadata" | "warnings" | "significantBits"> {
  /** Axes of planes, outermost first. */
  readonly outer: readonly {
    readonly axis: SourceAxis;
    readonly count: number;
    readonly scale: number;
    readonly start?: number;
  }[];
  readonly y: PlaneScale;
  readonly x: PlaneScale;
  /** A plane that is there: all others are as it is. */
  readonly first: PlacedPlane;
  /** Pages of lower resolution of the first one: their own, or those behind it in the file. */
  readonly lower: readonly TiffPageEntry[];
  /** How many pixels a side of theirs stands for, where their pages are filled up to whole tiles. */
  readonly factors?: readonly number[];
  /**
   * Gives a plane, counted in C order of the outer axes, to a function; undefined where it was never taken.
   *
   * @throws {VitrineError} missing: its file; format: it is not in its file
   */
  withPlane<T>(index: number, use: (plane: PlacedPlane) => Promise<T>): Promise<T | undefined>;
  /** The page of a lower resolution (1 is the first) of a plane. */
  lowerPage(plane: PlacedPlane, level: number): Promise<TiffPageEntry>;
  close(): Promise<void>;
}
