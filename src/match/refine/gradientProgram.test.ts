import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { goldenBytes } from "../../../test/support/npy.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import type { Progress } from "../../core/index.ts";
import { type CsvTable, parseCsv } from "../../io/index.ts";
import { angleBetweenDeg } from "../../optics/index.ts";
import { parseRefineSettings } from "../config/refineConfig.ts";
import { GRADIENT_SLICES, type GradientParticle } from "./gradient.ts";
import { gradientRange } from "./gradientProgram.ts";
import { type RunRefineOptions, runRefine } from "./refineProgram.ts";
import { REFINED_COLUMNS } from "./refineTable.ts";

const scratch = scratchFolder();
const goldenText = (file: string) => new TextDecoder().decode(goldenBytes(file));
const absolute = (text: string) =>
  text.replace(/(?<!\/)\b\w+\.mrc\b/g, (file) =>
    fileURLToPath(new URL(`../../../test/golden/match/${file}`, import.meta.url)),
  );

interface Planted {
  readonly pos_x: number;
  readonly pos_y: number;
  readonly phi: number;
  readonly theta: number;
  readonly psi: number;
}
const planted: readonly Planted[] = JSON.parse(goldenText("planted.json"));

/** A golden refinement of a table, here the search's. */
async function refine(name: string, options: RunRefineOptions, table = goldenText("search1_particles.csv")) {
  const folder = join(scratch, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "particles.csv"), absolute(table));
  const config = absolute(goldenText("refine1_config.yaml"));
  writeFileSync(
    join(folder, "config.yaml"),
    config.replace("search1_particles.csv", join(folder, "particles.csv")),
  );
  const particlesPath = join(folder, "refined.csv");
  const report = await runRefine(join(folder, "config.yaml"), { workers: 2, particlesPath, ...options });
  const text = readFileSync(particlesPath, "utf8");
  const particles = report.particles as readonly GradientParticle[];
  return { particles, text, table: parseCsv(text, particlesPath) };
}

const numbers = (table: CsvTable, column: string) => table.rows.map((row) => Number(row[column]));

/** Mean angle and shift between the first eight rows, which are particles, and what was planted nearest to them. */
function errors({ rows }: CsvTable) {
  const found = rows.slice(0, 8).map((row) => {
    const [x, y] = [Number(row.refined_pos_x), Number(row.refined_pos_y)];
    const distance = (particle: Planted) => Math.hypot(particle.pos_x - x, particle.pos_y - y);
    const nearest = planted.reduce((a, b) => (distance(b) < distance(a) ? b : a));
    const pose = ([phi, theta, psi]: readonly unknown[]) => ({
      phiDeg: Number(phi),
      thetaDeg: Number(theta),
      psiDeg: Number(psi),
    });
    const refined = pose([row.refined_phi, row.refined_theta, row.refined_psi]);
    const angle = angleBetweenDeg(refined, pose([nearest.phi, nearest.theta, nearest.psi]));
    return [angle, distance(nearest)];
  });
  return [0, 1].map((k) => found.reduce((sum, each) => sum + each[k], 0) / found.length);
}

describe("the golden refinement by gradient", () => {
  let [grid, after, only]: Awaited<ReturnType<typeof refine>>[] = [];
  const told: Progress[] = [];
  beforeAll(async () => {
    grid = await refine("grid", GRADIENT_SLICES);
    after = await refine("after", { gradient: "after", onProgress: (progress) => told.push(progress) });
    only = await refine("only", { gradient: "only" });
  });

  test("stays where particles were planted", () => {
    const [angle, shift] = errors(after.table);
    // at z-scores of 6 to 7 noise moves them by a degree; they were planted on whole pixels, within half a degree of the search's grid
    expect(angle).toBeLessThan(1.5);
    expect(shift).toBeLessThan(0.2);
  });

  test("begins with the z-scores of the grid and adds to them", () => {
    after.particles.forEach(({ zScore, zScoreGain, evaluations }, i) => {
      expect(zScoreGain).toBeGreaterThan(0);
      expect(zScore - zScoreGain).toBeCloseTo(grid.particles[i].zScore, 3);
      expect(evaluations).toBeGreaterThan(1);
    });
    for (const { zScoreGain } of only.particles) expect(zScoreGain).toBeGreaterThan(0);
  });

  test("tells of the correlations of the grid, then of the particles", () => {
    const units = new Map(told.map(({ unit, done, total }) => [unit, [done, total]]));
    expect([...units]).toEqual([
      ["correlations", [2205, 2205]],
      ["particles", [9, 9]],
    ]);
  });

  test("writes the same columns, with values between the grid's", () => {
    expect(after.table.columns).toEqual(["", ...REFINED_COLUMNS]);
    after.table.rows.forEach((row, i) => {
      const { shiftX, defocusOffsetA, zScore } = after.particles[i];
      expect(Number(row.refined_pos_x)).toBeCloseTo(Number(row.pos_x) + shiftX, 9);
      expect(Number(row.refined_pos_x_img)).toBeCloseTo(Number(row.pos_x_img) + shiftX, 9);
      const inA = Number(row.pos_x_img_angstrom) + shiftX * Number(row.pixel_size);
      expect(Number(row.refined_pos_x_img_angstrom)).toBeCloseTo(inA, 9);
      // offsets are float32
      expect(Number(row.refined_relative_defocus)).toBeCloseTo(
        Number(row.relative_defocus) + defocusOffsetA,
        3,
      );
      expect(Number(row.refined_scaled_mip)).toBeCloseTo(zScore, 4);
    });
    expect(numbers(after.table, "refined_pos_x").some((x) => !Number.isInteger(x))).toBe(true);
  });

  test("from its own table ends where it was", async () => {
    const again = await refine("again", { gradient: "only" }, after.text);
    const changes = (column: string) => {
      const [a, b] = [numbers(again.table, column), numbers(after.table, column)];
      return a.slice(0, 8).map((value, i) => Math.abs(value - b[i]));
    };
    // the window is that of the next whole pixel, and steps end where noise is a hundred times more
    expect(Math.max(...changes("refined_pos_x"), ...changes("refined_pos_y"))).toBeLessThan(0.1);
    expect(Math.max(...changes("refined_scaled_mip"))).toBeLessThan(0.1);
  });
});

test("the range is that of the grid, and of what the configuration enables", () => {
  const rangeOf = (edit: (text: string) => string) =>
    gradientRange(parseRefineSettings(edit(goldenText("refine1_config.yaml")), "refine1_config.yaml"));
  expect(rangeOf((text) => text)).toEqual({ angleDeg: 9 + 1e-6, shiftPx: 1, defocusA: 200 });
  const off = rangeOf((text) =>
    text.replaceAll(/enabled: true\n(?= {2}(skip|phi_step))/g, "enabled: false\n"),
  );
  expect(off).toEqual({ angleDeg: 0, shiftPx: 1, defocusA: 0 });
  const narrow = rangeOf((text) => text.replaceAll(/(theta|psi)_step_coarse: .*/g, "$1_step_coarse: 0"));
  expect(narrow.angleDeg).toBeCloseTo(3, 5);
});

test("what Leopard-EM does cannot be combined with it", async () => {
  await expect(refine("compat", { gradient: "after", compatBatch: 32 })).rejects.toThrow(
    "runRefine gradient: expected no compatBatch, found 32. Refine as Leopard-EM does, or by gradient.",
  );
});
