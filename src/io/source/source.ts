import type { Axes, OptionKeys, PixelArray, PixelType } from "../../core/index.ts";
import type { ArrayBlock, Dataset, JsonObject } from "../dataset/dataset.ts";

/** What an axis measures, by NGFF's words; `sample` are the values of one pixel (red, green, blue). */
export type AxisKind = "space" | "time" | "channel" | "sample" | "other";

/** A named axis of a source. */
export interface SourceAxis {
  /** `time`, `channel`, `z`, `y`, `x`, `sample`, `position`, or the format's own name. */
  readonly name: string;
  readonly kind: AxisKind;
  /** UDUNITS-2 name in the singular, as NGFF's: `micrometer`, `angstrom`, `second`; left out where the file gives none. */
  readonly unit?: string;
  /** What the indices stand for, where that is more than 0, 1, 2…: names of channels or positions, times of an NDTiff. */
  readonly values?: readonly (number | string)[];
}

/** One resolution of a source. Every list has an entry an axis. */
export interface SourceLevel {
  readonly shape: readonly number[];
  /** Shape of what is read from storage at once: a chunk, tile, strip or section. */
  readonly chunkShape: readonly number[];
  /** Distance between neighbours, in the axis's unit; 1 where the file gives none. */
  readonly scale: readonly number[];
  /** Place of the centre of the first pixel, in the axis's unit. */
  readonly translation: readonly number[];
}

/** What is known of a channel. */
export interface SourceChannel {
  readonly name?: string;
  /** Six hexadecimal digits, `00FF00`. */
  readonly color?: string;
  /** Values that are shown black and full, and the whole range of the data where the file says. */
  readonly window?: {
    readonly start: number;
    readonly end: number;
    readonly min?: number;
    readonly max?: number;
  };
  readonly emissionNm?: number;
  readonly excitationNm?: number;
}

/** A half-open range, or one index, which keeps its axis with the length 1. Axes that are not named are read whole. */
export type SourceRegion = Readonly<Record<string, number | readonly [from: number, to: number]>>;

/** What is read of a source. */
export interface SourceRead {
  /** Default 0, the full resolution. */
  readonly level?: number;
  /** By the names of axes; default everything. */
  readonly region?: SourceRegion;
  /**
   * Where the values go: an array of the image's type and the block's length, which the block then holds. Whoever reads many blocks and keeps
   * none saves new memory for each, which costs as much as several copies.
   */
  readonly into?: PixelArray;
  readonly signal?: AbortSignal;
}

/** Keys of {@link SourceRead}. */
export const READ_KEYS: OptionKeys<SourceRead> = { level: true, region: true, into: true, signal: true };

/** An image of any size and any number of resolutions, read by region; never whole unless asked. Whoever opened it closes it. */
export interface ImageSource extends AsyncDisposable {
  /** How messages call it: its path, and the series, field or label where a file holds several. */
  readonly name: string;
  /** Outermost first, C order; the last two are `y`, `x`, but for `sample` behind them. */
  readonly axes: readonly SourceAxis[];
  readonly dtype: PixelType;
  /** The full resolution first; at least one. */
  readonly levels: readonly SourceLevel[];
  /** An entry an index of the axis `channel` (one without that axis); empty where the file says nothing. */
  readonly channels: readonly SourceChannel[];
  /** Values are names of objects, not intensities: levels are made of the nearest or most frequent one, never of means. */
  readonly isLabels: boolean;
  /** Bits of an integer that carry something, where they are fewer than its type has: 12 of a camera in `uint16`. */
  readonly significantBits?: number;
  /** What else the file says, as it says it. */
  readonly metadata: JsonObject;
  /** What the file contradicts, leaves open or hides, said once each with the name of the field. */
  readonly warnings: readonly string[];
  /** The fields that a well is pasted of, in the order in which they lie, later ones above; pixels that none covers are 0. */
  readonly parts?: readonly SourcePart[];
  /**
   * Reads a block. Parts that the file leaves out (sparse chunks, images not taken) read as its fill value.
   *
   * @returns  values in C order; `axes` are those of the source, one index keeps its axis with the length 1
   * @throws {VitrineError} range: no such level, a region outside, or more than memory holds; missing: no axis of this name;
   *   shape: `into` of another type or length; aborted; format: a chunk that is cut off or damaged
   */
  read(what?: SourceRead): Promise<ArrayBlock>;
  close(): Promise<void>;
}

/** An image within one that is pasted of several. */
export interface SourcePart {
  /** Name of the image among those of the collection. */
  readonly image: string;
  /** Its first pixel, and its size, in pixels of the full resolution of the whole. */
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

/** A field of a plate. */
export interface PlateField {
  /** Name of the image among those of the collection. */
  readonly image: string;
  /** As `B03`. */
  readonly well: string;
  readonly rowIndex: number;
  readonly columnIndex: number;
  readonly field: number;
  readonly acquisition?: number;
  /** Where the stage was, if the plate itself tells; {@link ImageCollection.stagePlaces} has all. */
  readonly stage?: StagePlace;
}

/** Where the stage was for a field, with the units that the file writes. */
export type StagePlace = Readonly<Record<"y" | "x", { readonly value: number; readonly unit: string }>>;

/** {@link StagePlace} by the names of fields. */
export type StagePlaces = ReadonlyMap<string, StagePlace>;

/** All fields of a well that were taken in one acquisition, as one image. */
export interface PlateWell {
  /** The name under which the collection opens it: `B03`, `B03 acquisition 1` where there are several; of a single field, the field's. */
  readonly image: string;
  /** As `B03`. */
  readonly well: string;
  readonly rowIndex: number;
  readonly columnIndex: number;
  readonly acquisition?: number;
  /** What the plate calls it, where it does. */
  readonly acquisitionName?: string;
  /** Names of its fields, in the order of the well's list. */
  readonly fields: readonly string[];
}

/** A dataset whose images have bits of their own. */
export interface ImageDataset extends Dataset {
  /** Bits that the camera uses of an image's values, where the format says. */
  imageBitDepth(axes: Axes): number | undefined;
}

/** What a path holds: one image, or series, fields of a plate, labels. */
export interface ImageCollection extends AsyncDisposable {
  readonly name: string;
  /** `mrc`, `tiff`, `ome-tiff`, `imagej`, `ndtiff`, `ome-zarr`, `npy`. */
  readonly format: string;
  /** Names of the images: never none. */
  readonly images: readonly string[];
  /** Names of the label images, as `labels/cells` or `B/3/0/labels/cells`. */
  readonly labels: readonly string[];
  /** The fields of a plate; left out where this is none. */
  readonly plate?: {
    readonly name?: string;
    readonly rows: readonly string[];
    readonly columns: readonly string[];
    readonly fields: readonly PlateField[];
    /** Names of acquisitions by their numbers, where the plate names them. */
    readonly acquisitions?: Readonly<Record<string, string>>;
  };
  /** Wells of a plate with all their fields placed, which `open` opens by their names. */
  readonly wells?: readonly PlateWell[];
  /** Where the stage was for the fields of a plate, of files that tell it beside the images; may be empty. */
  readonly stagePlaces?: () => Promise<StagePlaces>;
  readonly warnings: readonly string[];
  /** What is kept image by image: NDTiff, and the OME-Zarr of acquisitions. It closes with the collection. */
  readonly dataset?: ImageDataset;
  /** Opens one of them (default the first). @throws {VitrineError} missing: no image of this name; and the errors of the format */
  open(image?: string): Promise<ImageSource>;
  close(): Promise<void>;
}
