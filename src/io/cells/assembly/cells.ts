// Rows of plain cells: where each begins, and its number where it is one. What is not plain ends the scan, for whoever knows all of the format.
import { decimal, WHOLE_TENS } from "./decimal";
import { JOIN_DIGITS, JOIN_EIGHTS, JOIN_FOURS, JOIN_TWOS, LIFT, longDecimal, shortDecimal, twoDecimals, ZEROS } from "./digits";

const TAB: u32 = 9, LINE_FEED: u32 = 10, RETURN: u32 = 13, SPACE: u32 = 32, QUOTE: u32 = 34, HASH: u32 = 35, APOSTROPHE: u32 = 39;
const PLUS: u32 = 43, COMMA: u32 = 44, MINUS: u32 = 45, POINT: u32 = 46, ZERO: u32 = 48, SEMICOLON: u32 = 59, UNDERSCORE: u32 = 95, EXPONENT: u32 = 101;

/** Digits that 64 bits hold, whatever they are. */
const MOST_DIGITS: usize = 19;

/** The number of a cell after {@link number}: of each instance its own, since threads share their memory. */
let numberFound: f64 = NaN;

/** What the last scan of this instance says: how many bytes of whole rows it passed, and why no further. */
export let passed: u32 = 0, reason: u32 = 0;

/** A byte for each of the first columns, 1 where a cell of it is no number: who asks for its numbers need not look for such. */
const OTHERS: usize = 6144, MOST_KNOWN: i32 = 2048;

// @ts-ignore: decorator
@inline function keep(to: usize, value: f64, column: i32): void {
  store<f64>(to, value);
  if (value != value && column < MOST_KNOWN) store<u8>(OTHERS + <usize>column, 1);
}

/** The bytes end, maybe within a row; something is there that takes a whole reader; the table ends. */
const OUT_OF_BYTES: u32 = 0, NOT_PLAIN: u32 = 1, END_OF_TABLE: u32 = 2;

// @ts-ignore: decorator
@inline function byte(at: usize): u32 { return <u32>load<u8>(at); }

// @ts-ignore: decorator
@inline function isDigit(code: u32): bool { return code - ZERO < 10; }

/** Digits that count, of those from `at` to `end` with a point among them. */
function countDigits(at: usize, end: usize): usize {
  while (at < end && (byte(at) == ZERO || byte(at) == POINT)) at++;
  let count: usize = 0;
  for (; at < end; at++) if (byte(at) != POINT) count++;
  return count;
}

/** How many of eight bytes are digits before the first one that is none. */
// @ts-ignore: decorator
@inline function leadingDigits(eight: u64): u32 {
  const value = eight ^ 0x3030303030303030;
  return <u32>ctz((value + 0x7676767676767676 | value) & 0x8080808080808080) >> 3;
}

/** The number of the first `count` (1 to 8) of eight digits, in three multiplications. */
// @ts-ignore: decorator
@inline function valueOf(eight: u64, count: u32): u64 {
  let value = eight << <u64>(64 - (count << 3)) & 0x0f0f0f0f0f0f0f0f;
  value = (value * 2561 >> 8) & 0x00ff00ff00ff00ff;
  value = (value * 6553601 >> 16) & 0x0000ffff0000ffff;
  return value * 42949672960001 >> 32;
}

// @ts-ignore: decorator
@inline function powerOfTen(count: u32): u64 { return load<u64>(WHOLE_TENS + (<usize>count << 3)); }

/** Reads a number into numberFound (NaN where there is none, or too much of it); gives the place behind what it looked at. */
function number(at: usize): usize {
  numberFound = NaN;
  const sign = byte(at);
  if (sign == MINUS || sign == PLUS) at++;
  const first = at;
  let digits: u64 = 0, eight = load<u64>(at), count = leadingDigits(eight);
  for (; count > 0; eight = load<u64>(at), count = leadingDigits(eight)) {
    digits = digits * powerOfTen(count) + valueOf(eight, count);
    at += count;
    if (count < 8) break;
  }
  let all = at - first, power: i32 = 0, code = byte(at);
  if (code == POINT) {
    const behind = ++at;
    eight = load<u64>(at);
    for (count = leadingDigits(eight); count > 0; eight = load<u64>(at), count = leadingDigits(eight)) {
      digits = digits * powerOfTen(count) + valueOf(eight, count);
      at += count;
      if (count < 8) break;
    }
    power = <i32>(behind - at);
    all += at - behind;
    code = byte(at);
  }
  if (all == 0 || (all > MOST_DIGITS && countDigits(first, at) > MOST_DIGITS)) return at;
  if ((code | 32) == EXPONENT) {
    code = byte(++at);
    const minus = code == MINUS;
    if (minus || code == PLUS) code = byte(++at);
    if (!isDigit(code)) return at;
    let more: i32 = 0;
    for (; isDigit(code); code = byte(++at)) if (more < 100000) more = more * 10 + <i32>(code - ZERO);
    power += minus ? -more : more;
  }
  const value = decimal(digits, power);
  numberFound = sign == MINUS ? -value : value;
  return at;
}

