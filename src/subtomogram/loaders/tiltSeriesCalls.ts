import type { Shape3 } from "../../core/index.ts";
import type { OptionKeys } from "../../io/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import type { TomogramPatches } from "../tiltSeries/tomogram.ts";
import type { RunChoice } from "./subvolumes.ts";
import type { Mask } from "./templates.ts";

const RUN_KEYS: OptionKeys<RunChoice> = { backend: true, signal: true, onProgress: true, onLog: true };

/** A tomogram of a tilt series. */
export interface ReconstructTomogramOptions extends RunChoice, TomogramPatches {
  /** Voxels (z, y, x). */
  readonly shape: Shape3;
  /** Voxel (z, y, x) at which the tilt series' centre lies; default side // 2, as acryo. */
  readonly centre?: Zyx;
}

/** @internal */
export const TOMOGRAM_KEYS: OptionKeys<ReconstructTomogramOptions> = {
  ...RUN_KEYS,
  shape: true,
  centre: true,
  patchSize: true,
  blendMargin: true,
};

/** How molecules are compared with images. */
export interface ScoreOnTiltChoices extends RunChoice {
  /** Projected as the template is, and kept from 0 to 1. */
  readonly mask?: Mask;
  /** Low pass of both, cycles/voxel; default none. */
  readonly cutoff?: number;
  /** Default `zncc`. */
  readonly method?: "zncc" | "ncc";
  /** See projections through the contrast transfer function of each molecule in each image; default false. */
  readonly ctf?: boolean;
}

/** @internal */
export const SCORE_KEYS: OptionKeys<ScoreOnTiltChoices> = {
  ...RUN_KEYS,
  mask: true,
  cutoff: true,
  method: true,
  ctf: true,
};
