import { registry } from "zarrita";
import { z } from "zod";
import { VitrineError } from "../../../core/index.ts";
import type { JsonObject, JsonValue } from "../../dataset/dataset.ts";
import { isJsonObject } from "../../ndtiff/json.ts";
import { parseWithSchema } from "../../schema.ts";
import {
  libraryType,
  parseDataType,
  parseFill,
  type StoredType,
  storedBytes,
  storedFill,
} from "./dataType.ts";
import type { ZarrNode } from "./node.ts";

/** What the metadata of an array say, checked. */
export interface ZarrArrayFacts {
  readonly zarrFormat: 2 | 3;
  readonly shape: readonly number[];
  /** Of what is decoded at once: in shards the chunks within. */
  readonly chunkShape: readonly number[];
  readonly type: StoredType;
  readonly fill: number;
  /** Where the index of a shard lies, and whether it ends with a checksum; undefined without shards. */
  readonly index: { readonly location: "start" | "end"; readonly isChecked: boolean } | undefined;
  /** The codec that the stored bytes of a chunk come from, `blosc`, `bytes`. */
  readonly lastCodec: string;
  readonly dimensionNames: readonly (string | null)[] | undefined;
  /** Metadata for the library: names in full, halves as whole numbers. */
  readonly document: JsonObject;
}

/** A chunk of more bytes than this is not decoded. */
const LARGEST_CHUNK = 2 ** 31;
/** No image has more axes; each level has an entry for each. */
const MOST_AXES = 16;

const side = z.number().int().min(1);
const sides = z.array(side).min(1).max(MOST_AXES);
const configuration = z.record(z.string(), z.unknown()).optional();
const codec = z.union([
  z.string().transform((name): Codec => ({ name })),
  z.object({ name: z.string(), configuration }),
]);
type Codec = { readonly name: string; readonly configuration?: Record<string, unknown> | undefined };

const zarr3 = z.object({
  shape: sides,
  data_type: z.unknown(),
  chunk_grid: z.object({ name: z.literal("regular"), configuration: z.object({ chunk_shape: sides }) }),
  chunk_key_encoding: z.object({
    name: z.enum(["default", "v2"]),
    configuration: z.object({ separator: z.enum(["/", "."]).optional() }).optional(),
  }),
  fill_value: z.unknown(),
  codecs: z.array(codec).min(1),
  dimension_names: z.array(z.union([z.string(), z.null()])).nullish(),
  storage_transformers: z.array(z.unknown()).max(0).nullish(),
});

const zarr2 = z.object({
  shape: sides,
  chunks: sides,
  dtype: z.unknown(),
  compressor: z.object({ id: z.string() }).loose().nullish(),
  fill_value: z.unknown(),
  order: z.enum(["C", "F"]).default("C"),
  filters: z.array(z.object({ id: z.string() }).loose()).nullish(),
  dimension_separator: z.enum([".", "/"]).default("."),
});

const sharding = z.object({
  chunk_shape: sides,
  codecs: z.array(codec).min(1),
  index_codecs: z.array(codec).min(1),
  index_location: z.enum(["start", "end"]).default("end"),
});

/**
 * Checks the metadata of an array: what the library takes as it comes.
 *
 * @throws {VitrineError} missing, type, range, format: metadata that are none; unsupported: a data type that is none of pixels,
 *   a codec that nobody here knows
 */
export function parseZarrArray(
  { zarrFormat, document }: Omit<ZarrNode, "attributes" | "kind">,
  at: string,
): ZarrArrayFacts {
  const facts = zarrFormat === 2 ? parseZarr2(document, at) : parseZarr3(document, at);
  const { shape, chunkShape, type } = facts;
  if (chunkShape.length !== shape.length) throw contradiction(at, shape, chunkShape);
  const bytes = chunkShape.reduce((product, length) => product * length, storedBytes(type));
  const values = shape.reduce((product, length) => product * length, 1);
  if (bytes <= LARGEST_CHUNK && Number.isSafeInteger(values)) return facts;
  throw new VitrineError({
    code: "range",
    at: `${at} chunks`,
    expected: `at most ${LARGEST_CHUNK / 2 ** 30} GiB a chunk`,
    found: `${chunkShape.join(" x ")} of ${type} in ${shape.join(" x ")}`,
    hint: "Write it again in smaller chunks",
  });
}

