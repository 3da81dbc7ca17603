import { expect, test } from "vitest";
import { goldenBytes } from "../../../test/support/npy.ts";
import { formatCsv, parseCsv } from "../../io/index.ts";
import { parseParticleStack } from "./particleStack.ts";

const golden = (file: string) => new TextDecoder().decode(goldenBytes(file));

/** The golden table with cells of its second row replaced. */
function changed(file: string, cells: Record<string, string>): string {
  const { columns, rows } = parseCsv(golden(file), file);
  const names = [...new Set([...columns, ...Object.keys(cells)])];
  const filled = rows.map((row, i) => ({
    ...Object.fromEntries(names.map((name) => [name, row[name] ?? ""])),
    ...(i === 1 ? cells : {}),
  }));
  return formatCsv(names, filled);
}

test("the values of a search's table", () => {
  const { particles, hasRefinedPositions } = parseParticleStack(golden("search1_particles.csv"), "a.csv");
  expect([particles.length, hasRefinedPositions]).toEqual([9, false]);
  expect(particles[1]).toMatchObject({
    at: "a.csv row 2",
    posX: 162,
    posY: 87,
    phiDeg: 148.23529,
    relativeDefocusA: -500,
    pixelSizeA: 2,
    micrographPath: "micrograph.mrc",
    optics: { defocusUA: 9000, defocusVA: 8600, astigmatismAngleDeg: 25, voltageKv: 300, bFactorA2: 30 },
  });
});

test("refined values come before those of the search", () => {
  const { particles, hasRefinedPositions } = parseParticleStack(golden("refine1_particles.csv"), "a.csv");
  expect(hasRefinedPositions).toBe(true);
  expect(particles[8]).toMatchObject({ posX: 14, posY: 154, phiDeg: 354.00412, relativeDefocusA: -600 });
});

test("a refined defocus that is missing in one row counts in none", () => {
  const text = changed("refine1_particles.csv", { refined_relative_defocus: "" });
  expect(parseParticleStack(text, "a.csv").particles[0].relativeDefocusA).toBe(500);
});

test("aberrations and magnification are read as Leopard-EM writes them", () => {
  const cells = {
    even_zernikes: '{"Z60": 1.5}',
    odd_zernikes: '{"Z31c": 0.5}',
    mag_matrix: "[1.01, 0.0, 0.0, 0.99]",
  };
  const [, { optics }] = parseParticleStack(changed("search1_particles.csv", cells), "a.csv").particles;
  expect(optics).toMatchObject({
    evenZernikes: { Z60: 1.5 },
    oddZernikes: { Z31c: 0.5 },
    magnificationMatrix: [1.01, 0, 0, 0.99],
  });
});

test.each([
  [{ pos_x: "abc" }, 'a.csv row 2 pos_x: expected a finite number, found "abc".'],
  [{ theta: "" }, 'a.csv row 2 theta: expected a finite number, found "".'],
  [{ micrograph_path: "" }, 'a.csv row 2 micrograph_path: expected a path, found "".'],
  [{ mag_matrix: "[1, 2]" }, "a.csv row 2 mag_matrix: expected four numbers"],
  [{ odd_zernikes: "Z31c" }, "a.csv row 2 odd_zernikes: expected numbers by name"],
])("a wrong cell is named: %s", (cells, message) => {
  expect(() => parseParticleStack(changed("search1_particles.csv", cells), "a.csv")).toThrow(message);
});

test("a table of something else is refused", () => {
  expect(() => parseParticleStack("a,b\n1,2\n", "a.csv")).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: a.csv: expected the columns of a particle table, among them particle_index, mip, scaled_mip, found 2 others. Give the table of a search or of a refinement (.csv), or particles as STAR.]`,
  );
});
