import type { Shape2 } from "../../../src/core/index.ts";
import { lineOf } from "./fourier.ts";
import { type Line, type Planes, planes } from "./line.ts";

/** Columns, or rows, that are transformed together: they stay in cache. */
const BLOCK = 32;

/** What a {@link Correlator} takes: the image's spectrum, the templates' rows, correlations by column, and two blocks, complex float64. */
export function correlatorBytes([height, width]: Shape2, n: number): number {
  const blocks = 2 * BLOCK * Math.max(height, width);
  return 16 * (height * width + 2 * width * n + width * (height - n + 1) + blocks);
}

/** Correlations of some rows: (columns, rows), the places of a row lying `rows` apart. */
export interface CorrelationBlock {
  readonly firstRow: number;
  readonly rows: number;
  /** With the first template; `im`: with the second one. */
  readonly values: Planes;
}

/**
 * Correlates one image with templates of side n, two at a time as real and imaginary part, at every place where they fit:
 * c(y, x) = sum over (v, u) of t(v, u) image(y + v, x + u), by Fourier transforms of the image's own shape.
 */
export class Correlator {
  readonly #shape: Shape2;
  readonly #n: number;
  readonly #alongX: Line;
  readonly #alongY: Line;
  /** Of the image, in blocks of columns: (height, block). */
  #spectrum: Planes[] = [];
  /** (width, n) */
  readonly #rows: readonly [Planes, Planes];
  /** (width, height - n + 1) */
  readonly #columns: Planes;
  readonly #blocks: readonly [Planes, Planes];

  constructor(shape: Shape2, n: number) {
    const [height, width] = shape;
    this.#shape = shape;
    this.#n = n;
    this.#alongX = lineOf(width);
    this.#alongY = lineOf(height);
    this.#rows = [planes(width * n), planes(width * n)];
    this.#columns = planes(width * (height - n + 1));
    const block = BLOCK * Math.max(height, width);
    this.#blocks = [planes(block), planes(block)];
  }

  setImage(image: ArrayLike<number>): void {
    const [height, width] = this.#shape;
    const byColumn = planes(width * height);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) byColumn.re[x * height + y] = image[y * width + x];
    }
    const rows = this.#alongX.transform(byColumn, planes(width * height), { inner: height });
    this.#spectrum = blocksOf(width).map(([first, count]) => {
      const block = planes(height * count);
      exchangeAxes(rows, block, { first, count, length: height });
      const spectrum = this.#alongY.transform(block, planes(height * count), { inner: count });
      const scale = 1 / (height * width);
      return { re: spectrum.re.map((value) => scale * value), im: spectrum.im.map((value) => scale * value) };
    });
  }

  /** Templates (n, n); `visit` gets one block of rows after the other, and must not keep it. */
  correlate(
    first: Float64Array,
    second: Float64Array | undefined,
    visit: (block: CorrelationBlock) => void,
  ): void {
    const [height, width] = this.#shape;
    const rows = this.#templateRows(first, second);
    for (const [i, [from, count]] of blocksOf(width).entries()) {
      this.#column(rows, { from, count, spectrum: this.#spectrum[i] });
    }
    for (const [firstRow, count] of blocksOf(height - this.#n + 1)) {
      const [block, spare] = this.#blocks;
      copyRows(this.#columns, block, { first: firstRow, count, rows: height - this.#n + 1, width });
      const values = this.#alongX.transform(block, spare, { inner: count, inverse: true });
      visit({ firstRow, rows: count, values });
    }
  }

  /** Both templates, t1 - i t2, padded along x and transformed there: (width, n). */
  #templateRows(first: Float64Array, second: Float64Array | undefined): Planes {
    const n = this.#n;
    const [rows, spare] = this.#rows;
    rows.re.fill(0, n * n);
    rows.im.fill(0);
    for (let y = 0; y < n; y++) {
      for (let x = 0; x < n; x++) {
        rows.re[x * n + y] = first[y * n + x];
        if (second !== undefined) rows.im[x * n + y] = -second[y * n + x];
      }
    }
    return this.#alongX.transform(rows, spare, { inner: n });
  }

  /** Padded along y, transformed, multiplied and transformed back; rows where templates fit go to the columns. */
  #column(rows: Planes, { from, count, spectrum }: { from: number; count: number; spectrum: Planes }): void {
    const [height] = this.#shape;
    const [block, spare] = this.#blocks;
    exchangeAxes(rows, block, { first: from, count, length: this.#n });
    block.re.fill(0, this.#n * count, height * count);
    block.im.fill(0, this.#n * count, height * count);
    const template = this.#alongY.transform(block, spare, { inner: count });
    multiplyConjugate(spectrum, template, height * count);
    const other = template === block ? spare : block;
    const found = this.#alongY.transform(template, other, { inner: count, inverse: true });
    exchangeBack(found, this.#columns, { first: from, count, length: height - this.#n + 1 });
  }
}

/** Ranges of at most {@link BLOCK}: first and count. */
function blocksOf(length: number): [number, number][] {
  return Array.from({ length: Math.ceil(length / BLOCK) }, (_, i) => [
    i * BLOCK,
    Math.min(BLOCK, length - i * BLOCK),
  ]);
}

interface Part {
  readonly first: number;
  readonly count: number;
  readonly length: number;
}

/** Rows `first`… of (…, length) become (length, count). */
function exchangeAxes(from: Planes, to: Planes, { first, count, length }: Part): void {
  for (let c = 0; c < count; c++) {
    for (let y = 0; y < length; y++) {
      to.re[y * count + c] = from.re[(first + c) * length + y];
      to.im[y * count + c] = from.im[(first + c) * length + y];
    }
  }
}

/** (length, count) becomes rows `first`… of (…, length). */
function exchangeBack(from: Planes, to: Planes, { first, count, length }: Part): void {
  for (let c = 0; c < count; c++) {
    for (let y = 0; y < length; y++) {
      to.re[(first + c) * length + y] = from.re[y * count + c];
      to.im[(first + c) * length + y] = from.im[y * count + c];
    }
  }
}

/** Columns `first`… of (width, rows) become (width, count). */
function copyRows(
  from: Planes,
  to: Planes,
  { first, count, rows, width }: { first: number; count: number; rows: number; width: number },
): void {
  for (let x = 0; x < width; x++) {
    for (let c = 0; c < count; c++) {
      to.re[x * count + c] = from.re[x * rows + first + c];
      to.im[x * count + c] = from.im[x * rows + first + c];
    }
  }
}

/** b becomes a conj(b). */
function multiplyConjugate(a: Planes, b: Planes, count: number): void {
  const { re: ar, im: ai } = a;
  const { re: br, im: bi } = b;
  for (let i = 0; i < count; i++) {
    const re = ar[i] * br[i] + ai[i] * bi[i];
    bi[i] = ai[i] * br[i] - ar[i] * bi[i];
    br[i] = re;
  }
}
