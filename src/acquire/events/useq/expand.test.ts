import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VitrineError } from "../../../core/index.ts";
import { expandUseq, useqSizes } from "./expand.ts";

interface Case {
  readonly sequence: object;
  readonly sizes?: object;
  readonly events?: readonly unknown[];
  readonly error?: unknown;
  readonly sequence_dump?: object;
}
const golden = (path: string): Case[] =>
  JSON.parse(readFileSync(new URL(`../../../../test/golden/${path}`, import.meta.url), "utf8"));
const published = golden("acquire/useq_sequences.json");
const generated = golden("acquire-extra/useq_generated.json");

describe("useq's cases", () => {
  test.each(published.map((each, i) => [i, each] as const))("%i", (_, { sequence, sizes, events }) => {
    expect([...expandUseq(sequence)]).toEqual(events);
    expect(useqSizes(sequence)).toEqual(sizes);
  });

  test.each(published.map((each, i) => [i, each] as const))(
    "%i as useq writes it",
    (_, { sequence_dump, events }) => {
      expect([...expandUseq(sequence_dump)]).toEqual(events);
    },
  );
});

describe("useq's cases, generated", () => {
  test.each(generated.map((each, i) => [i, each] as const))("%i", (_, { sequence, sizes, events, error }) => {
    if (error !== undefined) return expect(() => [...expandUseq(sequence)]).toThrow(VitrineError);
    expect(useqSizes(sequence)).toEqual(sizes);
    expect(withoutLastDigits([...expandUseq(sequence)])).toEqual(withoutLastDigits(events));
  });
});

/**
 * Numbers to 1e-9: the C library's cosine is rounded wrongly once in a thousand times, and a corner of a polygon that was cut or
 * shrunk has noise in its last digits, which coordinates near 0 show more.
 */
function withoutLastDigits(value: unknown): unknown {
  if (typeof value === "number") return Math.round(value * 1e9) / 1e9 + 0;
  if (Array.isArray(value)) return value.map(withoutLastDigits);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutLastDigits(inner)]));
}

const sequence = fc.record(
  {
    axis_order: fc.shuffledSubarray(["t", "p", "g", "c", "z"]),
    time_plan: fc.record({
      interval: fc.double({ min: 0, max: 9, noNaN: true }),
      loops: fc.integer({ min: 1, max: 4 }),
    }),
    channels: fc.array(fc.constantFrom("DAPI", "FITC"), { maxLength: 2 }),
    z_plan: fc.record({ range: fc.integer({ min: 0, max: 4 }), step: fc.constantFrom(0.5, 1, 2) }),
    stage_positions: fc.array(fc.record({ x: fc.integer(), y: fc.integer() }), { maxLength: 3 }),
    grid_plan: fc.record({
      rows: fc.integer({ min: 1, max: 3 }),
      columns: fc.integer({ min: 1, max: 3 }),
      mode: fc.constantFrom("row_wise", "column_wise", "row_wise_snake", "column_wise_snake", "spiral"),
    }),
  },
  { requiredKeys: [] },
);

test("there are as many events as the sizes say, each with an index of its own", () => {
  fc.assert(
    fc.property(sequence, (drawn) => {
      const sizes = Object.values(useqSizes(drawn)).filter((size) => size > 0);
      const events = [...expandUseq(drawn)];
      expect(events).toHaveLength(
        sizes.length === 0 ? 0 : sizes.reduce((product, size) => product * size, 1),
      );
      expect(new Set(events.map(({ index }) => JSON.stringify(index))).size).toBe(events.length);
    }),
  );
});

test("the events can be iterated again, random points without a seed too", () => {
  const wells = {
    plate: 96,
    a1_center_xy: [0, 0],
    selected_wells: [
      [0, 1],
      [0, 1],
    ],
    well_points_plan: { num_points: 4 },
  };
  for (const plan of [{ stage_positions: wells }, { grid_plan: { num_points: 9 } }]) {
    const events = expandUseq({ ...plan, time_plan: { interval: 1, loops: 2 } });
    const first = [...events];
    expect([...events]).toEqual(first);
    const half = first.length / 2;
    const places = first.map(({ x_pos, y_pos }) => `${x_pos} ${y_pos}`);
    expect(new Set(places).size).toBe(half);
  }
});

test("a million events take no memory, and the first comes at once", () => {
  const plan = {
    time_plan: { interval: 0.1, loops: 100_000 },
    channels: ["A", "B"],
    z_plan: { range: 4, step: 1 },
  };
  let count = 0;
  let most = 0;
  const before = process.memoryUsage().heapUsed;
  for (const event of expandUseq(plan)) {
    if (count === 0) expect(event.index).toEqual({ t: 0, c: 0, z: 0 });
    if (count % 10_000 === 0) most = Math.max(most, process.memoryUsage().heapUsed - before);
    count++;
  }
  expect(count).toBe(1e6);
  // Held, the events would take more than 300 MB; what is seen here waits for the garbage collector.
  expect(most).toBeLessThan(150e6);
});

