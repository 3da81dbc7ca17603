import { VitrineError } from "../core/index.ts";

const HEADER_WORDS = 8;
const STAGE_WORDS = 3;

/** What a line plan of one length consists of, before it is written to memory. */
interface LineShape {
  readonly length: number;
  readonly radices: readonly number[];
  /** Length of the convolution where the transform goes through Bluestein's algorithm, else 0. */
  readonly convolution: number;
}

/** Radices of a length that has no prime factor above 7, fours last; `undefined` for other lengths. */
function radicesOf(length: number): number[] | undefined {
  let rest = length;
  const take = (radix: number) => {
    const taken: number[] = [];
    for (; rest % radix === 0; rest /= radix) taken.push(radix);
    return taken;
  };
  const odd = [...take(7), ...take(5), ...take(3)];
  const fours = take(4);
  const twos = take(2);
  return rest === 1 ? [...odd, ...twos, ...fours] : undefined;
}

/** Relative cost of a transform stage per element, fitted to the kernels; only the ranking matters. */
const STAGE_COST: Record<number, number> = { 2: 0.7, 3: 1.1, 4: 1, 5: 1.7, 7: 2.6 };

/**
 * The length, at least `length` and a multiple of 4 that ends in a radix-4 stage, whose transform is cheapest:
 * what a convolution pads to.
 */
export function fastLength(length: number): number {
  let best = 0;
  let bestCost = Number.POSITIVE_INFINITY;
  for (let n = 4 * Math.max(4, Math.ceil(length / 4)); n <= 2 * length + 16; n += 4) {
    const radices = radicesOf(n);
    if (radices === undefined) continue;
    const cost = n * (3 + radices.reduce((sum, radix) => sum + STAGE_COST[radix], 0));
    if (cost < bestCost) [best, bestCost] = [n, cost];
    if (n * 4 > bestCost) break;
  }
  return best;
}

function lineShape(length: number): LineShape {
  if (!Number.isInteger(length) || length < 1 || length > 1 << 24) {
    throw new VitrineError({
      code: "range",
      at: "line transform length",
      expected: "an integer from 1 to 16777216",
      found: String(length),
    });
  }
  const radices = radicesOf(length);
  if (radices !== undefined) return { length, radices, convolution: 0 };
  return { length, radices: [], convolution: 2 ** Math.ceil(Math.log2(2 * length - 1)) };
}

const twiddleCount = (shape: LineShape) => {
  let [block, count] = [shape.length, 0];
  for (const radix of shape.radices) {
    count += (radix - 1) * (block / radix);
    block /= radix;
  }
  return count;
};

const align = (bytes: number) => (bytes + 63) & ~63;

function layout(shape: LineShape) {
  const header = align(4 * (HEADER_WORDS + STAGE_WORDS * shape.radices.length));
  const order = header;
  const position = align(order + 4 * shape.length);
  const twiddles = align(position + 4 * shape.length);
  const chirp = align(twiddles + 8 * twiddleCount(shape));
  const bluestein = shape.convolution > 0;
  const spectrum = align(chirp + (bluestein ? 8 * shape.length : 0));
  const inner = align(spectrum + (bluestein ? 8 * shape.convolution : 0));
  return { order, position, twiddles, chirp, spectrum, inner };
}

/** Bytes that {@link writeLinePlan} needs for transforms of this length. */
export function linePlanBytes(length: number): number {
  const shape = lineShape(length);
  const { inner } = layout(shape);
  return shape.convolution > 0 ? inner + linePlanBytes(shape.convolution) : inner;
}

/** Elements of a buffer in which lines of this length can be transformed (more than the length for Bluestein). */
export function lineBufferElements(length: number): number {
  const shape = lineShape(length);
  return Math.max(shape.length, shape.convolution);
}

/** Frequency at each position of a forward transform's output. */
export function lineOrder(length: number): Int32Array {
  const radices = radicesOf(length) ?? [];
  return Int32Array.from({ length }, (_, position) => {
    if (radices.length === 0) return position;
    let [rest, block, frequency, weight] = [position, length, 0, 1];
    for (const radix of radices) {
      block /= radix;
      frequency += weight * Math.floor(rest / block);
      rest %= block;
      weight *= radix;
    }
    return frequency;
  });
}

