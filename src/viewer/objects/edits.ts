/** Changes of objects, as the server takes them. */
import { send } from "../scene/api.ts";

/** Where an object lies: GeoJSON's geometry, pixels of full resolution. */
export type Geometry =
  | { readonly type: "Point"; readonly coordinates: Position }
  | { readonly type: "Polygon"; readonly coordinates: readonly (readonly Position[])[] }
  | { readonly type: "MultiPolygon"; readonly coordinates: readonly (readonly (readonly Position[])[])[] };

/** x and y. */
export type Position = readonly [x: number, y: number];

/** An outline at a time point and z plane; at all, where these are left out. */
export interface Outline {
  readonly timepoint?: number;
  readonly zplane?: number;
  readonly label?: number;
  readonly geometry: Geometry;
  readonly nucleus?: Geometry;
}

/** What `editMapobjects` takes. */
export interface ObjectEdit {
  readonly type: string;
  readonly add?: readonly {
    readonly name?: string;
    readonly objectType?: "annotation";
    readonly className?: string;
    readonly classColor?: string;
    readonly segmentations: readonly Outline[];
  }[];
  readonly change?: readonly { readonly id: number; readonly segmentations: readonly Outline[] }[];
  readonly remove?: readonly number[];
  readonly classify?: readonly {
    readonly className: string | null;
    readonly classColor?: string | null;
    readonly ids: readonly number[];
  }[];
}

/** What an edit did, and the edit that takes it back. */
export interface EditDone {
  readonly added: readonly number[];
  readonly inverse: ObjectEdit;
}

/** Has the server keep a change. @param seen  of objects of an image: their version @throws {Error} with what the server says */
export async function sendEdit(at: string, edit: ObjectEdit, seen?: string): Promise<EditDone> {
  const body = { at, edit, ...(seen !== undefined && { seen }) };
  return (await (await send("experiment/objects/edit", body)).json()) as EditDone;
}

/** Formats in which objects are saved. */
export const EXPORT_FORMATS = ["geojson", "csv", "parquet"] as const;

/** A file of objects. */
export interface ObjectFile {
  readonly at: string;
  readonly type: string;
  readonly format: (typeof EXPORT_FORMATS)[number];
  /** Left out: all of the type. */
  readonly ids?: readonly number[];
}

/** The bytes of a file of objects. @throws {Error} with what the server says */
export async function exportObjects(file: ObjectFile): Promise<Blob> {
  return (await send("experiment/objects/export", file)).blob();
}
