import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type Random, seededRandom, VitrineError } from "../../../core/index.ts";
import type { JsonObject, JsonValue } from "../../dataset/dataset.ts";
import { isJsonObject } from "../../ndtiff/json.ts";
import { parseZarrArray } from "./arrayMetadata.ts";
import { parseZarrImage } from "./imageMetadata.ts";
import { checkPacked } from "./packed.ts";

const golden = new URL("../../../../test/golden/cases/zarr/", import.meta.url);
const readJson = (path: string): JsonObject => JSON.parse(readFileSync(new URL(path, golden), "utf8"));

const sharded: JsonObject = {
  ...readJson("unit_null.zarr/0/zarr.json"),
  dimension_names: ["t", "c", "z", "y", "x"],
  codecs: [
    {
      name: "sharding_indexed",
      configuration: {
        chunk_shape: [1, 1, 1, 4, 4],
        codecs: ["bytes", { name: "gzip", configuration: { level: 1 } }],
        index_codecs: ["bytes", "crc32c"],
        index_location: "start",
      },
    },
  ],
};
const attributes = readJson("float16.v2.zarr/.zattrs");
const omero = { channels: [{ label: "a", color: "00FF00", window: { start: 0, end: 1, min: 0, max: 9 } }] };

const SEEDS: readonly { readonly document: JsonObject; readonly parse: (document: JsonObject) => unknown }[] =
  [
    {
      document: readJson("unit_null.zarr/0/zarr.json"),
      parse: (document) => parseZarrArray({ zarrFormat: 3, document }, "a"),
    },
    { document: sharded, parse: (document) => parseZarrArray({ zarrFormat: 3, document }, "a") },
    {
      document: readJson("float16.v2.zarr/0/.zarray"),
      parse: (document) => parseZarrArray({ zarrFormat: 2, document }, "a"),
    },
    {
      document: { ...attributes, omero, "image-label": {} },
      parse: (document) => parseZarrImage(document, "a"),
    },
  ];

const VALUES: readonly JsonValue[] = [
  ...[
    null,
    true,
    "",
    "x",
    "y",
    "NaN",
    "0x7fc00000",
    "<f2",
    "|b1",
    "sharding_indexed",
    "scale",
    "../..",
    "\0",
  ],
  ...[0, -1, 1, 0.5, 3, 65536, 2 ** 31, 2 ** 53, 1e308, [], [[]], {}, [1, 2], ["y", "x"], { name: "bytes" }],
];

/** The same value with one place of it changed, left out, doubled or moved. */
function changed(value: JsonValue, random: Random): JsonValue {
  const below = (end: number) => Math.floor(random.uniform() * end);
  const isLeaf = typeof value !== "object" || value === null;
  if (isLeaf || random.uniform() < 0.15) return VALUES[below(VALUES.length)];
  if (isJsonObject(value)) {
    const keys = Object.keys(value);
    const key = keys[below(keys.length)] ?? "x";
    const { [key]: old = null, ...others } = value;
    const chance = random.uniform();
    if (chance < 0.15) return others;
    return chance < 0.2 ? { ...value, [`${key}x`]: old } : { ...value, [key]: changed(old, random) };
  }
  if (!Array.isArray(value)) return value;
  const i = below(value.length);
  const chance = random.uniform();
  if (value.length === 0 || chance < 0.1) return [...value, VALUES[below(VALUES.length)]];
  if (chance < 0.2) return [...value.slice(0, i), ...value.slice(i + 1)];
  if (chance < 0.3) return [...value, value[i]];
  return [...value.slice(0, i), changed(value[i], random), ...value.slice(i + 1)];
}

test("100,000 damaged metadata: each is read or refused with a place, at once", () => {
  const random = seededRandom(11);
  const counts = { read: 0, refused: 0, slowestMs: 0 };
  for (let n = 0; n < 100_000; n++) {
    const { document, parse } = SEEDS[n % SEEDS.length];
    let damaged: JsonValue = document;
    for (let times = 1 + Math.floor(random.uniform() * 3); times > 0; times--)
      damaged = changed(damaged, random);
    if (!isJsonObject(damaged)) damaged = document;
    const start = performance.now();
    try {
      parse(damaged);
      counts.read++;
    } catch (error) {
      if (!(error instanceof VitrineError) || !error.fault.at.startsWith("a"))
        throw new Error(JSON.stringify(damaged), { cause: error });
      counts.refused++;
    }
    counts.slowestMs = Math.max(counts.slowestMs, performance.now() - start);
  }
  // both ends are reached
  expect(counts.read).toBeGreaterThan(10_000);
  expect(counts.refused).toBeGreaterThan(10_000);
  expect(counts.slowestMs).toBeLessThan(2000);
}, 120_000);

test("whatever a packed chunk begins with, its claim is read or refused", () => {
  const random = seededRandom(12);
  for (let n = 0; n < 20_000; n++) {
    const bytes = new Uint8Array(Math.floor(random.uniform() * 24)).map(() =>
      Math.floor(random.uniform() * 256),
    );
    if (n % 2 === 0) bytes.set([0x28, 0xb5, 0x2f, 0xfd].slice(0, bytes.length));
    for (const codec of ["blosc", "zstd", "gzip", "numcodecs.lz4", "bytes"]) {
      try {
        checkPacked(bytes, codec, { chunkBytes: 1000, at: "a" });
      } catch (error) {
        if (!(error instanceof VitrineError)) throw error;
      }
    }
  }
});
