import type { JsonObject } from "../../dataset/dataset.ts";

/** A length or time as the file gives it. */
export interface OmeQuantity {
  readonly value: number;
  /** As the file writes it, `µm`. */
  readonly unit: string;
}

/** Where the stage was for a plane; what is not said is left out. */
export interface OmePlace {
  readonly z: number;
  readonly positionX?: OmeQuantity;
  readonly positionY?: OmeQuantity;
  readonly positionZ?: OmeQuantity;
}

/** A channel of OME-XML. */
export interface OmeChannel {
  readonly name?: string;
  readonly samples?: number;
  /** Six hexadecimal digits. */
  readonly color?: string;
  readonly emission?: OmeQuantity;
  readonly excitation?: OmeQuantity;
}

/** Which directories of which file hold planes, from a place on in the order of dimensions. */
export interface OmeTiffData {
  readonly firstT: number;
  readonly firstC: number;
  readonly firstZ: number;
  readonly ifd: number;
  /** Undefined: all that the file has. */
  readonly planeCount?: number;
  /** Of the file, where it is not this one. */
  readonly uuid?: string;
  readonly fileName?: string;
}

/** An image (a series) of OME-XML. */
export interface OmeImage {
  readonly id: string;
  readonly name?: string;
  readonly sizeX: number;
  readonly sizeY: number;
  readonly sizeZ: number;
  readonly sizeC: number;
  readonly sizeT: number;
  /** Dimensions of planes from the fastest on: `CZT`. */
  readonly order: string;
  /** `uint16`, as OME writes it. */
  readonly type: string;
  readonly physicalX?: OmeQuantity;
  readonly physicalY?: OmeQuantity;
  readonly physicalZ?: OmeQuantity;
  readonly timeIncrement?: OmeQuantity;
  /** Bits of a value that carry something: 12 of a camera in 16. */
  readonly significantBits?: number;
  /** Attributes that should be numbers and are none: `PhysicalSizeX is "0,5"`. */
  readonly unread: readonly string[];
  /** Where the stage was, of planes that say so. */
  readonly places: readonly OmePlace[];
  readonly channels: readonly OmeChannel[];
  readonly data: readonly OmeTiffData[];
  /** What else is said of it: name, date, description, stage, planes. */
  readonly metadata: JsonObject;
}

/** A field of a plate of OME-XML. */
export interface OmeField {
  readonly row: number;
  readonly column: number;
  readonly field: number;
  readonly image: string;
  readonly acquisition?: number;
  /** Where the stage was for the sample of the well. */
  readonly stage?: { readonly y: OmeQuantity; readonly x: OmeQuantity };
}

/** A plate of OME-XML. */
export interface OmePlate {
  readonly name?: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly fields: readonly OmeField[];
}

/** What OME-XML says. */
export interface OmeModel {
  /** Of the file that holds it, in lower case. */
  readonly uuid?: string;
  readonly images: readonly OmeImage[];
  readonly plates: readonly OmePlate[];
  /** The file whose XML tells of these pixels. */
  readonly metadataFile?: string;
  readonly warnings: readonly string[];
}
