import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { requirement, sharedReal } from "../../../test/support/require.ts";
import { type Matrix3, matrixFromZyz, transposeMatrix } from "../../core/index.ts";
import {
  formatCsv,
  formatStar,
  parseCsv,
  parseStar,
  readStar,
  type StarFile,
  starTable,
  withStarColumns,
} from "../../io/index.ts";
import type { ParticleTable } from "./particles.ts";
import { particlesToStar } from "./particlesToStar.ts";
import { starToParticles } from "./starToParticles.ts";

const golden = async (name: string) => {
  const text = await readFile(new URL(`../../../test/golden/match/${name}`, import.meta.url), "utf8");
  return parseCsv(text, name);
};
const csv = ({ columns, rows }: ParticleTable) => formatCsv(columns, rows);

/** Through the text of the file, as if it had been written and read. */
const written = (table: ParticleTable) => parseStar(formatStar(particlesToStar(table)), "particles.star");

/** The same file after a program that changes the particles and drops blocks which it does not know. */
function rewritten(
  file: StarFile,
  changed: Readonly<Record<string, readonly (string | number)[]>>,
): StarFile {
  const blocks = file.blocks
    .filter(({ name }) => name !== "vitrine")
    .map((block) =>
      block.name === "particles"
        ? { ...block, items: [withStarColumns(starTable(file, "particles"), changed)] }
        : block,
    );
  return { ...file, blocks };
}

describe("a table that goes to RELION and comes back", () => {
  test.each(["search1_particles.csv", "refine1_particles.csv", "refine2_particles.csv"])(
    "%s is the same, text by text",
    async (name) => {
      const table = await golden(name);
      expect(csv(starToParticles(written(table)))).toBe(csv(table));
    },
  );

  test("RELION finds what it knows under its names", async () => {
    const table = await golden("search1_particles.csv");
    const file = written(table);
    const particles = starTable(file, "particles");
    expect(particles.value(0, "rlnCoordinateX")).toBe("245");
    expect(particles.value(0, "rlnAngleTilt")).toBe("150.0");
    // 9000 + 500 and 8600 + 500
    expect([particles.value(0, "rlnDefocusU"), particles.value(0, "rlnDefocusV")]).toEqual([
      "9500.0",
      "9100.0",
    ]);
    expect(particles.value(0, "vitrine_mip")).toBe(table.rows[0].mip);
    expect(
      Object.fromEntries(
        starTable(file, "optics").columns.map((name) => [name, starTable(file, "optics").value(0, name)]),
      ),
    ).toEqual({
      rlnOpticsGroupName: "opticsGroup1",
      rlnOpticsGroup: "1",
      rlnVoltage: "300.0",
      rlnSphericalAberration: "2.7",
      rlnAmplitudeContrast: "0.07",
      rlnMicrographPixelSize: "2.0",
      rlnMicrographOriginalPixelSize: "2.0",
      rlnImagePixelSize: "2.0",
    });
  });

  test("refined values are the particle's, and those of the search stay", async () => {
    const table = await golden("refine2_particles.csv");
    const particles = starTable(written(table), "particles");
    expect(particles.value(0, "rlnDefocusU")).toBe("9350.0");
    expect(particles.value(0, "rlnAutopickFigureOfMerit")).toBe("10.44405");
    expect(particles.value(0, "vitrine_scaled_mip")).toBe("7.1690245");
  });

  test("a table without rows, two microscopes, columns of others", () => {
    const table = {
      columns: [
        "pos_x_img",
        "pos_y_img",
        "voltage",
        "a b",
        "rlnClassNumber",
        "rlnCoordinateX",
        "optics.rlnMtfFileName",
      ],
      rows: [300, 200, 300].map((voltage, i) => ({
        pos_x_img: i,
        pos_y_img: 1.5,
        voltage,
        "a b": i === 0 ? null : "c d",
        rlnClassNumber: "2",
        rlnCoordinateX: "old",
        "optics.rlnMtfFileName": "mtf.star",
      })),
    };
    const file = written(table);
    expect(starTable(file, "particles").column("rlnOpticsGroup")).toEqual(["1", "2", "1"]);
    expect(starTable(file, "particles").has("rlnClassNumber")).toBe(true);
    expect(starTable(file, "optics").column("rlnMtfFileName")).toEqual(["mtf.star", "mtf.star"]);
    for (const rows of [table.rows, []])
      expect(csv(starToParticles(written({ ...table, rows })))).toBe(csv({ ...table, rows }));
  });

  test("six digits and a lost block change nothing but the digits", async () => {
    const table = await golden("search1_particles.csv");
    const file = written(table);
    const particles = starTable(file, "particles");
    const sixDigits = (name: string) => Array.from(particles.numbers(name), (value) => value.toFixed(6));
    const names = ["rlnCoordinateX", "rlnDefocusU", "rlnDefocusV"];
    const back = starToParticles(
      rewritten(file, Object.fromEntries(names.map((name) => [name, sixDigits(name)]))),
    );
    const expected = table.rows.map((row) => ({ ...row, pos_x_img: Number(row.pos_x_img).toFixed(6) }));
    expect(csv(back)).toBe(formatCsv(table.columns, expected));
  });

  test("what RELION moved and refined counts", async () => {
    const table = await golden("search1_particles.csv");
    const ones = table.rows.map(() => 1);
    const moved = rewritten(written(table), {
      rlnOriginXAngst: ones.map((one) => -3 * one),
      rlnCoordinateY: table.rows.map((row) => Number(row.pos_y_img) - 10),
      rlnDefocusU: ones.map((one) => 12000 * one),
    });
    // 2 Å a pixel; the relative defocus of the first particle is 500 Å
    expect(starToParticles(moved).rows[0]).toMatchObject({
      pos_x_img: "246.5",
      pos_x: "222.5",
      pos_x_img_angstrom: "493.0",
      pos_y: "194.0",
      pos_y_img_angstrom: "436.0",
      defocus_u: "11500.0",
      defocus_v: "8600.0",
      relative_defocus: "500.0",
    });
  });

  test("a defocus that is no number is named", () => {
    const columns = ["defocus_u", "pos_x_img", "pos_y_img"];
    const table = { columns, rows: [{ defocus_u: null, pos_x_img: 1, pos_y_img: 2 }] };
    expect(() => particlesToStar(table, "a.csv")).toThrow(
      'a.csv row 0 defocus_u: expected a number, found "".',
    );
  });
});

