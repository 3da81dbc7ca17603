import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  goldenFrames,
  type Motion,
  motionPath,
  ROLLS,
  writeGoldenTable,
  writeMovie,
  writeMovieConfig,
} from "../../../test/support/movieCase.ts";
import { goldenBytes, goldenMrc, goldenNpy, relativeError } from "../../../test/support/npy.ts";
import { type Configuration, scratchFolder } from "../../../test/support/searchCase.ts";
import { createPool } from "../../compute/index.ts";
import type { Shape2 } from "../../core/index.ts";
import { formatMrc, parseCsv, writeTiff } from "../../io/index.ts";
import { sumFrames } from "../../optics/index.ts";
import { boxConventions } from "../leopard/boxes.ts";
import { extractBoxes } from "../particles/boxes.ts";
import { readParticleStack } from "../particles/particleStack.ts";
import { openMovie } from "./movie.ts";
import { sumMovieBoxes } from "./movieBoxes.ts";
import { openParticleMovie } from "./movieShifts.ts";
import { runRefine } from "./refineProgram.ts";

const scratch = scratchFolder();
const movie = writeMovie(scratch);
const pool = await createPool({ workers: 2 });
afterAll(() => pool.dispose());

const leopard = parseCsv(
  new TextDecoder().decode(goldenBytes("../match-extra/movies/refined.csv")),
  "refined.csv",
);
const refinements = (["shifts", "deformation"] as const).flatMap((motion) =>
  [true, false].map((filtersMicrographs) => ({ motion, filtersMicrographs })),
);

describe.each(refinements)(
  "the golden refinement by $motion, global filters $filtersMicrographs",
  (golden) => {
    const isGlobal = golden.filtersMicrographs ? "True" : "False";
    const rows = leopard.rows.filter(
      (row) => row.motion === golden.motion && row.apply_global_filtering === isGlobal,
    );
    const column = (name: string) => rows.map((row) => Number(row[`refined_${name}`]));

    test("with --compat it is Leopard-EM's", async () => {
      const particlesPath = join(scratch, "refined.csv");
      const config = writeMovieConfig(scratch, { movie, ...golden });
      const options = { particlesPath, overwrite: true, workers: 2, compatBatch: 32 };
      const { particles } = await runRefine(config, options);
      // both sides are float32 transforms; unfiltered boxes give values of some 10^4
      const worst = (found: number[], name: string) =>
        Math.max(...column(name).map((value, i) => Math.abs(found[i] / value - 1)));
      expect(
        worst(
          particles.map(({ zScore }) => zScore),
          "scaled_mip",
        ),
      ).toBeLessThan(1e-5);
      expect(
        worst(
          particles.map(({ correlation }) => correlation),
          "mip",
        ),
      ).toBeLessThan(1e-5);
      const { rows: found } = parseCsv(readFileSync(particlesPath, "utf8"), particlesPath);
      for (const name of ["pos_x", "pos_y"])
        expect(found.map((row) => Number(row[`refined_${name}`]))).toEqual(column(name));
      for (const name of ["phi", "theta", "psi"]) {
        const turns = found.map((row, i) => (Number(row[`refined_${name}`]) - column(name)[i]) / 360);
        expect(Math.max(...turns.map((turn) => Math.abs(turn - Math.round(turn))))).toBeLessThan(0.01 / 360);
      }
    });

    test("without it scores are of the size of the search's", async () => {
      const config = writeMovieConfig(scratch, { movie, ...golden });
      const options = { particlesPath: join(scratch, "ours.csv"), overwrite: true, workers: 2 };
      const { particles } = await runRefine(config, options);
      const { rows: found } = parseCsv(readFileSync(writeGoldenTable(scratch), "utf8"), "particles.csv");
      // All frames hold the same noise: what makes it smooth raises scores. The ninth row is no particle.
      for (const [i, { zScore, shiftX, shiftY }] of particles.slice(0, 8).entries()) {
        expect(zScore / Number(found[i].scaled_mip)).toBeGreaterThan(0.9);
        expect(zScore / Number(found[i].scaled_mip)).toBeLessThan(1.7);
        expect(Math.hypot(shiftX, shiftY)).toBeLessThan(2);
      }
    });
  },
);

