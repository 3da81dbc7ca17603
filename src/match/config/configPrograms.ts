import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { parseYaml, readText } from "../../io/index.ts";
import { parseMatchSettings } from "./config.ts";
import { matchTemplate, parseMatchConfig } from "./configSchema.ts";
import { parseConstrainedSettings } from "./constrainedConfig.ts";
import { simulatorValues, toOptimizeTemplateSettings } from "./optimizeTemplateConfig.ts";
import { optimizeTemplate, parseOptimizeTemplateConfig } from "./optimizeTemplateSchema.ts";
import { effectsValues, type GivenValue, searchValues } from "./plausible.ts";
import { parseRefineSettings, UNREAD_SIZES } from "./refineConfig.ts";
import {
  constrainedSearch,
  parseConstrainedConfig,
  parseRefineConfig,
  refineTemplate,
} from "./refineSchema.ts";

/** Of each program: the fields of its file, how they are read, and how they are checked against each other. */
const PROGRAMS = {
  match: {
    fields: matchTemplate.shape,
    parse: parseMatchConfig,
    check(text: string, at: string) {
      const settings = parseMatchSettings(text, at);
      return { ignored: settings.ignored, values: searchValues(settings, at) };
    },
  },
  refine: {
    fields: refineTemplate.shape,
    parse: parseRefineConfig,
    check(text: string, at: string) {
      const { ignored, effects, movie } = parseRefineSettings(text, at, { stackSizes: UNREAD_SIZES });
      const dose = (field: string, value: number | undefined): GivenValue => {
        return { at: `${at} movie_config.${field}`, quantity: "dose", value };
      };
      const doses = [
        dose("pre_exposure", movie?.preExposureA2),
        dose("fluence_per_frame", movie?.dosePerFrameA2),
      ];
      return { ignored, values: [...effectsValues(effects, at), ...doses] };
    },
  },
  "constrained-search": {
    fields: constrainedSearch.shape,
    parse: parseConstrainedConfig,
    check(text: string, at: string) {
      const { ignored, effects } = parseConstrainedSettings(text, at, { stackSizes: UNREAD_SIZES });
      return { ignored, values: effectsValues(effects, at) };
    },
  },
  "optimize-template": {
    fields: optimizeTemplate.shape,
    parse: parseOptimizeTemplateConfig,
    check(text: string, at: string) {
      const config = parseOptimizeTemplateConfig(text, at);
      const [, height, width] = config.simulator.volume_shape;
      const stackSizes = { ...UNREAD_SIZES, templateSize: [height, width] as const };
      const { ignored, effects, simulator } = toOptimizeTemplateSettings(config, at, { stackSizes });
      return { ignored, values: [...effectsValues(effects, at), ...simulatorValues(simulator, at)] };
    },
  },
} as const;

/** A program that is told by a file what to do. */
export type ConfigProgram = keyof typeof PROGRAMS;

/** The configuration of any program, in Leopard-EM's names, with defaults filled in. */
export type ProgramYaml = ReturnType<(typeof PROGRAMS)[ConfigProgram]["parse"]>;

/** A configuration and whose it is. */
export interface ProgramConfig {
  readonly program: ConfigProgram;
  readonly config: ProgramYaml;
  /** Fields of the file that were set and have no effect. */
  readonly ignored: readonly string[];
  /** Numbers of the file that may lie outside what is usual, for `warnOfImplausible`. */
  readonly values: readonly GivenValue[];
}

/** Names of the programs whose configurations can be read and written. */
export const CONFIG_PROGRAMS = Object.keys(PROGRAMS) as readonly ConfigProgram[];

/**
 * Reads the configuration of any program, as YAML or JSON, and checks it wholly. The text is checked, not the files that it
 * names.
 *
 * @param at       how messages call the file
 * @param program  whose configuration it is; where absent, the one that knows most of its fields
 * @throws {VitrineError} undeterminable: fields of two programs alike, or of none; and as `parseMatchSettings` and its
 *   likes of other programs
 */
export function parseConfig(text: string, at: string, program = recognize(text, at)): ProgramConfig {
  const { parse, check } = PROGRAMS[program];
  const { ignored, values } = check(text, at);
  return { program, config: parse(text, at), ignored, values };
}

/** As {@link parseConfig}, from a file. @throws {VitrineError} missing: no such file */
export async function readConfig(path: string, program?: ConfigProgram): Promise<ProgramConfig> {
  return parseConfig(await readText(path), path, program);
}

/**
 * The text of a program's configuration, which its parser then checks.
 *
 * @throws {VitrineError} missing, storage: no such file, or one that cannot be read; format: no YAML, or the configuration of
 *   another program
 */
export async function readConfigText(path: string, program: ConfigProgram): Promise<string> {
  const text = await readText(path);
  const ranks = rankPrograms(Object(parseYaml(text, z.unknown(), path)));
  const own = ranks.find((rank) => rank.program === program);
  if (own === undefined || own.known === ranks[0].known) return text;
  throw new VitrineError({
    code: "format",
    at: path,
    expected: `a configuration of ${program}`,
    found: `one of ${ranks[0].program}`,
    hint: `Give it to vitrine ${ranks[0].program}`,
  });
}

function recognize(text: string, at: string): ConfigProgram {
  const [best, next] = rankPrograms(parseYaml(text, z.record(z.string(), z.unknown()), at));
  if (best.known > next.known) return best.program;
  throw new VitrineError({
    code: "undeterminable",
    at,
    expected: `the configuration of one of ${CONFIG_PROGRAMS.join(", ")}`,
    found: best.known === 0 ? "fields of none" : `fields of ${best.program} and ${next.program} alike`,
    hint: "Name it with --program",
  });
}

/** Programs by how many fields of a file they know, the most first. */
function rankPrograms(config: object) {
  const names = Object.keys(config);
  return CONFIG_PROGRAMS.map((program) => {
    const { fields } = PROGRAMS[program];
    return { program, known: names.filter((name) => Object.hasOwn(fields, name)).length };
  }).sort((a, b) => b.known - a.known);
}
