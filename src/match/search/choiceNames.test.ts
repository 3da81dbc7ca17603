import { expect, test } from "vitest";
import { choiceName } from "./choiceNames.ts";

test.each([
  ["optics.defocusUA", "optics_group.defocus_u"],
  ["optics.focusSpread.energySpreadEv", "optics_group.energy_spread"],
  ["optics.evenZernikes.Z60", "optics_group.even_zernikes.Z60"],
  ["defocus", "defocus_search_config"],
  ["defocus.max", "defocus_search_config.defocus_max"],
  ["pixelSizes.step", "pixel_size_search_config.pixel_size_step"],
  ["orientations.0.psiStepDeg", "orientation_search_config.psi_step"],
  ["orientations.1.symmetry", "orientation_search_config.orientation_configs[1].symmetry"],
  ["filters.whitening.maxFreq", "preprocessing_filters.whitening_filter.max_freq"],
  ["filters.bandPass", "preprocessing_filters.bandpass_filter"],
  ["templatePadding", "--template-padding"],
  ["coarse factor", "--coarse"],
  ["pixels of the micrograph", "pixels of the micrograph"],
  ["toString", "toString"],
])("%s is what users call %s", (key, name) => {
  expect(choiceName(key)).toBe(name);
});
