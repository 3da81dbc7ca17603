import { VitrineError } from "../../core/index.ts";
import type { OffsetSearch } from "../../optics/index.ts";
import { fieldConventions } from "../leopard/fields.ts";
import { ignoredFields, type MatchFilters, toFilters } from "./configFilters.ts";
import { toPixelSizeSearch } from "./configSearch.ts";
import { ignoredEffects, type OpticsEffects, toOpticsEffects } from "./opticsEffects.ts";
import { type OptimizeTemplateYaml, parseOptimizeTemplateConfig } from "./optimizeTemplateSchema.ts";
import type { GivenValue } from "./plausible.ts";
import { ignoredStack, type StackParsing, type StackSettings, toStack } from "./refineConfig.ts";

/** What a search for the template's pixel size is told to do. */
export interface OptimizeTemplateSettings {
  readonly stack: StackSettings;
  readonly simulator: SimulatorSettings;
  /** Å, added to the simulator's pixel size; null: only 0. */
  readonly coarse: OffsetSearch | null;
  /** Å, added to the best pixel size of the coarse search; null: no fine search. */
  readonly fine: OffsetSearch | null;
  readonly filters: MatchFilters;
  /** Beside the optics in the table. */
  readonly effects: OpticsEffects;
  /** Filter whole micrographs, not boxes. */
  readonly filtersMicrographs: boolean;
  /** Fields of the file that have no effect, some with the reason, for the log. */
  readonly ignored: readonly string[];
}

/** How atoms become a template, in the words of `simulateMap`. */
export interface SimulatorSettings {
  readonly atomsPath: string;
  /** STAR file with the camera's transfer function; null: none. */
  readonly mtfPath: string | null;
  readonly boxSize: number;
  /** Where the search begins. */
  readonly pixelSizeA: number;
  readonly centerAtoms: boolean;
  readonly removeHydrogens: boolean;
  readonly bFactorScaling: number;
  readonly additionalBFactorA2: number;
  /** Absent: by the pixel size. */
  readonly upsampling?: number;
  /** Absent: no dose filter. */
  readonly exposure?: {
    readonly startPerA2: number;
    readonly endPerA2: number;
    readonly voltageKv: number;
    readonly critExposureBFactor?: number;
    readonly modifySignal: "none" | "sqrt" | "rel_diff";
  };
}

/** Cameras whose transfer functions come with ttsim3d 0.4 and not with us. */
const CAMERAS = [
  ...[
    "de20_300kv",
    "falcon2_300kv",
    "falcon3EC_200kv",
    "falcon3EC_300kv",
    "falcon4EC_200kv",
    "falcon4EC_300kv",
  ],
  ...[
    "k2_300kv",
    "k2_200kV_FL2",
    "k2_300kV_FL2",
    "k3_200kV_FL2",
    "k3_300kV_FL2",
    "k3_200kV_CDS",
    "k3_300kV_CDS",
  ],
];

/** ttsim3d takes a quarter of every B-factor, as cisTEM does; the file's numbers mean that. */
const B_FACTOR_SHARE = 0.25;

/**
 * Reads the configuration of a search for the template's pixel size and checks what its fields say together.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} as {@link parseOptimizeTemplateConfig}; range: no search, a search backwards or down to 0 Å, a step of
 *   0, a box smaller than the template, a simulator's number outside its limits; shape: a volume that is no cube or other than the
 *   particles' template
 */
export function parseOptimizeTemplateSettings(
  text: string,
  at: string,
  options: StackParsing = {},
): OptimizeTemplateSettings {
  return toOptimizeTemplateSettings(parseOptimizeTemplateConfig(text, at), at, options);
}

/** As {@link parseOptimizeTemplateSettings}, of a configuration that was read. */
export function toOptimizeTemplateSettings(
  config: OptimizeTemplateYaml,
  at: string,
  { stackSizes, ...options }: StackParsing = {},
): OptimizeTemplateSettings {
  const fields = fieldConventions(options);
  const stack = toStack(config.particle_stack, `${at} particle_stack`, stackSizes);
  const searches = toSearches(config, at);
  return {
    stack,
    simulator: toSimulator(config.simulator, stack, `${at} simulator`),
    ...searches,
    filters: toFilters(config.preprocessing_filters, at, fields),
    filtersMicrographs: config.apply_global_filtering,
    effects: toOpticsEffects(config.optics_group, `${at} optics_group`, { fields }),
    ignored: [
      ...ignoredFields(config, fields),
      ...ignoredEffects(config.optics_group, fields),
      ...ignoredStack(config.particle_stack, "particle_stack"),
      ...ignoredSimulation(config.simulator.simulator_config),
    ],
  };
}