function writeTwiddles(words: Uint32Array, floats: Float32Array, shape: LineShape, base: number): void {
  let at = base + layout(shape).twiddles;
  let block = shape.length;
  shape.radices.forEach((radix, s) => {
    words.set([radix, block, at], HEADER_WORDS + STAGE_WORDS * s);
    const root = (-2 * Math.PI) / block;
    let out = (at - base) / 4;
    for (let j = 0; j < block / radix; j++) {
      for (let k = 1; k < radix; k++) {
        floats[out++] = Math.cos(root * j * k);
        floats[out++] = Math.sin(root * j * k);
      }
    }
    at += 8 * (radix - 1) * (block / radix);
    block /= radix;
  });
}

/** Forward transform in float64 of a power-of-two length, in place, natural order; only Bluestein's tables need it. */
function transformInPlace(re: Float64Array, im: Float64Array): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  for (let block = 2; block <= n; block *= 2) {
    const half = block / 2;
    for (let j = 0; j < half; j++) {
      const [c, s] = [Math.cos((-2 * Math.PI * j) / block), Math.sin((-2 * Math.PI * j) / block)];
      for (let a = j; a < n; a += block) {
        const b = a + half;
        const [xr, xi] = [re[b] * c - im[b] * s, re[b] * s + im[b] * c];
        [re[b], im[b]] = [re[a] - xr, im[a] - xi];
        [re[a], im[a]] = [re[a] + xr, im[a] + xi];
      }
    }
  }
}

function writeChirp(floats: Float32Array, shape: LineShape): void {
  const { length, convolution } = shape;
  const [re, im] = [new Float64Array(convolution), new Float64Array(convolution)];
  const { chirp, spectrum } = layout(shape);
  for (let k = 0; k < length; k++) {
    // k² mod 2n keeps the angle exact for long lines
    const angle = (Math.PI * ((k * k) % (2 * length))) / length;
    floats[chirp / 4 + 2 * k] = Math.cos(angle);
    floats[chirp / 4 + 2 * k + 1] = -Math.sin(angle);
    re[k] = Math.cos(angle);
    im[k] = Math.sin(angle);
    if (k > 0) [re[convolution - k], im[convolution - k]] = [re[k], im[k]];
  }
  transformInPlace(re, im);
  lineOrder(convolution).forEach((frequency, position) => {
    floats[spectrum / 4 + 2 * position] = re[frequency] / convolution;
    floats[spectrum / 4 + 2 * position + 1] = im[frequency] / convolution;
  });
}

/**
 * Writes the plan of a line transform, whose layout the head of assembly/lines.ts describes, at `address` of `memory`.
 * All tables are computed in float64 and rounded once.
 *
 * Source: Cooley & Tukey 1965, Math Comp 19:297; Bluestein 1970, IEEE Trans Audio Electroacoust 18:451.
 */
export function writeLinePlan(memory: ArrayBufferLike, address: number, length: number): void {
  const shape = lineShape(length);
  const places = layout(shape);
  const words = new Uint32Array(memory, address, places.inner / 4);
  const floats = new Float32Array(memory, address, places.inner / 4);
  const bluestein = shape.convolution > 0;
  words.set([length, shape.radices.length, lineBufferElements(length)]);
  words[3] = bluestein ? address + places.inner : 0;
  words[4] = bluestein ? address + places.chirp : 0;
  words[5] = bluestein ? address + places.spectrum : 0;
  words[6] = address + places.order;
  words[7] = address + places.position;
  lineOrder(length).forEach((frequency, position) => {
    words[places.order / 4 + position] = frequency;
    words[places.position / 4 + frequency] = position;
  });
  writeTwiddles(words, floats, shape, address);
  if (!bluestein) return;
  writeChirp(floats, shape);
  writeLinePlan(memory, address + places.inner, shape.convolution);
}
