import { writeFileAtomic } from "#files";
import type { PixelType } from "../../../core/index.ts";
import { bytesPerValue } from "../../../core/index.ts";
import type { JsonObject, JsonValue } from "../../dataset/dataset.ts";
import type { SourceAxis, SourceChannel } from "../../source/source.ts";
import { compressorMetadata } from "./compression.ts";
import { type MultiscaleCompression, type MultiscaleVersion, ngffName, type PlannedLevel } from "./plan.ts";
import type { ValueWindow } from "./statistics.ts";

/** What the metadata of an image group tell. */
export interface ImageDocument {
  readonly version: MultiscaleVersion;
  readonly name: string;
  readonly axes: readonly SourceAxis[];
  readonly levels: readonly PlannedLevel[];
  /** How levels were made, in NGFF's free word. */
  readonly type: string;
  /** With a window each; left out where nothing is to be said. */
  readonly channels?: readonly (SourceChannel & { readonly window: ValueWindow })[];
  /** Of a label image. */
  readonly imageLabel?: JsonObject;
  /** Further attributes of the group. */
  readonly attributes?: JsonObject;
}

/** Attributes of an image group: multiscales, omero, image-label. */
export function imageAttributes(document: ImageDocument): JsonObject {
  const { version, channels, imageLabel } = document;
  return {
    multiscales: [{ ...versionKey(version), ...multiscale(document) }],
    ...(channels !== undefined && { omero: omero(document, channels) }),
    ...(imageLabel !== undefined && { "image-label": { version, ...imageLabel } }),
  };
}

/** 0.4 says its version in every part, 0.5 once for the group. */
function versionKey(version: MultiscaleVersion): JsonObject {
  return version === "0.4" ? { version } : {};
}

function multiscale({ name, axes, levels, type }: ImageDocument): JsonObject {
  return {
    name,
    type,
    axes: axes.map((axis) => ({
      name: ngffName(axis),
      ...axisType(axis),
      ...(axis.unit !== undefined && { unit: axis.unit }),
    })),
    datasets: levels.map(({ path, scale, translation }) => ({
      path,
      coordinateTransformations: [
        { type: "scale", scale },
        ...(translation.some((start) => start !== 0) ? [{ type: "translation", translation }] : []),
      ],
    })),
  };
}

function axisType({ kind }: SourceAxis): JsonObject {
  return kind === "space" || kind === "time" || kind === "channel" ? { type: kind } : {};
}

function omero(
  { version, name }: ImageDocument,
  channels: NonNullable<ImageDocument["channels"]>,
): JsonObject {
  const model = channels.length > 1 || channels[0]?.color !== "FFFFFF" ? "color" : "greyscale";
  return {
    ...versionKey(version),
    name,
    channels: channels.map((channel, i) => ({
      label: channel.name ?? `Channel ${i}`,
      color: channel.color ?? "FFFFFF",
      active: true,
      coefficient: 1,
      family: "linear",
      inverted: false,
      window: { ...channel.window },
    })),
    rdefs: { defaultT: 0, defaultZ: 0, model },
  };
}

/** What an array's metadata tell beside its level. */
export interface ArrayDocument {
  readonly version: MultiscaleVersion;
  readonly axes: readonly SourceAxis[];
  readonly dtype: PixelType;
  readonly compression: MultiscaleCompression;
}

/** The metadata of a level's array: `.zarray` or `zarr.json`. */
export function arrayDocument(level: PlannedLevel, document: ArrayDocument): JsonObject {
  return document.version === "0.4" ? arrayOfZarr2(level, document) : arrayOfZarr3(level, document);
}

const ZARR2_TYPES: Readonly<Record<PixelType, string>> = {
  uint8: "|u1",
  int8: "|i1",
  uint16: "<u2",
  int16: "<i2",
  uint32: "<u4",
  int32: "<i4",
  float32: "<f4",
  float64: "<f8",
};

function arrayOfZarr2(
  { shape, chunkShape }: PlannedLevel,
  { dtype, compression }: ArrayDocument,
): JsonObject {
  return {
    zarr_format: 2,
    shape,
    chunks: chunkShape,
    dtype: ZARR2_TYPES[dtype],
    compressor: compressorMetadata({ compression, valueBytes: bytesPerValue(dtype) }, "0.4") ?? null,
    fill_value: 0,
    order: "C",
    filters: null,
    dimension_separator: "/",
  };
}

const LITTLE = { name: "bytes", configuration: { endian: "little" } } as const;

function arrayOfZarr3(
  { shape, chunkShape, shardShape }: PlannedLevel,
  { axes, dtype, compression }: ArrayDocument,
): JsonObject {
  const packed = compressorMetadata({ compression, valueBytes: bytesPerValue(dtype) }, "0.5");
  const bytes = bytesPerValue(dtype) === 1 ? { name: "bytes" } : LITTLE;
  const codecs: JsonValue[] = [bytes, ...(packed === undefined ? [] : [packed])];
  const sharding = {
    name: "sharding_indexed",
    configuration: {
      chunk_shape: chunkShape,
      codecs,
      index_codecs: [LITTLE, { name: "crc32c" }],
      index_location: "end",
    },
  };
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: dtype,
    chunk_grid: { name: "regular", configuration: { chunk_shape: shardShape ?? chunkShape } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: shardShape === undefined ? codecs : [sharding],
    attributes: {},
    dimension_names: axes.map(ngffName),
  };
}

/**
 * Writes the attributes of a group so that it has the old ones or the new ones at every moment, and is no group before.
 *
 * @param ome         what belongs to OME-Zarr
 * @param attributes  whatever else
 */
export async function writeGroup(
  folder: string,
  version: MultiscaleVersion,
  { ome, attributes = {} }: { readonly ome: JsonObject; readonly attributes?: JsonObject | undefined },
): Promise<void> {
  if (version === "0.4") {
    await writeJson(`${folder}/.zattrs`, { ...attributes, ...ome });
    await writeJson(`${folder}/.zgroup`, { zarr_format: 2 });
    return;
  }
  const all = { ...attributes, ome: { version, ...ome } };
  await writeJson(`${folder}/zarr.json`, { zarr_format: 3, node_type: "group", attributes: all });
}

/** Writes the metadata of an array. */
export async function writeArray(
  folder: string,
  version: MultiscaleVersion,
  document: JsonObject,
): Promise<void> {
  await writeJson(`${folder}/${version === "0.4" ? ".zarray" : "zarr.json"}`, document);
}

/** Attributes of a group that holds others alone. */
export const NO_ATTRIBUTES = { ome: {} } as const;

async function writeJson(path: string, value: JsonObject): Promise<void> {
  const text = `${JSON.stringify(value, null, 2)}\n`;
  await writeFileAtomic(path, new TextEncoder().encode(text), { overwrite: true });
}
