import type { ColumnType, Generated } from "kysely";

/** A number that the database gives to a new row. */
type Id = Generated<number>;

/** 0 or 1: SQLite has no truth values. */
type Flag = ColumnType<number, number | undefined, number>;

/** One row: what holds for the whole experiment. Lengths are pixels of full resolution. */
export interface ExperimentTable {
  id: number;
  name: string;
  /** ISO 8601, UTC. */
  createdAt: string;
  /** `multiplexing`: cycles stain the same sites anew; `basic`: one cycle. */
  mode: "basic" | "multiplexing";
  /** Empty pixels between two wells; twice as many lie between two plates. */
  wellSpacerSize: number;
  /** Pixels that lie between two sites that follow one another down, and across; negative where they overlap. */
  verticalSiteDisplacement: number;
  horizontalSiteDisplacement: number;
  /** µm per pixel; null where nobody said. */
  pixelSizeUm: number | null;
}

/** Rows and columns are the plate's physical ones, 8 and 12 of 96 wells. */
export interface PlateTable {
  id: Id;
  name: string;
  nRows: number;
  nColumns: number;
  description: string;
}

/** `name` is `A01`, `AA07`; rows and columns count from 0. `description` is JSON, the user's own. */
export interface WellTable {
  id: Id;
  plateId: number;
  name: string;
  rowIndex: number;
  columnIndex: number;
  description: string;
}

export interface CycleTable {
  id: Id;
  cycleIndex: number;
  name: string;
}

export interface ChannelTable {
  id: Id;
  name: string;
  /** As the microscope tells it: `405`, `FITC`. */
  wavelength: string | null;
  /** Significant bits: 8, 12, 16. */
  bitDepth: number;
  /** Which bits of 16-bit pixels count, where others are flags; null: all. */
  pixelMask: number | null;
  /** Six hexadecimal digits. */
  color: string | null;
}

/** A field of view. Grid places count from 0 in its well; pixels are from the well's upper left corner; µm are the stage's. */
export interface SiteTable {
  id: Id;
  wellId: number;
  /** Its number in the well, from 0, in the order of acquisition. */
  siteIndex: number;
  gridRow: number | null;
  gridColumn: number | null;
  yPx: number | null;
  xPx: number | null;
  yUm: number | null;
  xUm: number | null;
  height: number;
  width: number;
  omitted: Flag;
}

/** By how many pixels a site of a cycle lies beside the reference cycle's. */
export interface SiteShiftTable {
  siteId: number;
  cycleId: number;
  y: number;
  x: number;
}

/** One plane of one site: where its pixels are. */
export interface ImageFileTable {
  id: Id;
  siteId: number;
  cycleId: number;
  channelId: number;
  tpoint: number;
  zplane: number;
  /** Relative to the experiment's folder where it lies below it, else absolute. */
  path: string;
  /** Which image of the file, from 0. */
  imageIndex: number;
  /** Which plane of that image, JSON: `{"channel":1,"z":4}`. */
  plane: string;
}

/** A channel's map at one time point and z plane. */
export interface ChannelLayerTable {
  id: Id;
  channelId: number;
  tpoint: number;
  zplane: number;
  /** What became 0 and 255. */
  minIntensity: number;
  maxIntensity: number;
  height: number;
  width: number;
  /** Zoom of full resolution; 0 is the coarsest. */
  maxZoom: number;
  /** The archive of its tiles, below the experiment's folder; null until it is collected. */
  path: string | null;
}

export interface MapobjectTypeTable {
  id: Id;
  name: string;
  /** Which table `mapobjects.refId` points into; null: the user's own objects. */
  refType: "Plate" | "Well" | "Site" | null;
}

export interface MapobjectTable {
  id: Id;
  mapobjectTypeId: number;
  refId: number | null;
  name: string | null;
  /** As QuPath tells them apart. */
  objectType: "annotation" | "detection" | "cell" | "tile" | "tma_core" | null;
  /** Its classification, and that one's colour: six hexadecimal digits. */
  className: string | null;
  classColor: string | null;
  /** Its name in the file that it came from, a UUID of QuPath's. */
  externalId: string | null;
}

/** Objects of a type at a time point and z plane; -1 where they hold for all. */
export interface SegmentationLayerTable {
  id: Id;
  mapobjectTypeId: number;
  tpoint: number;
  zplane: number;
  /** Below this zoom only centroids are shown, below the other nothing; negative: by the depth of the map (`thresholds.ts`). */
  polygonThresh: number;
  centroidThresh: number;
  /** Another text after every change of its outlines. */
  revision: ColumnType<string, string | undefined, string>;
}

/** The outline of an object in one layer, in pixels of full resolution, y down; its box is in whole pixels. */
export interface MapobjectSegmentationTable {
  id: Id;
  mapobjectId: number;
  segmentationLayerId: number;
  label: number | null;
  /** Well-known binary (OGC 06-103r4): a point, a polygon or several, with holes. */
  geometry: Uint8Array;
  /** The outline of a cell's nucleus, in the same form. */
  nucleus: Uint8Array | null;
  centroidY: number;
  centroidX: number;
  minY: number;
  minX: number;
  maxY: number;
  maxX: number;
}

export interface FeatureTable {
  id: Id;
  mapobjectTypeId: number;
  name: string;
}

export interface FeatureValueTable {
  mapobjectId: number;
  featureId: number;
  /** -1 where it holds for all time points. */
  tpoint: number;
  value: number | null;
}

/** The tables of an experiment, by their names in code; in SQL they are written in snake_case. */
export interface Tables {
  experiments: ExperimentTable;
  plates: PlateTable;
  wells: WellTable;
  cycles: CycleTable;
  channels: ChannelTable;
  sites: SiteTable;
  siteShifts: SiteShiftTable;
  imageFiles: ImageFileTable;
  channelLayers: ChannelLayerTable;
  mapobjectTypes: MapobjectTypeTable;
  mapobjects: MapobjectTable;
  segmentationLayers: SegmentationLayerTable;
  mapobjectSegmentations: MapobjectSegmentationTable;
  features: FeatureTable;
  featureValues: FeatureValueTable;
}
