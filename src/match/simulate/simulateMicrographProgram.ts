import type { Pool } from "../../compute/index.ts";
import { pickOptions, VitrineError, type Volume } from "../../core/index.ts";
import {
  MRC_NAME,
  type OptionKeys,
  readMrcVolume,
  refuseOtherEnding,
  requireKnownOptions,
  writeFileAtomic,
  writeMrc,
} from "../../io/index.ts";
import { PROGRAM_KEYS, type ProgramOptions, runProgram } from "../../program/index.ts";
import { type MatchSettings, parseMatchSettings } from "../config/config.ts";
import { type GivenValue, opticsValues, warnOfImplausible } from "../config/plausible.ts";
import { type ParticleTable, particleTable } from "../particles/particles.ts";
import { checkTableName, writeParticles } from "../particles/writeParticles.ts";
import { warnOfPixelSize } from "../search/pixelSizes.ts";
import { requireContrast } from "../search/searchInputs.ts";
import { PLACE_KEYS, type PlaceOptions, placeParticles } from "./placeParticles.ts";
import { requireProjectable } from "./projectMap.ts";
import { formatSearchConfig, SEARCH_CONFIG_KEYS, type SearchConfigOptions } from "./searchConfig.ts";
import type { PlantedParticle } from "./simulateMicrograph.ts";
import { type MapMicrographOptions, simulateMicrographOfMap } from "./simulateMicrographOfMap.ts";

/** What is simulated, and where it goes. Optics and searches are those of the configuration. */
export interface SimulationOptions
  extends Omit<
      SearchConfigOptions,
      "label" | "templatePath" | "micrographPath" | "pixelSizeA" | "defocusSpreadA"
    >,
    Omit<PlaceOptions, "boxSize">,
    Pick<MapMicrographOptions, "noise">,
    Pick<ProgramOptions, "workers" | "signal" | "onBackend" | "onLog"> {
  /** The micrograph, MRC. */
  readonly micrographPath: string;
  /** Table of what was planted, in the columns of a search. Default `truth.csv`. */
  readonly truthPath?: string;
  /** Leopard-EM's configuration of a search for these particles; none if absent. */
  readonly configPath?: string;
  /** Default that of the map's file. */
  readonly pixelSizeA?: number;
  readonly overwrite?: boolean;
}

const { label: _, templatePath: __, ...OWN_CONFIG_KEYS } = SEARCH_CONFIG_KEYS;
const { boxSize: ___, ...OWN_PLACE_KEYS } = PLACE_KEYS;

const KEYS: OptionKeys<SimulationOptions & ProgramOptions> = {
  ...PROGRAM_KEYS,
  ...OWN_CONFIG_KEYS,
  ...OWN_PLACE_KEYS,
  noise: true,
  truthPath: true,
  configPath: true,
  overwrite: true,
};

/** What was simulated. */
export interface SimulationReport {
  readonly particles: readonly PlantedParticle[];
  /** See `simulateMicrographOfMap`. */
  readonly zScore: number;
  readonly files: readonly string[];
}

/**
 * Simulates a micrograph from a map: particles at places and in orientations drawn from a seed, as the microscope shows them,
 * under noise. Writes the micrograph, a table of what was planted and, if that is asked for, a search's configuration.
 *
 * @param mapPath  MRC, a cube
 * @throws {VitrineError} missing, storage, format: the map's file; shape: no cube; range: options outside their limits, too many
 *   particles, no pixel size; exists: a result that is there; aborted
 */
