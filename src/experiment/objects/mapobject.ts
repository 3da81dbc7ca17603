/** Map objects: as they are added, as files give them, as they are kept. */
import type { MapobjectGeometry } from "./geometry.ts";
import type { Bounds, Shape } from "./shape.ts";

/** As QuPath tells objects apart. */
export const OBJECT_TYPES = ["annotation", "detection", "cell", "tile", "tma_core"] as const;

/** What is known of an object besides outlines and numbers. */
export interface MapobjectTraits {
  readonly name?: string;
  /** As QuPath tells objects apart. */
  readonly objectType?: (typeof OBJECT_TYPES)[number];
  /** Its classification, and that one's colour, six hexadecimal digits. */
  readonly className?: string;
  readonly classColor?: string;
  /** Its name elsewhere, a UUID of QuPath's. */
  readonly externalId?: string;
}

/** An outline that an object has at a time point and z plane. */
export interface NewSegmentation {
  /** From 0; left out: for all. */
  readonly timepoint?: number;
  readonly zplane?: number;
  /** The object's number in a label image. */
  readonly label?: number;
  readonly geometry: MapobjectGeometry;
  /** Of a cell. */
  readonly nucleus?: MapobjectGeometry;
}

/** Numbers of an object by their features' names. */
export interface NewFeatureValues {
  /** From 0; left out: for all. */
  readonly timepoint?: number;
  readonly values: Readonly<Record<string, number | null>>;
}

/** An object to add. */
export interface NewMapobject extends MapobjectTraits {
  readonly segmentations: readonly NewSegmentation[];
  readonly features?: readonly NewFeatureValues[];
}

/** An object whose outlines were read but not checked. */
export interface RawMapobject extends MapobjectTraits {
  /** How messages call it. */
  readonly at: string;
  readonly outlines: readonly RawOutline[];
  /** Its outlines were made by `traceLabels`, and are valid by that. */
  readonly isTraced?: boolean;
  readonly features?: readonly NewFeatureValues[];
}

/** An outline in the units of its file. */
export interface RawOutline {
  readonly timepoint?: number | undefined;
  readonly zplane?: number | undefined;
  readonly label?: number | undefined;
  readonly shape: Shape;
  readonly nucleus?: Shape | undefined;
  readonly closedRings?: number;
}

/** An outline of an object that is kept. */
export interface MapobjectSegmentation {
  /** Null: it holds for all. */
  readonly timepoint: number | null;
  readonly zplane: number | null;
  readonly label: number | null;
  readonly geometry: MapobjectGeometry;
  readonly nucleus: MapobjectGeometry | null;
  /** Centre of gravity, pixels. */
  readonly centroid: { readonly y: number; readonly x: number };
  /** The smallest box in whole pixels. */
  readonly box: Bounds;
}

/** Numbers of an object, by their features' names. */
export interface MapobjectFeatureValues {
  readonly timepoint: number | null;
  readonly values: Readonly<Record<string, number | null>>;
}

/** An object that is kept. */
export interface Mapobject {
  readonly id: number;
  /** The plate, well or site that it stands for. */
  readonly refId: number | null;
  readonly name: string | null;
  readonly objectType: (typeof OBJECT_TYPES)[number] | null;
  readonly className: string | null;
  readonly classColor: string | null;
  readonly externalId: string | null;
  readonly segmentations: readonly MapobjectSegmentation[];
  readonly features: readonly MapobjectFeatureValues[];
}
