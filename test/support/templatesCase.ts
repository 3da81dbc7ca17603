import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatMrc } from "../../src/io/index.ts";
import {
  type PlantedParticle,
  parseMatchSettings,
  scatterParticles,
  searchSpace,
  simulateMicrograph,
  simulateMolecule,
  volumeFromMolecule,
} from "../../src/match/index.ts";
import { noise } from "./noise.ts";
import { type Configuration, mapPaths, writeConfig } from "./searchCase.ts";

/** A molecule whose map is a template. */
export interface PlantedTemplate {
  /** In the folder. */
  readonly file: string;
  readonly boxSize: number;
  readonly seed: number;
  readonly radiusA: number;
}

/** What a micrograph with particles of some templates, in turns, looks like. */
export interface TemplatesCase {
  readonly shape: readonly [number, number];
  readonly templates: readonly PlantedTemplate[];
  /** `without`: of those that `scatterParticles` gives, the third overlaps the second. */
  readonly particles: { readonly count: number; readonly seed: number; readonly without?: number };
  readonly signal: number;
  /** Sections of the configuration that replace those below. */
  readonly configuration?: Configuration;
}

/** Files of such a case and what is planted there. */
export interface TemplatesFiles {
  readonly paths: readonly string[];
  readonly configuration: Configuration;
  readonly planted: readonly (PlantedParticle & { readonly templatePath: string })[];
  /** Makes a folder for the results of one run, with its configuration; `more` changes that. */
  place(
    name: string,
    more?: Configuration,
  ): { readonly folder: string; readonly config: string; readonly particlesPath: string };
}

const NOISE_SEED = 9;
const VOXEL_SIZE_A = 2;

/** Writes templates, and a micrograph with particles of them at orientations of the search, into a folder. */
export function writeTemplatesCase(folder: string, plan: TemplatesCase): TemplatesFiles {
  const paths = plan.templates.map(({ file }) => join(folder, file));
  const configuration = {
    micrograph_path: join(folder, "micrograph.mrc"),
    template_volume_path: paths.length === 1 ? paths[0] : paths,
    optics_group: {
      label: "test",
      pixel_size: VOXEL_SIZE_A,
      voltage: 300,
      defocus_u: 9000,
      defocus_v: 8600,
      astigmatism_angle: 25,
    },
    defocus_search_config: { enabled: false },
    orientation_search_config: { psi_step: 30, theta_step: 30, symmetry: "C3" },
    preprocessing_filters: {},
    ...plan.configuration,
  };
  return {
    paths,
    configuration,
    planted: plant(configuration, paths, plan),
    place(name, more = {}) {
      const own = join(folder, name);
      mkdirSync(own);
      const config = writeConfig(own, { ...configuration, match_template_result: mapPaths(own), ...more });
      return { folder: own, config, particlesPath: join(own, "particles.csv") };
    },
  };
}

/** Two templates of unlike sizes, and two particles of each; a search takes about a second. */
export function twoTemplates(folder: string): TemplatesFiles {
  return writeTemplatesCase(folder, {
    shape: [300, 340],
    templates: [
      { file: "large.mrc", boxSize: 50, seed: 4, radiusA: 44 },
      { file: "small.v2.mrc", boxSize: 46, seed: 12, radiusA: 40 },
    ],
    particles: { count: 5, seed: 3, without: 2 },
    signal: 30,
  });
}

function plant(
  configuration: Configuration,
  paths: readonly string[],
  { shape, templates, particles, signal }: TemplatesCase,
): TemplatesFiles["planted"] {
  const text = JSON.stringify({ ...configuration, match_template_result: mapPaths("") });
  const settings = parseMatchSettings(text, "test");
  const boxSize = Math.max(...templates.map((template) => template.boxSize));
  const { eulerAnglesDeg } = searchSpace(settings);
  const { without, ...scattered } = particles;
  const planted = scatterParticles({ ...scattered, shape, boxSize, eulerAnglesDeg })
    .filter((_, i) => i !== without)
    .map((particle, i) => ({ ...particle, templatePath: paths[i % paths.length] }));
  const ice = noise(shape[0] * shape[1], NOISE_SEED);
  const images = templates.map(({ seed, radiusA, boxSize: size }, k) => {
    const molecule = simulateMolecule({ seed, atomCount: 200, radiusA, sigmaA: 2.2 });
    writeFileSync(
      paths[k],
      formatMrc(volumeFromMolecule(molecule, { boxSize: size, voxelSizeA: VOXEL_SIZE_A })),
    );
    const own = planted.filter(({ templatePath }) => templatePath === paths[k]);
    const how = { shape, pixelSizeA: VOXEL_SIZE_A, boxSize, optics: settings.optics, signal };
    return simulateMicrograph(molecule, own, { ...how, seed: NOISE_SEED }).data;
  });
  // each image has the noise of the seed
  const data = ice.map((value, i) => images.reduce((sum, image) => sum + image[i] - value, value));
  writeFileSync(configuration.micrograph_path, formatMrc({ data, shape, voxelSizeA: VOXEL_SIZE_A }));
  return planted;
}
