import { expect, test } from "vitest";
import { multiDAcquisitionEvents } from "./multiD.ts";
import { parsePlan } from "./parsePlan.ts";
import { fromUseq } from "./useq/useqEvent.ts";

const parsed = (value: unknown) => [...parsePlan(value, "plan.json")];

test("a plan is told by its keys", () => {
  const events = [{ axes: { time: 0 }, z: 2 }, { axes: { time: 1 } }];
  expect(parsed(events)).toEqual(events);
  expect(parsed({ events })).toEqual(events);

  const params = { num_time_points: 2, channels: ["A"], channel_group: "Channel", order: "tc" };
  expect(parsed(params)).toEqual([...multiDAcquisitionEvents(params)]);
  expect(parsed({ numTimePoints: 2 })).toEqual([{ axes: { time: 0 } }, { axes: { time: 1 } }]);

  const image = { keep_shutter_open: false, config_group: ["Channel", "A"] };
  expect(parsed({ channels: ["A"] })).toEqual([{ ...image, axes: { channel: 0 } }]);
  expect(parsed({ channels: ["A"], time_plan: { interval: 2, loops: 2 } })).toEqual([
    { ...image, axes: { time: 0, channel: 0 }, min_start_time: 0, reset_event_timer: true },
    { ...image, axes: { time: 1, channel: 0 }, min_start_time: 2 },
  ]);
});

test("the tiles of a useq grid stay apart, and channels keep their camera", () => {
  const grid_plan = { rows: 1, columns: 2, fov_width: 10, fov_height: 10 };
  const events = parsed({ grid_plan, channels: [{ config: "A", camera: "Left" }, "B"] });
  expect(events.map(({ axes, x, camera }) => ({ axes, x, camera }))).toEqual([
    { axes: { grid: 0, channel: 0 }, x: -5, camera: "Left" },
    { axes: { grid: 0, channel: 1 }, x: -5, camera: undefined },
    { axes: { grid: 1, channel: 0 }, x: 5, camera: "Left" },
    { axes: { grid: 1, channel: 1 }, x: 5, camera: undefined },
  ]);
});

test("an autofocus is an event of its own before its image, at the z from which the stack counts", () => {
  const events = parsed({
    stage_positions: [
      [0, 0, 10],
      [1, 1, 20],
    ],
    z_plan: { range: 2, step: 1 },
    autofocus_plan: { axes: ["p"], autofocus_device_name: "PFS", autofocus_motor_offset: 5 },
  });
  expect(events.map(({ z }) => z)).toEqual([10, 9, 10, 11, 20, 19, 20, 21]);
  const focus = { device: "PFS", offset: 5, maxRetries: 3 };
  expect(events.flatMap(({ autofocus }, i) => (autofocus === undefined ? [] : [[i, autofocus]]))).toEqual([
    [0, focus],
    [4, focus],
  ]);
});

test("what setup sets, it sets before the first event and makes no image", () => {
  const setup = {
    properties: [["Camera", "Binning", 2]],
    roi: [0, 0, 64, 32],
    exposure: 7,
    channel: { config: "10X", group: "Objective" },
  };
  const events = parsed({ setup, channels: ["B", "C"] });
  expect(events).toEqual([
    {
      axes: {},
      no_image: true,
      keep_shutter_open: false,
      config_group: ["Objective", "10X"],
      exposure: 7,
      properties: [["Camera", "Binning", "2"]],
      roi: { x: 0, y: 0, width: 64, height: 32 },
    },
    { axes: { channel: 0 }, keep_shutter_open: false, config_group: ["Channel", "B"] },
    { axes: { channel: 1 }, keep_shutter_open: false, config_group: ["Channel", "C"] },
  ]);
  const action = { type: "hardware_autofocus", autofocus_device_name: "PFS" };
  expect(parsed({ setup: { action }, channels: ["B"] })[0]).toMatchObject({
    no_image: true,
    autofocus: { device: "PFS" },
  });
});

test("useq events that no microscope here can run are refused", () => {
  expect(() => fromUseq({ action: { type: "custom", name: "wash" } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: useq event action: expected an image or hardware autofocus, found a custom action.]`,
  );
  expect(() => fromUseq({ slm_image: { data: [[1]], device: "DMD" } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: useq event slm_image: expected an image for the current modulator, found device DMD.]`,
  );
  expect(
    fromUseq({
      index: { t: 1 },
      slm_image: {
        data: [
          [1, 2],
          [3, true],
        ],
      },
    }),
  ).toEqual({
    axes: { time: 1 },
    keep_shutter_open: false,
    slm_pattern: [1, 2, 3, 1],
  });
});

test("a plan is checked at once and iterated as often as wanted", () => {
  const plan = parsePlan({ time_plan: { interval: 1, loops: 1e9 }, channels: ["A"] }, "plan.json");
  for (let round = 0; round < 2; round++) {
    const [first] = plan;
    expect(first.axes).toEqual({ time: 0, channel: 0 });
  }
});

test("faults", () => {
  const fault = (value: unknown) => () => parsePlan(value, "plan.json");
  expect(fault({ num_time_points: 3, z_plan: { range: 1, step: 1 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json: expected a list of events, {"events": [...]}, the parameters of multiDAcquisitionEvents, or a useq sequence, found keys of more than one: num_time_points, z_plan. Keep those of one.]`,
  );
  expect(fault({ events: [{ axes: {} }], order: "t" })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json: expected a list of events, {"events": [...]}, the parameters of multiDAcquisitionEvents, or a useq sequence, found keys of more than one: events, order. Keep those of one.]`,
  );
  expect(fault({ num_timepoints: 3 })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json num_timepoints: expected a known key, found "num_timepoints" (did you mean "num_time_points"?). Known keys: events, num_time_points, time_interval_s, z_start, z_end, z_step, channel_group, channels, channel_exposures_ms, xy_positions, xyz_positions, position_labels, order, metadata, axis_order, grid_plan, time_plan, z_plan, autofocus_plan, setup, keep_shutter_open_across, stage_positions.]`,
  );
  expect(fault({ time_plan: { interval: 1, loops: 2 }, chanels: ["A"] })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json chanels: expected a known key, found "chanels" (did you mean "channels"?). Known keys: metadata, axis_order, grid_plan, channels, time_plan, z_plan, autofocus_plan, setup, keep_shutter_open_across, stage_positions.]`,
  );
  expect(fault({ axes: { time: 0 } })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json: expected a list of events, {"events": [...]}, the parameters of multiDAcquisitionEvents, or a useq sequence, found one event. Put it into a list.]`,
  );
  expect(fault({})).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json: expected a list of events, {"events": [...]}, the parameters of multiDAcquisitionEvents, or a useq sequence, found no key.]`,
  );
  expect(fault(7)).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json: expected a list of events, {"events": [...]}, the parameters of multiDAcquisitionEvents, or a useq sequence, found 7.]`,
  );
  expect(fault({ events: {} })).toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: plan.json events: expected a list, found a group of the keys (none).]`,
  );
});