test("slices of wells are Python's", () => {
  const names = (selected_wells: unknown) =>
    [...expandUseq({ stage_positions: { plate: "6-well", a1_center_xy: [0, 0], selected_wells } })].map(
      (e) => e.pos_name,
    );
  expect(names({})).toEqual(["A1", "A2", "A3", "B1", "B2", "B3"]);
  expect(names([{ stop: 1 }, { step: 2 }])).toEqual(["A1", "A3"]);
  expect(names([{ start: null, step: -1 }, -1])).toEqual(["B3", "A3"]);
  expect(names([[1, 0], { start: 1 }])).toEqual(["B2", "B3", "A2", "A3"]);
  expect(names([{ start: -1 }, { start: 5 }])).toEqual([]);
});

test("faults", () => {
  const fault = (plan: object) => () => [...expandUseq(plan)];
  expect(fault({ channels: [{ config: "A", expsoure: 5 }] })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) channels[0].expsoure: expected a known key, found "expsoure" (did you mean "exposure"?). Known keys: config, group, exposure, do_stack, z_offset, acquire_every, camera.]`,
  );
  expect(fault({ z_plan: { range: 4, stepp: 1 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) z_plan.stepp: expected a known key, found "stepp" (did you mean "step"?). Known keys: go_up, top, bottom, step, above, below, range, absolute, relative.]`,
  );
  expect(fault({ grid_plan: { rows: 2, colums: 3 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) grid_plan.colums: expected a known key, found "colums" (did you mean "columns"?). Known keys: fov_width, fov_height, overlap, mode, relative_to, rows, columns, top, left, bottom, right, width, height, vertices, convex_hull, offset, num_points, max_width, max_height, shape, random_seed, allow_overlap, order, start_at, name, properties, plate_row, plate_col, grid_row, grid_col, row, col, x, y, z, sequence.]`,
  );
  expect(fault({ time_plan: { interval: 1, loops: 2, duration: 5 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) time_plan.loops: expected a key that goes with the others, found "loops". Known keys: prioritize_duration, interval, duration, loops, phases.]`,
  );
  expect(fault({ time_plan: { interval: "soon", loops: 2 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) time_plan.interval: expected a duration such as 1.5, "PT1M30S" or "00:01:30", found "soon".]`,
  );
  expect(fault({ time_plan: { interval: 0, duration: 2 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) time_plan interval: expected an interval that is not 0, found 0. Give interval and loops instead.]`,
  );
  expect(fault({ axis_order: "tpq" })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) axis_order: expected letters of the axes t, p, g, c and z, found "tpq".]`,
  );
  expect(fault({ axis_order: "tt" })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) axis_order: expected each axis at most once, found tt.]`,
  );
  expect(
    fault({ stage_positions: { plate: "95-well", a1_center_xy: [0, 0] } }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) stage_positions plate: expected one of 6-well, 12-well, 24-well, 48-well, 96-well, 384-well, 1536-well, coverslip-18mm-square, coverslip-22mm-square, found "95-well". Or describe the plate: rows, columns, well_spacing and well_size.]`,
  );
  expect(
    fault({ stage_positions: { plate: 96, a1_center_xy: [0, 0], selected_wells: 8 } }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) stage_positions selected_wells: expected an index from -8 to 7, found 8.]`,
  );
  expect(
    fault({ stage_positions: [{ sequence: { stage_positions: [[0]] } }] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) stage_positions[0] sequence stage_positions: expected no positions in a position's sequence, found some.]`,
  );
  expect(
    fault({ z_plan: { absolute: [1] }, autofocus_plan: { axes: ["p"] } }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) z_plan: expected a relative z plan, since there is an autofocus plan, found an absolute one.]`,
  );
  expect(
    fault({
      grid_plan: {
        vertices: [
          [0, 0],
          [1, 1],
          [1, 0],
          [0, 1],
        ],
      },
    }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) grid_plan vertices: expected an outline that neither crosses nor touches itself, found one that does. Put the corners in the order in which they follow each other.]`,
  );
  expect(fault({ grid_plan: { width: 5, height: 5, overlap: 100 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) grid_plan overlap: expected tiles that overlap by less than 100 %, found 100 %.]`,
  );
  const mixed = [{ sequence: { z_plan: { range: 2, step: 1 } } }, { x: 1 }];
  expect(
    fault({ stage_positions: mixed, channels: ["A"], keep_shutter_open_across: "pz" }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: expandUseq(sequence) keep_shutter_open_across: expected positions that all have the same axes, found one without the axis z after one with it. Omit keep_shutter_open_across, or give every position the same plans.]`,
  );
});
