/** A match is at least so long; the last bytes of a block are literals, as the format demands. */
const SHORTEST_MATCH = 4;
const LAST_LITERALS = 5;
const LAST_MATCH_START = 12;

const HASH_BITS = 13;
const LARGEST_DISTANCE = 65_535;

/** After so many places without a match (2^n) steps get longer: bytes that are noise are passed over fast. */
const SKIP_BITS = 5;

/** Bytes that a block of incompressible ones may take. */
export function largestLz4(length: number): number {
  return length + Math.ceil(length / 255) + 16;
}

/** Where four bytes of a hash were last, and which ones: so nothing is looked up that differs. */
const places = new Int32Array(1 << HASH_BITS);
const words = new Int32Array(1 << HASH_BITS);

/**
 * Packs bytes as one LZ4 block; gives its length, or 0 where it would pass `most`.
 *
 * @param into  at least {@link largestLz4} bytes behind `at`
 *
 * Source: LZ4 block format (github.com/lz4/lz4, doc/lz4_Block_format.md), greedy search through one table of hashes.
 */
export function packLz4(
  bytes: Uint8Array,
  into: Uint8Array,
  { at, most }: { readonly at: number; readonly most: number },
): number {
  const { length } = bytes;
  const limit = length - LAST_MATCH_START;
  places.fill(-1);
  let out = at;
  let anchor = 0;
  let tried = 1 << SKIP_BITS;
  for (let i = 0; i < limit; ) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    const slot = Math.imul(word, -1640531535) >>> (32 - HASH_BITS);
    const from = places[slot];
    const isSame = words[slot] === word;
    places[slot] = i;
    words[slot] = word;
    if (!isSame || from < 0 || i - from > LARGEST_DISTANCE) {
      i += tried++ >> SKIP_BITS;
      continue;
    }
    tried = 1 << SKIP_BITS;
    const match = matchLength(bytes, from, i);
    if (out + largestLz4(i - anchor) - at > most + 16) return 0;
    out = sequence(bytes, into, { out, anchor, literals: i - anchor, distance: i - from, match });
    i += match;
    anchor = i;
  }
  const rest = length - anchor;
  if (out - at + rest + Math.ceil(rest / 255) + 1 > most) return 0;
  return sequence(bytes, into, { out, anchor, literals: rest, distance: 0, match: 0 }) - at;
}

function matchLength(bytes: Uint8Array, from: number, i: number): number {
  const end = bytes.length - LAST_LITERALS;
  const distance = i - from;
  let to = i + SHORTEST_MATCH;
  while (to < end && bytes[to] === bytes[to - distance]) to++;
  return to - i;
}

interface Sequence {
  readonly out: number;
  readonly anchor: number;
  readonly literals: number;
  readonly distance: number;
  /** 0 for the last one. */
  readonly match: number;
}

/** Writes literals and the match behind them; gives where it ends. */
function sequence(
  bytes: Uint8Array,
  into: Uint8Array,
  { out, anchor, literals, distance, match }: Sequence,
): number {
  const more = match === 0 ? 0 : match - SHORTEST_MATCH;
  into[out] = (Math.min(15, literals) << 4) | Math.min(15, more);
  let at = literals < 15 ? out + 1 : longLength(into, out + 1, literals - 15);
  if (literals > 32) into.set(bytes.subarray(anchor, anchor + literals), at);
  else for (let i = 0; i < literals; i++) into[at + i] = bytes[anchor + i];
  at += literals;
  if (match === 0) return at;
  into[at++] = distance & 255;
  into[at++] = distance >> 8;
  return more < 15 ? at : longLength(into, at, more - 15);
}

function longLength(into: Uint8Array, at: number, length: number): number {
  let [to, rest] = [at, length];
  for (; rest >= 255; rest -= 255) into[to++] = 255;
  into[to++] = rest;
  return to;
}