describe("files of RELION", () => {
  const FILE = `data_optics
loop_
_rlnOpticsGroup #1
_rlnVoltage #2
_rlnImagePixelSize #3
_rlnImageSize #4
1 300 2.5 64
2 200 1.25 64
data_particles
loop_
_rlnCoordinateX #1
_rlnCoordinateY #2
_rlnOriginXAngst #3
_rlnOpticsGroup #4
_rlnDefocusU #5
_rlnClassNumber #6
10 20 5 2 15000.5 7
`;

  test("give the columns that follow from theirs", () => {
    const { columns, rows } = starToParticles(parseStar(FILE, "a.star"), { templateSize: 5 });
    expect(rows).toEqual([
      {
        particle_index: "0",
        pos_x: "4.0",
        pos_y: "18.0",
        pos_x_img: "6.0",
        pos_y_img: "20",
        pos_x_img_angstrom: "7.5",
        pos_y_img_angstrom: "25.0",
        relative_defocus: "0.0",
        defocus_u: "15000.5",
        pixel_size: "1.25",
        voltage: "200",
        "optics.rlnImageSize": "64",
        rlnClassNumber: "7",
      },
    ]);
    expect(columns.slice(0, 2)).toEqual(["particle_index", "pos_x"]);
  });

  test("say what is missing", () => {
    expect(() => starToParticles(parseStar("data_a\n", "a.star"))).toThrow(
      "a.star: expected a table with rlnCoordinateX, found data_a.",
    );
    expect(() => starToParticles(parseStar(FILE.replace(" 5 2 ", " 5 3 "), "a.star"))).toThrow(
      "a.star particle 0 rlnOpticsGroup: expected one of the groups 1, 2, found 3.",
    );
  });

  test("rot, tilt and psi cut the slice that phi, theta and psi do", () => {
    // RELION's Euler_angles2matrix, which takes the reference to the particle
    const relion = (rot: number, tilt: number, psi: number): Matrix3 => {
      const [a, b, g] = [rot, tilt, psi].map((deg) => (deg * Math.PI) / 180);
      const [ca, sa, cb, sb, cg, sg] = [a, b, g].flatMap((angle) => [Math.cos(angle), Math.sin(angle)]);
      const first = [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb] as const;
      return [...first, -sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb, sb * ca, sb * sa, cb];
    };
    const ours = transposeMatrix(matrixFromZyz({ phiDeg: 20, thetaDeg: 65, psiDeg: -130 }));
    for (const [i, value] of relion(20, 65, -130).entries()) expect(ours[i]).toBeCloseTo(value, 12);
  });
});

const { available } = requirement("shared-real");

test.skipIf(!available)("a real file of an older RELION (needs shared-real)", async () => {
  const file = await readStar(join(sharedReal, "cryolike", "particle_data.star"));
  const table = starToParticles(file);
  // 14 µm / 104089 = 1.345 Å
  expect(Number(table.rows[0].pixel_size)).toBeCloseTo(1.345, 4);
  expect(table.rows[0]).toMatchObject({
    pos_x_img: "3399.000000",
    defocus_u: "21213.220703",
    voltage: "300.000000",
    spherical_aberration: "2.700000",
    rlnMagnification: "1.040890e+05",
  });
  expect(csv(starToParticles(written(table)))).toBe(csv(table));
});
