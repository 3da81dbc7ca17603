import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vitrineHere } from "../../test/support/command.ts";
import { demoConfig, scratchFolder } from "../../test/support/mmcore.ts";
import { requirement } from "../../test/support/require.ts";
import { openNdtiff } from "../io/index.ts";
import type { DemoMicroscope } from "./demo/demoMicroscope.ts";
import { openDemoMicroscope, parsePlan, readPositionList } from "./index.ts";

const scratch = scratchFolder();
const { available } = requirement("readers");

interface Place {
  readonly label: string;
  readonly row?: number;
  readonly column?: number;
  /** µm by device: one value, or x and y. */
  readonly stages: Readonly<Record<string, readonly number[]>>;
  readonly defaults?: readonly [xy: string, z: string];
}

/** As Micro-Manager 1.4 writes it: of a stage with one axis X is the value. */
function oldList(places: readonly Place[]): object {
  const POSITIONS = places.map(({ label, row = 0, column = 0, stages, defaults = ["XY", "Z"] }) => ({
    GRID_COL: column,
    DEVICES: Object.entries(stages).map(([DEVICE, [X, Y]]) => ({
      DEVICE,
      AXES: Y === undefined ? 1 : 2,
      Y: Y ?? 0,
      X,
      Z: 0,
    })),
    PROPERTIES: {},
    DEFAULT_Z_STAGE: defaults[1],
    LABEL: label,
    GRID_ROW: row,
    DEFAULT_XY_STAGE: defaults[0],
  }));
  return { VERSION: 3, ID: "Micro-Manager XY-position list", POSITIONS };
}

/** As Micro-Manager 2 writes it: a property map. */
function newList(places: readonly Place[]): object {
  const text = (scalar: string) => ({ type: "STRING", scalar });
  const whole = (scalar: number) => ({ type: "INTEGER", scalar });
  const maps = (array: readonly object[]) => ({ type: "PROPERTY_MAP", array });
  const StagePositions = maps(
    places.map(({ label, row = 0, column = 0, stages, defaults = ["XY", "Z"] }) => ({
      DefaultXYStage: text(defaults[0]),
      DefaultZStage: text(defaults[1]),
      DevicePositions: maps(
        Object.entries(stages).map(([device, array]) => ({
          Device: text(device),
          Position_um: { type: "DOUBLE", array },
        })),
      ),
      GridCol: whole(column),
      GridRow: whole(row),
      Label: text(label),
      Properties: { type: "PROPERTY_MAP", scalar: {} },
    })),
  );
  const head = {
    encoding: "UTF-8",
    format: "Micro-Manager Property Map",
    major_version: 2,
    minor_version: 0,
  };
  return { ...head, map: { StagePositions } };
}

let files = 0;
function written(value: unknown): string {
  const path = join(scratch, `file${files++}.json`);
  writeFileSync(path, JSON.stringify(value));
  return path;
}

const FORMS = [
  ["1.4", oldList],
  ["2", newList],
] as const;

const WELLS: readonly Place[] = [
  { label: "A1", stages: { Z: [5.5], XY: [100.25, -50] } },
  { label: "A2", stages: { XY: [-20, 30], Z: [-2] } },
];

