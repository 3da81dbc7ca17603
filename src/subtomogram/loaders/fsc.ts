import { type Backend, irfft3, rfft3 } from "../../compute/index.ts";
import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import { randomizeSpectrumPhases } from "../../optics/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { LOW_PASS_CORNER } from "../kernels/index.ts";
import { withBackend } from "../withBackend.ts";
import {
  type AverageOptions,
  type AverageParts,
  averageSplitVolumes,
  type SplitOptions,
} from "./averages.ts";
import { requireMolecules, requireTwo, type Subvolumes } from "./subvolumes.ts";
import { type Mask, normalizeMask, shapeOfMask } from "./templates.ts";

/** Agreement of two volumes by frequency. */
export interface ShellCurve {
  /** Middle of each shell, cycles/voxel. */
  readonly frequencies: Float64Array;
  /** -1 to 1; NaN where one of both has nothing. */
  readonly correlations: Float64Array;
}

/** Agreement of halves of all molecules, a curve a division. */
export interface FscCurves {
  /** Middle of each shell, cycles/voxel. */
  readonly frequencies: Float64Array;
  readonly curves: readonly Float64Array[];
}

/** Options of a Fourier shell correlation of halves. */
export interface FscOptions extends AverageOptions, Pick<SplitOptions, "sets" | "seed" | "divisions"> {
  /** A converter gets the average of the halves of the first set. */
  readonly mask?: Mask;
  /** Width of a shell, cycles/voxel. */
  readonly dfreq?: number;
  /** Take the mean of all halves' values from them, so that the mask's own edge correlates with nothing; default true. */
  readonly zeroNorm?: boolean;
  /**
   * Correct the curves for what the mask itself correlates: halves get random phases from this frequency on, cycles/voxel, and from there a curve t
   * becomes (t - n) / (1 - n), n the curve of those.
   */
  readonly randomizeFrom?: number;
}

/** What `fscWithHalfmaps` gives. */
export interface FscWithHalfmaps extends FscCurves {
  /** The averages of the halves, with `zeroNorm` less the mean of all their values, not masked: (sets, 2, depth, height, width). */
  readonly halfmaps: AverageParts;
  /** The average of the halves of the first set, as they are in `halfmaps`. */
  readonly average: PipeImage;
  /** What they were multiplied with. */
  readonly mask: PipeImage | undefined;
}

/**
 * Correlates two volumes shell by shell: Re Σ A B* / √(Σ |A|² Σ |B|²), the sums over the whole transform, corners included. A shell
 * holds frequencies of one whole multiple of `dfreq`; the last, which has the corner alone, is left out.
 *
 * @param shape  of both, need not be a cube
 * @throws {VitrineError} range: a width of shells that leaves none
 * Source: Harauz & van Heel 1986, Optik 73:146.
 */
export async function shellCorrelation(
  backend: Backend,
  [a, b]: readonly [Float32Array, Float32Array],
  { shape, dfreq }: { readonly shape: Shape3; readonly dfreq: number },
): Promise<ShellCurve> {
  const shells = shellCount(shape, dfreq);
  const [first, second] = [await rfft3(backend, a, shape), await rfft3(backend, b, shape)];
  const sums = [0, 1, 2].map(() => new Float64Array(shells));
  eachCoefficient(shape, (at, frequency, weight) => {
    const shell = Math.floor(frequency / dfreq);
    if (shell >= shells) return;
    const [reA, imA, reB, imB] = [first[2 * at], first[2 * at + 1], second[2 * at], second[2 * at + 1]];
    sums[0][shell] += weight * (reA * reB + imA * imB);
    sums[1][shell] += weight * (reA * reA + imA * imA);
    sums[2][shell] += weight * (reB * reB + imB * imB);
  });
  return {
    frequencies: Float64Array.from({ length: shells }, (_, i) => (i + 0.5) * dfreq),
    correlations: sums[0].map((sum, i) => sum / Math.sqrt(sums[1][i] * sums[2][i])),
  };
}

/** Fourier shell correlations of halves of a loader's molecules, with the halves. */
export async function fscOfHalves(set: Subvolumes, options: FscOptions = {}): Promise<FscWithHalfmaps> {
  requireMolecules(set, "fsc");
  requireTwo(set, "fsc", "one for each half");
  requireFrequency(options.randomizeFrom);
  return withBackend(options.backend ?? set.backend, async (backend) => {
    const outputShape =
      options.outputShape ?? set.outputShape ?? (await shapeOfMask(options.mask, set.scale));
    const choices = { ...options, backend, parts: 2, ...(outputShape !== undefined && { outputShape }) };
    const parts = await averageSplitVolumes(set, choices);
    const [sets, , ...sides] = parts.shape;
    const shape: Shape3 = sides;
    const { dfreq = defaultShellWidth(shape), zeroNorm = true } = options;
    shellCount(shape, dfreq);
    const tools = { scale: set.scale, onLog: options.onLog };
    const mask = await normalizeMask(options.mask, [meanOfHalves(parts)], tools);
    const centred = lessMean(parts);
    requireContents(parts, centred);
    const halfmaps = zeroNorm ? centred : parts;
    const halves = maskedHalves(halfmaps, mask);
    const curves: ShellCurve[] = [];
    for (let i = 0; i < sets; i++)
      curves.push(await shellCorrelation(backend, [halves[2 * i], halves[2 * i + 1]], { shape, dfreq }));
    const { randomizeFrom } = options;
    const corrected =
      randomizeFrom === undefined || mask === undefined
        ? curves.map(({ correlations }) => correlations)
        : await correctCurves(backend, curves, { halfmaps, mask, shape, dfreq, randomizeFrom });
    return {
      frequencies: curves[0].frequencies,
      curves: corrected,
      halfmaps,
      average: meanOfHalves(halfmaps),
      mask,
    };
  });
}