function parseZarr2(document: JsonObject, at: string): ZarrArrayFacts {
  const { shape, chunks, dtype, compressor, filters, fill_value, order, dimension_separator } =
    parseWithSchema(document, zarr2, at);
  const type = parseDataType(dtype, at);
  const fill = parseFill(fill_value, type, at);
  for (const { id } of [...(filters ?? []), ...(compressor ? [compressor] : [])])
    requireCodec(`numcodecs.${id}`, at);
  return {
    zarrFormat: 2,
    shape,
    chunkShape: chunks,
    type,
    fill,
    index: undefined,
    lastCodec: compressor?.id ?? filters?.at(-1)?.id ?? "bytes",
    dimensionNames: undefined,
    document: {
      zarr_format: 2,
      shape,
      chunks,
      // halves and booleans of numpy's string are taken for whole numbers of the same bytes
      dtype: libraryType(type) === type ? String(dtype) : String(dtype).replace(/[fb](?=\d)/, "u"),
      compressor: jsonOr(document.compressor, null),
      filters: jsonOr(document.filters, null),
      fill_value: storedFill(fill, type),
      order,
      dimension_separator,
    },
  };
}

function parseZarr3(document: JsonObject, at: string): ZarrArrayFacts {
  const found = parseWithSchema(document, zarr3, at);
  const { shape, chunk_grid, chunk_key_encoding, codecs, dimension_names } = found;
  const type = parseDataType(found.data_type, at);
  const fill = parseFill(found.fill_value, type, at);
  const outer = chunk_grid.configuration.chunk_shape;
  const shards = shardsOf(codecs, outer, at);
  const inner = shards?.codecs ?? codecs;
  for (const { name } of inner) requireCodec(name, at);
  return {
    zarrFormat: 3,
    shape,
    chunkShape: shards?.chunk_shape ?? outer,
    type,
    fill,
    index: shards && {
      location: shards.index_location,
      isChecked: shards.index_codecs.at(-1)?.name === "crc32c",
    },
    lastCodec: inner.at(-1)?.name ?? "bytes",
    dimensionNames: dimension_names ?? undefined,
    document: {
      zarr_format: 3,
      node_type: "array",
      shape,
      data_type: libraryType(type),
      chunk_grid: { name: "regular", configuration: { chunk_shape: outer } },
      chunk_key_encoding: jsonOr(chunk_key_encoding, {}),
      fill_value: storedFill(fill, type),
      codecs: jsonOr(shards === undefined ? codecs : [{ name: SHARDING, configuration: shards }], []),
      attributes: {},
    },
  };
}

const SHARDING = "sharding_indexed";

/** Shards, where they are all that the codecs do: the library would pass over others. */
function shardsOf(
  codecs: readonly Codec[],
  outer: readonly number[],
  at: string,
): z.infer<typeof sharding> | undefined {
  if (!codecs.some(({ name }) => name === SHARDING)) return undefined;
  const names = codecs.map(({ name }) => name);
  if (names.length > 1) throw unknownCodec(at, `${SHARDING} alone`, names.join(", "));
  const found = parseWithSchema(codecs[0].configuration, sharding, `${at} ${SHARDING}`);
  for (const { name } of found.index_codecs) {
    if (name !== "bytes" && name !== "crc32c") throw unknownCodec(at, "an index of bytes and crc32c", name);
  }
  const whole = found.chunk_shape.every((length, i) => Number.isInteger(outer[i] / length));
  if (whole && found.chunk_shape.length === outer.length) return found;
  throw new VitrineError({
    code: "format",
    at: `${at} ${SHARDING} chunk_shape`,
    expected: `a shape that divides the shard ${outer.join(" x ")}`,
    found: found.chunk_shape.join(" x "),
  });
}

/** Filters that the library makes others of. */
const TRANSLATED = ["numcodecs.fixedscaleoffset", "numcodecs.numcodecs.fixedscaleoffset"];

function requireCodec(name: string, at: string): void {
  if (registry.has(name) || TRANSLATED.includes(name)) return;
  throw unknownCodec(
    at,
    `one of ${[...registry.keys()].filter((key) => !key.includes(".")).join(", ")}`,
    name,
  );
}

function unknownCodec(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "unsupported", at: `${at} codecs`, expected, found: found.slice(0, 80) });
}

function contradiction(at: string, shape: readonly number[], chunks: readonly number[]): VitrineError {
  const expected = `chunks of ${shape.length} lengths, as the shape ${shape.join(" x ")}`;
  return new VitrineError({ code: "format", at: `${at} chunks`, expected, found: chunks.join(" x ") });
}

/** What came from JSON, and was checked, as JSON again. */
function jsonOr(value: unknown, otherwise: JsonValue): JsonValue {
  const isJson = (part: unknown): part is JsonValue => Array.isArray(part) || isJsonObject(part);
  return isJson(value) ? value : otherwise;
}
