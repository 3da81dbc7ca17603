import type { Backend, RunOptions } from "../../compute/index.ts";
import type { Shape3 } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Quaternion, Zyx } from "../molecules/quaternion.ts";
import type { TiltModel, TiltRange } from "../tilt/tilt.ts";
import type { RotationsInput } from "./rotationGrid.ts";

/** What an alignment looks for, at the scale of the subtomograms. */
export interface ModelInput {
  /** One template, or several that are tried in turn; all of one shape, which is that of the subtomograms. */
  readonly templates: readonly PipeImage[];
  /** Of the same shape; multiplied with templates and subtomograms. Left out: none. */
  readonly mask?: PipeImage | undefined;
}

/** How it is looked for. */
export interface ModelParams {
  /** Rotations that are tried of each template; left out: the template as it is. */
  readonly rotations?: RotationsInput | undefined;
  /** Low pass of templates and subtomograms, cycles/voxel: a Butterworth filter of order 2. Left out, or beyond 0.866: none. */
  readonly cutoff?: number | undefined;
  /** Frequencies that the tomogram has; the others are left out of the comparison. Left out: all. */
  readonly tilt?: TiltModel | TiltRange | undefined;
  /** acryo 0.9.1's numbers with its faults; default false. docs/subtomograms.md lists them. */
  readonly compat?: boolean | undefined;
  /**
   * `exhaustive` (the default): every rotation. `coarseToFine`: of a regular grid first every second rotation along each axis, then the neighbours of
   * the best ones; an eighth of the work, and now and then not the best rotation.
   */
  readonly search?: "exhaustive" | "coarseToFine" | undefined;
  /**
   * `best`: the rotation with the highest score and its shift. `mean`: the mean of all rotations and their shifts, weighted by how likely their scores make
   * them; nearer to the truth than the grid is fine. Default `mean` for coefficients (ZNCC, NCC) of all rotations of ranges up to 30° about what is known,
   * without `compat`; else `best`.
   */
  readonly estimate?: "best" | "mean" | undefined;
}

/** A molecule's own volume, cut out in its own axes. */
export interface Subtomogram {
  readonly image: PipeImage;
  /** The molecule's rotation, which turns the missing wedge; left out: none. */
  readonly rotation?: Quaternion | undefined;
}

/** Where a subtomogram fits best. */
export interface AlignmentResult {
  /** Which template. */
  readonly label: number;
  /** Which of the model's rotations, and that rotation, in the molecule's own axes. */
  readonly rotationIndex: number;
  readonly rotation: Quaternion;
  /** From the centre of the box to the density, voxels in the molecule's own axes. */
  readonly shiftPx: Zyx;
  readonly score: number;
}

/** Templates, rotations and masks in a backend's memory, for as many subtomograms as come. */
export interface PreparedAlignment {
  /** Memory that it holds. */
  readonly bytes: number;
  /**
   * Aligns subtomograms, in their order; progress counts them. Neither the number of workers nor how molecules are divided into calls shows in
   * the results.
   *
   * @throws {VitrineError} shape: not the model's; range: NaN or Infinity; aborted
   */
  align(subtomograms: readonly Subtomogram[], options?: RunOptions): Promise<readonly AlignmentResult[]>;
  /** Gives the memory back; a second call does nothing. */
  dispose(): void;
}

/** Options of one call. */
export interface ModelCallOptions extends RunOptions {
  /** Makes the plans; left out, a pool is started for this call. */
  readonly backend?: Backend | undefined;
}

/** Scores of shifts around the centre of the box. */
export interface Landscape {
  /** (templates x rotations, depth, height, width), C order, templates slowest; shift 0 is in the middle. */
  readonly data: Float32Array;
  readonly shape: readonly [candidates: number, depth: number, height: number, width: number];
}

/** Templates, rotations and masks in a backend's memory, for the landscapes of as many subtomograms as come. */
export interface PreparedLandscapes {
  /** Scores of one subtomogram's shifts. @throws {VitrineError} shape: not the model's; range: NaN or Infinity; aborted */
  landscape(subtomogram: Subtomogram, options?: RunOptions): Promise<Landscape>;
  /** Gives the memory back; a second call does nothing. */
  dispose(): void;
}

/** Which shifts a landscape has. */
export interface LandscapeRange {
  readonly maxShiftsPx: Zyx;
  /** Steps of a voxel; default 1. */
  readonly upsample?: number;
}

/** Compares subtomograms with templates. A loader needs no more of a user's own model than this. */
export interface AlignmentModel {
  /** In records and messages: `ZnccAlignment`. */
  readonly name: string;
  /** Of templates, mask and subtomograms. */
  readonly shape: Shape3;
  readonly templateCount: number;
  /** Rotations that are tried, one at least. */
  readonly rotations: readonly Quaternion[];
  /** Its low pass and the frequencies that the tomogram has: loaders give scores of 0 where these leave nothing of a template. */
  readonly cutoff?: number | undefined;
  readonly tilt?: TiltModel | undefined;
  /** Whether it gives acryo's numbers, where rounding is compared with rounding too. */
  readonly compat?: boolean | undefined;
  /** @throws {VitrineError} range: shifts that the model cannot look for in its boxes, before anything is read or prepared */
  requireShifts(maxShiftsPx: Zyx): void;
  /** Prepares everything that does not depend on the subtomograms. The caller disposes of it before the backend. */
  prepare(backend: Backend, options: { readonly maxShiftsPx: Zyx } & RunOptions): Promise<PreparedAlignment>;
  /** Scores of subtomograms where they are, with each template as it is: [subtomogram][template]. */
  score(
    subtomograms: readonly Subtomogram[],
    options?: ModelCallOptions,
  ): Promise<readonly (readonly number[])[]>;
  /** As {@link prepare}, for scores of shifts up to `maxShiftsPx` in steps of a voxel or of `1 / upsample`. */
  prepareLandscapes(backend: Backend, range: LandscapeRange & RunOptions): Promise<PreparedLandscapes>;
  /** The landscape of one subtomogram; for many take {@link prepareLandscapes}. */
  landscape(subtomogram: Subtomogram, options: LandscapeRange & ModelCallOptions): Promise<Landscape>;
}

/** Makes models: `ZnccAlignment`, or one's own. */
export interface AlignmentKind {
  readonly name: string;
  /** @throws {VitrineError} shape: templates and mask of different shapes; range: no template, no rotation, NaN */
  create(input: ModelInput, params?: ModelParams): AlignmentModel;
  /** The same kind with these parameters where `create` is given no others. */
  withParams(params: ModelParams): AlignmentKind;
}