describe.each(FORMS)("a list of Micro-Manager %s", (_, form) => {
  let microscope: DemoMicroscope;
  const read = (places: readonly Place[], options = {}) =>
    readPositionList(written(form(places)), microscope.core, options);
  beforeAll(async () => {
    microscope = await openDemoMicroscope();
  });
  afterAll(() => microscope.close());

  test("gives x and y of the XY stage and z of the focus drive, whatever their order", async () => {
    expect(await read(WELLS)).toEqual([
      { label: "A1", x: 100.25, y: -50, z: 5.5 },
      { label: "A2", x: -20, y: 30, z: -2 },
    ]);
  });

  test("planes count from each position's z, and labels are the axis", async () => {
    const positions = await read(WELLS);
    const plan = { z_start: 0, z_end: 1, z_step: 1, order: "pz" };
    expect([...parsePlan(plan, "plan", { positions })]).toEqual([
      { axes: { position: "A1", z: 0 }, x: 100.25, y: -50, z: 5.5 },
      { axes: { position: "A1", z: 1 }, x: 100.25, y: -50, z: 6.5 },
      { axes: { position: "A2", z: 0 }, x: -20, y: 30, z: -2 },
      { axes: { position: "A2", z: 1 }, x: -20, y: 30, z: -1 },
    ]);
  });

  test("of a useq plan they are stage positions, with names", async () => {
    const positions = await read(WELLS);
    const plan = { z_plan: { range: 2, step: 2 }, axis_order: "pz" };
    const events = [...parsePlan(plan, "plan", { positions })];
    expect(events.map(({ axes, pos_name, x, y, z }) => [axes, pos_name, x, y, z])).toEqual([
      [{ position: 0, z: 0 }, "A1", 100.25, -50, 4.5],
      [{ position: 0, z: 1 }, "A1", 100.25, -50, 6.5],
      [{ position: 1, z: 0 }, "A2", -20, 30, -3],
      [{ position: 1, z: 1 }, "A2", -20, 30, -1],
    ]);
  });

  test("without z the focus stays, and places without labels are numbers", async () => {
    const positions = await read([{ label: "", stages: { XY: [1, 2] } }]);
    const events = [...parsePlan({ num_time_points: 1 }, "plan", { positions })];
    expect(events).toEqual([{ axes: { time: 0, position: 0 }, x: 1, y: 2 }]);
  });

  test("other stages are moved by their labels", async () => {
    const core = {
      getXYStageDevice: async () => "XY",
      getFocusDevice: async () => "Z",
      getLoadedDevices: async () => ["XY", "Z", "PFS"],
    };
    const list = written(form([{ label: "a", stages: { PFS: [1100], XY: [1, 2] } }]));
    const positions = await readPositionList(list, core);
    const [event] = parsePlan({ num_time_points: 1 }, "plan", { positions });
    expect(event).toEqual({ axes: { time: 0, position: "a" }, x: 1, y: 2, stage_positions: [["PFS", 1100]] });
  });

  test("a grid is tiles by its rows and columns", async () => {
    const grid: Place[] = [
      { label: "1-Pos_000_000", row: 0, column: 0, stages: { XY: [0, 0] } },
      { label: "1-Pos_001_000", row: 0, column: 1, stages: { XY: [500, 0] } },
    ];
    const positions = await read(grid, { asTiles: true });
    const events = [...parsePlan({ channels: ["DAPI"], channel_group: "Channel" }, "plan", { positions })];
    expect(events.map(({ axes, x }) => [axes, x])).toEqual([
      [{ row: 0, column: 0, channel: "DAPI" }, 0],
      [{ row: 0, column: 1, channel: "DAPI" }, 500],
    ]);
    await expect(read([grid[0], grid[0]], { asTiles: true })).rejects.toMatchObject({ code: "exists" });
  });

  test("stages that the microscope lacks are an error, or for a simulated one its own move", async () => {
    const foreign: Place[] = [
      { label: "a", stages: { XYStage: [1, 2], PFS: [1100], ZStage: [3] }, defaults: ["XYStage", "ZStage"] },
      { label: "b", stages: { XYStage: [4, 5], ZStage: [6] }, defaults: ["", ""] },
    ];
    await expect(read(foreign)).rejects.toMatchObject({
      code: "missing",
      message: expect.stringContaining("expected stages of this microscope, found XYStage"),
    });
    const said: string[] = [];
    const onLog = (message: string) => said.push(message);
    expect(await read(foreign, { onOwnStages: true, onLog })).toEqual([
      { label: "a", x: 1, y: 2, z: 3 },
      { label: "b", x: 4, y: 5, z: 6 },
    ]);
    expect(said).toEqual([expect.stringMatching(/has no XYStage, PFS, ZStage: XY and Z move to x, y and z/)]);
  });

  test.each([
    [[], "expected at least one position, found an empty list"],
    [[{ label: "a", stages: {} }], "position 0: expected at least one stage, found none"],
    [
      [{ label: "a", stages: { Z: [1] } }],
      "position 0 (a): expected x and y of the microscope's XY stage XY",
    ],
    [[{ label: "a", stages: { XY: [1, 2], Z: [1, 2] } }], "expected one XY stage, XY, found Z too"],
  ] as const)("what cannot be gone to is an error: %j", async (places, message) => {
    await expect(read(places)).rejects.toThrow(message);
  });

  test("what a plan says of positions itself, and single events, are errors", async () => {
    const positions = await read(WELLS);
    const plans = [{ xy_positions: [[0, 0]] }, { stage_positions: [[0, 0]] }, [{ axes: { time: 0 } }]];
    for (const plan of plans)
      expect(() => parsePlan(plan, "plan", { positions })).toThrow("leave the position list out");
    const mixed = await read([WELLS[0], { label: "b", stages: { XY: [0, 0] } }]);
    expect(() => parsePlan({ num_time_points: 1 }, "plan", { positions: mixed })).toThrow(
      "expected a z in all positions of the list or in none, found none in 1 of 2, position 1 the first",
    );
  });
});

const PLAN = { num_time_points: 2, z_start: -1, z_end: 1, z_step: 1, order: "tpz" };

test("vitrine acquire --positions goes to them", () => goesToThem("demo", []));

test.skipIf(!available)("so it does with Micro-Manager's devices", () =>
  goesToThem("mmcore", ["--config", demoConfig()]),
);

async function goesToThem(kind: string, config: readonly string[]) {
  const call = ["acquire", written(PLAN), "--positions", written(newList(WELLS)), "--microscope", kind];
  const saving = ["--dir", scratch, "--name", kind, "--json"];
  const { code, stdout, stderr } = await vitrineHere([...call, ...config, ...saving]);
  expect([code, stderr]).toEqual([0, ""]);
  await using dataset = await openNdtiff(JSON.parse(stdout).folder);
  const axes = dataset.imageCoordinates();
  expect(axes).toHaveLength(12);
  expect(axes[5]).toEqual({ time: 0, position: "A2", z: 2 });
  expect(await dataset.readMetadata({ time: 1, position: "A1", z: 0 })).toMatchObject({
    PositionName: "A1",
    XPosition_um_Intended: 100.25,
    YPosition_um_Intended: -50,
    ZPosition_um_Intended: 4.5,
  });
  expect(dataset.summaryMetadata.PositionNames).toEqual(["A1", "A2"]);
}
