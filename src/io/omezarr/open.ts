import { z } from "zod";
import { fileExists, openFile, readFileBytes } from "#files";
import { VitrineError } from "../../core/index.ts";
import { axesKey } from "../dataset/axes.ts";
import { parseWithSchema } from "../schema.ts";
import type { ChunkLayout, OmeZarrCompression } from "./chunks.ts";
import { hasChunks, OmeZarrDataset, type OmeZarrEntry, type OmeZarrReader } from "./dataset.ts";
import { openForeign } from "./foreign.ts";
import { type PlacedLine, parseRecord, parseRecords, RECORDS } from "./records.ts";

/** Files that are looked for at once. */
const LOOKED_FOR_AT_ONCE = 32;

/**
 * Opens an OME-Zarr store (level 0 of its images) as a dataset.
 *
 * Stores that Vitrine wrote give back axes and metadata exactly, also after the program was killed; an image whose chunk is
 * gone is none, and listed in `lostImages`. Stores of others (0.1 to 0.5, Zarr 2 or 3, one image or the bioformats2raw layout)
 * have the axes `time`, `channel`, `z` and whatever else they name, numbered from 0, channels by their names if they have
 * different ones, and `position` if there are several images; chunks that are not there are fill, as Zarr has it.
 *
 * @param path  folder, or address of it
 * @throws {VitrineError} missing: no such store; format: damaged metadata or a chunk of the wrong size; unsupported: plates,
 *   or values that are no pixels
 */
export async function openOmeZarr(path: string): Promise<OmeZarrReader> {
  const folder = path.replace(/(?<=.)[/\\]+$/, "");
  return (await fileExists(`${folder}/${RECORDS}`)) ? openOwn(folder) : openForeign(folder);
}

async function openOwn(folder: string): Promise<OmeZarrDataset> {
  const path = `${folder}/${RECORDS}`;
  const { header, lines } = parseRecords(await readFileBytes(path), path);
  const layouts = new Map<string, ChunkLayout>();
  const latest = new Map<string, PlacedLine>();
  for (const line of lines) {
    const { axes, image } = line.record;
    latest.set(axesKey(axes), line);
    if (!layouts.has(image)) layouts.set(image, await readLayout(`${folder}/${image}/0/zarr.json`));
  }
  const file = await openFile(path);
  const dataset = new OmeZarrDataset(folder, header.summaryMetadata, {
    readLine: async ({ offset, length }) => parseRecord(await file.read(offset, length), path),
    close: () => file.close(),
  });
  const entries = [...latest.values()].map(({ record: { axes, image, at, bitDepth }, offset, length }) => ({
    axes,
    entry: { image, at, bitDepth, layout: layoutIn(layouts, image), line: { offset, length } },
  }));
  for (let first = 0; first < entries.length; first += LOOKED_FOR_AT_ONCE) {
    await addThere(dataset, entries.slice(first, first + LOOKED_FOR_AT_ONCE));
  }
  dataset.finish();
  return dataset;
}

type Found = { readonly axes: PlacedLine["record"]["axes"]; readonly entry: OmeZarrEntry };

async function addThere(dataset: OmeZarrDataset, found: readonly Found[]): Promise<void> {
  const there = await Promise.all(found.map(({ entry }) => hasChunks(dataset.name, entry)));
  for (const [i, { axes, entry }] of found.entries()) {
    if (there[i]) dataset.add(axes, entry);
    else dataset.lostImages.push(axes);
  }
}

function layoutIn(layouts: ReadonlyMap<string, ChunkLayout>, image: string): ChunkLayout {
  const layout = layouts.get(image);
  if (layout !== undefined) return layout;
  throw new VitrineError({ code: "missing", at: image, expected: "an image group", found: "none" });
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

async function readLayout(path: string): Promise<ChunkLayout> {
  const bytes = await readFileBytes(path);
  const { shape, data_type, chunk_grid, codecs } = parseWithSchema(parseJson(bytes, path), arraySchema, path);
  const [, channels, , chunkRows, width] = chunk_grid.configuration.chunk_shape;
  if (width !== shape[4]) {
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
  return { width, height: shape[3], channels, dtype: data_type, chunkRows, compression };
}

function compressionOf(codecs: readonly string[], at: string): OmeZarrCompression {
  const [first, compressor, ...others] = codecs;
  if (first === "bytes" && others.length === 0) {
    if (compressor === undefined) return "none";
    if (compressor === "zstd" || compressor === "gzip") return compressor;
  }
  const expected = "bytes, then nothing, zstd or gzip";
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
