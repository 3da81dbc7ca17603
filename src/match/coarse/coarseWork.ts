import {
  elementCount,
  type OptionKeys,
  type Progress,
  progressTeller,
  type Shape2,
} from "../../core/index.ts";
import type { SearchSpace } from "../config/config.ts";
import { sampleSize } from "./coarseSample.ts";

/** Expected number of candidates in pure noise. */
export const CANDIDATES = 1000;

/** Orientations about a candidate's: those within two steps of an even grid, about. */
export const NEIGHBOURS = 64;

/** Time of a pixel of a slice, and of a box, to that of a pixel of a micrograph: measured at 256² to 1024² and templates of 32 to 128. */
const SLICE_PIXEL = 2.7;
const BOX_PIXEL = 2.4;

/** A search with a coarse pass by its sizes alone. */
export interface CoarseSizes {
  /** Of the micrograph. */
  readonly shape: Shape2;
  /** Side of the template. */
  readonly template: number;
  readonly space: SearchSpace;
  readonly factor: number;
  /** See `CandidateOptions`. */
  readonly candidates?: number | undefined;
  readonly samples?: number | undefined;
}

/** Keys by which somebody chooses a coarse pass. */
export const COARSE_CHOICE_KEYS: OptionKeys<Pick<CoarseSizes, "factor" | "candidates" | "samples">> = {
  factor: true,
  candidates: true,
  samples: true,
};

/** Correlations of each phase of a search with a coarse pass, and the time of one, that of one of the pass being 1. */
export interface CoarseWork {
  readonly pass: number;
  readonly sample: number;
  /** As noise alone is expected to give. */
  readonly candidates: number;
  readonly sampleCost: number;
  readonly candidateCost: number;
}

/** What a search with a coarse pass will do. @throws {VitrineError} as `sampleSize` */
export function coarseWork(sizes: CoarseSizes): CoarseWork {
  const { shape, template, space, factor, samples, candidates = CANDIDATES } = sizes;
  const orientations = space.eulerAnglesDeg.length / 3;
  const filters = space.defocusOffsetsA.length * space.pixelSizeOffsetsA.length;
  const slice = (side: number) => (SLICE_PIXEL * side ** 2) / filters;
  const full = elementCount(shape) + slice(template);
  const pass = full / factor ** 2;
  const box = BOX_PIXEL * (template + 4 * factor + 1) ** 2 + slice(template);
  return {
    pass: orientations * filters,
    sample: sampleSize(orientations, samples) * filters,
    candidates: candidates * Math.min(NEIGHBOURS, orientations) * filters,
    sampleCost: full / pass,
    candidateCost: box / pass,
  };
}

/** The time of a search with a coarse pass to that of the whole search at full resolution. */
export function coarseShare(sizes: CoarseSizes): number {
  const work = coarseWork(sizes);
  return totalOf(work, work.candidates) / (work.pass * work.sampleCost);
}

/** One stream of progress from the phases of a search. */
export interface CoarseProgress {
  /** Gets the progress of the pass. */
  readonly ofPass: (progress: Progress) => void;
  /** Gets the correlations of sample and candidates that are done, and all of them. */
  readonly ofRest: (done: number, total: number) => void;
}

/** Counts correlations of the pass; those of the other phases are as many of them as take the same time. */
export function coarseProgress(
  onProgress: ((progress: Progress) => void) | undefined,
  work: CoarseWork,
): CoarseProgress {
  const { pass, sample, sampleCost, candidateCost } = work;
  let tell: ((done: number) => void) | undefined;
  let total = totalOf(work, work.candidates);
  const show = (done: number) => {
    tell ??= tellerFrom(done);
    tell(done);
  };
  // what a checkpoint held does not count for the rate
  const tellerFrom = (before: number) => {
    const teller = progressTeller(onProgress, { unit: "correlations", before });
    return (done: number) => teller(done - before, total);
  };
  return {
    ofPass: ({ done }) => show(done),
    ofRest(done, all) {
      total = totalOf(work, all - sample);
      show(pass + Math.min(done, sample) * sampleCost + Math.max(0, done - sample) * candidateCost);
    },
  };
}

function totalOf({ pass, sample, sampleCost, candidateCost }: CoarseWork, candidates: number): number {
  return pass + sample * sampleCost + candidates * candidateCost;
}
