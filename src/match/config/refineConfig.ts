import { type Shape2, VitrineError } from "../../core/index.ts";
import type { OffsetSearch, RangeGrid } from "../../optics/index.ts";
import { fieldConventions } from "../leopard/fields.ts";
import type { SettingsOptions } from "./config.ts";
import { ignoredFields, type MatchFilters, toFilters } from "./configFilters.ts";
import { toDefocusSearch, toPixelSizeSearch } from "./configSearch.ts";
import { ignoredEffects, type OpticsEffects, toOpticsEffects } from "./opticsEffects.ts";
import { parseRefineConfig, type RefineTemplateYaml } from "./refineSchema.ts";

/** A table of particles and how their boxes are cut out. */
export interface StackSettings {
  readonly path: string;
  /** Height and width of a box in pixels. */
  readonly boxSize: Shape2;
  /** Height and width of the template that found the particles. */
  readonly templateSize: Shape2;
  /** Whether boxes are those that the file holds. */
  readonly usesStoredImages: boolean;
}

/** A movie from whose frames boxes are cut. */
export interface MovieSettings {
  readonly path: string;
  /** A table of Leopard-EM's shifts of particles, or of torch-motion-correction's deformation field; or frames are aligned. */
  readonly motion:
    | { readonly kind: "shifts" | "deformation"; readonly path: string }
    | { readonly kind: "aligned" };
  /** Electrons/Å² before the first frame. */
  readonly preExposureA2: number;
  /** Electrons/Å² of a frame. */
  readonly dosePerFrameA2: number;
}

/** What a refinement is told to do. */
export interface RefineSettings {
  readonly templatePath: string;
  readonly stack: StackSettings;
  /** Å, added to each particle's defocus; null: only 0. */
  readonly defocus: OffsetSearch | null;
  /** Å, added to the pixel size; null: only 0. */
  readonly pixelSizes: OffsetSearch | null;
  /** Rotations by which each particle's is changed (offset times particle); null: only none. */
  readonly orientations: RangeGrid | null;
  /** Whether offsets tilt about every axis: their psi then counts from -phi, so that the image turns by psi alone. */
  readonly wholeDisc: boolean;
  readonly filters: MatchFilters;
  /** Beside the optics in the table. */
  readonly effects: OpticsEffects;
  /** Filter whole micrographs, not boxes. */
  readonly filtersMicrographs: boolean;
  /** Where boxes come from; null: from the micrographs. */
  readonly movie: MovieSettings | null;
  /** Fields of the file that were set and have no effect, for the log. */
  readonly ignored: readonly string[];
}

/** How a configuration with a table of particles is read. */
export interface StackParsing extends SettingsOptions {
  /** Of a stack of whose sizes the configuration says nothing. */
  readonly stackSizes?: StackSizes;
}

/** How the configuration of a refinement is read. */
export interface RefineParsing extends StackParsing {
  readonly wholeDisc?: boolean;
  /** Whether a movie without a table of motion is taken as aligned, as inspections do; else it is an error. */
  readonly maybeAligned?: boolean;
}

/** Files of a movie. */
export function movieFiles({ path, motion }: MovieSettings): string[] {
  return motion.kind === "aligned" ? [path] : [path, motion.path];
}

/**
 * Reads the configuration of a refinement and checks what its fields say together.
 *
 * Leopard-EM's offsets tilt about axes near y alone: phi goes from minus to plus the coarse step, with theta of either sign.
 * `wholeDisc` tilts about every axis: phi from 0 to 360, theta from 0.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} as {@link parseRefineConfig}; range: an empty search, a step of 0, a box smaller than the template;
 *   an exposure below 0; missing: the paths of an enabled movie
 */
export function parseRefineSettings(text: string, at: string, options: RefineParsing = {}): RefineSettings {
  return toRefineSettings(parseRefineConfig(text, at), at, options);
}

/** As {@link parseRefineSettings}, of a configuration that was read. */
export function toRefineSettings(
  config: RefineTemplateYaml,
  at: string,
  { wholeDisc = false, maybeAligned = false, stackSizes, ...options }: RefineParsing = {},
): RefineSettings {
  const fields = fieldConventions(options);
  const { particle_stack, orientation_refinement_config } = config;
  return {
    templatePath: config.template_volume_path,
    stack: toStack(particle_stack, `${at} particle_stack`, stackSizes),
    defocus: toDefocusSearch(config.defocus_refinement_config, at, "defocus_refinement_config"),
    pixelSizes: toPixelSizeSearch(config.pixel_size_refinement_config, at, "pixel_size_refinement_config"),
    wholeDisc,
    orientations: toOffsets(orientation_refinement_config, `${at} orientation_refinement_config`, wholeDisc),
    filters: toFilters(config.preprocessing_filters, at, fields),
    effects: toOpticsEffects(config.optics_group, `${at} optics_group`, { fields }),
    filtersMicrographs: config.apply_global_filtering,
    movie: toMovie(config.movie_config, `${at} movie_config`, maybeAligned),
    ignored: [
      ...ignoredFields(config, fields),
      ...ignoredMotion(config.movie_config),
      ...ignoredEffects(config.optics_group, fields),
    ],
  };
}

