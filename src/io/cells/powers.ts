const LOWEST_POWER = -64;
const HIGHEST_POWER = 64;
const WORD = 2n ** 64n;

/**
 * The highest 128 bits of 5^q for q of -64 to 64, two words of 64 bits each, the higher one first; those below 0 are rounded up.
 *
 * Source: Lemire 2021, Number parsing at a gigabyte per second, doi 10.1002/spe.2984, section 5.
 */
export function powersOfTen(): BigUint64Array {
  const words: bigint[] = [];
  for (let power = LOWEST_POWER; power <= HIGHEST_POWER; power++) {
    const bits = power < 0 ? reciprocalBits(5n ** BigInt(-power), power) : leadingBits(5n ** BigInt(power));
    words.push(bits / WORD, bits % WORD);
  }
  return BigUint64Array.from(words);
}

/** 1, for what has no point, and 10^0 to 10^22, which float64 holds exactly. */
export function tensOf(): Float64Array {
  return Float64Array.from({ length: 24 }, (_, i) => Number(`1e${Math.max(0, i - 1)}`));
}

const LANES = 16;
const ALL = 255;

/** Masks of 16 bytes that keep the last n, for n of 0 to 16. */
export function lastKept(): Uint8Array {
  return Uint8Array.from({ length: LANES * (LANES + 1) }, (_, i) => {
    const kept = Math.floor(i / LANES);
    return i % LANES >= LANES - kept ? ALL : 0;
  });
}

/** Orders of 16 bytes without the one at a place, for places of 0 to 15: those before it move up, a zero comes first; then all as they are. */
export function ordersWithout(): Uint8Array {
  return Uint8Array.from({ length: LANES * (LANES + 1) }, (_, i) => {
    const [place, lane] = [Math.floor(i / LANES), i % LANES];
    if (place === LANES) return lane;
    return lane > place ? lane : lane === 0 ? ALL : lane - 1;
  });
}

/** Vectors of 16 bytes, in the order of assembly/digits.ts and then of cells.ts: what loops load once. */
export function loopVectors(): Uint8Array {
  const repeated = (values: readonly number[]) =>
    Array.from({ length: LANES / 2 }, (_, i) => values[i % values.length]);
  const factors = [[2561], [100, 1], [10000, 1]];
  const codes = [44, 10, 13, 34].map((code) => [code * 257]);
  const words = (rows: readonly (readonly number[])[]) =>
    new Uint8Array(Uint16Array.from(rows.flatMap(repeated)).buffer);
  const eights = new Uint8Array(Float64Array.of(1e8, 1e8).buffer);
  return Uint8Array.from([...words([[0x3030], [0x7676], ...factors]), ...eights, ...words(codes)]);
}

function leadingBits(value: bigint): bigint {
  const shift = 128n - lengthOf(value);
  return shift > 0n ? value << shift : value >> -shift;
}

/** Powers down to -27 are exact enough with the bits that they need; others get as many more, of which the first are kept. */
function reciprocalBits(five: bigint, power: number): bigint {
  const length = five === 1n << (lengthOf(five) - 1n) ? lengthOf(five) - 1n : lengthOf(five);
  if (power >= -27) return 2n ** (length + 127n) / five + 1n;
  const bits = 2n ** (2n * length + 128n) / five + 1n;
  return bits >> (lengthOf(bits) - 128n);
}

function lengthOf(value: bigint): bigint {
  return BigInt(value.toString(2).length);
}
