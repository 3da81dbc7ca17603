import { z } from "zod";
import { fileExists, openFile, readFileBytes } from "#files";
import type { Axes } from "../../core/index.ts";
import { axesKey, VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../schema.ts";
import type { ChunkLayout, OmeZarrCompression } from "./chunks.ts";
import { hasChunks, OmeZarrDataset, type OmeZarrEntry, type OmeZarrReader } from "./dataset.ts";
import { parseHeader, parseRecord, parseRecords, RECORDS } from "./records.ts";

/** Files that are looked for at once. */
const LOOKED_FOR_AT_ONCE = 32;

/**
 * Opens an OME-Zarr store (level 0 of its images) as a dataset.
 *
 * Stores that Vitrine wrote give back axes and metadata exactly, also after the program was killed; an image whose chunk is
 * gone is none, and listed in `lostImages`. While another program writes, `awaitNewImage` looks what it has saved. Stores of others are what
 * `openImages` makes of them: the axes `time`, `channel`, `z` and whatever else they name, numbered from 0, channels by their names if they have
 * different ones, and `position` if there are several images (fields of a plate: `B/3/0`); chunks that are not there are fill, as Zarr has it.
 *
 * @param path  folder, or address of it
 * @throws {VitrineError} missing: no such store; format: damaged metadata or a chunk of the wrong size; unsupported:
 *   values that are no pixels
 */
export async function openOmeZarr(path: string): Promise<OmeZarrReader> {
  const folder = path.replace(/(?<=.)[/\\]+$/, "");
  if (await fileExists(`${folder}/${RECORDS}`)) return openOwn(folder);
  // with the library that reads them: 60 files, which nothing else of this package needs
  const { openForeign } = await import("./foreign.ts");
  return openForeign(folder);
}

async function openOwn(folder: string): Promise<OmeZarrDataset> {
  const path = `${folder}/${RECORDS}`;
  const file = await openFile(path);
  try {
    const bytes = await file.read(0, file.size);
    const { header, end } = parseHeader(bytes, path);
    const follower = new Follower(folder, end);
    const dataset = new OmeZarrDataset(folder, header.summaryMetadata, {
      readLine: async ({ offset, length }) => parseRecord(await file.read(offset, length), path),
      follow: (growing) => follower.follow(growing),
      close: () => file.close(),
    });
    await follower.takeFirst(dataset, bytes.subarray(end));
    return dataset;
  } catch (error) {
    await file.close();
    throw error;
  }
}

type Found = { readonly axes: Axes; readonly entry: OmeZarrEntry };

/** Takes records into a dataset, each once. */
class Follower {
  readonly #path: string;
  readonly #layouts = new Map<string, Promise<ChunkLayout>>();
  #end: number;
  #isEnded = false;

  /** @param end  where the first record begins */
  constructor(folder: string, end: number) {
    this.#path = `${folder}/${RECORDS}`;
    this.#end = end;
  }

  /** Records that were there before; of each image the last one. Images whose chunks are gone are lost. */
  async takeFirst(dataset: OmeZarrDataset, bytes: Uint8Array): Promise<void> {
    const found = await this.#take(dataset, bytes);
    const latest = [...new Map(found.map((image) => [axesKey(image.axes), image])).values()];
    for (let first = 0; first < latest.length; first += LOOKED_FOR_AT_ONCE) {
      await addThere(dataset, latest.slice(first, first + LOOKED_FOR_AT_ONCE));
    }
    if (this.#isEnded) dataset.finish();
  }

  /** Records that came since. */
  async follow(dataset: OmeZarrDataset): Promise<void> {
    const file = await openFile(this.#path);
    try {
      if (file.size <= this.#end) return;
      const found = await this.#take(dataset, await file.read(this.#end, file.size - this.#end));
      for (const { axes, entry } of found) dataset.add(axes, entry);
    } finally {
      await file.close();
    }
    if (this.#isEnded) dataset.finish();
  }

  async #take(dataset: OmeZarrDataset, bytes: Uint8Array): Promise<Found[]> {
    const { lines, isEnded, end } = parseRecords(bytes, this.#path, this.#end);
    const found: Found[] = [];
    for (const { record, offset, length } of lines) {
      const { axes, metadata: _, ...place } = record;
      const path = `${dataset.name}/${place.image}/${place.array ?? "0"}/zarr.json`;
      const layout = this.#layouts.get(path) ?? readLayout(path, place.tile !== undefined);
      this.#layouts.set(path, layout);
      found.push({ axes, entry: { ...place, layout: await layout, line: { offset, length } } });
    }
    this.#end = end;
    this.#isEnded ||= isEnded;
    return found;
  }
}

async function addThere(dataset: OmeZarrDataset, found: readonly Found[]): Promise<void> {
  const there = await Promise.all(found.map(({ entry }) => hasChunks(dataset.name, entry)));
  for (const [i, { axes, entry }] of found.entries()) {
    if (there[i]) dataset.add(axes, entry);
    else dataset.lostImages.push(axes);
  }
}

const side = z.number().int().min(1);
const sides = z.tuple([side, side, side, side, side]);

/** What of an array's metadata says how images lie in chunks. */
const arraySchema = z.object({
  shape: sides,
  data_type: z.enum(["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"]),
  chunk_grid: z.object({ configuration: z.object({ chunk_shape: sides }) }),
  codecs: z.array(z.object({ name: z.string() })),
});

async function readLayout(path: string, isTiled: boolean): Promise<ChunkLayout> {
  const bytes = await readFileBytes(path);
  const { shape, data_type, chunk_grid, codecs } = parseWithSchema(parseJson(bytes, path), arraySchema, path);
  const [, channels, , chunkRows, width] = chunk_grid.configuration.chunk_shape;
  if (width !== shape[4] && !isTiled) {
    throw new VitrineError({
      code: "format",
      at: path,
      expected: "chunks of whole rows",
      found: `${width} of ${shape[4]}`,
    });
  }
  const compression = compressionOf(
    codecs.map(({ name }) => name),
    path,
  );
  const height = isTiled ? chunkRows : shape[3];
  return { width, height, channels, dtype: data_type, chunkRows, compression };
}

function compressionOf(codecs: readonly string[], at: string): OmeZarrCompression {
  const [first, compressor, ...others] = codecs;
  if (first === "bytes" && others.length === 0) {
    if (compressor === undefined) return "none";
    if (compressor === "zstd" || compressor === "gzip" || compressor === "blosc") return compressor;
  }
  const expected = "bytes, then nothing, zstd, gzip or blosc";
  throw new VitrineError({ code: "unsupported", at: `${at} codecs`, expected, found: codecs.join(", ") });
}

/** Reads JSON of a store. @throws {VitrineError} format: no JSON */
export function parseJson(bytes: Uint8Array, at: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new VitrineError({ code: "format", at, expected: "JSON", found: String(cause) }, { cause });
  }
}
