import { VitrineError } from "../core/index.ts";
import { type FftLayout, type FftSize, fftLayout, fftPhases, fftPieces } from "./fftLayout.ts";
import { writeLinePlan } from "./linePlan.ts";
import { ALIGNMENT } from "./memory.ts";
import type { Pool, RunOptions } from "./pool.ts";
import { createRegions, type Regions } from "./regions.ts";

export type { FftSize } from "./fftLayout.ts";

/**
 * What a plan can hold: `real` (batch, ...shape) or, for complex1d, `complex` (batch, length, 2) before a forward transform,
 * `spectrum` after it: (batch, ..., width/2+1, 2), or (batch, length, 2) for complex1d. Last axis: re, im.
 */
export type FftPiece = "real" | "complex" | "spectrum";

/** Options of one transform: how to stop it, and whom to tell of finished passes. */
export type FftRunOptions = Omit<RunOptions, "teams">;

/** Bytes that {@link createFft} takes from a pool of `workers`. @throws {VitrineError} shape, see {@link createFft} */
export function fftBytes(size: FftSize, workers: number): number {
  const pieces = Object.values(fftPieces(fftLayout(size, workers), workers));
  return pieces.reduce((sum, bytes) => sum + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT, 0);
}

/**
 * Makes a plan for Fourier transforms in place in the pool's memory. Forward sums x exp(-2πi kx/n), inverse divides by the
 * number of elements, as numpy's rfftn and irfftn.
 *
 * @throws {VitrineError} shape: a length that is not a whole number from 1; range: more memory than a pool can have
 *
 * @example
 * const plan = createFft(pool, { kind: "real2d", shape: [4092, 5760] });
 * plan.set("real", image);         // (4092, 5760)
 * await plan.forward();
 * plan.read("spectrum", spectrum); // (4092, 2881, 2)
 * plan.dispose();
 *
 * Accuracy: |error| < 5e-7 |result| in the 2-norm, any length (fft.test.ts). The two real rows y and y + 4 of each 8 share
 * one complex line, so a row's error is relative to the larger of the two.
 * Source: see {@link writeLinePlan}.
 */
export function createFft(pool: Pool, size: FftSize): FftPlan {
  return new FftPlan(pool, size);
}

/** A transform with its memory, made by {@link createFft}. Whoever makes it disposes of it. */
export class FftPlan {
  readonly size: FftSize;
  /** Rows (last axis) of the whole batch, in C order: row (b * depth + z) * height + y. */
  readonly rows: number;
  /** Where the data lie in the pool's memory, for kernels: rows of `rowBytes`, before and after a transform. */
  readonly address: number;
  readonly rowBytes: number;
  readonly #pool: Pool;
  readonly #layout: FftLayout;
  readonly #regions: Regions<string>;
  #holds: FftPiece | undefined;

