import type { Backend } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { templateFromVolume } from "../search/searchInputs.ts";
import { type MapOptions, simulateMap, upsamplingOf } from "../simulate/simulateMap.ts";
import type { PotentialAtom } from "../simulate/simulateMapAtoms.ts";
import { type RefinedParticle, type RefineOptions, type RefineTask, refineParticles } from "./refine.ts";
import { offsetRotations } from "./refineRotations.ts";

/** Particles, the atoms of their template, and the pixel sizes that are tried. */
export interface OptimizeTemplateTask
  extends Omit<RefineTask, "template" | "offsets" | "defocusOffsetsA" | "pixelSizeOffsetsA">,
    PixelSizeScan {
  /** Å; one model. */
  readonly atoms: readonly PotentialAtom[];
  /** How they become a template. */
  readonly map: Omit<MapOptions, "pixelSizeA" | "signal">;
}

/** Pixel sizes that are tried, one after the other. */
export interface PixelSizeScan {
  /** Where the search begins, Å. */
  readonly pixelSizeA: number;
  /** Added to it, Å, ascending. */
  readonly coarseOffsetsA: ArrayLike<number>;
  /** Added to the best of these, Å, ascending; empty: no fine search. */
  readonly fineOffsetsA: ArrayLike<number>;
  /** A search ends when the mean has not grown this many times in a row; default 2. */
  readonly patience?: number;
}

/** How templates are tried. */
export interface OptimizeTemplateOptions extends RefineOptions {
  /** What the z-scores of the particles come to; default their mean. */
  readonly objective?: (zScores: readonly number[]) => number;
  /** Gets a line for every pixel size. */
  readonly onLog?: (message: string) => void;
}

/** A pixel size and how well particles fit with it. */
export interface PixelSizeTrial {
  readonly search: "coarse" | "fine";
  readonly pixelSizeA: number;
  readonly meanZScore: number;
}

/** A pixel size and what became of every particle with it, in their order. */
export interface TemplateTrial extends PixelSizeTrial {
  readonly particles: readonly RefinedParticle[];
}

/**
 * Looks for the pixel size of a template: makes it from atoms with one after the other, correlates every particle with it at the
 * particle's own orientation and defocus, at every position where it lies in the particle's box, and takes the largest mean z-score.
 * Leopard-EM's `optimize_pixel_size`.
 *
 * The CTF stays that of the particles' own pixel size: a defocus that was fitted with it belongs to it.
 *
 * @returns every pixel size in the order in which it was tried
 * @throws {VitrineError} as `simulateMap` and `refineParticles`; missing: no particles; range: a pixel size or patience not above 0
 */
export async function optimizeTemplate(
  backend: Backend,
  task: OptimizeTemplateTask,
  options: OptimizeTemplateOptions = {},
): Promise<TemplateTrial[]> {
  const { particles, map, atoms, pixelSizeA: first } = task;
  const { objective = mean, onLog, onProgress, ...refining } = options;
  if (particles.length === 0) {
    const at = "optimizeTemplate().particles";
    throw new VitrineError({ code: "missing", at, expected: "particles", found: "none" });
  }
  // the same for all, lest the potential's voxels change in the middle of the search
  const upsampling = upsamplingOf({ ...map, pixelSizeA: first });
  const { signal } = refining;
  return scanPixelSizes(task, async (pixelSizeA, index) => {
    const simulation = { ...map, upsampling, pixelSizeA, ...(signal && { signal }) };
    const template = templateFromVolume(await simulateMap(backend, atoms, simulation), "template");
    const found = await refineParticles(
      backend,
      { ...task, ...NO_OFFSETS, template },
      { ...refining, onProgress: (done) => onProgress?.(index * particles.length + done) },
    );
    const meanZScore = objective(found.map(({ zScore }) => zScore));
    onLog?.(`pixel size ${pixelSizeText(pixelSizeA)} Å: mean z-score ${meanZScore.toFixed(3)}`);
    return { meanZScore, particles: found };
  });
}

/** Particles stay as they are. */
const NO_OFFSETS = {
  offsets: offsetRotations(new Float64Array(3)),
  defocusOffsetsA: new Float64Array(1),
  pixelSizeOffsetsA: new Float64Array(1),
};

/**
 * Tries the coarse pixel sizes, then the fine ones around the best, each until the mean has not grown `patience` times in a row.
 * A pixel size that comes again is not tried again.
 *
 * @param tryOne  gets a pixel size in Å and its position among all that may come, early ends not counted
 */
export async function scanPixelSizes<Result extends { readonly meanZScore: number }>(
  { pixelSizeA: first, coarseOffsetsA, fineOffsetsA, patience = 2 }: PixelSizeScan,
  tryOne: (pixelSizeA: number, index: number) => Promise<Result>,
): Promise<(Result & PixelSizeTrial)[]> {
  requireCount(patience);
  const trials: (Result & PixelSizeTrial)[] = [];
  const scan = async (search: PixelSizeTrial["search"], sizes: readonly number[], firstIndex: number) => {
    let previous = Number.NEGATIVE_INFINITY;
    let stale = 0;
    for (const [i, pixelSizeA] of sizes.entries()) {
      const known = trials.find((trial) => trial.pixelSizeA === pixelSizeA);
      const result = known ?? (await tryOne(requirePositive(pixelSizeA), firstIndex + i));
      trials.push({ ...result, search, pixelSizeA });
      stale = result.meanZScore > previous ? 0 : stale + 1;
      if (stale === patience) return;
      previous = result.meanZScore;
    }
  };
  await scan("coarse", sizesAround(first, coarseOffsetsA), 0);
  await scan("fine", sizesAround(bestTrial(trials).pixelSizeA, fineOffsetsA), coarseOffsetsA.length);
  return trials;
}

/** That of the largest mean, the first of equal ones. */
export function bestTrial<Trial extends PixelSizeTrial>(trials: readonly Trial[]): Trial {
  return trials.reduce((a, b) => (b.meanZScore > a.meanZScore ? b : a));
}

/** Without the rounding of sums: 1.07, not 1.0699999999999998. */
export function sizesAround(pixelSizeA: number, offsetsA: ArrayLike<number>): number[] {
  return Array.from(offsetsA, (offset) => Number((pixelSizeA + offset).toFixed(9)));
}

/** At least three decimals, as Leopard-EM writes it, and more where they are needed. */
export function pixelSizeText(pixelSizeA: number): string {
  return pixelSizeA.toFixed(9).replace(/0{1,6}$/, "");
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function requirePositive(pixelSizeA: number): number {
  if (pixelSizeA > 0) return pixelSizeA;
  const expected = "offsets that leave a pixel size above 0";
  throw new VitrineError({ code: "range", at: "pixel size search", expected, found: `${pixelSizeA} Å` });
}

function requireCount(patience: number): void {
  if (Number.isInteger(patience) && patience >= 1) return;
  const expected = "a whole number of at least 1";
  throw new VitrineError({
    code: "range",
    at: "pixel size search patience",
    expected,
    found: String(patience),
  });
}
