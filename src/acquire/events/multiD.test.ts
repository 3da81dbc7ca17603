import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { VitrineError } from "../../core/index.ts";
import { type MultiDParams, multiDAcquisitionEvents } from "./multiD.ts";

interface Case {
  readonly params: MultiDParams;
  readonly events?: readonly unknown[];
  readonly error?: unknown;
}
const golden = (path: string): Case[] =>
  JSON.parse(readFileSync(new URL(`../../../test/golden/${path}`, import.meta.url), "utf8"));
const cases = [...golden("acquire/multi_d_events.json"), ...golden("acquire-extra/multi_d_generated.json")];

describe("Pycro-Manager's cases", () => {
  test.each(cases.map((each, i) => [i, each] as const))("%i", (_, { params, events, error }) => {
    if (error !== undefined) expect(() => multiDAcquisitionEvents(params)).toThrow(VitrineError);
    else expect([...multiDAcquisitionEvents(params)]).toEqual(events);
  });
});

const plan = fc.record(
  {
    num_time_points: fc.integer({ min: 0, max: 4 }),
    time_interval_s: fc.double({ min: 0, max: 5, noNaN: true }),
    channels: fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 3 }),
    xy_positions: fc.array(fc.tuple(fc.integer(), fc.integer()), { maxLength: 3 }),
    order: fc.constantFrom("tpcz", "ptcz", "cptz", "pzct", "CPZT"),
  },
  { requiredKeys: ["channels", "order"] },
);

test("there are as many events as combinations, each with axes of its own", () => {
  fc.assert(
    fc.property(plan, (drawn) => {
      const params = { ...drawn, channel_group: "Channel", z_start: 0, z_end: 2, z_step: 1 };
      const events = [...multiDAcquisitionEvents(params)];
      const sizes = [drawn.num_time_points || 1, drawn.xy_positions?.length ?? 1, drawn.channels.length, 3];
      expect(events).toHaveLength(sizes.reduce((product, size) => product * size, 1));
      expect(new Set(events.map(({ axes }) => JSON.stringify(axes))).size).toBe(events.length);
      expect(new Set(events.map(({ axes }) => axes)).size).toBe(events.length);
    }),
  );
});

test("the events can be iterated again, and changing one changes no other", () => {
  const events = multiDAcquisitionEvents({ num_time_points: 3, time_interval_s: [1, 2, 3] });
  const first = [...events];
  expect([...events]).toEqual(first);
  expect(first.map((event) => event.min_start_time)).toEqual([1, 3, 6]);
});

test("camelCase names are the same parameters", () => {
  const snake = {
    num_time_points: 2,
    z_start: 0,
    z_end: 1,
    z_step: 0.1,
    xy_positions: [[1, 2]] as [number, number][],
  };
  const camel = {
    numTimePoints: 2,
    zStart: 0,
    zEnd: 1,
    zStep: 0.1,
    xyPositions: [[1, 2]] as [number, number][],
  };
  expect([...multiDAcquisitionEvents(camel)]).toEqual([...multiDAcquisitionEvents(snake)]);
});

test("a million events start at once: only what is asked for is made", () => {
  let asked = 0;
  for (const event of multiDAcquisitionEvents({ num_time_points: 1e15, time_interval_s: 1 })) {
    expect(event).toEqual({ axes: { time: asked }, min_start_time: asked });
    if (++asked === 3) break;
  }
});

test("faults", () => {
  const fault = (params: object) => () => multiDAcquisitionEvents(params);
  expect(fault({ num_timepoints: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents num_timepoints: expected a known key, found "num_timepoints" (did you mean "num_time_points"?). Known keys: num_time_points, time_interval_s, z_start, z_end, z_step, channel_group, channels, channel_exposures_ms, xy_positions, xyz_positions, position_labels, order.]`,
  );
  expect(fault({ z_start: 1, z_step: 1 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents: expected all of z_start, z_end and z_step, found only z_start and z_step. Add the others or omit all.]`,
  );
  expect(fault({ order: "tpx" })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents order: expected each of the letters t, p, c and z at most once, found "tpx".]`,
  );
  expect(fault({ order: "zp" })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents order: expected p before z, found "zp".]`,
  );
  expect(fault({ z_start: 0, z_end: 1, z_step: 0 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents z_step: expected a step that reaches the end, found 0.]`,
  );
  expect(fault({ xy_positions: [[1, 2, 3]] })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents xy_positions[0]: expected a list with a length of at most 2, found a list of 3.]`,
  );
  expect(fault({ num_time_points: 3, time_interval_s: [1] })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents time_interval_s: expected one interval a time point, found 1 for 3 time points.]`,
  );
  expect(fault({ xy_positions: [], xyz_positions: [] })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents: expected xy_positions or xyz_positions, found both. Leave one of them out.]`,
  );
  expect(
    fault({ channel_group: "C", channels: ["A", "B"], channel_exposures_ms: [1] }),
  ).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: multiDAcquisitionEvents channel_exposures_ms: expected one exposure a channel, found 1 for 2 channels.]`,
  );
  expect(fault({ xy_positions: [[1, 2]], z_start: 0, z_end: 1, z_step: 1, order: "tz" })).toThrow(
    /order: expected p/,
  );
});
