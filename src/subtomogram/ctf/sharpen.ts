import { irfft3, rfft3 } from "../../compute/index.ts";
import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { shellCorrelation } from "../loaders/fsc.ts";
import { withBackend } from "../withBackend.ts";
import type { CtfRun } from "./ctfModel.ts";

/** How halves become one map. */
export interface SharpenOptions extends CtfRun {
  /** Multiplied with both before they are compared, not with the result. */
  readonly mask?: PipeImage;
  /** Amplitudes are multiplied by exp(B f² / 4), f in 1/nm and B in nm²; default 0: only the weighting. */
  readonly bfactor?: number;
  /** nm/voxel. */
  readonly scale: number;
  /** Width of the shells that are compared, cycles/voxel; default 1.5 Fourier voxels. */
  readonly dfreq?: number;
}

/**
 * The mean of two half-maps, each frequency weighted by how much of it is signal, √(2 FSC / (1 + FSC)), nothing beyond the first shell where
 * they disagree, and sharpened.
 *
 * @throws {VitrineError} shape: halves or a mask of different shapes
 * Source: Rosenthal & Henderson 2003, J. Mol. Biol. 333:721.
 */
export async function sharpenHalfmaps(
  [a, b]: readonly [PipeImage, PipeImage],
  options: SharpenOptions,
): Promise<PipeImage> {
  requireKnownOptions("sharpenHalfmaps", options, {
    mask: true,
    bfactor: true,
    scale: true,
    dfreq: true,
    backend: true,
  });
  const { mask, bfactor = 0, scale, dfreq = 1.5 / Math.min(...a.shape), backend } = options;
  for (const [at, other] of [
    ["second half", b],
    ["mask", mask],
  ] as const)
    if (other?.shape.some((side, axis) => side !== a.shape[axis]))
      throw new VitrineError({
        code: "shape",
        at: `sharpenHalfmaps ${at}`,
        expected: a.shape.join(" x "),
        found: other.shape.join(" x "),
      });
  return withBackend(backend, async (given) => {
    const masked = (half: PipeImage) =>
      half.data.map((value, i) => value * (mask === undefined ? 1 : mask.data[i]));
    const { correlations } = await shellCorrelation(given, [masked(a), masked(b)], { shape: a.shape, dfreq });
    const weights = weightsOf(correlations);
    const mean = a.data.map((value, i) => (value + b.data[i]) / 2);
    const spectrum = await rfft3(given, mean, a.shape);
    eachFrequency(a.shape, (at, frequency) => {
      const sharpening = Math.exp((bfactor * (frequency / scale) ** 2) / 4);
      const gain = sharpening * (weights[Math.floor(frequency / dfreq)] ?? 0);
      spectrum[2 * at] *= gain;
      spectrum[2 * at + 1] *= gain;
    });
    return { data: await irfft3(given, spectrum, a.shape), shape: a.shape };
  });
}

/** Of each shell; from the first that has none on nothing is left. */
function weightsOf(correlations: Float64Array): Float64Array {
  const end = correlations.findIndex((value) => !(value > 0));
  return correlations.map((value, i) => (end >= 0 && i >= end ? 0 : Math.sqrt((2 * value) / (1 + value))));
}

function eachFrequency([depth, height, width]: Shape3, visit: (at: number, frequency: number) => void): void {
  const signed = (i: number, n: number) => (2 * i < n ? i : i - n) / n;
  const columns = Math.floor(width / 2) + 1;
  const count = elementCount([depth, height, columns]);
  for (let at = 0; at < count; at++) {
    const row = Math.floor(at / columns);
    visit(
      at,
      Math.hypot(
        signed(Math.floor(row / height), depth),
        signed(row % height, height),
        (at % columns) / width,
      ),
    );
  }
}