  constructor(pool: Pool, size: FftSize) {
    const layout = fftLayout(size, pool.workers);
    this.size = size;
    this.#pool = pool;
    this.#layout = layout;
    this.#regions = createRegions(pool, fftPieces(layout, pool.workers));
    for (const length of layout.lengths) {
      writeLinePlan(pool.memory.buffer, this.#regions.address[`line${length}`], length);
    }
    this.rows = layout.rows;
    this.address = this.#regions.address.data;
    this.rowBytes = layout.rowBytes;
  }

  /** What the memory holds: what was last set or computed; undefined at first, during a transform, and after one that failed. */
  get holds(): FftPiece | undefined {
    return this.#holds;
  }

  /**
   * Copies rows of `piece` in, from row `firstRow` on: all, or a part at a time. Rows that were not set hold anything.
   *
   * @throws {VitrineError} shape: not whole rows; range: too many; type: a piece that this kind does not have
   */
  set(piece: FftPiece, data: Float32Array, firstRow = 0): void {
    const { rowFloats, rows } = this.#check(piece, data.length, firstRow);
    const view = this.#pool.f32(this.address + firstRow * this.rowBytes, (rows * this.rowBytes) / 4);
    const stride = this.rowBytes / 4;
    if (rowFloats === stride) view.set(data);
    else
      for (let y = 0; y < rows; y++) view.set(data.subarray(y * rowFloats, (y + 1) * rowFloats), y * stride);
    this.#holds = piece;
  }

  /**
   * Fills `into` with rows of `piece` from row `firstRow` on.
   *
   * @throws {VitrineError} as {@link set}; missing: the plan holds something else
   */
  read(piece: FftPiece, into: Float32Array, firstRow = 0): void {
    const { rowFloats, rows } = this.#check(piece, into.length, firstRow);
    this.#expect(piece);
    const stride = this.rowBytes / 4;
    const view = this.#pool.f32(this.address + firstRow * this.rowBytes, rows * stride);
    if (rowFloats === stride) into.set(view);
    else
      for (let y = 0; y < rows; y++)
        into.set(view.subarray(y * stride, y * stride + rowFloats), y * rowFloats);
  }

  /** Says that kernels have written `piece` at {@link address}, so that it can be transformed or read. */
  assume(piece: FftPiece): void {
    this.#rowFloats(piece);
    this.#holds = piece;
  }

  /** @throws {VitrineError} missing: nothing to transform; aborted: by `signal`, what the plan holds is then lost */
  async forward(options: FftRunOptions = {}): Promise<void> {
    await this.#run(this.#input, "spectrum", options);
  }

  /**
   * The imaginary parts that a real array's spectrum cannot have are ignored, as by irfftn.
   *
   * @throws {VitrineError} as {@link forward}
   */
  async inverse(options: FftRunOptions = {}): Promise<void> {
    await this.#run("spectrum", this.#input, options);
  }

  get #input(): FftPiece {
    return this.#layout.isReal ? "real" : "complex";
  }

  async #run(from: FftPiece, to: FftPiece, options: FftRunOptions): Promise<void> {
    this.#expect(from);
    this.#holds = undefined;
    const direction = { inverse: from === "spectrum", workers: this.#pool.workers };
    const phases = fftPhases(this.#layout, this.#regions.address, direction);
    await this.#pool.run({ kind: "phases", phases }, options);
    this.#holds = to;
  }

  /** Gives the memory back; a second call does nothing. Not while a transform runs. */
  dispose(): void {
    this.#holds = undefined;
    this.#regions.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  #expect(piece: FftPiece): void {
    if (this.#holds === piece) return;
    throw new VitrineError({
      code: "missing",
      at: `fft plan ${this.size.kind}`,
      expected: `a plan that holds "${piece}"`,
      found: this.#holds === undefined ? "one that holds nothing" : `"${this.#holds}"`,
      hint: "Set it, or await the transform that makes it",
    });
  }

  #rowFloats(piece: FftPiece): number {
    if (piece === "spectrum") return this.#layout.spectrumFloats;
    if (piece === this.#input) return this.#layout.inputFloats;
    throw new VitrineError({
      code: "type",
      at: `fft plan ${this.size.kind}`,
      expected: `"${this.#input}" or "spectrum"`,
      found: `"${piece}"`,
    });
  }

  #check(piece: FftPiece, length: number, firstRow: number): { rowFloats: number; rows: number } {
    const rowFloats = this.#rowFloats(piece);
    const rows = length / rowFloats;
    const at = `fft plan ${this.size.kind} "${piece}"`;
    if (!Number.isInteger(rows)) {
      const expected = `whole rows of ${rowFloats} floats`;
      throw new VitrineError({ code: "shape", at, expected, found: `${length} floats` });
    }
    if (Number.isInteger(firstRow) && firstRow >= 0 && firstRow + rows <= this.rows) {
      return { rowFloats, rows };
    }
    const found = `rows ${firstRow} to ${firstRow + rows}`;
    throw new VitrineError({ code: "range", at, expected: `rows 0 to ${this.rows}`, found });
  }
}