/** Sizes that a file of particles says itself. */
export type StackSizes = Pick<StackSettings, "boxSize" | "templateSize">;

/** Sizes of a stack whose file nobody opens: they agree with any that the configuration says. */
export const UNREAD_SIZES: StackSizes = { boxSize: [Infinity, Infinity], templateSize: [0, 0] };

/** What a program that cuts boxes out of micrographs leaves of the fields of its table. */
export function ignoredStack(stack: RefineTemplateYaml["particle_stack"], field: string): string[] {
  const asksForImages = "hdf5_path" in stack && stack.use_stored_image_stack === true;
  return asksForImages ? [`${field}.use_stored_image_stack (only refine takes the boxes of a stack)`] : [];
}

/** @throws {VitrineError} range: a box smaller than the template; missing: sizes that neither configuration nor file says */
export function toStack(
  stack: RefineTemplateYaml["particle_stack"],
  at: string,
  sizes?: StackSizes,
): StackSettings {
  const { extracted_box_size: boxSize = sizes?.boxSize, original_template_size = sizes?.templateSize } =
    stack;
  if (boxSize === undefined || original_template_size === undefined) {
    const field = boxSize === undefined ? "extracted_box_size" : "original_template_size";
    throw noPath(`${at}.${field}`, "height and width in pixels");
  }
  const templateSize = original_template_size;
  if (boxSize[0] < templateSize[0] || boxSize[1] < templateSize[1]) {
    throw new VitrineError({
      code: "range",
      at: `${at}.extracted_box_size`,
      expected: `at least original_template_size, ${templateSize.join(" x ")}`,
      found: boxSize.join(" x "),
    });
  }
  const usesStoredImages = "hdf5_path" in stack && stack.use_stored_image_stack === true;
  return { path: stackPath(stack), boxSize, templateSize, usesStoredImages };
}

/** The file of a table. */
export function stackPath(stack: RefineTemplateYaml["particle_stack"]): string {
  return "df_path" in stack ? stack.df_path : stack.hdf5_path;
}

/** Room for the last value of psi, as in Leopard-EM. */
const BEYOND_DEG = 1e-6;

/** phi goes as far as psi does, as in Leopard-EM: only the cartesian grid has a range and a step of its own for it. */
function toOffsets(
  config: RefineTemplateYaml["orientation_refinement_config"],
  at: string,
  wholeDisc: boolean,
): RangeGrid | null {
  if (!config.enabled) return null;
  const { base_grid_method: baseGrid, psi_step_coarse: psi, theta_step_coarse: theta } = config;
  const isCartesian = baseGrid === "cartesian";
  for (const name of ["phi_step_fine", "theta_step_fine", "psi_step_fine"] as const) {
    if (config[name] > 0 || (name === "phi_step_fine" && !isCartesian)) continue;
    throw new VitrineError({ code: "range", at: `${at}.${name}`, expected: "degrees above 0", found: "0" });
  }
  const phi = isCartesian ? config.phi_step_coarse : psi;
  return {
    baseGrid,
    ...(isCartesian && { phiStepDeg: config.phi_step_fine }),
    psiStepDeg: config.psi_step_fine,
    thetaStepDeg: config.theta_step_fine,
    phiRangeDeg: wholeDisc ? [0, 360] : [-phi, phi],
    thetaRangeDeg: wholeDisc ? [0, theta] : [-theta, theta],
    psiRangeDeg: [-psi, psi + BEYOND_DEG],
  };
}

type MovieYaml = RefineTemplateYaml["movie_config"];

/** Shifts of particles go before a deformation field, as in Leopard-EM. */
function toMovie(config: MovieYaml, at: string, maybeAligned: boolean): MovieSettings | null {
  if (!config.enabled) return null;
  const { movie_path: path, particle_shifts_path: shifts, deformation_field_path: field } = config;
  if (path === "") throw noPath(`${at}.movie_path`, "the path of a movie");
  const isAligned = shifts === "" && field === "";
  if (isAligned && !maybeAligned) throw noPath(at, "a particle_shifts_path or deformation_field_path");
  for (const name of ["pre_exposure", "fluence_per_frame"] as const) {
    if (config[name] >= 0) continue;
    const expected = "0 or more electrons/Å²";
    throw new VitrineError({ code: "range", at: `${at}.${name}`, expected, found: String(config[name]) });
  }
  return {
    path,
    motion: isAligned
      ? { kind: "aligned" }
      : shifts === ""
        ? { kind: "deformation", path: field }
        : { kind: "shifts", path: shifts },
    preExposureA2: config.pre_exposure,
    dosePerFrameA2: config.fluence_per_frame,
  };
}

function ignoredMotion({ enabled, particle_shifts_path, deformation_field_path }: MovieYaml): string[] {
  const both = enabled && particle_shifts_path !== "" && deformation_field_path !== "";
  return both ? ["movie_config.deformation_field_path"] : [];
}

function noPath(at: string, expected: string): VitrineError {
  return new VitrineError({ code: "missing", at, expected, found: "none" });
}