/** Boxes of rows 3 (at the upper edge) and 5 of the golden table. */
async function boxes(
  motion: Motion,
  path: string,
  { compat, boxSize = [60, 60] }: { compat: boolean; boxSize?: Shape2 },
): Promise<Float32Array[]> {
  const { particles } = await readParticleStack(writeGoldenTable(scratch));
  const centres = particles.map(({ posY, posX }) => ({ y: posY + 24, x: posX + 24 }));
  const motionOf = { kind: motion, path };
  const settings = { path: movie, motion: motionOf, preExposureA2: 1.5, dosePerFrameA2: 2 };
  const source = await openParticleMovie(settings, { particles, centres, compat });
  const some = [3, 5];
  const cut = { boxSize, reference: "center" as const, padding: "reflect" as const };
  const positions = some.map((index) => centres[index]);
  const sums = await sumMovieBoxes(pool, source, {
    ...cut,
    particles: some,
    positions,
    conventions: boxConventions(compat).movie,
  });
  await source.movie.close();
  return sums;
}

test.each(["shifts", "deformation"] as const)("boxes summed by %s are Leopard-EM's", async (motion) => {
  const found = await boxes(motion, motionPath(motion), { compat: true });
  const { data } = goldenNpy(`../match-extra/movies/${motion}_boxes.npy`);
  // both in float32
  expect(
    relativeError(
      found.flatMap((box) => [...box]),
      data,
    ),
  ).toBeLessThan(1e-5);
});

test.each<[Shape2]>([[[60, 60]], [[61, 59]]])(
  "particles that move by whole pixels come back whole in boxes of %j; what goes round Leopard-EM's edges does not",
  async (boxSize) => {
    const path = join(scratch, "whole.csv");
    const rows = Array.from({ length: 9 }, (_, particle) => ROLLS.map(([y, x], f) => [particle, f, -y, -x]));
    writeFileSync(path, `particle_index,frame,y_shift,x_shift\n${rows.flat().join("\n")}\n`);
    const { data, shape } = goldenMrc("micrograph.mrc");
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    const still = { data: data.map((value) => value - mean), shape: [shape[1], shape[2]] as const };
    const [box] = extractBoxes(still, [{ y: 183 + 24, x: 85 + 24 }], { boxSize, reference: "center" });
    const exposure = { dosePerFrameA2: 2, preExposureA2: 1.5, voltageKv: 300 };
    const expected = await sumFrames(pool, Array(5).fill(box), { shape: boxSize, pixelSizeA: 2, exposure });
    const [, ours] = await boxes("shifts", path, { compat: false, boxSize });
    const [, theirs] = await boxes("shifts", path, { compat: true, boxSize });
    // float32 transforms
    expect(relativeError(ours, expected)).toBeLessThan(1e-5);
    expect(relativeError(theirs, expected)).toBeGreaterThan(0.1);
  },
);

test("a TIFF movie is read as an MRC stack of the same frames", async () => {
  const path = join(scratch, "movie.tif");
  const pages = goldenFrames().map((data) => ({ data, width: 320, height: 256, channels: 1 }));
  await writeTiff(path, { pages });
  const both = await Promise.all([openMovie(path, { tiffRows: "keep" }), openMovie(movie)]);
  expect(both.map(({ frames, shape }) => [frames, shape])).toEqual(Array(2).fill([5, [256, 320]]));
  const [tiff, mrc] = await Promise.all(both.map((file) => file.readFrame(3)));
  expect(tiff).toEqual(mrc);
  await Promise.all(both.map((file) => file.close()));
});

