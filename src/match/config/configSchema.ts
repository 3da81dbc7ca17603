import { z } from "zod";
import { parseYaml } from "../../io/index.ts";

/** Numbers may be written as text ("300"), as Leopard-EM's parser allows. */
export const number = z.preprocess(
  (value) => (typeof value === "string" && /^\s*[-+.\d]/.test(value) ? readNumber(value) : value),
  z.number(),
);
export const notNegative = number.pipe(z.number().min(0));
export const positive = number.pipe(z.number().gt(0));
const count = number.pipe(z.int().min(0));
export const atLeastOne = number.pipe(z.int().min(1));
export const flag = z.preprocess((value) => (value === 0 || value === 1 ? value === 1 : value), z.boolean());
export const path = z.string().min(1);

function readNumber(text: string): number | string {
  const value = Number(text);
  return Number.isFinite(value) && text.trim() !== "" ? value : text;
}

const evenZernikes = z.strictObject({
  Z42c: number.optional(),
  Z42s: number.optional(),
  Z44c: number.optional(),
  Z44s: number.optional(),
  Z60: number.optional(),
});

const oddZernikes = z.strictObject({
  Z31c: number.optional(),
  Z31s: number.optional(),
  Z33c: number.optional(),
  Z33s: number.optional(),
});

/** Å, mm, degrees. */
const laserPhasePlate = z.strictObject({
  peak_phase: number.default(90),
  numerical_aperture: positive.pipe(z.number().max(1)),
  wavelength: positive.default(10640),
  focal_length: positive,
  angle: number.default(0),
  tilt: number.default(0),
  along_offset: number.default(0),
  across_offset: number.default(0),
  polarization: number.default(90),
  crossed: flag.default(false),
});

/** Fields of Leopard-EM's `OpticsGroup` that its tables of particles have no columns for. mm, mrad. */
const unlistedOptics = {
  chromatic_aberration: notNegative.nullable().default(0),
  mtf_reference: path.nullable().default(null),
  mtf_values: z.array(notNegative).nullable().default(null),
  beam_tilt_x: number.nullable().default(null),
  beam_tilt_y: number.nullable().default(null),
};

/** Fields that Leopard-EM does not have, without defaults, so that they are written only where they were read. eV, Å. */
const ownOptics = {
  energy_spread: notNegative.optional(),
  voltage_ripple: notNegative.optional(),
  current_ripple: notNegative.optional(),
  mtf_pixel_size: positive.optional(),
  laser_phase_plate: laserPhasePlate.nullable().optional(),
};

/** What programs on tables of particles have for an `optics_group`: the rest of the optics stands in the table. */
export const opticsEffects = z.strictObject({ ...unlistedOptics, ...ownOptics });

/** `optics_group` of a file on particles. */
export type OpticsEffectsYaml = z.output<typeof opticsEffects>;

/** Å, kV, mm, degrees, mrad, Å². */
const opticsGroup = z.strictObject({
  label: z.string(),
  pixel_size: positive,
  voltage: positive,
  spherical_aberration: notNegative.default(2.7),
  amplitude_contrast_ratio: number.pipe(z.number().min(0).max(1)).default(0.07),
  phase_shift: number.default(0),
  defocus_u: number,
  defocus_v: number,
  astigmatism_angle: number,
  ctf_B_factor: notNegative.default(0),
  ...unlistedOptics,
  odd_zernikes: oddZernikes.nullable().default(null),
  even_zernikes: evenZernikes.nullable().default(null),
  mag_matrix: z.array(number).length(4).nullable().default(null),
  ...ownOptics,
});

/** Å, relative to the optics group's defocus. */
export const defocusSearch = z.strictObject({
  enabled: flag.default(true),
  defocus_min: number.default(-1000),
  defocus_max: number.default(1000),
  defocus_step: positive.default(200),
  skip_enforce_zero: flag.default(false),
});

/** Å, relative to the optics group's pixel size. A step of 0 stands in what Leopard-EM writes for a search not enabled. */
export const pixelSizeSearch = z.strictObject({
  enabled: flag.default(false),
  pixel_size_min: number.default(0),
  pixel_size_max: number.default(0),
  pixel_size_step: notNegative.default(0),
  skip_enforce_zero: flag.default(false),
});

/** Degrees. */
const orientationSearch = z.strictObject({
  psi_step: positive.default(1.5),
  theta_step: positive.default(2.5),
  phi_min: number.nullable().default(null),
  phi_max: number.nullable().default(null),
  theta_min: number.nullable().default(null),
  theta_max: number.nullable().default(null),
  psi_min: number.nullable().default(null),
  psi_max: number.nullable().default(null),
  base_grid_method: z.enum(["uniform", "healpix", "cartesian"]).default("uniform"),
  symmetry: z.string().nullable().default("C1"),
});

