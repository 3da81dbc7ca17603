import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { VitrineError } from "../core/index.ts";
import {
  compareParticles,
  type ParticleComparison,
  type PlantedParticle,
  runMatch,
  type SearchReport,
} from "../match/index.ts";
import { abortOnSignals } from "./interrupt.ts";
import { count } from "./options.ts";
import { createProgress } from "./progress.ts";
import { acquirePlate, type PlateResult } from "./tourPlate.ts";
import { prepareTour, type TourScene } from "./tourScene.ts";
import { log } from "./watch.ts";

/** Adds `vitrine tour`. */
export function addTour(program: Command): void {
  program
    .command("tour")
    .description(
      "acquire a simulated plate, search a micrograph and an empty one; compare with what was planted",
    )
    .option("--once", "end when done (there is no viewer yet, so it always does)")
    .option("--dir <folder>", "where files go", "tour")
    .option("--workers <number>", "threads", count)
    .option("--json", "print the result as JSON")
    .action(runTour);
}

interface TourArguments {
  readonly dir: string;
  readonly workers?: number;
  readonly json?: boolean;
}

/** Expected false particles of both searches together stay far below one. */
const FALSE_POSITIVES = 0.01;

async function runTour({ dir, workers, json }: TourArguments): Promise<void> {
  using interrupt = abortOnSignals();
  await mkdir(dir, { recursive: true });
  log(`acquiring a small plate into ${dir}, its beads counted as they arrive`);
  const plate = await acquirePlate(dir);
  log(`building a molecule and two micrographs in ${dir}`);
  const scene = await prepareTour(dir);
  const search = async (name: string) => {
    const config = join(dir, `${name}.yaml`);
    log(`vitrine match ${config} --false-positives ${FALSE_POSITIVES}`);
    const progress = createProgress();
    const report = await runMatch(config, {
      ...(workers !== undefined && { workers }),
      signal: interrupt.signal,
      particlesPath: join(dir, `${name}_particles.csv`),
      picturePath: join(dir, `${name}.png`),
      falsePositives: FALSE_POSITIVES,
      overwrite: true,
      onProgress: progress.show,
    }).finally(() => progress.end());
    return (report?.particles ?? []).map((particle) => ({ ...particle, posX: particle.x, posY: particle.y }));
  };
  const began = performance.now();
  const comparison = compareParticles(await search("micrograph"), scene.planted);
  const ghosts = await search("empty");
  const seconds = (performance.now() - began) / 1000;
  print(
    { plate, scene, comparison, ghosts: ghosts.length, seconds, picture: join(dir, "micrograph.png") },
    json ?? false,
  );
  requireRightCounts(plate);
  requireRight(comparison, ghosts.length, dir);
}

type Found = SearchReport["particles"][number] & { readonly posX: number; readonly posY: number };
type Comparison = ParticleComparison<Found, PlantedParticle>;

interface Outcome {
  readonly plate: PlateResult;
  readonly scene: TourScene;
  readonly comparison: Comparison;
  readonly ghosts: number;
  readonly seconds: number;
  readonly picture: string;
}

function print({ plate, scene, comparison, ghosts, seconds, picture }: Outcome, asJson: boolean): void {
  const { matches, missed, extra } = comparison;
  if (asJson) {
    const result = { planted: scene.planted.length, matches, missed, extra, ghosts, seconds, picture, plate };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const rows = matches.map(({ planted, found, distancePx, angleDeg }) => {
    const place = `x ${String(planted.posX).padStart(4)}  y ${String(planted.posY).padStart(4)}`;
    return `  ${place}   z ${found.zScore.toFixed(2).padStart(5)}   off by ${distancePx.toFixed(1)} px and ${angleDeg.toFixed(1)}°`;
  });
  const counts = plate.wells.map(({ well, planted, counted }) => `${well} ${counted} of ${planted}`);
  process.stdout.write(
    [
      `plate: ${plate.images} images in ${plate.folder}; beads counted: ${counts.join(", ")}`,
      `planted ${scene.planted.length}, found ${matches.length}, missed ${missed.length}, others ${extra.length}; in the empty micrograph ${ghosts}`,
      ...rows,
      `two searches of ${scene.orientations} orientations over 1024 x 1024 pixels in ${seconds.toFixed(1)} s`,
      `picture: ${picture}`,
      "",
    ].join("\n"),
  );
}

function requireRightCounts({ folder, wells }: PlateResult): void {
  const wrong = wells.find(({ planted, counted }) => planted !== counted);
  if (wrong === undefined) return;
  const { well, planted, counted } = wrong;
  throw new VitrineError({
    code: "range",
    at: `${folder} well ${well}`,
    expected: `${planted} beads, as planted`,
    found: String(counted),
  });
}

function requireRight({ matches, missed, extra }: Comparison, ghosts: number, dir: string): void {
  if (missed.length === 0 && extra.length === 0 && ghosts === 0) return;
  throw new VitrineError({
    code: "range",
    at: `tour ${dir}`,
    expected: "every planted particle and nothing else",
    found: `${matches.length} of ${matches.length + missed.length}, ${extra.length} others, ${ghosts} in the empty micrograph`,
  });
}