describe("what is wrong is one line", () => {
  const wrong = async (edit: (configuration: Configuration) => void) => {
    const config = writeMovieConfig(scratch, { movie, motion: "shifts", edit });
    const act = runRefine(config, { particlesPath: join(scratch, "no.csv"), workers: 1 });
    const message = await act.then(() => "done", String);
    return message.replaceAll(`${scratch}/`, "").replaceAll(/\S*test\/golden/g, "golden");
  };
  /** The golden table with the ninth row changed. */
  const tableWith = (from: RegExp, to: string) => {
    const path = join(scratch, "other.csv");
    writeFileSync(path, readFileSync(writeGoldenTable(scratch), "utf8").replace(from, to));
    return path;
  };
  const movieOf = (name: string, shape: readonly [number, number, number], value = 0) => {
    const path = join(scratch, name);
    const data = new Float32Array(shape[0] * shape[1] * shape[2]);
    data[2 * shape[1] * shape[2] + shape[2] + 5] = value;
    writeFileSync(path, formatMrc({ data, shape, voxelSizeA: 2 }));
    return path;
  };

  test.each<[string, (configuration: Configuration) => void, string]>([
    [
      "no path of a movie",
      (c) => Object.assign(c.movie_config, { movie_path: "" }),
      "config.yaml movie_config.movie_path: expected the path of a movie, found none.",
    ],
    [
      "no motion",
      (c) => Object.assign(c.movie_config, { particle_shifts_path: "" }),
      "config.yaml movie_config: expected a particle_shifts_path or deformation_field_path, found none.",
    ],
    [
      "an exposure below 0",
      (c) => Object.assign(c.movie_config, { fluence_per_frame: -1 }),
      "config.yaml movie_config.fluence_per_frame: expected 0 or more electrons/Å², found -1.",
    ],
    [
      "a movie that is not there",
      (c) => Object.assign(c.movie_config, { movie_path: "absent.mrc" }),
      "absent.mrc: expected a file or folder, found none. Check the path.",
    ],
    [
      "a movie with fewer frames than shifts",
      (c) => Object.assign(c.movie_config, { movie_path: movieOf("short.mrc", [3, 256, 320]) }),
      "golden/match-extra/movies/shifts.csv row 4 frame: expected a number within 0..2, found 3. The movie has fewer frames.",
    ],
    [
      "frames of another size",
      (c) => Object.assign(c.movie_config, { movie_path: movieOf("small.mrc", [5, 64, 80]) }),
      "small.mrc: expected frames of 256 x 320, as golden/match/micrograph.mrc, found 64 x 80.",
    ],
    [
      "a frame with a hole",
      (c) => Object.assign(c.movie_config, { movie_path: movieOf("hole.mrc", [5, 256, 320], Number.NaN) }),
      "hole.mrc frame 2 pixel (y 1, x 5): expected a finite number, found NaN. Replace such pixels, for example by the mean of their neighbours.",
    ],
    [
      "particles of two micrographs",
      (c) => {
        c.particle_stack.df_path = tableWith(/(\n8,.*?,)[^,]*micrograph\.mrc/, "$1other.mrc");
      },
      "other.csv row 9: expected the micrograph of movie.mrc, golden/match/micrograph.mrc, found other.mrc. Divide the table: a movie is of one micrograph.",
    ],
    [
      "another voltage",
      (c) => {
        c.particle_stack.df_path = tableWith(/(\n8,.*?),300\.0,/, "$1,200.0,");
      },
      "other.csv row 9: expected the voltage of the first row, 300 kV, found 200 kV. Divide the table: a movie is of one micrograph.",
    ],
  ])("%s", async (_, edit, message) => {
    expect(await wrong(edit)).toBe(`VitrineError: ${message}`);
  });
});

test("shifts of particles go before a deformation field, and the log says so", async () => {
  const config = writeMovieConfig(scratch, {
    movie,
    motion: "shifts",
    edit: (c) => Object.assign(c.movie_config, { deformation_field_path: motionPath("deformation") }),
  });
  const lines: string[] = [];
  const particlesPath = join(scratch, "both.csv");
  await runRefine(config, { particlesPath, workers: 2, onLog: (line) => lines.push(line) });
  expect(lines).toContain(`${config} movie_config.deformation_field_path has no effect here`);
});
