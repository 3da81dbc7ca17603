import { bytesPerValue, describeAxes } from "../../core/index.ts";
import { HOST_IS_LITTLE_ENDIAN } from "../byteOrder.ts";
import type { JsonObject, JsonValue } from "../dataset/dataset.ts";
import { type ChunkLayout, GZIP_LEVEL, ZSTD_LEVEL } from "./chunks.ts";
import { channelColor } from "./colors.ts";
import type { Counts, ImageGroup } from "./imageGroups.ts";

const RGB = { names: ["red", "green", "blue"], colours: ["FF0000", "00FF00", "0000FF"] };

/** The root of a store: images lie in numbered groups below it. */
export function rootMetadata(): JsonObject {
  return groupNode({ ome: { version: "0.5", "bioformats2raw.layout": 3 } });
}

/** The group `OME`, which lists the images. */
export function seriesMetadata(paths: readonly string[]): JsonObject {
  return groupNode({ ome: { version: "0.5", series: paths } });
}

/** An image group of one level, `0`. */
export function imageMetadata(
  group: ImageGroup,
  { name, counts, channels }: { name: string; counts: Counts; channels: readonly (number | string)[] },
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
  const datasets = [{ path: "0", coordinateTransformations: [{ type: "scale", scale }] }];
  const title = Object.keys(fixed).length === 0 ? name : `${name}, ${describeAxes(fixed)}`;
  return groupNode({
    ome: {
      version: "0.5",
      multiscales: [{ name: title, axes, datasets }],
      ...omero(group, counts[1], channels),
    },
    vitrine: { axes: fixed },
  });
}

/** The array of an image group: (t, c, z, y, x). */
export function arrayMetadata([t, c, z]: Counts, layout: ChunkLayout): JsonObject {
  const { width, height, channels, dtype } = layout;
  const endian = HOST_IS_LITTLE_ENDIAN ? "little" : "big";
  const bytes = bytesPerValue(dtype) === 1 ? {} : { configuration: { endian } };
  return {
    zarr_format: 3,
    node_type: "array",
    shape: [t, c * channels, z, height, width],
    data_type: dtype,
    chunk_grid: {
      name: "regular",
      configuration: { chunk_shape: [1, channels, 1, layout.chunkRows, width] },
    },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    fill_value: 0,
    codecs: [{ name: "bytes", ...bytes }, ...compressor(layout)],
    attributes: {},
    dimension_names: ["t", "c", "z", "y", "x"],
  };
}

function groupNode(attributes: JsonObject): JsonObject {
  return { zarr_format: 3, node_type: "group", attributes };
}

function compressor({ compression }: ChunkLayout): JsonObject[] {
  switch (compression) {
    case "none":
      return [];
    case "gzip":
      return [{ name: "gzip", configuration: { level: GZIP_LEVEL } }];
    case "zstd":
      return [{ name: "zstd", configuration: { level: ZSTD_LEVEL, checksum: false } }];
  }
}

/** Names and colours of channels, where they have names. */
function omero(group: ImageGroup, count: number, names: readonly (number | string)[]): { omero?: JsonValue } {
  const { numbering, layout } = group;
  const named = numbering[1].kind === "list";
  if (!named && layout.channels !== 3) return {};
  const bases = Array.from({ length: count }, (_, i) => (named ? String(names[i]) : ""));
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
