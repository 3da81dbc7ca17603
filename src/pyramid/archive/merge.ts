import { gzipSync } from "fflate";
import { VitrineError } from "../../core/index.ts";
import { openFile, type RandomAccessFile, writeFileAtomic } from "../../io/index.ts";
import type { PixelSize, PyramidLevel } from "../geometry/levels.ts";
import { quiet } from "../quiet.ts";
import { type ArchiveEntry, formatDirectories } from "./directory.ts";
import { FIRST_BYTES, formatHeader, HEADER_BYTES } from "./header.ts";
import { tileNumber } from "./tileOrder.ts";
import { type PackedTile, parsePackIndex } from "./tilePack.ts";

/** Tiles that a job left: in the order of blocks along Hilbert's curve, within a block level by level along it. */
export interface TilePack {
  readonly path: string;
  /** As `formatPackIndex` wrote it. */
  readonly index: Uint8Array;
}

/** What an archive says of itself, beside its tiles. */
export interface LayerMetadata extends PixelSize {
  readonly name: string;
  readonly tileSize: number;
  readonly levels: readonly PyramidLevel[];
  /** What became 0 and 255. */
  readonly minIntensity: number;
  readonly maxIntensity: number;
  readonly channel: string;
  readonly tpoint: number;
  readonly zplane: number;
  /** Names of sites that could not be read and are black; absent where all could. */
  readonly missing?: readonly string[];
}

/** What {@link writeArchive} writes. */
export interface ArchiveContent {
  /** In the order of their jobs: those of the first phase first. */
  readonly packs: readonly TilePack[];
  readonly metadata: LayerMetadata;
}

/** Bytes that are copied at once. */
const COPY_BYTES = 2 ** 22;

/** Tiles of one pack that lie one behind the other there and in the archive. */
interface Piece {
  readonly pack: number;
  readonly offset: number;
  length: number;
}

/**
 * Joins packs to a PMTiles 3 archive: tiles zoom by zoom along Hilbert's curve, copied in the order in which they come, so that any size
 * passes through little memory; the archive is whole or not there. Zoom counts from the coarsest level: it is the last level less ours.
 *
 * @throws {VitrineError} format: packs whose tiles do not follow one another, or that are shorter than their index says; storage
 *
 * Source: github.com/protomaps/PMTiles, spec/v3.
 */
export async function writeArchive(path: string, { packs, metadata }: ArchiveContent): Promise<void> {
  const { entries, pieces, tiles, bytes } = layOut(packs, metadata.levels.length - 1, path);
  const json = new TextEncoder().encode(JSON.stringify(metadataOf(metadata)));
  const packed = gzipSync(json, { mtime: 0 });
  const { root, leaves } = formatDirectories(entries, FIRST_BYTES - HEADER_BYTES);
  let end = HEADER_BYTES;
  const section = (length: number) => {
    const offset = end;
    end += length;
    return { offset, length };
  };
  const header = formatHeader({
    root: section(root.length),
    metadata: section(packed.length),
    leaves: section(leaves.length),
    tiles: section(bytes),
    counts: { tiles, entries: entries.length, contents: entries.length },
    maxZoom: metadata.levels.length - 1,
  });
  const head = [header, root, packed, leaves];
  await writeFileAtomic(path, archiveBytes(head, packs, pieces), { overwrite: true });
}

function metadataOf({ name, ...layer }: LayerMetadata) {
  return { name, format: "jpg", type: "baselayer", attribution: "", vitrine: layer };
}

/** The order of everything, from the indices alone. */
function layOut(packs: readonly TilePack[], maxZoom: number, at: string) {
  const byLevel = new Map<number, Run[]>();
  packs.forEach(({ index, path }, pack) => {
    let offset = 0;
    for (const tile of parsePackIndex(index, path)) {
      const runs = byLevel.get(tile.level) ?? [];
      if (runs.length === 0) byLevel.set(tile.level, runs);
      addTile(runs, { length: tile.length, pack, offset, number: numberOf(tile, maxZoom) });
      offset += tile.length;
    }
  });
  const entries: ArchiveEntry[] = [];
  const pieces: Piece[] = [];
  let [bytes, tiles, last] = [0, 0, -1];
  for (const level of [...byLevel.keys()].sort((a, b) => b - a)) {
    for (const { first, run, pack, offset, length } of byLevel.get(level)!) {
      if (first <= last) throw outOfOrder(at, level);
      last = first + run - 1;
      tiles += run;
      entries.push({ tile: first, run, offset: bytes, length });
      addPiece(pieces, { pack, offset, length });
      bytes += length;
    }
  }
  return { entries, pieces, bytes, tiles };
}

interface Run {
  readonly first: number;
  run: number;
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

function numberOf({ level, row, column }: PackedTile, maxZoom: number): number {
  return tileNumber(maxZoom - level, column, row);
}

/** Tiles of the same bytes that follow one another are one entry. */
function addTile(runs: Run[], { number, length, pack, offset }: Piece & { readonly number: number }): void {
  const last = runs.at(-1);
  if (length > 0) runs.push({ first: number, run: 1, pack, offset, length });
  else if (last?.pack === pack && last.first + last.run === number) last.run++;
  else throw outOfOrder(`tile ${number}`, 0);
}

function addPiece(pieces: Piece[], next: Piece): void {
  const last = pieces.at(-1);
  const follows = last?.pack === next.pack && last.offset + last.length === next.offset;
  if (follows && last.length + next.length <= COPY_BYTES) last.length += next.length;
  else pieces.push(next);
}

async function* archiveBytes(
  head: readonly Uint8Array[],
  packs: readonly TilePack[],
  pieces: readonly Piece[],
): AsyncGenerator<Uint8Array> {
  yield* head;
  let open: { pack: number; file: RandomAccessFile } | undefined;
  const most = pieces.reduce((longest, { length }) => Math.max(longest, length), 0);
  // two for all: new memory costs as much as its copy
  const rooms = [new Uint8Array(most), new Uint8Array(most)];
  const read = async (i: number): Promise<Uint8Array | undefined> => {
    if (i === pieces.length) return undefined;
    const { pack, offset, length } = pieces[i];
    if (open?.pack !== pack) {
      await open?.file.close();
      open = { pack, file: await openFile(packs[pack].path) };
    }
    return open.file.read(offset, length, rooms[i % 2]);
  };
  let next = quiet(read(0));
  try {
    for (let i = 0; i < pieces.length; i++) {
      const piece = await next;
      // while this one is written
      next = quiet(read(i + 1));
      if (piece !== undefined) yield piece;
    }
  } finally {
    await next.catch(() => undefined); // what went wrong is told where it was waited for
    await open?.file.close();
  }
}

function outOfOrder(at: string, level: number): VitrineError {
  return new VitrineError({
    code: "format",
    at: `${at} level ${level}`,
    expected: "packs whose tiles follow one another",
    found: "a tile that comes before another, or twice",
    hint: "Make the batches anew: illuminati EXPERIMENT init",
  });
}
