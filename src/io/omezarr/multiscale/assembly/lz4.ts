// LZ4 block format (github.com/lz4/lz4, doc/lz4_Block_format.md): greedy search through one table of the places where four bytes of a hash were last.

/** A match is at least so long; the last bytes of a block are literals, as the format demands. */
const SHORTEST_MATCH: usize = 4;
const LAST_LITERALS: usize = 5;
const LAST_MATCH_START: usize = 12;

const HASH_BITS: u32 = 12;
const LARGEST_DISTANCE: usize = 65535;

/** After so many places without a match (2^n) steps get longer: bytes that are noise are passed over fast. */
const SKIP_BITS: usize = 5;

/** The bytes of the table. */
export const TABLE_BYTES: usize = 4 << HASH_BITS;

// @ts-ignore: decorator
@inline function slotOf(word: u32, table: usize): usize {
  return table + (<usize>((word * 2654435761) >> (32 - HASH_BITS)) << 2);
}

/** How many bytes from `at` on are those from `from` on. */
// @ts-ignore: decorator
@inline function sameBytes(from: usize, at: usize, end: usize): usize {
  const start = at;
  for (; at + 8 <= end; at += 8, from += 8) {
    const differ = load<u64>(at) ^ load<u64>(from);
    if (differ != 0) return at - start + <usize>(ctz(differ) >> 3);
  }
  while (at < end && load<u8>(at) == load<u8>(from)) { at++; from++; }
  return at - start;
}

function putLength(to: usize, rest: usize): usize {
  for (; rest >= 255; rest -= 255) store<u8>(to++, 255);
  store<u8>(to++, <u8>rest);
  return to;
}

/** Writes literals and the match behind them (0: none, the block's end). */
function putSequence(to: usize, literals: usize, length: usize, distance: usize, match: usize): usize {
  const more = match == 0 ? 0 : match - SHORTEST_MATCH;
  const token = to++;
  store<u8>(token, <u8>((length < 15 ? length : 15) << 4 | (more < 15 ? more : 15)));
  if (length >= 15) to = putLength(to, length - 15);
  memory.copy(to, literals, length);
  to += length;
  if (match == 0) return to;
  store<u16>(to, <u16>distance);
  to += 2;
  return more < 15 ? to : putLength(to, more - 15);
}

/** Packs `length` bytes at `source` as one block at `to`; gives its length, or 0 where it would pass `most`. */
export function packLz4(source: usize, length: usize, to: usize, most: usize, table: usize): usize {
  memory.fill(table, 0, TABLE_BYTES);
  const end = source + length, limit = length > LAST_MATCH_START ? end - LAST_MATCH_START : source;
  const last = to + most;
  let out = to, anchor = source, tried: usize = 1 << SKIP_BITS;
  // 0 in the table is no place: the block's first byte is none that is looked for
  for (let at = source + 1; at < limit; ) {
    const word = load<u32>(at), slot = slotOf(word, table), from = <usize>load<u32>(slot);
    store<u32>(slot, <u32>at);
    if (from == 0 || at - from > LARGEST_DISTANCE || load<u32>(from) != word) {
      at += tried++ >> SKIP_BITS;
      continue;
    }
    tried = 1 << SKIP_BITS;
    const match = SHORTEST_MATCH + sameBytes(from + SHORTEST_MATCH, at + SHORTEST_MATCH, end - LAST_LITERALS);
    const literals = at - anchor;
    if (out + literals + literals / 255 + match / 255 + 8 > last) return 0;
    out = putSequence(out, anchor, literals, at - from, match);
    at += match;
    anchor = at;
  }
  const rest = end - anchor;
  if (out + rest + rest / 255 + 2 > last) return 0;
  return putSequence(out, anchor, rest, 0, 0) - to;
}
