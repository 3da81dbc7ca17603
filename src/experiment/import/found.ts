import { posix } from "node:path";
import type { WellPlace } from "../../io/index.ts";

/** A folder of images: all files below it, and what is one image in a folder of its own. */
export interface ImageFolder {
  readonly path: string;
  /** Relative to the folder, with `/`, sorted; hidden files and thumbnails are left out. */
  readonly files: readonly string[];
  /** Folders that are one store each: OME-Zarr, NDTiff. Their files are not among `files`. */
  readonly stores: readonly string[];
}

/** What files number. */
export type NumberedField = "site" | "tpoint" | "zplane";

/** A plane of a plate, or a file with several, numbered as the microscope numbers them. */
export interface FoundImage {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly plate: string;
  readonly well: WellPlace;
  readonly site: number;
  /** Row and column in the well's grid. */
  readonly grid?: readonly [number, number];
  readonly cycle?: number;
  /** Left out where the file's own axis tells, or there is one alone; so are `tpoint` and `zplane`. */
  readonly channel?: string;
  readonly tpoint?: number;
  readonly zplane?: number;
  /** (y, x) of the site's centre on the stage, µm, y down. */
  readonly positionUm?: readonly [number, number];
  /** Positions are from the well's centre, so that they tell of all wells of a plate (default: from the stage's zero). */
  readonly isFromWell?: boolean;
  /** Which numbers count from 0 in these files, whatever the least of them is (default: what the least tells). */
  readonly fromZero?: readonly NumberedField[];
  /** Name of the image in a file with several. */
  readonly image?: string;
  /** Axes of the image of which this is one index. */
  readonly plane?: Readonly<Record<string, number>>;
}

/** What a channel is, as the microscope tells it. */
export interface FoundChannel {
  readonly bitDepth?: number;
  /** Which bits of its 16-bit pixels count. */
  readonly pixelMask?: number;
  readonly wavelength?: string;
  readonly color?: string;
}

/** How many of what the microscope was told to take. */
export interface PlannedImages {
  /** `B03` by the plates' names. */
  readonly wells?: Readonly<Record<string, readonly string[]>>;
  readonly sites?: number;
  readonly timePoints?: number;
}

/** What was understood of a folder, or a part of it. */
export interface Found {
  /** For a person: `Opera Phenix or Operetta (Index.idx.xml)`. */
  readonly microscope: string;
  readonly images: readonly FoundImage[];
  /** Files that tell of images and are none. */
  readonly tellers?: readonly string[];
  readonly warnings?: readonly string[];
  readonly pixelSizeUm?: number;
  /** Rows and columns by the plates' names. */
  readonly plates?: Readonly<Record<string, readonly [rows: number, columns: number]>>;
  readonly channels?: Readonly<Record<string, FoundChannel>>;
  readonly planned?: PlannedImages;
}

/** The folder that a path is in; empty for the uppermost. */
export function folderOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

/** A path without its folders. */
export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path below a folder of {@link ImageFolder}. */
export function below(folder: string, path: string): string {
  const clean = path.replaceAll("\\", "/");
  // a place of the microscope's own computer
  if (/^(?:[a-z]:|[a-z]+:\/|\/)/i.test(clean)) return clean;
  return posix.normalize(folder === "" ? clean : `${folder}/${clean}`);
}

/** Names of channels by their ids: those that several have get the id behind, so that each stays a channel. */
export function distinctNames(names: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const all = [...names.values()];
  const isShared = (name: string) => all.indexOf(name) !== all.lastIndexOf(name);
  return new Map(
    [...names].map(([id, name]) => [id, isShared(name) && name !== id ? `${name} ${id}` : name]),
  );
}