/** @throws {VitrineError} range: a frequency that no transform has */
function requireFrequency(randomizeFrom: number | undefined): void {
  if (randomizeFrom === undefined || (randomizeFrom >= 0 && randomizeFrom < LOW_PASS_CORNER)) return;
  const expected = `cycles/voxel from 0 to ${LOW_PASS_CORNER.toFixed(3)}, the corner`;
  throw new VitrineError({ code: "range", at: "fsc randomizeFrom", expected, found: `${randomizeFrom}` });
}

/** Of the halves' power: what is less is the rounding of single precision. */
const LEAST_POWER = 1e-12;

/** @throws {VitrineError} range: halves that are one value everywhere, of which only rounding would correlate */
function requireContents({ data }: AverageParts, { data: centred }: AverageParts): void {
  const powerOf = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0);
  if (powerOf(centred) > LEAST_POWER * powerOf(data)) return;
  const hint = "Look which tomogram it is, and whether molecules lie in it";
  throw new VitrineError({
    code: "range",
    at: "fsc halves",
    expected: "voxels that differ",
    found: `${data[0]} everywhere`,
    hint,
  });
}

/** What halves of random phases agree in is the mask's. Source: Chen et al. 2013, Ultramicroscopy 135:24. */
async function correctCurves(
  backend: Backend,
  curves: readonly ShellCurve[],
  {
    halfmaps,
    mask,
    shape,
    dfreq,
    randomizeFrom,
  }: {
    readonly halfmaps: AverageParts;
    readonly mask: PipeImage;
    readonly shape: Shape3;
    readonly dfreq: number;
    readonly randomizeFrom: number;
  },
): Promise<readonly Float64Array[]> {
  const halves = maskedHalves(halfmaps, undefined);
  const random: Float32Array[] = [];
  for (const [i, half] of halves.entries()) {
    const spectrum = await rfft3(backend, half, shape);
    const turned = randomizeSpectrumPhases(spectrum, shape, { cutOn: randomizeFrom, seed: i + 1 });
    random.push((await irfft3(backend, turned, shape)).map((value, k) => value * mask.data[k]));
  }
  const corrected: Float64Array[] = [];
  for (const [i, { frequencies, correlations }] of curves.entries()) {
    const noise = await shellCorrelation(backend, [random[2 * i], random[2 * i + 1]], { shape, dfreq });
    corrected.push(
      correlations.map((value, shell) => {
        const n = noise.correlations[shell];
        // A shell that begins before has phases that were kept.
        return frequencies[shell] - dfreq / 2 < randomizeFrom || !(n < 1) ? value : (value - n) / (1 - n);
      }),
    );
  }
  return corrected;
}

/** One Fourier voxel and a half. */
function defaultShellWidth(shape: Shape3): number {
  return 1.5 / Math.min(...shape);
}

/** The average of the halves of the first set. */
function meanOfHalves({ data, shape }: AverageParts): PipeImage {
  const voxels = elementCount(shape.slice(2));
  const mean = Float32Array.from({ length: voxels }, (_, i) => (data[i] + data[voxels + i]) / 2);
  return { data: mean, shape: [shape[2], shape[3], shape[4]] };
}

/** Without the mean of everything, so that the mask's own edge correlates with nothing. */
function lessMean({ data, shape }: AverageParts): AverageParts {
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  return { data: data.map((value) => value - mean), shape };
}

function maskedHalves({ data, shape }: AverageParts, mask: PipeImage | undefined): readonly Float32Array[] {
  const voxels = elementCount(shape.slice(2));
  const count = data.length / voxels;
  const halves = Array.from({ length: count }, (_, part) =>
    data.subarray(part * voxels, (part + 1) * voxels),
  );
  return mask === undefined ? halves : halves.map((half) => half.map((value, i) => value * mask.data[i]));
}

function shellCount(shape: Shape3, dfreq: number): number {
  const corner = Math.hypot(...shape.map((side) => Math.floor(side / 2) / side));
  const count = Math.floor(corner / dfreq);
  if (dfreq > 0 && Number.isFinite(count) && count >= 1) return count;
  if (corner === 0)
    throw new VitrineError({
      code: "shape",
      at: "fsc",
      expected: "boxes of at least 2 voxels a side, which have frequencies",
      found: shape.join(" x "),
    });
  const expected = `a width of shells above 0 to ${corner.toFixed(3)} cycles/voxel`;
  throw new VitrineError({ code: "range", at: "fsc dfreq", expected, found: `${dfreq}` });
}

/** @internal Every coefficient of a half transform: its place, its frequency, and how often the whole one has it. */
export function eachCoefficient(
  [depth, height, width]: Shape3,
  visit: (at: number, frequency: number, weight: number) => void,
): void {
  // Multiplied by 1/n as numpy's fftfreq and squared by a product, so that what lies between two shells falls as acryo's does.
  const squares = (n: number) =>
    Float64Array.from({ length: n }, (_, i) => {
      const frequency = (2 * i < n ? i : i - n) * (1 / n);
      return frequency * frequency;
    });
  const [squaresZ, squaresY, squaresX] = [squares(depth), squares(height), squares(width)];
  const columns = Math.floor(width / 2) + 1;
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const square = squaresZ[z] + squaresY[y];
      for (let x = 0; x < columns; x++)
        visit(at++, Math.sqrt(square + squaresX[x]), x === 0 || 2 * x === width ? 1 : 2);
    }
}
