import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { formatYaml, type WriteOptions, writeFileAtomic } from "../../io/index.ts";
import type { ProgramYaml } from "./configPrograms.ts";
import type { MatchTemplateYaml } from "./configSchema.ts";

/** How a configuration is written; programs read both. */
export type ConfigFormat = "yaml" | "json";

/**
 * Writes a configuration that its program reads as the same value, and Leopard-EM reads too: sections which that does not know
 * are written only where they say something, and a `pixel_size_step` of 0, its default that it refuses, is not.
 *
 * @param config  as `parseConfig` gives it
 * @throws {VitrineError} type: a number that is not finite
 */
export function formatConfig(config: ProgramYaml, format: ConfigFormat = "yaml"): string {
  const plain = withoutUnset(config, "config");
  return format === "yaml" ? formatYaml(plain) : `${JSON.stringify(plain, null, 2)}\n`;
}

/** What a finished search writes back into its configuration. */
export interface SearchTotals {
  /** Correlations per pixel. */
  readonly projections: number;
  readonly orientations: number;
  readonly defocusValues: number;
}

/**
 * Writes a configuration that `parseMatchConfig` and Leopard-EM read (the latter refuses
 * `pixel_size_search_config`) as YAML, with the totals of a finished search where they are given.
 */
export function formatMatchConfig(config: MatchTemplateYaml, totals?: SearchTotals): string {
  if (totals === undefined) return formatConfig(config);
  const result = {
    ...config.match_template_result,
    total_projections: totals.projections,
    total_orientations: totals.orientations,
    total_defocus: totals.defocusValues,
  };
  return formatConfig({ ...config, match_template_result: result });
}

/**
 * Writes a configuration to a file, whole or not at all, in the format that its ending tells.
 *
 * @throws {VitrineError} as {@link formatConfig} and {@link configFormat}; exists: a file of that name, unless `overwrite`;
 *   storage: what the file system reports
 */
export async function writeConfig(
  path: string,
  config: ProgramYaml,
  options: WriteOptions = {},
): Promise<void> {
  requireKnownOptions("writeConfig", options, { overwrite: true, durability: true });
  const text = formatConfig(config, configFormat(path));
  await writeFileAtomic(path, new TextEncoder().encode(text), options);
}

/** The format of a path: YAML (.yaml, .yml) or JSON (.json). @throws {VitrineError} range: another ending */
export function configFormat(path: string): ConfigFormat {
  const ending = /\.(ya?ml|json)$/i.exec(path)?.[1].toLowerCase();
  if (ending !== undefined) return ending === "json" ? "json" : "yaml";
  const expected = "a path that ends with .yaml, .yml or .json";
  throw new VitrineError({ code: "range", at: path, expected, found: "another" });
}

function withoutUnset(value: unknown, at: string): unknown {
  if (Array.isArray(value)) return value.map((entry, i) => withoutUnset(entry, `${at}[${i}]`));
  if (typeof value === "object" && value !== null) {
    const set = Object.entries(value).filter(([key, entry]) => !isUnset(key, entry));
    return Object.fromEntries(set.map(([key, entry]) => [key, withoutUnset(entry, `${at}.${key}`)]));
  }
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new VitrineError({ code: "type", at, expected: "a finite number", found: String(value) });
}

/** Of a search, `optics_group` has a label and so always says something. */
const OURS: readonly string[] = ["pixel_size_search_config", "optics_group", "laser_phase_plate"];

function isUnset(key: string, value: unknown): boolean {
  if (key === "pixel_size_step") return value === 0;
  if (!OURS.includes(key)) return value === undefined;
  return !value || Object.values(value).every((entry) => !entry);
}
