import fc from "fast-check";
import { expect, test } from "vitest";
import { goldenBytes } from "../../../test/support/npy.ts";
import { formatCsv } from "../../io/index.ts";
import { parseDeformationTable } from "./deformationTable.ts";
import { parseParticleShifts } from "./particleShifts.ts";

const goldenText = (name: string) => new TextDecoder().decode(goldenBytes(`../match-extra/movies/${name}`));

/** The same values in another order, from a seed of fast-check. */
const shuffled = <T>(rows: readonly T[]) => fc.shuffledSubarray([...rows], { minLength: rows.length });

test("shifts come back whatever the order of their rows", () => {
  const shift = fc.double({ min: -50, max: 50, noNaN: true });
  const movie = { frames: 3, particles: 2 };
  const values = fc.array(shift, { minLength: 12, maxLength: 12 });
  const rowsOf = (shifts: readonly number[]) =>
    Array.from({ length: 6 }, (_, i) => ({
      frame: Math.floor(i / 2),
      particle_index: i % 2,
      x_shift: shifts[2 * i + 1],
      y_shift: shifts[2 * i],
      note: "other columns are allowed",
    }));
  const both = values.chain((shifts) => fc.tuple(fc.constant(shifts), shuffled(rowsOf(shifts))));
  fc.assert(
    fc.property(both, ([shifts, rows]) => {
      const text = formatCsv(Object.keys(rows[0]), rows);
      expect([...parseParticleShifts(text, "s.csv", movie)]).toEqual(shifts.map((value) => value + 0));
    }),
  );
});

const SHIFTS = "particle_index,frame,y_shift,x_shift\n0,0,1,2\n0,1,3,4.5\n";

test.each([
  [
    "0,0,1,2",
    "0,7,1,2",
    "s.csv row 1 frame: expected a number within 0..1, found 7. The movie has fewer frames.",
  ],
  [
    "0,0,1,2",
    "3,0,1,2",
    "s.csv row 1 particle_index: expected a number within 0..0, found 3. It is the row in the particle table, from 0.",
  ],
  ["0,1,3", "0,0,3", "s.csv row 2: expected each place once, found particle 0 in frame 0 a second time."],
  ["0,1,3", "0.5,1,3", 's.csv row 2 particle_index: expected a whole number from 0, found "0.5".'],
  ["4.5", "left", 's.csv row 2 x_shift: expected a finite number, found "left".'],
  [
    "0,1,3,4.5\n",
    "",
    "s.csv: expected the shift of every particle in every frame, found none of particle 0 in frame 1. Write a row with shifts of 0 where a particle stays.",
  ],
  [
    "y_shift",
    "dy",
    "s.csv: expected the columns particle_index, frame, y_shift, x_shift, found particle_index, frame, dy, x_shift.",
  ],
])("shifts with %j as %j are refused", (from, to, message) => {
  const act = () => parseParticleShifts(SHIFTS.replace(from, to), "s.csv", { frames: 2, particles: 1 });
  expect(act).toThrow(message);
});

test("Leopard-EM's deformation field has its shape and values", () => {
  const { shape, shiftsA } = parseDeformationTable(goldenText("deformation.csv"), "deformation.csv");
  expect(shape).toEqual([3, 3, 4]);
  expect([shiftsA[0], shiftsA[1], shiftsA[36]]).toEqual([-4.3812, -7.4225, 4.0177].map(Math.fround));
});

test("only the order of a field's numbers counts", () => {
  const text = goldenText("deformation.csv");
  const [head, ...rows] = text.trim().split("\n");
  const spread = rows.map((row) =>
    row.replace(/^(\d),(\d),(\d)/, (_, t, h, w) => `${t * 2.5},${h * 10 - 7},${w}`),
  );
  const other = parseDeformationTable([head, ...spread.reverse()].join("\n"), "d.csv");
  expect(other).toEqual(parseDeformationTable(text, "d.csv"));
});

const FIELD = "t,h,w,y_shift,x_shift\n0,0,0,1,2\n0,0,1,3,4\n1,0,0,5,6\n1,0,1,7,8\n";

test.each([
  [
    "1,0,1,7,8\n",
    "",
    "d.csv: expected a row for every point of the 2 x 1 x 2 grid, found none for t 1, h 0, w 1.",
  ],
  ["1,0,1,7,8", "1,0,0,7,8", "found none for t 1, h 0, w 1."],
  [
    "1,0,1,7,8\n",
    "1,0,1,7,8\n1,0,1,7,8\n",
    "d.csv row 5: expected each place once, found t 1, h 0, w 1 a second time.",
  ],
  ["7,8", "7,", 'd.csv row 4 x_shift: expected a finite number, found "".'],
  ["1,0,1,", "1,?,1,", 'd.csv row 4 h: expected a finite number, found "?".'],
  ["h,w", "y,w", "d.csv: expected the columns t, h, w, y_shift, x_shift, found t, y, w, y_shift, x_shift."],
  [/\n.*$/s, "\n", "d.csv: expected at least one point, found none."],
])("a field with %s as %j is refused", (from, to, message) => {
  expect(() => parseDeformationTable(FIELD.replace(from, to), "d.csv")).toThrow(message);
});