export async function runSimulateMicrograph(
  mapPath: string,
  options: SimulationOptions,
): Promise<SimulationReport> {
  requireKnownOptions("runSimulateMicrograph", options, KEYS);
  const { micrographPath, truthPath = "truth.csv", configPath, overwrite = false } = options;
  refuseOtherEnding(micrographPath, MRC_NAME, "a name that ends with .mrc");
  checkTableName(truthPath);
  const files = [micrographPath, truthPath, ...(configPath === undefined ? [] : [configPath])];
  const map = await readMap(mapPath, options);
  const config = formatSearchConfig(
    pickOptions<SearchConfigOptions>(
      { ...options, templatePath: mapPath, pixelSizeA: map.voxelSizeA },
      SEARCH_CONFIG_KEYS,
    ),
  );
  const settings = parseMatchSettings(config, "simulateMicrograph");
  warnOfImplausible(simulationValues(settings, options), options.onLog);
  const particles = placeParticles(
    pickOptions<PlaceOptions>({ ...options, boxSize: map.shape[0] }, PLACE_KEYS),
  );
  const truth = truthTable(particles, { settings, boxSize: map.shape[0] });
  const needs = { inputs: [mapPath], outputs: files, overwrite };
  return runProgram(needs, options, async ({ pool, results }) => {
    const { image, zScore } = await simulate(pool, { map, particles }, { ...options, settings });
    const { data, shape, pixelSizeA } = image;
    const micrograph = { data, shape, voxelSizeA: pixelSizeA };
    await results.write(micrographPath, (path) => writeMrc(path, micrograph, { overwrite: true }));
    await results.write(truthPath, (path) =>
      writeParticles(path, truth, { name: truthPath, overwrite: true }),
    );
    if (configPath !== undefined) {
      const text = new TextEncoder().encode(config);
      await results.write(configPath, (path) => writeFileAtomic(path, text, { overwrite: true }));
    }
    return { particles, zScore, files };
  });
}

/** What the microscope is told, by the options of the command. */
function simulationValues({ optics }: MatchSettings, { noise }: SimulationOptions): GivenValue[] {
  const options: Readonly<Record<string, string>> = {
    spherical_aberration: "--cs",
    amplitude_contrast_ratio: "--amplitude-contrast",
    defocus_u: "--defocus",
    ctf_B_factor: "--b-factor",
  };
  const dose = noise.kind === "dose" ? noise.dosePerA2 : undefined;
  // without astigmatism there is one defocus, which is said once
  const { defocusVA, ...round } = optics;
  const said = defocusVA === optics.defocusUA ? round : optics;
  return [
    ...opticsValues(said, (field) => options[field] ?? `--${field.replaceAll("_", "-")}`),
    { at: "--dose", quantity: "dose", value: dose },
  ];
}

async function readMap(
  path: string,
  { pixelSizeA, onLog }: Pick<SimulationOptions, "pixelSizeA" | "onLog">,
): Promise<Volume> {
  const map = await readMrcVolume(path, (line) => onLog?.(line, "warning"));
  requireProjectable(map, path);
  requireContrast(map.data, path, "voxels");
  if (pixelSizeA !== undefined) {
    warnOfPixelSize({ path, pixelSizeA: map.voxelSizeA }, { pixelSizeA, from: "--pixel-size" }, onLog);
    return { ...map, voxelSizeA: pixelSizeA };
  }
  if (map.voxelSizeA > 0) return map;
  throw new VitrineError({
    code: "range",
    at: path,
    expected: "a voxel size above 0 Å",
    found: String(map.voxelSizeA),
    hint: "Give one with --pixel-size",
  });
}

function simulate(
  pool: Pool,
  what: { readonly map: Volume; readonly particles: readonly PlantedParticle[] },
  { settings, shape, noise, seed, signal }: SimulationOptions & { readonly settings: MatchSettings },
) {
  // another stream of random numbers than that of the places
  const noiseSeed = seed + 0x5eed;
  const options = { shape, noise, seed: noiseSeed, optics: settings.optics, ...(signal && { signal }) };
  return simulateMicrographOfMap(pool, what, options);
}

/** The columns of a search; what only a search knows is empty. */
function truthTable(
  particles: readonly PlantedParticle[],
  { settings, boxSize }: { readonly settings: MatchSettings; readonly boxSize: number },
): ParticleTable {
  const column = (value: (particle: PlantedParticle) => number) => Float32Array.from(particles, value);
  const unknown = column(() => Number.NaN);
  const peaks = particles.map(({ posX, posY }) => ({ x: posX, y: posY, zScore: Number.NaN }));
  const values = {
    mip: unknown,
    scaledMip: unknown,
    correlationAverage: unknown,
    correlationVariance: unknown,
    orientationPhi: column(({ phiDeg }) => phiDeg),
    orientationTheta: column(({ thetaDeg }) => thetaDeg),
    orientationPsi: column(({ psiDeg }) => psiDeg),
    relativeDefocus: column(({ relativeDefocusA }) => relativeDefocusA),
  };
  return particleTable(peaks, values, { settings, facts: { totalCorrelations: 0, templateSize: boxSize } });
}