/** What the simulator is told in numbers. @param at  how messages call the file */
export function simulatorValues({ pixelSizeA, exposure }: SimulatorSettings, at: string): GivenValue[] {
  const value = (field: string, quantity: GivenValue["quantity"], given: number | undefined) => ({
    at: `${at} simulator.${field}`,
    quantity,
    value: given,
  });
  return [
    value("pixel_spacing", "pixelSize", pixelSizeA),
    value("simulator_config.voltage", "voltage", exposure?.voltageKv),
    value("simulator_config.dose_start", "dose", exposure?.startPerA2),
    value("simulator_config.dose_end", "dose", exposure?.endPerA2),
  ];
}

function toSearches(config: OptimizeTemplateYaml, at: string) {
  const coarse = toPixelSizeSearch(config.pixel_size_coarse_search, at, "pixel_size_coarse_search");
  const fine = toPixelSizeSearch(config.pixel_size_fine_search, at, "pixel_size_fine_search");
  if (coarse === null && fine === null) {
    const where = `${at} pixel_size_coarse_search.enabled`;
    const expected = "true, here or in pixel_size_fine_search";
    throw new VitrineError({ code: "range", at: where, expected, found: "false" });
  }
  const smallest = Math.min(0, coarse?.min ?? 0) + Math.min(0, fine?.min ?? 0);
  if (config.simulator.pixel_spacing + smallest <= 0) {
    const where = `${at} pixel_size_${coarse === null ? "fine" : "coarse"}_search.pixel_size_min`;
    const expected = `offsets that leave more than 0 of ${config.simulator.pixel_spacing} Å, simulator.pixel_spacing`;
    throw new VitrineError({ code: "range", at: where, expected, found: `${smallest} Å in all` });
  }
  return { coarse, fine };
}

type Simulator = OptimizeTemplateYaml["simulator"];

function toSimulator(simulator: Simulator, stack: StackSettings, at: string): SimulatorSettings {
  requireCube(simulator.volume_shape, stack, `${at}.volume_shape`);
  const config = simulator.simulator_config;
  requireRange(config.upsampling, config.upsampling === -1 || config.upsampling >= 1, {
    at: `${at}.simulator_config.upsampling`,
    expected: "-1, or a whole number from 1",
  });
  return {
    atomsPath: simulator.pdb_filepath,
    mtfPath: config.apply_dqe && !CAMERAS.includes(config.mtf_reference) ? config.mtf_reference : null,
    boxSize: simulator.volume_shape[0],
    pixelSizeA: simulator.pixel_spacing,
    centerAtoms: simulator.center_atoms,
    removeHydrogens: simulator.remove_hydrogens,
    bFactorScaling: B_FACTOR_SHARE * simulator.b_factor_scaling,
    additionalBFactorA2: B_FACTOR_SHARE * simulator.additional_b_factor,
    ...(config.upsampling !== -1 && { upsampling: config.upsampling }),
    ...(config.apply_dose_weighting && { exposure: toExposure(config, `${at}.simulator_config`) }),
  };
}

function toExposure(config: Simulator["simulator_config"], at: string) {
  const { dose_start, dose_end, crit_exposure_bfactor: bFactor, dose_filter_modify_signal } = config;
  requireRange(dose_end, dose_end >= dose_start, {
    at: `${at}.dose_end`,
    expected: `at least dose_start, ${dose_start} electrons/Å²`,
  });
  requireRange(bFactor, bFactor === -1 || bFactor > 0, {
    at: `${at}.crit_exposure_bfactor`,
    expected: "-1, or a number above 0",
  });
  return {
    startPerA2: dose_start,
    endPerA2: dose_end,
    voltageKv: config.voltage,
    ...(bFactor !== -1 && { critExposureBFactor: bFactor }),
    modifySignal: dose_filter_modify_signal === "None" ? "none" : dose_filter_modify_signal,
  } as const;
}

/** @throws {VitrineError} range: a value for which `holds` is false */
function requireRange(value: number, holds: boolean, fault: { at: string; expected: string }): void {
  if (!holds) throw new VitrineError({ code: "range", ...fault, found: String(value) });
}

/** @throws {VitrineError} shape */
function requireCube(shape: Simulator["volume_shape"], { templateSize }: StackSettings, at: string): void {
  const [side] = shape;
  const found = shape.join(" x ");
  if (shape.some((length) => length !== side)) {
    throw new VitrineError({ code: "shape", at, expected: "a cube", found });
  }
  if (templateSize.every((length) => length === side)) return;
  const expected = `a cube as wide as particle_stack.original_template_size, ${templateSize.join(" x ")}`;
  throw new VitrineError({ code: "shape", at, expected, found });
}

function ignoredSimulation(config: Simulator["simulator_config"]): string[] {
  const unused = (["store_volume", "atom_batch_size"] as const).filter((key) => config[key] !== undefined);
  const isNamed = config.apply_dqe && CAMERAS.includes(config.mtf_reference);
  const reason = `${config.mtf_reference} comes with ttsim3d: name its STAR file, or set apply_dqe: false`;
  const names = isNamed ? [`mtf_reference (${reason})`, ...unused] : unused;
  return names.map((name) => `simulator.simulator_config.${name}`);
}
