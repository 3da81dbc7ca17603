import { type OptionKeys, requireKnownOptions } from "../../core/index.ts";
import {
  defocusOffsets,
  joinOrientations,
  type MagnificationMatrix,
  type OffsetSearch,
  type OpticsParameters,
  type OrientationGrid,
  pixelSizeOffsets,
  uniformOrientations,
} from "../../optics/index.ts";
import { type FieldConventions, fieldConventions } from "../leopard/fields.ts";
import { ignoredFields, type MatchFilters, toFilters } from "./configFilters.ts";
import { type MatchTemplateYaml, parseMatchConfig } from "./configSchema.ts";
import { idleOrders, toDefocusSearch, toOrientations, toPixelSizeSearch } from "./configSearch.ts";
import { ignoredEffects, type OpticsEffects, toOpticsEffects } from "./opticsEffects.ts";
import { type ResultPaths, toResults } from "./resultPaths.ts";

const SETTINGS_KEYS: OptionKeys<SettingsOptions> = { compat: true };

export type { MatchFilters, ResultPaths };

/** What a template search is told to do. */
export interface MatchSettings {
  readonly micrographPath: string;
  /** The first, where the file names several. */
  readonly templatePath: string;
  /** Further templates; absent where there is one. */
  readonly otherTemplatePaths?: readonly string[];
  readonly optics: MatchOptics;
  /** Å, added to both defocus values; null: only 0. */
  readonly defocus: OffsetSearch | null;
  /** Å, added to the pixel size; null: only 0. */
  readonly pixelSizes: OffsetSearch | null;
  /** Searched one after the other. */
  readonly orientations: readonly OrientationGrid[];
  readonly filters: MatchFilters;
  readonly results: ResultPaths;
  /** Fields of the file that were set and have no effect, for the log. */
  readonly ignored: readonly string[];
}

/** The microscope, with the pixel size of the micrograph and of the template; `readMtfFile` puts the MTF in the place of its path. */
export interface MatchOptics extends OpticsParameters, Pick<OpticsEffects, "mtfFile"> {
  readonly label: string;
  readonly pixelSizeA: number;
}

/** Every value that a search visits; the correlations are their product. */
export interface SearchSpace {
  /** (orientations, 3) phi, theta, psi in degrees. */
  readonly eulerAnglesDeg: Float64Array;
  readonly defocusOffsetsA: Float64Array;
  readonly pixelSizeOffsetsA: Float64Array;
}

/** Choices that are not in the file. */
export interface SettingsOptions {
  /**
   * Leave out what Leopard-EM 1.2 reads and does not use, or does not know: beam tilt, chromatic aberration, MTF, laser phase plate
   * and phase randomisation. Default false.
   */
  readonly compat?: boolean;
}

/**
 * Reads a configuration and checks what its fields say together.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} as {@link parseMatchConfig} and {@link toMatchSettings}
 */
export function parseMatchSettings(text: string, at: string, options: SettingsOptions = {}): MatchSettings {
  requireKnownOptions("parseMatchSettings", options, SETTINGS_KEYS);
  return toMatchSettings(parseMatchConfig(text, at), at, options);
}

/**
 * The configuration in our own names and units, checked as a whole.
 *
 * @throws {VitrineError} range: a search that is empty or a step of 0; format: symmetry together with angle ranges,
 *   neither of them, or a symmetry that is none, an MTF as file and as values; shape: a curve with unlike numbers of frequencies and amplitudes;
 *   exists: two results of the same path
 */
export function toMatchSettings(
  config: MatchTemplateYaml,
  at: string,
  options: SettingsOptions = {},
): MatchSettings {
  requireKnownOptions("toMatchSettings", options, SETTINGS_KEYS);
  const fields = fieldConventions(options);
  const [templatePath, ...others] = [config.template_volume_path].flat();
  return {
    micrographPath: config.micrograph_path,
    templatePath,
    ...(others.length > 0 && { otherTemplatePaths: others }),
    optics: toOptics(config.optics_group, at, fields),
    defocus: toDefocusSearch(config.defocus_search_config, at),
    pixelSizes: toPixelSizeSearch(config.pixel_size_search_config, at),
    orientations: toOrientations(config.orientation_search_config, at),
    filters: toFilters(config.preprocessing_filters, at, fields),
    results: toResults(config.match_template_result, `${at} match_template_result`),
    ignored: [
      ...ignoredFields(config, fields),
      ...ignoredEffects(config.optics_group, fields),
      ...idleOrders(config.orientation_search_config),
    ],
  };
}

/**
 * The values that the settings ask for, in the order in which they are counted.
 *
 * @throws {VitrineError} range: ranges so narrow that no pixel of a HEALPix grid lies in them
 */
export function searchSpace({ orientations, defocus, pixelSizes }: MatchSettings): SearchSpace {
  return {
    eulerAnglesDeg: joinOrientations(orientations.map((grid) => uniformOrientations(grid))),
    defocusOffsetsA: defocus === null ? new Float64Array(1) : defocusOffsets(defocus),
    pixelSizeOffsetsA: pixelSizes === null ? new Float64Array(1) : pixelSizeOffsets(pixelSizes),
  };
}

function toOptics(
  group: MatchTemplateYaml["optics_group"],
  at: string,
  fields: FieldConventions,
): MatchOptics {
  return {
    label: group.label,
    pixelSizeA: group.pixel_size,
    voltageKv: group.voltage,
    sphericalAberrationMm: group.spherical_aberration,
    amplitudeContrast: group.amplitude_contrast_ratio,
    phaseShiftDeg: group.phase_shift,
    defocusUA: group.defocus_u,
    defocusVA: group.defocus_v,
    astigmatismAngleDeg: group.astigmatism_angle,
    bFactorA2: group.ctf_B_factor,
    ...(group.even_zernikes !== null && { evenZernikes: withoutUndefined(group.even_zernikes) }),
    ...(group.odd_zernikes !== null && { oddZernikes: withoutUndefined(group.odd_zernikes) }),
    ...(group.mag_matrix !== null && { magnificationMatrix: toMatrix(group.mag_matrix) }),
    ...toOpticsEffects(group, `${at} optics_group`, { fields, pixelSizeA: group.pixel_size }),
  };
}

function toMatrix([yy, yx, xy, xx]: readonly number[]): MagnificationMatrix {
  return [yy, yx, xy, xx];
}

function withoutUndefined(terms: Readonly<Record<string, number | undefined>>): Record<string, number> {
  const given = Object.entries(terms).filter((term): term is [string, number] => term[1] !== undefined);
  return Object.fromEntries(given);
}