/** The number of a whole cell, NaN where it is none or too much of one. */
// @ts-ignore: decorator
@inline function numberOf(at: usize, end: usize): f64 {
  const sign = byte(at), first = at + <usize>(sign == MINUS || sign == PLUS), length = end - first;
  if (length - 1 < 20) {
    const value = length < 17 ? shortDecimal(end, length) : longDecimal(end, length);
    if (value == value) return sign == MINUS ? -value : value;
  }
  return number(at) == end ? numberFound : NaN;
}

// @ts-ignore: decorator
@inline function endsComma(code: u32): bool { return code == COMMA || code == LINE_FEED || code == RETURN; }

/** The end of a cell without quotes; 0 where it is not plain. */
function endOfCell(at: usize): usize {
  const comma = i8x16.splat(<i8>COMMA), feed = i8x16.splat(<i8>LINE_FEED), back = i8x16.splat(<i8>RETURN), quote = i8x16.splat(<i8>QUOTE);
  let found: i32 = 0;
  for (; found == 0; at += 16) {
    const bytes = v128.load(at);
    const ends = v128.or(v128.or(i8x16.eq(bytes, comma), i8x16.eq(bytes, feed)), v128.or(i8x16.eq(bytes, back), i8x16.eq(bytes, quote)));
    // bytes above 127 have their sign bit: a text that is not ASCII
    found = i8x16.bitmask(v128.or(ends, bytes));
  }
  at = at - 16 + <usize>ctz(found);
  return endsComma(byte(at)) ? at : 0;
}

/** The place behind the quote that closes a cell; 0 where it is not plain, behind `end` where it is not there. */
function endOfQuoted(at: usize, end: usize): usize {
  for (at++; at < end; at++) {
    const code = byte(at);
    if (code > 127) return 0;
    if (code != QUOTE) continue;
    if (at + 1 >= end) return end;
    if (byte(at + 1) == QUOTE) at++;
    else return endsComma(byte(at + 1)) ? at + 1 : 0;
  }
  return end + 1;
}

function finish(bytes: usize, why: u32, rows: i32): i32 {
  passed = <u32>bytes;
  reason = why;
  return rows;
}

/** Rows with quotes, or that end with a return alone: cell by cell. */
function scanQuoted(source: usize, length: i32, isLast: bool, width: i32, base: u32, starts: usize, numbers: usize, most: i32): i32 {
  const end = source + <usize>length, stride = <usize>most << 3;
  let at = source, row: i32 = 0, first = source;
  for (; row < most; row++) {
    while (at < end && (byte(at) == LINE_FEED || byte(at) == RETURN)) at++;
    first = at;
    if (at >= end) break;
    store<u32>(starts + (<usize>row << 2), base + <u32>(at - source));
    let to = numbers + (<usize>row << 3);
    for (let column = 0; column < width; column++, to += stride) {
      const cell = at;
      at = number(at);
      if (!endsComma(byte(at))) {
        numberFound = NaN;
        at = byte(cell) == QUOTE ? endOfQuoted(cell, end) : endOfCell(cell);
        if (at == 0) return finish(first - source, NOT_PLAIN, row);
      }
      if (at >= end && !isLast) return finish(first - source, OUT_OF_BYTES, row);
      keep(to, numberFound, column);
      const code = at >= end ? LINE_FEED : byte(at);
      if ((code == COMMA) != (column + 1 < width)) return finish(first - source, NOT_PLAIN, row);
      if (code == COMMA) at++;
    }
    // a quote at the end of the file that is not closed
    if (at > end) return finish(first - source, NOT_PLAIN, row);
    first = at;
  }
  return finish(first - source, OUT_OF_BYTES, row);
}

/** Bytes of which places are found at once, and places that are written for them before anybody counts. */
const SPAN: usize = 64, AT_ONCE: i32 = 8;

