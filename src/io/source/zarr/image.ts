import { VitrineError } from "../../../core/index.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import { binned, sourceAxis } from "../axes.ts";
import type { ChunkCache } from "../cache.ts";
import { chunkedSource, type SourceFacts } from "../chunked.ts";
import type { ImageSource, SourceAxis, SourceChannel, SourceLevel } from "../source.ts";
import { parseZarrArray, type ZarrArrayFacts } from "./arrayMetadata.ts";
import { zarrChunks } from "./chunks.ts";
import { readType } from "./dataType.ts";
import { otherRank, parseZarrImage, type ZarrImageMetadata } from "./imageMetadata.ts";
import { childFolder, type KnownNodes, readNode, type ZarrNode } from "./node.ts";

/** Axes of stores before 0.3; of arrays with fewer, the last ones. */
const FIRST_AXES = ["time", "channel", "z", "y", "x"];

/** Opens the image group in a folder, whose chunks are kept in `cache`. @throws {VitrineError} as `openZarrImages` */
export async function openZarrImage(
  folder: string,
  { known, cache }: { readonly known: KnownNodes; readonly cache?: ChunkCache },
): Promise<ImageSource> {
  const node = await readNode(folder, known);
  if (node?.kind !== "group") throw noGroup(folder, node);
  const metadata = parseZarrImage(node.attributes, folder);
  const places = metadata.levels.map(({ path }) => childFolder(folder, path, `${folder} datasets`));
  const arrays = await Promise.all(places.map((place, level) => readArray(place, { level, known })));
  const readers = places.map((place, level) => zarrChunks(place, arrays[level]));
  return chunkedSource(zarrImageFacts(folder, { attributes: node.attributes, metadata, arrays }), {
    readChunk: ({ level, index }) => readers[level](index),
    close: async () => {},
    fill: arrays[0].fill,
    ...(cache && { cache }),
  });
}

interface ZarrImageParts {
  /** Of the group. */
  readonly attributes: JsonObject;
  /** What they say. */
  readonly metadata: ZarrImageMetadata;
  /** One a level. */
  readonly arrays: readonly ZarrArrayFacts[];
}

/** What an image of a store is. @throws {VitrineError} format: metadata of its group and arrays contradict each other */
export function zarrImageFacts(
  folder: string,
  { attributes, metadata, arrays }: ZarrImageParts,
): SourceFacts {
  const warnings = [...metadata.warnings];
  const axes = axesOf(metadata, arrays, { folder, warnings });
  checkLevels(arrays, axes, folder);
  const channels = channelsOf(metadata.channels, { axes, shape: arrays[0].shape, warnings });
  const { type } = arrays[0];
  return {
    name: folder,
    axes: namedChannels(axes, channels),
    dtype: readType(type),
    levels: levelsOf(metadata, arrays),
    channels,
    isLabels: metadata.isLabels || /\/labels\/[^/]+$/.test(folder),
    metadata: attributes,
    warnings,
  };
}

function noGroup(at: string, node: ZarrNode | undefined): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: "the group of an image",
    found: node === undefined ? "neither zarr.json nor .zgroup" : "an array",
    hint: "The store is incomplete",
  });
}

async function readArray(
  folder: string,
  { level, known }: { readonly level: number; readonly known: KnownNodes },
): Promise<ZarrArrayFacts> {
  const node = await readNode(folder, known);
  if (node?.kind === "array") return parseZarrArray(node, folder);
  throw new VitrineError({
    code: "missing",
    at: folder,
    expected: `the array of level ${level}`,
    found: node === undefined ? "neither zarr.json nor .zarray" : "a group without it",
    hint: "The store is incomplete: copy it again, or take the level out of `multiscales`",
  });
}

