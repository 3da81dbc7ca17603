import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VitrineError } from "../../core/index.ts";
import {
  calcGridCoordinatesFromLayout,
  calcGridCoordinatesFromPositions,
  calcStitchDimensions,
  calcStitchLayout,
  type GridCoordinate,
  guessStitchDimensions,
  STITCH_LAYOUTS,
  type StagePosition,
  type StitchLayout,
} from "../index.ts";

interface Case<Input, Output> {
  readonly input: Input;
  readonly output?: Output;
  readonly error?: "TypeError" | "ValueError" | "IndexError";
  readonly true_layout?: StitchLayout;
  readonly true_grid?: readonly GridCoordinate[];
}

const golden = <Input, Output>(name: string): Case<Input, Output>[] =>
  JSON.parse(
    readFileSync(new URL(`../../../test/golden/pyramid/stitch_${name}.json`, import.meta.url), "utf8"),
  );

/** The golden cases' exceptions as codes. */
const CODES = { TypeError: "type", ValueError: "range", IndexError: "undeterminable" } as const;

/** The answer, or the code of the error. */
function answer<T>(ask: () => T): T | string {
  try {
    return ask();
  } catch (error) {
    if (error instanceof VitrineError) return error.code;
    throw error;
  }
}

const expectedOf = <T>({ output, error }: Case<unknown, T>) => (error === undefined ? output : CODES[error]);

describe("golden cases of TissueMAPS", () => {
  test("guessStitchDimensions", () => {
    const cases = golden<{ n_sites: number; stitch_major_axis: "vertical" }, GridCoordinate>(
      "guess_stitch_dimensions",
    );
    expect(cases).toHaveLength(141);
    for (const { input, ...one } of cases) {
      const found = answer(() => guessStitchDimensions(input.n_sites, input.stitch_major_axis));
      expect(found, JSON.stringify(input)).toEqual(expectedOf({ input, ...one }));
    }
  });

  test("calcGridCoordinatesFromLayout", () => {
    const name = "calc_grid_coordinates_from_layout";
    const cases = golden<{ stitch_dims: GridCoordinate; stitch_layout: StitchLayout }, GridCoordinate[]>(
      name,
    );
    expect(cases).toHaveLength(64);
    for (const one of cases) {
      const { stitch_dims, stitch_layout } = one.input;
      const found = answer(() => calcGridCoordinatesFromLayout(stitch_dims, stitch_layout));
      expect(found, JSON.stringify(one.input)).toEqual(expectedOf(one));
    }
  });

  test("calcStitchDimensions, compat", () => {
    const cases = golden<{ stage_positions: StagePosition[] }, GridCoordinate>("calc_stitch_dimensions");
    expect(cases).toHaveLength(26);
    for (const one of cases) {
      const found = answer(() => calcStitchDimensions(one.input.stage_positions, { compat: true }));
      // A position without x is an error of its type, whatever Python calls it.
      expect(found).toEqual(one.error === "IndexError" ? "type" : one.output);
    }
  });

  type LayoutInput = { stitch_dims: GridCoordinate; stage_positions: StagePosition[] };
  const layouts = golden<LayoutInput, StitchLayout>("calc_stitch_layout");

  test("calcStitchLayout, compat", () => {
    expect(layouts).toHaveLength(45);
    for (const { input, output } of layouts) {
      const found = answer(() =>
        calcStitchLayout(input.stitch_dims, input.stage_positions, { compat: true }),
      );
      expect(found).toEqual(output ?? "undeterminable");
    }
  });

  test("calcStitchLayout finds the layout that positions were made from, where the peer does not", () => {
    const cases = layouts.filter(({ true_layout }) => true_layout !== undefined);
    expect(cases.length).toBeGreaterThan(20);
    expect(cases.some((one) => one.true_layout !== one.output)).toBe(true);
    for (const { input, true_layout } of cases) {
      expect(calcStitchLayout(input.stitch_dims, input.stage_positions)).toBe(true_layout);
    }
  });

  type GridInput = {
    stage_positions: StagePosition[];
    n: number;
    reverse_rows: boolean;
    reverse_columns: boolean;
  };
  const grids = golden<GridInput, GridCoordinate[]>("calc_grid_coordinates_from_positions");
  const cellsOf = ({ stage_positions, n, ...directions }: GridInput, compat: boolean) =>
    calcGridCoordinatesFromPositions(stage_positions, n, {
      reverseRows: directions.reverse_rows,
      reverseColumns: directions.reverse_columns,
      compat,
    });

  test("calcGridCoordinatesFromPositions, compat", () => {
    expect(grids).toHaveLength(48);
    for (const one of grids) expect(answer(() => cellsOf(one.input, true))).toEqual(expectedOf(one));
  });

  test("calcGridCoordinatesFromPositions finds the grid that positions were made from, where the peer does not", () => {
    const cases = grids.filter(({ true_grid }) => true_grid !== undefined);
    expect(cases.length).toBeGreaterThan(30);
    for (const one of cases) expect(cellsOf(one.input, false)).toEqual(one.true_grid);
  });
});