/** Vectors of one code each, as those of digits.ts. */
const COMMAS: usize = 4832, FEEDS: usize = 4848, RETURNS: usize = 4864, QUOTES: usize = 4880;

/** Which of 64 bytes are commas or line feeds, a bit each, lowest first. */
// @ts-ignore: decorator
@inline function endsOf(a: v128, b: v128, c: v128, d: v128, comma: v128, feed: v128): u64 {
  const low = <u32>i8x16.bitmask(v128.or(i8x16.eq(a, comma), i8x16.eq(a, feed))) | <u32>i8x16.bitmask(v128.or(i8x16.eq(b, comma), i8x16.eq(b, feed))) << 16;
  const high = <u32>i8x16.bitmask(v128.or(i8x16.eq(c, comma), i8x16.eq(c, feed))) | <u32>i8x16.bitmask(v128.or(i8x16.eq(d, comma), i8x16.eq(d, feed))) << 16;
  return <u64>high << 32 | <u64>low;
}

/** Whether each return among 64 bytes has its line feed. */
function areLines(at: usize, end: usize): bool {
  for (; at < end; at++) if (byte(at) == RETURN && byte(at + 1) != LINE_FEED) return false;
  return true;
}

/**
 * Places of commas and line feeds, 32 bits each, at `ends`; gives their number, -1 where there are quotes, lone returns or other than ASCII. Places are
 * written without asking whether they are there, as many as there usually are: nobody foresees how many 64 bytes have (Langdale and Lemire 2019,
 * doi 10.1007/s00778-019-00578-5).
 */
function findEnds(source: usize, end: usize, ends: usize): i32 {
  const comma = v128.load(COMMAS), feed = v128.load(FEEDS), back = v128.load(RETURNS), quote = v128.load(QUOTES), first = ends;
  for (let at = source; at < end; at += SPAN) {
    const a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48);
    const all = v128.or(v128.or(a, b), v128.or(c, d));
    const quotes = v128.or(v128.or(i8x16.eq(a, quote), i8x16.eq(b, quote)), v128.or(i8x16.eq(c, quote), i8x16.eq(d, quote)));
    if (i8x16.bitmask(v128.or(all, quotes)) != 0) return -1;
    const returns = v128.or(v128.or(i8x16.eq(a, back), i8x16.eq(b, back)), v128.or(i8x16.eq(c, back), i8x16.eq(d, back)));
    if (v128.any_true(returns) && !areLines(at, at + SPAN)) return -1;
    let found = endsOf(a, b, c, d, comma, feed);
    const count = <i32>popcnt(found);
    let to = ends;
    for (let left = count; left > 0; left -= AT_ONCE) {
      for (let i = 0; i < AT_ONCE; i++, to += 4, found &= found - 1) store<u32>(to, <u32>(at + <usize>ctz(found)));
    }
    ends += <usize>count << 2;
  }
  // those behind the end are none
  while (ends > first && <usize>load<u32>(ends - 4) >= end) ends -= 4;
  return <i32>((ends - first) >> 2);
}

/**
 * Whole rows of `width` cells between commas, each row on a line; empty lines are passed over. Behind the end the file
 * goes on, or there are 64 line feeds.
 *
 * @param isLast   the file ends with these bytes
 * @param base     the place of the first byte in the file
 * @param starts   where places of rows go, 32 bits each
 * @param numbers  where numbers go, column by column, `most` float64 each
 * @param ends     room for a place of 32 bits for each byte, and 128 more
 * @returns        rows
 */
