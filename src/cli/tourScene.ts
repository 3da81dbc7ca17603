import { join } from "node:path";
import type { Image } from "../core/index.ts";
import { writeFileAtomic, writeMrc } from "../io/index.ts";
import {
  formatSearchConfig,
  type PlantedParticle,
  parseMatchSettings,
  scatterParticles,
  searchSpace,
  simulateMicrograph,
  simulateMolecule,
  volumeFromMolecule,
} from "../match/index.ts";

/** What the tour built. */
export interface TourScene {
  readonly planted: readonly PlantedParticle[];
  readonly orientations: number;
}

const SEED = 20_261;
const SHAPE = [1024, 1024] as const;
const BOX = 96;
const PIXEL_SIZE_A = 2;
const PARTICLES = 9;
/** Best z-score that a perfect filter would give; a grid of 15° leaves 8 to 12. */
const SIGNAL = 16;
/** A quarter of the grid's step would lose half of the signal at the molecule's rim. */
const JITTER_DEG = 1;

/** Leopard-EM's own configuration of one search. */
function configuration(dir: string, name: string): string {
  return formatSearchConfig({
    templatePath: join(dir, "template.mrc"),
    micrographPath: join(dir, `${name}.mrc`),
    pixelSizeA: PIXEL_SIZE_A,
    voltageKv: 300,
    sphericalAberrationMm: 2.7,
    amplitudeContrast: 0.07,
    defocusUA: 9000,
    defocusVA: 8600,
    astigmatismAngleDeg: 25,
    psiStepDeg: 15,
    thetaStepDeg: 15,
  });
}

/** Writes the template, a micrograph with particles, one without, and a configuration for each. */
export async function prepareTour(dir: string): Promise<TourScene> {
  const molecule = simulateMolecule({ seed: SEED, atomCount: 600, radiusA: 80, sigmaA: 2.2 });
  const texts = { micrograph: configuration(dir, "micrograph"), empty: configuration(dir, "empty") };
  const settings = parseMatchSettings(texts.micrograph, join(dir, "micrograph.yaml"));
  const { eulerAnglesDeg } = searchSpace(settings);
  const planted = scatterParticles({
    count: PARTICLES,
    shape: SHAPE,
    boxSize: BOX,
    seed: SEED,
    eulerAnglesDeg,
    jitterDeg: JITTER_DEG,
  });
  const { optics } = settings;
  const shared = { shape: SHAPE, pixelSizeA: PIXEL_SIZE_A, boxSize: BOX, optics, signal: SIGNAL };
  const volume = volumeFromMolecule(molecule, { boxSize: BOX, voxelSizeA: PIXEL_SIZE_A });
  await writeMrc(join(dir, "template.mrc"), volume, { overwrite: true });
  await writeImage(
    join(dir, "micrograph.mrc"),
    simulateMicrograph(molecule, planted, { ...shared, seed: SEED }),
  );
  await writeImage(join(dir, "empty.mrc"), simulateMicrograph(molecule, [], { ...shared, seed: SEED + 1 }));
  for (const [name, text] of Object.entries(texts)) {
    await writeFileAtomic(join(dir, `${name}.yaml`), new TextEncoder().encode(text), { overwrite: true });
  }
  return { planted, orientations: eulerAnglesDeg.length / 3 };
}

async function writeImage(path: string, { data, shape, pixelSizeA }: Image): Promise<void> {
  await writeMrc(path, { data, shape, voxelSizeA: pixelSizeA }, { overwrite: true });
}