describe("what TissueMAPS cannot", () => {
  const line = (count: number): StagePosition[] => Array.from({ length: count }, (_, i) => [5, 310 * i]);

  test.each([1, 2, 3, 7, 13])("a row of %i", (count) => {
    const cells = Array.from({ length: count }, (_, i) => [0, i]);
    expect(calcGridCoordinatesFromPositions(line(count), count)).toEqual(cells);
    expect(calcStitchDimensions(line(count))).toEqual([1, count]);
    expect(calcStitchLayout([1, count], line(count))).toBe(count === 1 ? "vertical" : "horizontal");
    const column = line(count).map(([y, x]): StagePosition => [x, y]);
    expect(calcStitchLayout([count, 1], column)).toBe("vertical");
  });

  test("coordinates count from 1 where OME's do", () => {
    expect(calcGridCoordinatesFromLayout({ nRows: 1, nCols: 2 }, "horizontal", { oneBased: true })).toEqual([
      [1, 1],
      [1, 2],
    ]);
    expect(calcGridCoordinatesFromPositions(line(2), 2, { oneBased: true })).toEqual([
      [1, 1],
      [1, 2],
    ]);
  });

  test("positions on no grid stay apart: a diagonal is not a row", () => {
    const diagonal: StagePosition[] = [
      [0, 0],
      [300, 310],
      [600, 620],
    ];
    expect(calcGridCoordinatesFromPositions(diagonal, 3)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ]);
  });

  test("a run that stopped early has its layout, unless what is there fits two", () => {
    const positions = calcGridCoordinatesFromLayout([3, 4], "zigzag_horizontal").map(
      ([row, column]): StagePosition => [row * 300, column * 310],
    );
    expect(calcStitchLayout([3, 4], positions.slice(0, 6))).toBe("zigzag_horizontal");
    expect(answer(() => calcStitchLayout([3, 4], positions.slice(0, 4)))).toBe("undeterminable");
  });

  test("an error says which way the stage runs", () => {
    const positions = calcGridCoordinatesFromLayout([2, 3], "horizontal").map(
      ([row, column]): StagePosition => [row * -300, column * 310],
    );
    expect(() => calcStitchLayout([2, 3], positions)).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: calcStitchLayout positions: expected the order of one of horizontal, zigzag_horizontal, vertical, zigzag_vertical, found another order. It fits with { reverseRows: true, reverseColumns: false }.]`,
    );
    expect(calcStitchLayout([2, 3], positions, { reverseRows: true })).toBe("horizontal");
  });

  test("errors say what was wrong", () => {
    expect(() => calcGridCoordinatesFromPositions(line(2), 4)).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: calcGridCoordinatesFromPositions: expected at least 4 positions, found 2. Let n be the number of different sites that have one.]`,
    );
    expect(() =>
      calcGridCoordinatesFromPositions(
        [
          [0, 0],
          [1, 1],
          [1, 1],
        ],
        3,
      ),
    ).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: calcGridCoordinatesFromPositions positions: expected positions in 3 cells of a grid, found 2 cells of a grid of 2 x 2.]`,
    );
    expect(() => calcStitchDimensions([[0, Number.NaN]])).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: calcStitchDimensions positions[0]: expected two finite numbers, y and x, found [0, NaN].]`,
    );
  });
});

