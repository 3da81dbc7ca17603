import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";
import { parse, stringify } from "yaml";
import { seededRandom } from "../../src/core/index.ts";
import { formatMrc } from "../../src/io/index.ts";
import { noise } from "./noise.ts";

/** A folder for one test file, removed when its tests have ended. Call it at the top of the file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-search-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The eight maps by their name in a configuration, without `_path`. */
export const MAPS = [
  "mip",
  "scaled_mip",
  "correlation_average",
  "correlation_variance",
  "orientation_psi",
  "orientation_theta",
  "orientation_phi",
  "relative_defocus",
] as const;

/** Maps that are the same to the last bit however the work is divided. */
export const EXACT_MAPS = MAPS.filter((name) => !/scaled|average|variance/.test(name));

/**
 * How far maps may lie from the peer's. Both sides take float32 transforms of values up to 12: 1e-5 is their rounding; the bounds are the
 * project's.
 */
export const MAP_BOUNDS = [
  ["mip", 2e-4],
  ["scaled_mip", 2e-4],
  ["correlation_average", 1e-5],
  ["correlation_variance", 1e-5],
] as const;

/** Maps of what was best; where two correlations are equal but for rounding, either may win. */
export const CHOICE_MAPS = [
  "orientation_phi",
  "orientation_theta",
  "orientation_psi",
  "relative_defocus",
] as const;

/** Largest absolute difference of two arrays. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i] - b[i]));
  return largest;
}

/** Share of the values that are not equal. */
export function unequal(a: Float32Array, b: Float32Array): number {
  return a.reduce((count, value, i) => count + (value === b[i] ? 0 : 1), 0) / b.length;
}

/** A configuration as an object, for tests to change. */
// biome-ignore lint/suspicious/noExplicitAny: tests write wrong values into it on purpose.
export type Configuration = Record<string, any>;

/** Paths of the maps, `name.mrc` in one folder. */
export function mapPaths(folder: string): Record<string, string> {
  return Object.fromEntries(MAPS.map((name) => [`${name}_path`, join(folder, `${name}.mrc`)]));
}

/** Writes a configuration into a folder; its path. */
export function writeConfig(folder: string, configuration: Configuration, name = "config.yaml"): string {
  const path = join(folder, name);
  writeFileSync(path, stringify(configuration));
  return path;
}

/** The configuration of a golden search with the golden inputs and results in `folder`; its path. */
export function goldenConfig(name: "search1" | "search2", folder: string): string {
  const golden = (file: string) => fileURLToPath(new URL(`../golden/match/${file}`, import.meta.url));
  const configuration: Configuration = parse(readFileSync(golden(`${name}_config.yaml`), "utf8"));
  return writeConfig(folder, {
    ...configuration,
    micrograph_path: golden("micrograph.mrc"),
    template_volume_path: golden("template.mrc"),
    match_template_result: mapPaths(folder),
  });
}

/** What a small search is made of. */
export interface SmallCase {
  /** Height and width of the micrograph. */
  readonly image: readonly [number, number];
  /** Side of the template. */
  readonly template: number;
  readonly seed?: number;
  /** Sections of the configuration that replace those below. */
  readonly configuration?: Configuration;
}

/** 161 orientations, without one along an axis. */
export const FEW_ORIENTATIONS = {
  phi_min: 3,
  phi_max: 333,
  theta_min: 20,
  theta_max: 140,
  psi_min: 5,
  psi_max: 215,
  psi_step: 30,
  theta_step: 40,
  symmetry: null,
} as const;

/** A search that takes well below a second: noise for a micrograph, smooth noise for a template. */
export function smallConfiguration(
  folder: string,
  { image, template, seed = 1, configuration }: SmallCase,
): Configuration {
  const paths = {
    micrograph_path: join(folder, "image.mrc"),
    template_volume_path: join(folder, "volume.mrc"),
  };
  const micrograph = { data: noise(image[0] * image[1], seed), shape: image, voxelSizeA: 2 };
  writeFileSync(paths.micrograph_path, formatMrc(micrograph));
  const shape = [template, template, template] as const;
  writeFileSync(
    paths.template_volume_path,
    formatMrc({ data: smoothVolume(template, seed), shape, voxelSizeA: 2 }),
  );
  return {
    ...paths,
    optics_group: {
      label: "synthetic",
      pixel_size: 2,
      voltage: 300,
      ctf_B_factor: 30,
      defocus_u: 9000,
      defocus_v: 8600,
      astigmatism_angle: 25,
    },
    defocus_search_config: { enabled: true, defocus_min: -500, defocus_max: 500, defocus_step: 500 },
    orientation_search_config: FEW_ORIENTATIONS,
    preprocessing_filters: {},
    match_template_result: mapPaths(folder),
    ...configuration,
  };
}

/** Noise under a Gaussian that is small at the border of the cube, (n, n, n). */
export function smoothVolume(n: number, seed: number): Float32Array {
  const random = seededRandom(seed + 1000);
  const distance = (i: number) => (i - Math.floor(n / 2)) / (n / 5);
  return Float32Array.from({ length: n ** 3 }, (_, i) => {
    const [z, y, x] = [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n].map(distance);
    return (1 + random.normal()) * Math.exp(-0.5 * (z * z + y * y + x * x));
  });
}

/** Values of a result map. */
export function readMap(folder: string, name: (typeof MAPS)[number]): Float32Array {
  const bytes = new Uint8Array(readFileSync(join(folder, `${name}.mrc`)));
  return new Float32Array(bytes.buffer, 1024);
}

/** What lies in a folder. */
export function filesOf(folder: string): string[] {
  return readdirSync(folder).sort();
}

/** Largest distance of two arrays in units in the last place of float32: how many float32 numbers lie between. */
export function ulpDistance(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) throw new Error(`${a.length} values against ${b.length}`);
  const [left, right] = [orderedBits(a), orderedBits(b)];
  return left.reduce((most, bits, i) => Math.max(most, Math.abs(bits - right[i])), 0);
}

/** Integers that are in order as the numbers are; NaN becomes NaN, so that no comparison passes. */
function orderedBits(values: Float32Array): Float64Array {
  const bits = new Int32Array(Float32Array.from(values).buffer);
  return Float64Array.from(bits, (bit, i) =>
    Number.isNaN(values[i]) ? Number.NaN : bit < 0 ? -(bit & 0x7fffffff) : bit,
  );
}