const multipleOrientations = z.strictObject({ orientation_configs: z.array(orientationSearch).min(1) });

/** Frequencies in cycles per pixel: Nyquist is 0.5. */
export const preprocessingFilters = z.strictObject({
  whitening_filter: z
    .strictObject({
      enabled: flag.default(true),
      num_freq_bins: atLeastOne.nullable().default(null),
      max_freq: positive.nullable().default(0.5),
      do_power_spectrum: flag.nullable().default(true),
    })
    .prefault({}),
  bandpass_filter: z
    .strictObject({
      enabled: flag.default(false),
      low_freq_cutoff: notNegative.nullable().default(null),
      high_freq_cutoff: notNegative.nullable().default(null),
      falloff: notNegative.nullable().default(null),
    })
    .prefault({}),
  phase_randomization_filter: z
    .strictObject({ enabled: flag.default(false), cuton: notNegative.nullable().default(null) })
    .prefault({}),
  arbitrary_curve_filter: z
    .strictObject({
      enabled: flag.default(false),
      frequencies: z.array(number).nullable().default(null),
      amplitudes: z.array(number).nullable().default(null),
    })
    .prefault({}),
  /** Of Leopard-EM 1.3; no default, so that what 1.2 reads too is written. */
  random_fourier_dropout: z
    .strictObject({
      enabled: flag.default(false),
      dropout_fraction: number.pipe(z.number().min(0).max(1)).default(0.1),
      seed: number.pipe(z.int()),
    })
    .optional(),
});

/** What every form of results has. Without defaults: what Leopard-EM 1.2 does not know. */
const anyResult = {
  allow_file_overwrite: flag.default(false),
  correlation_table_path: path.nullable().optional(),
  leopard_em_version: z.string().optional(),
  total_projections: count.default(0),
  total_orientations: count.default(0),
  total_defocus: count.default(0),
};

const mapResult = z.strictObject({
  ...anyResult,
  mip_path: path,
  scaled_mip_path: path,
  correlation_average_path: path,
  correlation_variance_path: path,
  orientation_psi_path: path,
  orientation_theta_path: path,
  orientation_phi_path: path,
  relative_defocus_path: path,
});

/** All maps in one file, of Leopard-EM 1.3. */
const hdf5Result = z.strictObject({ ...anyResult, hdf5_path: path, compress: flag.default(true) });

const matchTemplateResult = z.union([mapResult, hdf5Result]);

/** Read and not used: no defaults, so that only what stands in the file is reported. */
export const computationalConfig = z.strictObject({
  gpu_ids: z
    .union([z.int().min(0), z.string(), z.array(z.union([z.int().min(0), z.string()])).min(1)])
    .nullable()
    .optional(),
  num_cpus: atLeastOne.optional(),
  backend: z.enum(["streamed", "batched", "zipfft"]).optional(),
});

/** Fields of a `MatchTemplateManager` file. */
export const matchTemplate = z.strictObject({
  micrograph_path: path,
  /** Leopard-EM takes one; several are searched for in the same micrograph. */
  template_volume_path: z.union([path, z.array(path).min(1)]),
  optics_group: opticsGroup,
  defocus_search_config: defocusSearch,
  orientation_search_config: z.union([orientationSearch, multipleOrientations]),
  pixel_size_search_config: pixelSizeSearch.nullable().optional(),
  preprocessing_filters: preprocessingFilters,
  match_template_result: matchTemplateResult,
  computational_config: computationalConfig.prefault({}),
});

/**
 * Leopard-EM's `MatchTemplateManager` file (1.2's, and 1.3's) with its defaults filled in. Beyond Leopard-EM's there are
 * `pixel_size_search_config` and the last five fields of `optics_group`, `template_volume_path` may be a list, and
 * `computational_config` may be left out.
 */
export type MatchTemplateYaml = z.output<typeof matchTemplate>;

/** One entry of `orientation_search_config`. */
export type OrientationSearchYaml = z.output<typeof orientationSearch>;

/**
 * Reads the configuration of a template search. The text is checked, not the files that it names.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} format: not YAML, an unknown key (with the nearest known one) or word; missing: a demanded
 *   value; type: a value of another type; range: a number outside its limits
 */
export function parseMatchConfig(text: string, at: string): MatchTemplateYaml {
  return parseYaml(text, matchTemplate, at);
}