describe("properties", () => {
  const side = fc.integer({ min: 1, max: 9 });
  const mosaic = fc.record({
    dims: fc.tuple(side, side),
    layout: fc.constantFrom(...STITCH_LAYOUTS),
    steps: fc.tuple(fc.integer({ min: 100, max: 900 }), fc.integer({ min: 100, max: 900 })),
    seed: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }),
    /** As a part of the smaller step. */
    scatter: fc.constantFrom(0, 1e-12, 0.01, 0.1),
  });

  test("positions made from a layout, scattered as stages do, give back dimensions, cells and layout", () => {
    fc.assert(
      fc.property(mosaic, ({ dims, layout, steps, seed, scatter }) => {
        const cells = calcGridCoordinatesFromLayout(dims, layout);
        // One row has no steps that would tell scatter from rows: only both axes together do.
        fc.pre(scatter === 0 || dims[0] * dims[1] > 1);
        const amount = (scatter / 2) * Math.min(...steps);
        const positions = cells.map(
          ([row, column], i): StagePosition => [
            5000 + row * steps[0] + amount * Math.sin(i * 7.1 + seed[i % 8]),
            -800 + column * steps[1] + amount * Math.sin(i * 3.3 + seed[(i + 3) % 8]),
          ],
        );
        expect(calcStitchDimensions(positions)).toEqual(dims);
        expect(calcGridCoordinatesFromPositions(positions, cells.length)).toEqual(cells);
        expect(calcGridCoordinatesFromLayout(dims, calcStitchLayout(dims, positions))).toEqual(cells);
      }),
    );
  });

  test("a layout with compat is what TissueMAPS' eight look-ups say, of too few positions and too many as well", () => {
    const coordinate = fc.integer({ min: 0, max: 3 });
    const positions = fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 12 });
    const few = fc.integer({ min: 0, max: 4 });
    fc.assert(
      fc.property(few, few, positions, (rows, columns, stage) => {
        const expected = lookedUp(rows, columns, stage);
        expect(answer(() => calcStitchLayout([rows, columns], stage, { compat: true }))).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  /** As in Python, where -1 is the last. */
  function lookedUp(rows: number, columns: number, stage: readonly StagePosition[]): string {
    const y = (i: number) => (stage.at(i) ?? [Number.NaN])[0];
    const x = (i: number) => (stage.at(i) ?? [0, Number.NaN])[1];
    const [firstRow, secondRow] = [y(0) < y(columns - 1), y(columns) < y(2 * columns - 1)];
    const [firstColumn, secondColumn] = [x(0) < x(rows - 1), x(rows) < x(2 * rows - 1)];
    const looked = [0, rows - 1, rows, 2 * rows - 1, columns - 1, columns, 2 * columns - 1];
    if (looked.some((i) => stage.at(i) === undefined)) return "undeterminable";
    const named = (layout: string, a: boolean, b: boolean) =>
      a && b ? layout : a || b ? `zigzag_${layout}` : "undeterminable";
    if (y(0) === y(columns - 1)) return named("horizontal", firstColumn, secondColumn);
    if (x(0) === x(rows - 1)) return named("vertical", firstRow, secondRow);
    return "undeterminable";
  }

  test("every layout visits every cell once", () => {
    fc.assert(
      fc.property(mosaic, ({ dims: [rows, columns], layout }) => {
        const cells = calcGridCoordinatesFromLayout([rows, columns], layout);
        expect(new Set(cells.map(String)).size).toBe(rows * columns);
        expect(cells.every(([row, column]) => row < rows && column < columns)).toBe(true);
      }),
    );
  });

  test("a guess holds all sites, and turns over with the axis", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), (n) => {
        const [rows, columns] = guessStitchDimensions(n);
        expect(rows * columns).toBeGreaterThanOrEqual(n);
        expect(rows).toBeGreaterThanOrEqual(columns);
        expect(guessStitchDimensions(n, "horizontal")).toEqual([columns, rows]);
      }),
    );
  });
});
