import type { Kernels } from "../../compute/kernels/index.ts";
import type { AlignLayout, AlignMethod, workPieces } from "./alignLayout.ts";

/** Numbers that a task leaves: its score, -Infinity where it cannot be the molecule's best, and its shift along z, y and x. */
export const RESULT_NUMBERS = 4;

/** Line plans along z, y and x. */
export type LinePlans = readonly [z: number, y: number, x: number];

/** Where everything lies that the workers share; addresses. */
export interface AlignPlaces {
  readonly plans: LinePlans;
  /** Of the padded transform. */
  readonly longPlans: LinePlans;
  /** Subtomograms, one behind the other, or their spectra where all candidates of a molecule have the same. */
  readonly images: number;
  readonly masks: number;
  /** Of templates in their rotations, templates slowest. */
  readonly templates: number;
  readonly low: number;
  readonly shells: number;
  readonly weights: number;
  readonly seriesTables: LinePlans;
  readonly regionWeights: number;
  readonly results: number;
  /** Scores of all whole shifts, where they are kept. */
  readonly responses: number;
}

/** Addresses of a worker's own memory. */
export type WorkPlaces = Readonly<Record<keyof ReturnType<typeof workPieces>, number>>;

/** Molecules that are compared with every candidate. */
export interface AlignTask {
  readonly layout: AlignLayout;
  readonly method: AlignMethod;
  readonly isCentred: boolean;
  readonly rotations: number;
  /** Molecules in use. */
  readonly count: number;
  readonly maxShiftsPx: readonly [number, number, number];
  readonly compat: boolean;
  /** Whether spectra of the subtomograms are there. */
  readonly hasSpectra: boolean;
  /** Bytes between the weights of two molecules; 0: all have the same. */
  readonly weightStride: number;
  readonly keepsResponses: boolean;
  /**
   * Independent values that a coefficient compares: candidates whose likelihood weighs beside the best one's are refined too. Left out: those
   * alone that can be the best.
   */
  readonly observations?: number;
  readonly places: AlignPlaces;
  /** A worker each. */
  readonly work: readonly WorkPlaces[];
  /** Candidates that are tried, of each molecule; left out: all. Their results lie where all would have theirs. */
  readonly chosen?: readonly (readonly number[])[];
}

/** What the functions of a group of four tasks are given. */
export interface Group {
  readonly kernels: Kernels;
  readonly task: AlignTask;
  readonly work: WorkPlaces;
  /** Calls a kernel on ranges of 0..count, short enough that an end is seen soon; `elements`: of one. */
  each(count: number, elements: number, run: (begin: number, end: number) => void): void;
}
