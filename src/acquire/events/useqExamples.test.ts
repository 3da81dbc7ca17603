import { expect, test } from "vitest";
import { parsePlan } from "./parsePlan.ts";

// What useq-schema 0.9.2, the newest on PyPI, ships as plans, with the numbers of events that it makes of them itself.

const AXES = ["t", "p", "g", "c", "z"];
const grid = { overlap: [0, 0], relative_to: "center", fov_width: null, fov_height: null };

/** tests/fixtures/mda.yaml, which leaves defaults out. */
const YAML = {
  autofocus_plan: { autofocus_device_name: "Z", autofocus_motor_offset: 50, axes: ["c"] },
  axis_order: AXES,
  channels: [
    { config: "Cy5", exposure: 50 },
    { config: "FITC", exposure: 100 },
    { acquire_every: 3, config: "DAPI", do_stack: false },
  ],
  grid_plan: { columns: 1, rows: 2 },
  metadata: { "some info": "something" },
  stage_positions: [
    { x: 10, y: 20 },
    {
      name: "test_name",
      sequence: {
        axis_order: AXES,
        grid_plan: { columns: 3, mode: "row_wise_snake", rows: 2 },
        z_plan: { above: 10, below: 0, step: 1 },
      },
      x: 10,
      y: 20,
      z: 50,
    },
  ],
  time_plan: {
    phases: [
      { interval: 3, loops: 3 },
      { duration: 2400, interval: 10 },
    ],
  },
  z_plan: { range: 1, step: 0.5 },
};

/** tests/fixtures/mda.json, which writes defaults and nulls out. */
const JSON_WITH_DEFAULTS = {
  ...YAML,
  channels: YAML.channels.map((channel) => ({
    acquire_every: 1,
    camera: null,
    do_stack: true,
    exposure: null,
    group: "Channel",
    z_offset: 0,
    ...channel,
  })),
  grid_plan: { ...YAML.grid_plan, ...grid, mode: "row_wise_snake" },
  keep_shutter_open_across: [],
  setup: null,
};

test.each([
  ["mda.yaml", YAML],
  ["mda.json", JSON_WITH_DEFAULTS],
])("%s", (name, plan) => {
  const events = [...parsePlan(plan, name, { fieldUm: [1, 1] })];
  const focusing = events.filter(({ autofocus }) => autofocus !== undefined);
  expect([events.length, focusing.length]).toEqual([36_774, 1_620]);
  expect(events.at(-1)).toMatchObject({
    axes: { time: 242, position: 1, grid: 5, channel: 1, z: 10 },
    config_group: ["Channel", "FITC"],
    exposure: 100,
    min_start_time: 2406,
    x: 9,
    y: 19.5,
    z: 60,
  });
});

test("the plan of its README", () => {
  const plan = {
    stage_positions: [
      [100, 100, 30],
      [200, 150, 35],
    ],
    channels: ["DAPI", "FITC"],
    time_plan: { interval: 1, loops: 20 },
    z_plan: { range: 4, step: 0.5 },
    axis_order: "tpcz",
  };
  const events = [...parsePlan(plan, "plan.json")];
  expect(events).toHaveLength(720);
  expect(events.slice(0, 3).map(({ z }) => z)).toEqual([28, 28.5, 29]);
});

test("a plan of useq.v2 is refused by its name", () => {
  // v2.MDASequence(channels=["DAPI"], ...).model_dump_json(), with and without what is unset
  const message =
    /found the axes of a useq\.v2\.MDASequence, which is not read\. Save it from useq\.MDASequence/;
  expect(() => parsePlan({ axes: [{}, {}, {}] }, "v2.json")).toThrow(message);
  expect(() => parsePlan({ metadata: {}, axes: [{}], axis_order: null }, "v2.json")).toThrow(message);
});
