import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { NEAR_FOCUS, plantedTable, writePlantedMaps } from "../../../test/support/plantedTable.ts";
import { scratchFolder, writeConfig } from "../../../test/support/searchCase.ts";
import { formatCsv, formatMrc } from "../../io/index.ts";
import { simulateMicrograph } from "../simulate/simulateMicrograph.ts";
import { simulateMolecule, volumeFromMolecule } from "../simulate/simulateMolecule.ts";
import { runRefine } from "./refineProgram.ts";

const folder = scratchFolder();
const SIDE = 32;
const SHAPE = [160, 200] as const;
const PIXEL_SIZE_A = 2;
const FRAMES = 8;
/** Of the sum of all frames. */
const SIGNAL = 30;
const SEARCH = { folder, optics: NEAR_FOCUS, pixelSizeA: PIXEL_SIZE_A, boxSize: SIDE };
const PARTICLES = [
  { posX: 30, posY: 20, phiDeg: 20, thetaDeg: 50, psiDeg: 70 },
  { posX: 90, posY: 40, phiDeg: 110, thetaDeg: 80, psiDeg: 200 },
  { posX: 140, posY: 100, phiDeg: 250, thetaDeg: 120, psiDeg: 310 },
  { posX: 40, posY: 100, phiDeg: 300, thetaDeg: 35, psiDeg: 15 },
].map((pose) => ({ ...pose, relativeDefocusA: 0 }));

/** The table places a particle where it is in the middle of the movie. */
type Movement = (frame: number, particle: number) => readonly [y: number, x: number];

/** Fast in the beginning, as beam-induced motion is, and another way for each particle. */
const ownWay: Movement = (frame, particle) => {
  const path = 8 * Math.exp(-frame / 2) - 2;
  return [path * Math.cos(particle + 1) + 0.3 * particle, path * Math.sin(particle + 1)];
};
/** All particles alike, in a line; what a field of two points along time describes. */
const together: Movement = (frame) => [0.9 * frame - 3, 2 - 0.6 * frame];
const still: Movement = () => [0, 0];

const molecule = simulateMolecule({ radiusA: 22, seed: 5, atomCount: 300, sigmaA: 2 });

function writeSpecimen(name: string, movement: Movement): string {
  const area = SHAPE[0] * SHAPE[1];
  const data = new Float32Array(FRAMES * area);
  for (let frame = 0; frame < FRAMES; frame++) {
    const moved = PARTICLES.map((particle, i) => {
      const [y, x] = movement(frame, i);
      return { ...particle, posY: particle.posY + y, posX: particle.posX + x };
    });
    const signal = SIGNAL / Math.sqrt(FRAMES);
    const { folder: _, ...search } = SEARCH;
    const options = { ...search, shape: SHAPE, signal, seed: 100 + frame };
    const image = simulateMicrograph(molecule, moved, options);
    data.set(image.data, frame * area);
  }
  const path = join(folder, name);
  writeFileSync(
    path,
    formatMrc({ data, shape: [FRAMES, ...SHAPE], voxelSizeA: PIXEL_SIZE_A, kind: "stack" }),
  );
  return path;
}

/** How images are moved back. */
function writeShifts(name: string, movement: Movement): Record<string, string> {
  const rows = PARTICLES.flatMap((_, particle) =>
    Array.from({ length: FRAMES }, (_, frame) => {
      const [y, x] = movement(frame, particle);
      return { particle_index: particle, frame, y_shift: -y, x_shift: -x };
    }),
  );
  const path = join(folder, name);
  writeFileSync(path, formatCsv(Object.keys(rows[0]), rows));
  return { particle_shifts_path: path };
}

/** Where the specimen goes, Å, in the first frame and the last, alike everywhere. */
function writeField(): Record<string, string> {
  const lines = [0, FRAMES - 1].map((frame, t) => {
    const [y, x] = together(frame, 0).map((shift) => shift * PIXEL_SIZE_A);
    return `${t},0,0,${y},${x}`;
  });
  const path = join(folder, "field.csv");
  writeFileSync(path, `t,h,w,y_shift,x_shift\n${lines.join("\n")}\n`);
  return { deformation_field_path: path };
}

/** Scores from a movie, or without one from the micrograph. */
async function refined(
  movie: string | null,
  motion: Record<string, string>,
  isGlobal: boolean,
): Promise<number[]> {
  const config = writeConfig(folder, {
    template_volume_path: join(folder, "template.mrc"),
    particle_stack: {
      df_path: join(folder, "particles.csv"),
      extracted_box_size: [64, 64],
      original_template_size: [SIDE, SIDE],
    },
    defocus_refinement_config: { enabled: false },
    orientation_refinement_config: { enabled: false },
    preprocessing_filters: {},
    apply_global_filtering: isGlobal,
    ...(movie !== null && {
      movie_config: { enabled: true, movie_path: movie, fluence_per_frame: 0, ...motion },
    }),
  });
  const options = { particlesPath: join(folder, "refined.csv"), overwrite: true, workers: 2 };
  const { particles } = await runRefine(config, options);
  expect(particles.map(({ shiftX, shiftY }) => Math.hypot(shiftX, shiftY) > 6)).toEqual(Array(4).fill(false));
  return particles.map(({ zScore }) => zScore);
}

/** Each as a share of what it should be. */
const shares = (found: readonly number[], wanted: readonly number[]) =>
  found.map((value, i) => value / wanted[i]);

describe.each([true, false])("a simulated movie of moving particles, global filters %s", (isGlobal) => {
  let [wandering, drifting] = ["", ""];
  let best: number[] = [];
  beforeAll(async () => {
    writeFileSync(
      join(folder, "template.mrc"),
      formatMrc(volumeFromMolecule(molecule, { boxSize: SIDE, voxelSizeA: PIXEL_SIZE_A })),
    );
    const { folder: _, ...search } = SEARCH;
    const options = { ...search, shape: SHAPE, signal: SIGNAL, seed: 8 };
    writePlantedMaps(SEARCH, simulateMicrograph(molecule, PARTICLES, options));
    writeFileSync(join(folder, "particles.csv"), plantedTable(PARTICLES, SEARCH));
    wandering = writeSpecimen("wandering.mrc", ownWay);
    drifting = writeSpecimen("drifting.mrc", together);
    best = await refined(writeSpecimen("still.mrc", still), writeShifts("none.csv", still), isGlobal);
  });

  /** Noise changes a score by 1, so a tenth of these, and the mean of four by half of that. */
  const expectAlike = (found: readonly number[]) => {
    const ratios = shares(found, best);
    expect(Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)))).toBeLessThan(0.2);
    expect(Math.abs(ratios.reduce((sum, ratio) => sum + ratio / 4, 0) - 1)).toBeLessThan(0.1);
  };
  const expectLost = (found: readonly number[]) => {
    expect(Math.max(...shares(found, best))).toBeLessThan(0.8);
  };

  test("a still movie scores as its micrograph", async () => {
    expectAlike(await refined(null, {}, isGlobal));
  });

  test("particles with their own shifts score as those of a still movie; without, far less", async () => {
    expectAlike(await refined(wandering, writeShifts("own.csv", ownWay), isGlobal));
    expectLost(await refined(wandering, writeShifts("none.csv", still), isGlobal));
  });

  test("so do those that drift together, with a deformation field", async () => {
    expectAlike(await refined(drifting, writeField(), isGlobal));
    expectLost(await refined(drifting, writeShifts("none.csv", still), isGlobal));
  });
});
