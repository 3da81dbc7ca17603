import { irfft3, rfft3 } from "../../compute/index.ts";
import { type Shape3, VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { eachCoefficient, shellCorrelation } from "../loaders/fsc.ts";
import { requireScale } from "../loaders/subtomogramLoader.ts";
import { checkVolume } from "../models/checks.ts";
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
 * The mean of two half-maps, each frequency weighted by how much of it is signal, √(2 FSC / (1 + FSC)), nothing from the first shell on where
 * they disagree, and sharpened. The mean of the values stays: it is in no shell, and halves are compared less their mean under the mask, which the
 * mask's edge would correlate otherwise. Frequencies beyond the last whole shell, in the corners, are weighted as those of that shell.
 *
 * @throws {VitrineError} shape: halves or a mask of different shapes; range: values, a scale, a width of shells or a B factor that cannot be, halves that
 *   agree in nothing
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
  const { mask, bfactor = 0, dfreq = 1.5 / Math.min(...a.shape), backend } = options;
  const scale = requireScale(options.scale, "sharpenHalfmaps");
  if (!Number.isFinite(bfactor))
    throw new VitrineError({
      code: "range",
      at: "sharpenHalfmaps bfactor",
      expected: "a finite number",
      found: `${bfactor}`,
    });
  const all = { "first half": a, "second half": b, ...(mask && { mask }) };
  for (const [name, volume] of Object.entries(all)) {
    const at = `sharpenHalfmaps ${name}`;
    if (volume.shape.some((side, axis) => side !== a.shape[axis])) {
      const [expected, found] = [a.shape.join(" x "), volume.shape.join(" x ")];
      throw new VitrineError({ code: "shape", at, expected, found });
    }
    checkVolume(volume, a.shape, at);
  }
  return withBackend(backend, async (given) => {
    const halves = [lessMean(a, mask), lessMean(b, mask)] as const;
    const { correlations } = await shellCorrelation(given, halves, { shape: a.shape, dfreq });
    const weights = weightsOf(correlations, shellsOf(a.shape, dfreq));
    if (weights.every((weight) => weight === 0)) throw noAgreement(correlations);
    const mean = a.data.map((value, i) => (value + b.data[i]) / 2);
    const spectrum = await rfft3(given, mean, a.shape);
    eachCoefficient(a.shape, (at, frequency) => {
      if (at === 0) return;
      const sharpening = Math.exp((bfactor * (frequency / scale) ** 2) / 4);
      const gain = sharpening * weights[Math.min(Math.floor(frequency / dfreq), weights.length - 1)];
      spectrum[2 * at] *= gain;
      spectrum[2 * at + 1] *= gain;
    });
    return { data: await irfft3(given, spectrum, a.shape), shape: a.shape };
  });
}

function noAgreement(correlations: Float64Array): VitrineError {
  const found = `a correlation of ${correlations.find((value) => !Number.isNaN(value))?.toFixed(2) ?? "nothing"}`;
  return new VitrineError({
    code: "range",
    at: "sharpenHalfmaps",
    expected: "halves that agree in the first shell",
    found,
    hint: "Look whether both are of one structure, and take wider shells (dfreq) or a wider mask",
  });
}

/** Less its mean under the mask, and masked. */
function lessMean({ data }: PipeImage, mask: PipeImage | undefined): Float32Array {
  const weight = (i: number) => (mask === undefined ? 1 : mask.data[i]);
  let [sum, all] = [0, 0];
  for (let i = 0; i < data.length; i++) {
    sum += weight(i) * data[i];
    all += weight(i);
  }
  const mean = all === 0 ? 0 : sum / all;
  return data.map((value, i) => (value - mean) * weight(i));
}

/** Which shells hold any frequency but the mean; narrow ones may hold none. */
function shellsOf(shape: Shape3, dfreq: number): ReadonlySet<number> {
  const shells = new Set<number>();
  eachCoefficient(shape, (at, frequency) => {
    if (at > 0) shells.add(Math.floor(frequency / dfreq));
  });
  return shells;
}

/** Of each shell; from the first that has frequencies and none in common nothing is left. Those that have none take the one before. */
function weightsOf(correlations: Float64Array, shells: ReadonlySet<number>): Float64Array {
  let isOver = false;
  let last = 1;
  return correlations.map((value, shell) => {
    if (!shells.has(shell)) return last;
    isOver ||= !(value > 0);
    last = isOver ? 0 : Math.sqrt((2 * value) / (1 + value));
    return last;
  });
}
