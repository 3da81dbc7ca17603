import { join } from "node:path";
import type { Command } from "commander";
import { VitrineError } from "../core/index.ts";
import { makeFolder } from "../io/index.ts";
import {
  compareParticles,
  type ParticleComparison,
  type PlantedParticle,
  runMatch,
  type SearchReport,
} from "../match/index.ts";
import { count, example } from "./options.ts";
import { type CommandTools, report } from "./report.ts";
import { acquirePlate, type PlateResult } from "./tourPlate.ts";
import { prepareTour } from "./tourScene.ts";

/** Adds `vitrine tour`. */
export function addTour(cli: Command): void {
  cli
    .command("tour")
    .addHelpText("after", example("tour --dir tour --workers 4"))
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

async function runTour({ dir, json = false, workers }: TourArguments): Promise<void> {
  let outcome: Outcome | undefined;
  await report({ json, text: outcomeText }, async (tools) => {
    outcome = await acquireAndSearch(dir, { ...tools, ...(workers !== undefined && { workers }) });
    return outcome;
  });
  if (outcome !== undefined) requireRight(outcome, dir); // printed before, so that one sees what is wrong
}

async function acquireAndSearch(
  dir: string,
  options: CommandTools & Pick<TourArguments, "workers">,
): Promise<Outcome> {
  const say = (text: string) => options.onLog(text, "note");
  await makeFolder(dir);
  say(`acquiring a small plate into ${dir}, its beads counted as they arrive`);
  const plate = await acquirePlate(dir);
  say(`building a molecule and two micrographs in ${dir}`);
  const scene = await prepareTour(dir);
  const search = async (name: string) => {
    const config = join(dir, `${name}.yaml`);
    say(`vitrine match ${config} --false-positives ${FALSE_POSITIVES}`);
    const { particles } = await runMatch(config, {
      ...options,
      particlesPath: join(dir, `${name}_particles.csv`),
      picturePath: join(dir, `${name}.png`),
      falsePositives: FALSE_POSITIVES,
      overwrite: true,
    });
    return particles.map((particle) => ({ ...particle, posX: particle.x, posY: particle.y }));
  };
  const began = performance.now();
  const { matches, missed, extra } = compareParticles(await search("micrograph"), scene.planted);
  const ghosts = (await search("empty")).length;
  const seconds = (performance.now() - began) / 1000;
  const planted = scene.planted.length;
  const { orientations } = scene;
  const picture = join(dir, "micrograph.png");
  return { planted, matches, missed, extra, ghosts, orientations, seconds, picture, plate };
}

type Found = SearchReport["particles"][number] & { readonly posX: number; readonly posY: number };
type Comparison = ParticleComparison<Found, PlantedParticle>;

interface Outcome extends Pick<Comparison, "matches" | "missed" | "extra"> {
  readonly planted: number;
  readonly ghosts: number;
  readonly orientations: number;
  /** Of both searches. */
  readonly seconds: number;
  readonly picture: string;
  readonly plate: PlateResult;
}

function outcomeText(outcome: Outcome): string {
  const { planted, matches, missed, extra, ghosts, orientations, seconds, picture, plate } = outcome;
  const rows = matches.map(({ planted: { posX, posY }, found, distancePx, angleDeg }) => {
    const place = `x ${String(posX).padStart(4)}  y ${String(posY).padStart(4)}`;
    return `  ${place}   z ${found.zScore.toFixed(2).padStart(5)}   off by ${distancePx.toFixed(1)} px and ${angleDeg.toFixed(1)}°`;
  });
  const counts = plate.wells.map((well) => `${well.well} ${well.counted} of ${well.planted}`);
  return [
    `plate: ${plate.images} images in ${plate.folder}; beads counted: ${counts.join(", ")}`,
    `planted ${planted}, found ${matches.length}, missed ${missed.length}, others ${extra.length}; in the empty micrograph ${ghosts}`,
    ...rows,
    `two searches of ${orientations} orientations over 1024 x 1024 pixels in ${seconds.toFixed(1)} s`,
    `picture: ${picture}`,
    "",
  ].join("\n");
}

function requireRight({ plate, matches, missed, extra, ghosts }: Outcome, dir: string): void {
  requireRightCounts(plate);
  if (missed.length === 0 && extra.length === 0 && ghosts === 0) return;
  throw new VitrineError({
    code: "range",
    at: `tour ${dir}`,
    expected: "every planted particle and nothing else",
    found: `${matches.length} of ${matches.length + missed.length}, ${extra.length} others, ${ghosts} in the empty micrograph`,
  });
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
