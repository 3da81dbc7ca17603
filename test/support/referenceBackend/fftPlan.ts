import { type FftLayout, fftLayout } from "../../../src/compute/fftLayout.ts";
import type {
  FftDirection,
  FftPiece,
  FftPlan,
  FftSize,
  PlanArray,
  RunOptions,
} from "../../../src/compute/index.ts";
import { checkRows } from "../../../src/compute/planArrays.ts";
import { VitrineError } from "../../../src/core/index.ts";
import { forwardReal, interleaved, inverseReal, separated, transformAxis } from "./fourier.ts";
import { counted, runSteps } from "./steps.ts";

/** Two float64 arrays: what goes in, and its spectrum. */
export function fftBytes(size: FftSize): number {
  const { rows, inputFloats, spectrumFloats } = fftLayout(size, 1);
  return 8 * rows * (inputFloats + spectrumFloats);
}

/** Transforms in float64. */
export class ReferenceFft implements FftPlan {
  readonly size: FftSize;
  readonly bytes: number;
  readonly rows: number;
  readonly #layout: FftLayout;
  #values: Float64Array = new Float64Array(0);
  #holds: FftPiece | undefined;

  constructor(size: FftSize) {
    this.size = size;
    this.bytes = fftBytes(size);
    this.#layout = fftLayout(size, 1);
    this.rows = this.#layout.rows;
  }

  get holds(): FftPiece | undefined {
    return this.#holds;
  }

  /** What it holds, float64; complex values interleaved. */
  get values(): Float64Array {
    return this.#values;
  }

  set(piece: FftPiece, data: PlanArray, firstRow = 0): void {
    const rowFloats = this.#check(piece, data, firstRow);
    if (this.#values.length !== this.rows * rowFloats) this.#values = new Float64Array(this.rows * rowFloats);
    this.#values.set(data, firstRow * rowFloats);
    this.#holds = piece;
  }

  read(piece: FftPiece, into: PlanArray, firstRow = 0): void {
    const rowFloats = this.#check(piece, into, firstRow);
    this.#expect(piece);
    into.set(this.#values.subarray(firstRow * rowFloats, firstRow * rowFloats + into.length));
  }

  async run(direction: FftDirection, options: RunOptions = {}): Promise<undefined> {
    const inverse = direction === "inverse";
    this.#expect(inverse ? "spectrum" : this.#input);
    this.#holds = undefined;
    this.#values = await runSteps(`fft plan ${this.size.kind}`, counted(this.#passes(inverse)), options);
    this.#holds = inverse ? this.#input : "spectrum";
  }

  #passes(inverse: boolean): Generator<void, Float64Array> {
    if (!this.#layout.isReal) return transformLines(this.#values, this.size.shape[0], inverse);
    return (inverse ? inverseReal : forwardReal)(this.#values, this.size.shape);
  }

  dispose(): void {
    this.#holds = undefined;
    this.#values = new Float64Array(0);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  get #input(): FftPiece {
    return this.#layout.isReal ? "real" : "complex";
  }

  #expect(piece: FftPiece): void {
    if (this.#holds !== piece) throw notHeld(`fft plan ${this.size.kind}`, piece, this.#holds);
  }

  #check(piece: FftPiece, data: PlanArray, at: number): number {
    const name = `fft plan ${this.size.kind}`;
    if (piece !== "spectrum" && piece !== this.#input) {
      const expected = `"${this.#input}" or "spectrum"`;
      throw new VitrineError({ code: "type", at: name, expected, found: `"${piece}"` });
    }
    const { inputFloats, spectrumFloats } = this.#layout;
    const rowLength = piece === "spectrum" ? spectrumFloats : inputFloats;
    checkRows(`${name} "${piece}"`, { type: "f32", rows: this.rows, rowLength }, { data, at });
    return rowLength;
  }
}

function* transformLines(
  values: Float64Array,
  length: number,
  inverse: boolean,
): Generator<void, Float64Array> {
  const lines = separated(values);
  transformAxis(lines, { outer: lines.re.length / length, length, inner: 1 }, inverse);
  const scale = inverse ? 1 / length : 1;
  return interleaved(lines).map((value) => scale * value);
}

function notHeld(at: string, piece: FftPiece, holds: FftPiece | undefined): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: `a plan that holds "${piece}"`,
    found: holds === undefined ? "one that holds nothing" : `"${holds}"`,
    hint: "Set it, or await the transform that makes it",
  });
}

/** The spectrum that a plan of this backend holds. @throws {VitrineError} type: another backend's plan; missing: it holds no spectrum */
export function spectrumOf(plan: FftPlan): { readonly data: Float64Array; readonly side: number } {
  const at = "template spectrum";
  if (!(plan instanceof ReferenceFft)) {
    throw new VitrineError({ code: "type", at, expected: "a plan of the same backend", found: "another" });
  }
  if (plan.holds !== "spectrum") throw notHeld(at, "spectrum", plan.holds);
  return { data: plan.values, side: plan.size.shape[0] };
}
