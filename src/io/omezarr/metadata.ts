import { bytesPerValue, describeAxes } from "../../core/index.ts";
import { HOST_IS_LITTLE_ENDIAN } from "../byteOrder.ts";
import type { JsonObject, JsonValue } from "../dataset/dataset.ts";
import type { ChunkLayout } from "./chunks.ts";
import { channelColor } from "./colors.ts";
import type { Counts, ImageGroup } from "./imageGroups.ts";
import { compressorMetadata } from "./multiscale/compression.ts";

const RGB = { names: ["red", "green", "blue"], colours: ["FF0000", "00FF00", "0000FF"] };

/** The root of a store: images lie in numbered groups below it. */
export function rootMetadata(): JsonObject {
  return groupNode({ ome: { version: "0.5", "bioformats2raw.layout": 3 } });
}

/** The group `OME`, which lists the images. */
export function seriesMetadata(paths: readonly string[]): JsonObject {
  return groupNode({ ome: { version: "0.5", series: paths } });
}

/** What the metadata of an image group tell beside its facts. */
export interface ImageDescription {
  readonly name: string;
  readonly counts: Counts;
  readonly channels: readonly (number | string)[];
  readonly levels: number;
  /** Pixels of the joined image before its first one, where its tiles do not begin with 0. */
  readonly origin?: { readonly x: number; readonly y: number };
}

/** An image group of the levels `0`, `1` … */
export function imageMetadata(
  group: ImageGroup,
  { name, counts, channels, levels, origin = { x: 0, y: 0 } }: ImageDescription,
): JsonObject {
  const { facts, fixed } = group;
  const um = (known: number | undefined) => (known === undefined ? {} : { unit: "micrometer" });
  const axes = [
    { name: "t", type: "time", ...(facts.intervalS === undefined ? {} : { unit: "second" }) },
    { name: "c", type: "channel" },
    { name: "z", type: "space", ...um(facts.zStepUm) },
    { name: "y", type: "space", ...um(facts.pixelSizeUm) },
    { name: "x", type: "space", ...um(facts.pixelSizeUm) },
  ];
  const pixel = facts.pixelSizeUm ?? 1;
  const scale = [facts.intervalS ?? 1, 1, facts.zStepUm ?? 1, pixel, pixel];
  const datasets = Array.from({ length: levels }, (_, level) => {
    // the centre of a pixel lies half a pixel behind that of the first one of those that became it
    const shift = 0.5 * (2 ** level - 1);
    const translation = [0, 0, 0, (origin.y + shift) * pixel, (origin.x + shift) * pixel];
    const steps = scale.map((step, axis) => (axis < 3 ? step : step * 2 ** level));
    const place = translation.some((start) => start !== 0) ? [{ type: "translation", translation }] : [];
    return { path: String(level), coordinateTransformations: [{ type: "scale", scale: steps }, ...place] };
  });
  const named = typeof fixed.position === "number" && facts.positionName !== undefined;
  const place = named ? { ...fixed, position: String(facts.positionName) } : fixed;
  const title = Object.keys(fixed).length === 0 ? name : `${name}, ${describeAxes(place)}`;
  return groupNode({
    ome: {
      version: "0.5",
      multiscales: [{ name: title, ...(levels > 1 && { type: "mean" }), axes, datasets }],
      ...omero(group, counts[1], channels),
    },
    vitrine: { axes: fixed },
  });
}

/** An array of an image group, (t, c, z, y, x), of this shape; a chunk holds the samples of one pixel together. */
export function arrayMetadata(shape: readonly number[], layout: ChunkLayout): JsonObject {
  const { width, channels, dtype, compression } = layout;
  const endian = HOST_IS_LITTLE_ENDIAN ? "little" : "big";
  const valueBytes = bytesPerValue(dtype);
  const bytes = valueBytes === 1 ? {} : { configuration: { endian } };
  const compressor = compressorMetadata({ compression, valueBytes }, "0.5");
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: dtype,
    chunk_grid: {
      name: "regular",
      configuration: { chunk_shape: [1, channels, 1, layout.chunkRows, width] },
    },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", ...bytes }, ...(compressor === undefined ? [] : [compressor])],
    attributes: {},
    dimension_names: ["t", "c", "z", "y", "x"],
  };
}

function groupNode(attributes: JsonObject): JsonObject {
  return { zarr_format: 3, node_type: "group", attributes };
}

/** Names and colours of channels, where they have names. */
function omero(group: ImageGroup, count: number, names: readonly (number | string)[]): { omero?: JsonValue } {
  const { numbering, layout, facts } = group;
  const isListed = numbering[1].kind === "list";
  const isNamed = isListed || Object.keys(facts.channelNames).length > 0;
  if (!isNamed && layout.channels !== 3) return {};
  const nameOf = (i: number) => (isListed ? String(names[i]) : (facts.channelNames[i] ?? String(i)));
  const bases = Array.from({ length: count }, (_, i) => (isNamed ? nameOf(i) : ""));
  const labels = bases.flatMap((base) => channelLabels(base, layout.channels));
  const top = largestValue(group);
  const window = { min: 0, max: top, start: 0, end: top };
  const channels = labels.map(({ label, color }, i) => ({ label, color: color(i), active: true, window }));
  return { omero: { channels } };
}

interface ChannelLabel {
  readonly label: string;
  readonly color: (index: number) => string;
}

function channelLabels(base: string, samples: number): ChannelLabel[] {
  if (samples === 1) {
    return [{ label: base, color: (index) => channelColor(base, index) }];
  }
  return Array.from({ length: samples }, (_, i) => ({
    label: `${base} ${RGB.names[i] ?? i}`.trim(),
    color: () => RGB.colours[i % RGB.colours.length],
  }));
}

function largestValue({ layout, facts }: ImageGroup): number {
  if (layout.dtype.startsWith("float")) return 1;
  const bits = facts.bitDepth ?? 8 * bytesPerValue(layout.dtype) - (layout.dtype.startsWith("int") ? 1 : 0);
  return 2 ** bits - 1;
}
