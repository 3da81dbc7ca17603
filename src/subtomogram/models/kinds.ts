import { requireKnownOptions } from "../../io/index.ts";
import { type FourierMethod, FourierModel } from "./fourierModel.ts";
import type { AlignmentKind, ModelInput, ModelParams } from "./model.ts";
import { boundParams, MODEL_KEYS } from "./modelKeys.ts";

/** A kind whose models are {@link FourierModel}s. */
export interface FourierKind extends AlignmentKind {
  create(input: ModelInput, params?: ModelParams): FourierModel;
  withParams(params: ModelParams): FourierKind;
}

function kindOf(method: FourierMethod, bound: ModelParams = {}): FourierKind {
  return {
    name: method.name,
    create(input, params = {}) {
      requireKnownOptions(method.name, params, MODEL_KEYS);
      return new FourierModel(method, input, boundParams(bound, params));
    },
    withParams(params) {
      requireKnownOptions(method.name, params, MODEL_KEYS);
      return kindOf(method, boundParams(bound, params));
    },
  };
}

/**
 * Zero-mean normalised cross-correlation: the coefficient of Pearson between the weighted template and each window of the weighted subtomogram. acryo's
 * `ZNCCAlignment`, its default.
 *
 * @example
 * const model = ZnccAlignment.create({ templates: [template], mask }, { rotations: [10, 5], cutoff: 0.3, tilt: [-60, 60] });
 * const { shiftPx, rotation, score } = await model.align({ image, rotation: ofMolecule }, { maxShiftsPx: [3, 3, 3] });
 */
export const ZnccAlignment = kindOf({ name: "ZnccAlignment", method: "zncc", scoreIsCentred: true });

/** Normalised cross-correlation, acryo's `NCCAlignment`: it aligns as {@link ZnccAlignment} does; its score of a subtomogram keeps the means. */
export const NccAlignment = kindOf({ name: "NccAlignment", method: "zncc", scoreIsCentred: false });

/**
 * The height of the circular cross-correlation, not normalised, by the transform's own series between voxels; acryo's `PCCAlignment`. Scores of
 * alignments are sums over frequencies, those of `score` means, as acryo's.
 */
export const PccAlignment = kindOf({ name: "PccAlignment", method: "pcc", scoreIsCentred: false });

/** Mean of the Fourier shell correlation over all shells; acryo's `FSCAlignment`. */
export const FscAlignment = kindOf({ name: "FscAlignment", method: "fsc", scoreIsCentred: false });
