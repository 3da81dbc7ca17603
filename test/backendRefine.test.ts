import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../src/compute/index.ts";
import { parseCsv } from "../src/io/index.ts";
import { parseRefineSettings } from "../src/match/config/refineConfig.ts";
import { readParticleStack } from "../src/match/particles/particleStack.ts";
import { GRADIENT_SLICES, refineByGradient } from "../src/match/refine/gradient.ts";
import { type RefinedParticle, type RefineTask, refineParticles } from "../src/match/refine/refine.ts";
import { offsetsOf, stackTask } from "../src/match/refine/refineProgram.ts";
import { offsetRotations } from "../src/match/refine/refineRotations.ts";
import { openTemplate, type TemplateSource } from "../src/match/search/searchInputs.ts";
import { uniformOrientations } from "../src/optics/index.ts";
import { goldenBytes } from "./support/npy.ts";
import { referenceBackend } from "./support/referenceBackend/index.ts";
import { writeGoldenRefinement } from "./support/refineCase.ts";
import { scratchFolder } from "./support/searchCase.ts";

const scratch = scratchFolder();

let pool: Pool;
let template: TemplateSource;
let task: RefineTask;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
  const config = join(writeGoldenRefinement(scratch, "refine1"), "config.yaml");
  const settings = parseRefineSettings(readFileSync(config, "utf8"), config, { compat: true });
  template = await openTemplate(settings.templatePath);
  const { particles } = await readParticleStack(settings.stack.path);
  const angles = settings.orientations && uniformOrientations(settings.orientations);
  const offsets = offsetRotations(angles ?? new Float64Array(3));
  task = { ...stackTask(settings, template), ...offsetsOf(settings), particles, offsets };
});
afterAll(async () => {
  await pool.dispose();
  await template.close();
});

describe("the golden refinement on a backend in plain TypeScript", () => {
  const expected = parseCsv(new TextDecoder().decode(goldenBytes("refine1_particles.csv")), "refine1").rows;
  let found: readonly RefinedParticle[];
  beforeAll(async () => {
    found = await refineParticles(referenceBackend, task, { compatBatch: 32 });
  }, 300_000);

  test.each([
    ["refined_mip", "correlation"],
    ["refined_scaled_mip", "zScore"],
  ] as const)("%s differs by less than 1e-3", (column, name) => {
    found.forEach((particle, i) => {
      expect(Math.abs(particle[name] - Number(expected[i][column]))).toBeLessThan(1e-3);
    });
  });

  test("orientation, defocus and position are the peer's", () => {
    found.forEach((particle, i) => {
      const row = expected[i];
      for (const [name, column] of [
        ["phiDeg", "refined_phi"],
        ["thetaDeg", "refined_theta"],
        ["psiDeg", "refined_psi"],
      ] as const) {
        const turn = (((particle[name] - Number(row[column])) % 360) + 540) % 360;
        expect(Math.abs(turn - 180)).toBeLessThan(0.01);
      }
      const start = task.particles[i];
      expect(start.relativeDefocusA + particle.defocusOffsetA).toBe(Number(row.refined_relative_defocus));
      expect(start.posX + particle.shiftX).toBe(Number(row.refined_pos_x));
      expect(start.posY + particle.shiftY).toBe(Number(row.refined_pos_y));
    });
  });
});

test("a refinement by gradient ends where it ends on the pool", async () => {
  const few = {
    ...task,
    particles: task.particles.slice(0, 2),
    offsets: offsetRotations(new Float64Array(3)),
  };
  const options = { ...GRADIENT_SLICES, range: { angleDeg: 4, shiftPx: 1, defocusA: 200 } };
  const starts = await refineParticles(referenceBackend, few, GRADIENT_SLICES);
  const found = await refineByGradient(referenceBackend, few, starts, options);
  const expected = await refineByGradient(pool, few, starts, options);
  found.forEach((particle, i) => {
    expect(particle.zScoreGain).toBeGreaterThan(0);
    expect(Math.abs(particle.zScore - expected[i].zScore)).toBeLessThan(1e-3);
    expect(particle.shiftX).toBeCloseTo(expected[i].shiftX, 3);
    expect(particle.shiftY).toBeCloseTo(expected[i].shiftY, 3);
    expect(particle.defocusOffsetA).toBeCloseTo(expected[i].defocusOffsetA, 0);
  });
});
