import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenBytes } from "../../../test/support/npy.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { type EulerZyz, matrixFromZyz, multiplyMatrices, zyzFromMatrix } from "../../core/index.ts";
import { formatCsv, parseCsv } from "../../io/index.ts";
import { symmetryRotations } from "../../optics/index.ts";
import { compareParticles, compareParticleTables, type ParticlePose } from "./compareParticles.ts";

const angles: EulerZyz = { phiDeg: 20, thetaDeg: 50, psiDeg: 70 };
const at = (posX: number, posY: number, pose = angles): ParticlePose => ({ posX, posY, ...pose });
const turned = (psiDeg: number, rotation = symmetryRotations("O")[0]) =>
  zyzFromMatrix(multiplyMatrices(rotation, matrixFromZyz({ ...angles, psiDeg })));

test("pairs, what was missed and what is there besides", () => {
  const planted = [at(10, 10), at(50, 50), at(90, 20)];
  const found = [at(200, 7), at(51, 48.5, turned(73)), at(10, 10)];
  const { matches, missed, extra } = compareParticles(found, planted);
  expect(matches.map(({ planted, found }) => [planted.posX, found.posX])).toEqual([
    [10, 10],
    [50, 51],
  ]);
  expect(matches[1].distancePx).toBeCloseTo(Math.hypot(1, 1.5), 9);
  expect(matches[1].angleDeg).toBeCloseTo(3, 5);
  expect([missed, extra]).toEqual([[planted[2]], [found[0]]]);
});

test("the closest pairs come first, and each particle counts once", () => {
  const planted = [at(10, 10), at(12, 10)];
  const found = [at(12.2, 10), at(11.2, 10)];
  const { matches, extra } = compareParticles(found, planted, { nearPx: 3 });
  expect(matches.map(({ found }) => found.posX)).toEqual([11.2, 12.2]);
  expect(extra).toEqual([]);
  expect(compareParticles(found, planted, { nearPx: 0.5 }).missed).toEqual([planted[0]]);
});

test("views that the symmetry makes alike are the same", () => {
  fc.assert(
    fc.property(fc.constantFrom(...symmetryRotations("O")), (rotation) => {
      const found = [at(0, 0, turned(72, rotation))];
      const { matches } = compareParticles(found, [at(0, 0)], { symmetry: "O" });
      expect(matches[0].angleDeg).toBeCloseTo(2, 4);
    }),
  );
});

test("particles of different micrographs are never the same; a folder does not matter", () => {
  const planted = [{ ...at(5, 5), micrographPath: "a/one.mrc" }];
  const found = (micrographPath: string) => [{ ...at(5, 5), micrographPath }];
  expect(compareParticles(found("b/one.mrc"), planted).matches).toHaveLength(1);
  expect(compareParticles(found("a/two.mrc"), planted).matches).toHaveLength(0);
});

const scratch = scratchFolder();

test("tables of templates of two sizes are compared by centres", async () => {
  const name = "search1_particles.csv";
  const { columns, rows } = parseCsv(new TextDecoder().decode(goldenBytes(name)), name);
  const write = (file: string, growPx: number) => {
    const moved = rows.map((row) => ({
      ...row,
      ...{ pos_x: `${Number(row.pos_x) - growPx}`, pos_y: `${Number(row.pos_y) - growPx}` },
    }));
    const path = join(scratch, file);
    writeFileSync(path, formatCsv(columns, moved));
    return path;
  };
  const [found, planted] = [write("found.csv", 0), write("planted.csv", 16)];
  const { matches } = await compareParticleTables(found, planted);
  expect(matches.map(({ distancePx }) => distancePx)).toEqual(rows.map(() => 0));
  const told: string[] = [];
  await compareParticleTables(found, planted, { symmetry: "I2", onLog: (line) => told.push(line) });
  expect(told).toEqual([expect.stringMatching(/^symmetry: the 2 of I2 has no effect: two-fold axes/)]);
});

test("an unknown symmetry is refused", () => {
  expect(() => compareParticles([], [], { symmetry: "Q" })).toThrow(/expected C or D with its order/);
});
