import fc from "fast-check";
import { expect, test } from "vitest";
import { parseEvents } from "./parseEvents.ts";

const parsed = (value: unknown) => [...parseEvents(value, "plan.json")];

test("an event keeps its keys", () => {
  const event = {
    axes: { time: 0, channel: "DAPI" },
    min_start_time: 1.5,
    timeout_ms: 500,
    config_group: ["Channel", "DAPI"],
    exposure: 10,
    z: 1,
    x: -2,
    y: 3.5,
    stage_positions: [["Piezo", 4]],
    camera: "Camera",
    slm_pattern: [0, 255],
    tags: { user: "me" },
    properties: [["Dev", "Prop", "On"]],
    autofocus: { device: "PFS", offset: 3, maxRetries: 2 },
    keep_shutter_open: true,
    reset_event_timer: true,
    roi: { x: 0, y: 0, width: 64, height: 32 },
  };
  expect(parsed(event)).toEqual([event]);
  expect(parsed([event, { axes: {} }])).toEqual([event, { axes: {} }]);
  expect(parsed({ special: "acquisition-end" })).toEqual([{ axes: {}, special: "acquisition-end" }]);
});

test("deprecated keys become what they stand for, values of devices text", () => {
  const event = {
    axes: { position: 2 },
    row: 1,
    col: 3,
    stage_positions: [["A", 1]],
    stage: { device_name: "B", position: 2.5, axis_name: "b" },
    properties: [
      ["D", "P", 1.5],
      ["D", "Q", true],
    ],
    slm_pattern: [
      [0, 1],
      [2, 3],
    ],
    tags: { n: 7 },
  };
  expect(parsed(event)).toEqual([
    {
      axes: { position: 2, row: 1, column: 3 },
      stage_positions: [
        ["A", 1],
        ["B", 2.5],
      ],
      properties: [
        ["D", "P", "1.5"],
        ["D", "Q", "1"],
      ],
      slm_pattern: [0, 1, 2, 3],
      tags: { n: "7" },
    },
  ]);
});

test("what is parsed is parsed to the same again, each time in objects of its own", () => {
  const event = fc.record(
    {
      axes: fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.string())),
      exposure: fc.double({ min: 0, max: 1e4, noNaN: true }),
      properties: fc.array(
        fc.tuple(fc.string(), fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
      ),
      row: fc.integer(),
    },
    { requiredKeys: ["axes"] },
  );
  fc.assert(
    fc.property(fc.array(event, { minLength: 1 }), (events) => {
      const given = structuredClone(events);
      const iterable = parseEvents(events, "events");
      const first = [...iterable];
      expect(events).toEqual(given);
      expect(parsed(first)).toEqual(first);
      expect([...iterable].every((again, i) => again !== first[i])).toBe(true);
    }),
  );
});

test("faults", () => {
  const fault = (value: unknown) => () => parseEvents(value, "plan.json");
  expect(fault([{ axes: {}, expsoure: 5 }])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json [0] expsoure: expected a known key, found "expsoure" (did you mean "exposure"?). Known keys: axes, min_start_time, timeout_ms, config_group, exposure, z, x, y, stage_positions, stage, camera, slm_pattern, tags, properties, special, row, col, autofocus, no_image, pos_name, keep_shutter_open, reset_event_timer, roi.]`,
  );
  expect(fault([{ axes: {} }, { exposure: 5 }])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json [1] axes: expected axes that name the image, found nothing. Add for instance "axes": {"time": 0}.]`,
  );
  expect(fault({ axes: { time: 1.5 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json axes.time: expected a whole number or text, found 1.5.]`,
  );
  expect(fault({ axes: {}, config_group: ["Channel"] })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json config_group: expected a list with a length of at least 2, found a list of 1.]`,
  );
  expect(fault({ axes: {}, autofocus: { offest: 3 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json autofocus.offest: expected a known key, found "offest" (did you mean "offset"?). Known keys: device, offset, maxRetries.]`,
  );
  expect(fault({ axes: {}, z: null })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json z: expected a number, found nothing (null).]`,
  );
  expect(fault([])).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json: expected at least one event, found an empty list.]`,
  );
  expect(fault("events")).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json: expected a group of keys, found "events".]`,
  );
});
