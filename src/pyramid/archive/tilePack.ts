import { VitrineError } from "../../core/index.ts";
import type { ChannelLayerTile } from "../geometry/levels.ts";

/** A tile of a pack: its bytes, or those of the tile before it where they are the same. */
export interface PackedTile extends ChannelLayerTile {
  /** 0: the same bytes as the tile before. */
  readonly length: number;
}

/** Numbers that the index has of each tile. */
const FIELDS = 4;

/** Writes which tiles a pack holds, in their order: level, row, column, length, 32 bits each, the low byte first. */
export function formatPackIndex(tiles: readonly PackedTile[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * FIELDS * tiles.length));
  tiles.forEach(({ level, row, column, length }, i) => {
    [level, row, column, length].forEach((value, k) => {
      view.setUint32(4 * (FIELDS * i + k), value, true);
    });
  });
  return new Uint8Array(view.buffer);
}

/** Reads what {@link formatPackIndex} wrote. @throws {VitrineError} format */
export function parsePackIndex(bytes: Uint8Array, at: string): PackedTile[] {
  if (bytes.length % (4 * FIELDS) !== 0)
    throw new VitrineError({
      code: "format",
      at,
      expected: `a multiple of ${4 * FIELDS} bytes`,
      found: `${bytes.length}`,
      hint: "Run the job again",
    });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / (4 * FIELDS) }, (_, i) => {
    const field = (k: number) => view.getUint32(4 * (FIELDS * i + k), true);
    return { level: field(0), row: field(1), column: field(2), length: field(3) };
  });
}