function axesOf(
  { axes }: ZarrImageMetadata,
  [{ shape }]: readonly ZarrArrayFacts[],
  { folder, warnings }: { readonly folder: string; readonly warnings: string[] },
): readonly SourceAxis[] {
  if (axes !== undefined) {
    if (axes.length === shape.length) return axes;
    const names = axes.map(({ name }) => name).join(", ");
    throw otherRank(`${folder} level 0 shape, axes ${names}`, axes.length, shape.length);
  }
  if (shape.length < 2 || shape.length > 5) throw otherRank(`${folder} level 0 shape`, 5, shape.length);
  const names = FIRST_AXES.slice(-shape.length);
  if (shape.length < 5) warnings.push(`axes are not named: taken for ${names.join(", ")}`);
  return names.map((name) => sourceAxis(name));
}

/** Levels of one type that get smaller, of arrays whose dimensions are called as the axes. */
function checkLevels(arrays: readonly ZarrArrayFacts[], axes: readonly SourceAxis[], folder: string): void {
  const [first] = arrays;
  for (const [level, { shape, type, fill, dimensionNames }] of arrays.entries()) {
    const at = `${folder} level ${level}`;
    if (shape.length !== axes.length) throw otherRank(`${at} shape`, axes.length, shape.length);
    const above = arrays[Math.max(0, level - 1)].shape;
    if (shape.some((side, i) => side > above[i])) {
      throw contradiction(`${at} shape`, `at most ${above.join(" x ")}, the level before`, shape.join(" x "));
    }
    if (type !== first.type) throw contradiction(`${at} data type`, `${first.type}, as level 0`, type);
    if (!Object.is(fill, first.fill)) {
      throw contradiction(`${at} fill_value`, `${first.fill}, as level 0`, String(fill));
    }
    const wrong = dimensionNames?.findIndex((name, i) => name !== null && !isNamed(name, axes[i]));
    if (dimensionNames !== undefined && wrong !== undefined && wrong >= 0) {
      const names = axes.map(({ name }) => name).join(", ");
      throw contradiction(
        `${at} dimension_names`,
        `the axes ${names}`,
        dimensionNames.join(", ").slice(0, 100),
      );
    }
  }
}

const SHORT: Readonly<Record<string, string>> = { time: "t", channel: "c" };

function isNamed(dimension: string, axis: SourceAxis | undefined): boolean {
  return axis !== undefined && (dimension === axis.name || dimension === SHORT[axis.name]);
}

function contradiction(at: string, expected: string, found: string): VitrineError {
  const hint = "The metadata of the store contradict each other";
  return new VitrineError({ code: "format", at, expected, found, hint });
}

/** Where a level says nothing of its scale, it is that of the first one times the pixels that became one. */
function levelsOf({ levels }: ZarrImageMetadata, arrays: readonly ZarrArrayFacts[]): readonly SourceLevel[] {
  const full = arrays[0].shape;
  const first = {
    scale: levels[0].scale ?? full.map(() => 1),
    translation: levels[0].translation ?? full.map(() => 0),
  };
  return arrays.map(({ shape, chunkShape }, i) => {
    const { scale, translation } = levels[i];
    if (scale === undefined) {
      const factors = shape.map((side, axis) => Math.max(1, Math.round(full[axis] / side)));
      return { shape, chunkShape, ...binned(first, factors) };
    }
    return { shape, chunkShape, scale, translation: translation ?? full.map(() => 0) };
  });
}

function channelsOf(
  channels: readonly SourceChannel[],
  image: {
    readonly axes: readonly SourceAxis[];
    readonly shape: readonly number[];
    readonly warnings: string[];
  },
): readonly SourceChannel[] {
  const axis = image.axes.findIndex(({ kind }) => kind === "channel");
  const count = axis < 0 ? 1 : image.shape[axis];
  if (channels.length === 0 || channels.length === count) return channels;
  image.warnings.push(`omero.channels: ${channels.length} for ${count} channels of the image: left out`);
  return [];
}

/** Names of channels as what the axis stands for, where all have one of their own. */
function namedChannels(
  axes: readonly SourceAxis[],
  channels: readonly SourceChannel[],
): readonly SourceAxis[] {
  const names = channels.flatMap(({ name }) => (name === undefined || name === "" ? [] : [name]));
  if (channels.length === 0 || new Set(names).size < channels.length) return axes;
  return axes.map((axis) => (axis.kind === "channel" ? { ...axis, values: names } : axis));
}
