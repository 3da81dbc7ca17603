import { z } from "zod";
import { fileExists, makeFolder, readFileBytes } from "#files";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../../core/index.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import { parseWithSchema } from "../../schema.ts";
import { parseJson } from "../open.ts";
import { writeGroup } from "./metadata.ts";
import type { MultiscaleVersion } from "./plan.ts";
import { type OmeZarrImageOptions, type OmeZarrImageWriter, startImage } from "./writer.ts";

/** What {@link createOmeZarrLabels} makes: the folder is that of the image it belongs to. */
export interface OmeZarrLabelsOptions
  extends Omit<OmeZarrImageOptions, "version" | "channels" | "significantBits" | "name"> {
  /** Name of the label image among those of the image: letters, digits, `_`, `-`, `.`. */
  readonly name: string;
  /** Colours of values: red, green, blue and opacity, 0 to 255. */
  readonly colors?: readonly {
    readonly value: number;
    readonly rgba: readonly [number, number, number, number];
  }[];
  /** What is known of the object of a value. */
  readonly properties?: readonly (JsonObject & { readonly value: number })[];
}

const KEYS: OptionKeys<OmeZarrLabelsOptions> = {
  name: true,
  colors: true,
  properties: true,
  shape: true,
  directory: true,
  compression: true,
  reduction: true,
  attributes: true,
  threads: true,
  memoryBytes: true,
  axes: true,
  dtype: true,
  scale: true,
  translation: true,
  chunkShape: true,
  shardShape: true,
  levels: true,
};

/**
 * Adds a label image to an OME-Zarr image: whole numbers that name objects. Levels are the most frequent value of the up to
 * four above, or the nearest (`reduction`).
 *
 * @throws {VitrineError} as `createOmeZarrImage`; missing: no image in the folder; type: values that are no whole numbers
 */
export async function createOmeZarrLabels(options: OmeZarrLabelsOptions): Promise<OmeZarrImageWriter> {
  requireKnownOptions("createOmeZarrLabels", options, KEYS);
  const { directory: image, name, dtype, reduction = "mode" } = options;
  if (dtype.startsWith("float") || reduction === "mean") throw notLabels(image, dtype, reduction);
  if (!/^[\w.-]*\w[\w.-]*$/.test(name)) {
    const expected = "letters, digits, _, - and .";
    throw new VitrineError({
      code: "format",
      at: `${image} label name`,
      expected,
      found: JSON.stringify(name),
    });
  }
  const version = await versionOf(image);
  await makeFolder(`${image}/labels`);
  const { colors, properties } = options;
  const imageLabel = {
    ...(colors !== undefined && {
      colors: colors.map(({ value, rgba }) => ({ "label-value": value, rgba })),
    }),
    ...(properties !== undefined && {
      properties: properties.map(({ value, ...known }) => ({ "label-value": value, ...known })),
    }),
    source: { image: "../../" },
  };
  const directory = `${image}/labels/${name}`;
  const writer = await startImage({ ...options, directory, version, reduction }, { imageLabel });
  const others = await labelNames(image, version);
  await writeGroup(`${image}/labels`, version, { ome: { labels: [...new Set([...others, name])] } });
  return writer;
}

async function versionOf(image: string): Promise<MultiscaleVersion> {
  if (await fileExists(`${image}/zarr.json`)) return "0.5";
  if (await fileExists(`${image}/.zattrs`)) return "0.4";
  throw new VitrineError({
    code: "missing",
    at: image,
    expected: "an OME-Zarr image",
    found: "neither zarr.json nor .zattrs",
    hint: "Write the image first",
  });
}

const namesSchema = z.object({ labels: z.array(z.string()).default([]) });
const groupSchema = z.object({ attributes: z.object({ ome: namesSchema }) });

async function labelNames(image: string, version: MultiscaleVersion): Promise<readonly string[]> {
  const path = `${image}/labels/${version === "0.4" ? ".zattrs" : "zarr.json"}`;
  if (!(await fileExists(path))) return [];
  const value = parseJson(await readFileBytes(path), path);
  if (version === "0.4") return parseWithSchema(value, namesSchema, path).labels;
  return parseWithSchema(value, groupSchema, path).attributes.ome.labels;
}

function notLabels(at: string, dtype: string, reduction: string): VitrineError {
  const expected = "whole numbers, and levels by mode or nearest";
  return new VitrineError({ code: "type", at: `${at} labels`, expected, found: `${dtype} by ${reduction}` });
}