export function scanCommas(source: usize, length: i32, isLast: bool, width: i32, base: u32, starts: usize, numbers: usize, most: i32, ends: usize): i32 {
  const end = source + <usize>length, stride = <usize>most << 3;
  let count = findEnds(source, end, ends);
  if (count < 0) return scanQuoted(source, length, isLast, width, base, starts, numbers, most);
  // a last line without its end
  if (isLast && length > 0 && byte(end - 1) != LINE_FEED) {
    store<u32>(ends + (<usize>count << 2), <u32>end);
    count++;
  }
  const last = ends + (<usize>count << 2), rowEnds = <usize>width << 2;
  const zeros = v128.load(ZEROS), lift = v128.load(LIFT), digits = v128.load(JOIN_DIGITS), twos = v128.load(JOIN_TWOS), fours = v128.load(JOIN_FOURS), eights = v128.load(JOIN_EIGHTS);
  let at = source, row: i32 = 0;
  for (; row < most; row++) {
    while (ends < last && isEmptyLine(at, <usize>load<u32>(ends))) {
      at = <usize>load<u32>(ends) + 1;
      ends += 4;
    }
    if (ends + rowEnds > last) break;
    const first = at;
    store<u32>(starts + (<usize>row << 2), base + <u32>(at - source));
    let to = numbers + (<usize>row << 3);
    for (let column = 1; column <= width; column++, to += stride, ends += 4) {
      const stop = <usize>load<u32>(ends);
      if (column + 1 < width) {
        const next = <usize>load<u32>(ends, 4);
        if (((byte(stop) ^ COMMA) | (byte(next) ^ COMMA)) == 0 && twoDecimals(at, stop, next, to, stride, zeros, lift, digits, twos, fours, eights)) {
          at = next + 1;
          column++;
          to += stride;
          ends += 4;
          continue;
        }
      }
      if ((byte(stop) == COMMA) != (column < width)) return finish(first - source, NOT_PLAIN, row);
      keep(to, numberOf(at, column == width && byte(stop - 1) == RETURN ? stop - 1 : stop), column - 1);
      at = stop + 1;
    }
  }
  const isWhole = !isLast || ends >= last;
  return finish((at < end ? at : end) - source, isWhole ? OUT_OF_BYTES : NOT_PLAIN, row);
}

// @ts-ignore: decorator
@inline function isEmptyLine(at: usize, end: usize): bool {
  return byte(end) == LINE_FEED && (at == end || (at + 1 == end && byte(at) == RETURN));
}

/** How many line feeds and returns there are; the bytes end with 64 line feeds that are not counted. */
export function countLines(source: usize, length: i32): i32 {
  const feed = i8x16.splat(<i8>LINE_FEED), back = i8x16.splat(<i8>RETURN), end = source + <usize>length;
  let count: i32 = 0, at = source;
  for (; at + 16 <= end; at += 16) {
    const bytes = v128.load(at);
    count += popcnt(i8x16.bitmask(v128.or(i8x16.eq(bytes, feed), i8x16.eq(bytes, back))));
  }
  for (; at < end; at++) if (byte(at) == LINE_FEED || byte(at) == RETURN) count++;
  return count;
}

// @ts-ignore: decorator
@inline function isBlank(code: u32): bool { return code == SPACE || code - TAB < 5; }

/** Whether a word may mean more to STAR than a value: names, comments, quotes, texts of several lines, data_ loop_ save_ stop_ global_. */
function isWord(at: usize): bool {
  const code = byte(at);
  if (code == UNDERSCORE || code == HASH || code == QUOTE || code == APOSTROPHE || code == SEMICOLON) return true;
  const lower = code | 32;
  if (lower != 100 && lower != 108 && lower != 103 && lower != 115) return false;
  return byte(lower == 103 ? at + 6 : at + 4) == UNDERSCORE;
}

/** The blank behind a word; 0 where it is not ASCII. */
function endOfWord(at: usize): usize {
  let code = byte(at);
  while (code < 128 && !isBlank(code)) code = byte(++at);
  return code < 128 ? at : 0;
}

/** As {@link scanCommas}, but places of all cells go to `starts`: cells between blanks, rows wherever `width` cells are full; ends plainly where a row would begin with a word of STAR. */
export function scanBlanks(source: usize, length: i32, isLast: bool, width: i32, base: u32, starts: usize, numbers: usize, most: i32): i32 {
  const end = source + <usize>length, stride = <usize>most << 3;
  let at = source, row: i32 = 0, first = source;
  for (; row < most; row++) {
    let to = numbers + (<usize>row << 3);
    for (let column = 0; column < width; column++, to += stride) {
      while (at < end && isBlank(byte(at))) at++;
      if (at >= end) return finish(first - source, column == 0 || !isLast ? OUT_OF_BYTES : NOT_PLAIN, row);
      if (isWord(at)) return finish(first - source, column == 0 ? END_OF_TABLE : NOT_PLAIN, row);
      store<u32>(starts, base + <u32>(at - source));
      starts += 4;
      const cell = at;
      at = number(at);
      if (!isBlank(byte(at))) {
        numberFound = NaN;
        at = endOfWord(cell);
        if (at == 0) return finish(first - source, NOT_PLAIN, row);
      }
      if (at >= end && !isLast) return finish(first - source, OUT_OF_BYTES, row);
      keep(to, numberFound, column);
    }
    first = at;
  }
  return finish(first - source, OUT_OF_BYTES, row);
}
