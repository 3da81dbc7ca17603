import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { acquireWell, exposures, openStampMicroscope, timePoints } from "../../../test/support/acquire.ts";
import { createSimulatedClock } from "../clock.ts";
import { type DemoMicroscope, openDemoMicroscope } from "../demo/demoMicroscope.ts";
import type { DemoMicroscopeOptions } from "../demo/options.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import { Acquisition } from "./acquisition.ts";
import type { AcquisitionNotification } from "./notification.ts";

type Setting = Omit<AcquisitionEvent, "axes">;

/** Events with these settings, numbered. */
function numbered(settings: readonly Setting[]): AcquisitionEvent[] {
  return settings.map((setting, i) => ({ axes: { i }, ...setting }));
}

const channel = (preset: string): Setting => ({ config_group: ["Channel", preset] });

const none = { exposure: 0, z: 0, xy: 0, property: 0 };

/** How the demo microscope joins events. */
async function joined(
  settings: readonly Setting[],
  sequenceMaxLength: DemoMicroscopeOptions["sequenceMaxLength"] = {},
): Promise<string> {
  await using microscope = await openStampMicroscope({ sequenceMaxLength });
  const { notes, dataset } = await acquireWell({ microscope }, numbered(settings));
  expect(dataset.imageCoordinates()).toEqual(settings.map((_, i) => ({ i })));
  return exposures(notes).join(" ");
}

describe("events are joined where the hardware can play them", () => {
  const zs: Setting[] = [0, 1, 2, 3].map((z) => ({ z }));
  const xys: Setting[] = [0, 1, 2, 3].map((x) => ({ x, y: -x }));
  const ms: Setting[] = [1, 2, 3, 4].map((exposure) => ({ exposure }));
  const channels = ["DAPI", "FITC", "Cy5", "BF"].map(channel);

  test.each<[string, Setting[], DemoMicroscopeOptions["sequenceMaxLength"], string]>([
    ["times", [{}, {}, {}, {}], none, "0,1,2,3"],
    ["z", zs, {}, "0,1,2,3"],
    ["z of a drive that cannot", zs, { z: 0 }, "0 1 2 3"],
    ["z of a drive that plays 3", zs, { z: 3 }, "0,1,2 3"],
    ["xy", xys, {}, "0,1,2,3"],
    ["xy of a stage that cannot", xys, { xy: 0 }, "0 1 2 3"],
    ["exposures", ms, {}, "0,1,2,3"],
    ["exposures of a camera that plays 2", ms, { exposure: 2 }, "0,1 2,3"],
    ["channels", channels, {}, "0,1,2,3"],
    ["channels of wheels that cannot", channels, { property: 0 }, "0 1 2 3"],
    ["the same channel", [channel("DAPI"), channel("DAPI")], none, "0,1"],
    [
      "z that varied before, then channels",
      [
        { z: 0, ...channel("DAPI") },
        { z: 1, ...channel("DAPI") },
        { z: 1, ...channel("FITC") },
        { z: 1, ...channel("BF") },
      ],
      { z: 3 },
      "0,1,2 3",
    ],
    ["a setting that begins in the middle", [{}, { z: 1 }, { z: 1 }], {}, "0 1,2"],
    ["a setting that is left out later", [{ z: 1 }, {}], {}, "0,1"],
    ["presets of groups that differ", [channel("DAPI"), { config_group: ["Objective", "10X"] }], {}, "0 1"],
    [
      "an objective, which turns by hand of the computer",
      ["10X", "20X"].map((name) => ({ config_group: ["Objective", name] as const })),
      {},
      "0 1",
    ],
    ["equal start times", [{ min_start_time: 0 }, { min_start_time: 0 }, {}], {}, "0,1,2"],
    ["start times that differ", [{}, { min_start_time: 1 }, { min_start_time: 1 }], {}, "0 1,2"],
    ["properties", [{}, { properties: [["Camera", "Offset", "3"]] }, {}], {}, "0 1 2"],
    ["other stages", [{}, { stage_positions: [["Z", 3]] }, {}], {}, "0 1 2"],
    ["a light pattern", [{}, { slm_pattern: new Array(64 * 64).fill(255) }, {}], {}, "0 1 2"],
    ["a region", [{}, { roi: { x: 0, y: 0, width: 8, height: 8 } }], {}, "0 1"],
    [
      "a shutter that stays open",
      [{ keep_shutter_open: true }, { keep_shutter_open: true }, {}],
      {},
      "0,1 2",
    ],
    ["a timer that begins again", [{}, { reset_event_timer: true }, {}], {}, "0 1 2"],
  ])("%s", async (_, settings, lengths, expected) => {
    expect(await joined(settings, lengths)).toBe(expected);
  });

  test("never over the end of a call of acquire, nor of a longest sequence, nor over a change of camera", async () => {
    await using microscope = await openStampMicroscope({ cameras: ["Camera", "Second"] });
    const notes: AcquisitionNotification[] = [];
    const onNotification = (note: AcquisitionNotification) => notes.push(note);
    const acquisition = await Acquisition.open({ microscope, onNotification });
    for (const from of [0, 2]) acquisition.acquire(timePoints(4).slice(from, from + 2));
    acquisition.acquire([
      { axes: { c: 0 } },
      { axes: { c: 1 }, camera: "Second" },
      { axes: { c: 2 }, camera: "Second" },
    ]);
    await acquisition.done();
    expect(exposures(notes)).toEqual(["0,1", "2,3", "0", "1,2"]);
  });
});

describe("what the hardware plays is what single images show", () => {
  const chip = { OnCameraCCDXSize: 32, OnCameraCCDYSize: 24 };
  const open = (
    sequenceMaxLength: DemoMicroscopeOptions["sequenceMaxLength"],
    cameras = ["Camera"],
  ): Promise<DemoMicroscope> =>
    openDemoMicroscope({
      cameras,
      properties: Object.fromEntries(cameras.map((camera) => [camera, chip])),
      clock: createSimulatedClock(),
      noise: false,
      bleachingMs: 0,
      sequenceMaxLength,
    });
  const channels = ["DAPI", "FITC"];
  const zStack: Setting[] = [0, 5, 10, 15].map((z) => ({ z }));

  test.each<[string, Setting[]]>([
    ["z", zStack],
    ["z twice", [...zStack, ...zStack]],
    [
      "z up and down, then again its last plane",
      [{ z: 0 }, { z: 8 }, { z: 0 }, { z: 0, properties: [] }, { z: 8 }],
    ],
    ["xy", [0, 40, 80].map((x) => ({ x, y: 2 * x }))],
    ["exposure, then again its last", [{ exposure: 5 }, { exposure: 20 }, { exposure: 20, properties: [] }]],
    [
      "channel, then again its last",
      [channel("DAPI"), channel("FITC"), { ...channel("FITC"), properties: [] }],
    ],
    ["z in channels", channels.flatMap((name) => zStack.map(({ z }) => ({ ...channel(name), z: z! })))],
    [
      "channels in z",
      zStack.flatMap(({ z }) => channels.map((name) => ({ ...channel(name), z: z!, exposure: 7 }))),
    ],
    ["channels, the last without", [channel("DAPI"), channel("FITC"), {}]],
    [
      "all at once",
      channels.flatMap((name, i) =>
        zStack.map(({ z }, j) => ({ ...channel(name), z: z!, x: 10 * j, y: 5 * i, exposure: 5 + i })),
      ),
    ],
  ])("%s", async (_, settings) => {
    await using playing = await open({});
    await using single = await open(none);
    const played = await acquireWell({ microscope: playing }, numbered(settings));
    const alone = await acquireWell({ microscope: single }, numbered(settings));
    expect(exposures(played.notes).length).toBeLessThan(settings.length);
    const images = new Set<string>();
    for (const i of settings.keys()) {
      const image = await played.dataset.readImage({ i });
      expect(image, `event ${i}`).toEqual(await alone.dataset.readImage({ i }));
      images.add(image.data.join());
      const { Exposure } = await played.dataset.readMetadata({ i });
      expect(Exposure).toBe((await alone.dataset.readMetadata({ i })).Exposure);
    }
    expect(images.size).toBeGreaterThan(1);
  });

  const setting = fc.record(
    {
      z: fc.constantFrom(0, 6, 12),
      x: fc.constantFrom(0, 50),
      y: fc.constantFrom(0, 30),
      exposure: fc.constantFrom(3, 9),
      config_group: fc.constantFrom(
        ["Channel", "DAPI"] as const,
        ["Channel", "FITC"] as const,
        ["Objective", "20X"] as const,
      ),
      properties: fc.constant([]),
      camera: fc.constantFrom("Camera", "Second"),
    },
    { requiredKeys: [] },
  );
  const length = fc.integer({ min: 0, max: 5 });
  const lengths = fc.record({ exposure: length, z: length, xy: length, property: length });

  test("any events, with devices that play sequences of any length", async () => {
    const run = async (
      settings: Setting[],
      sequenceMaxLength: DemoMicroscopeOptions["sequenceMaxLength"],
    ) => {
      await using microscope = await open(sequenceMaxLength, ["Camera", "Second"]);
      const { dataset } = await acquireWell({ microscope }, numbered(settings));
      const read = async (_: unknown, i: number) => {
        const { Camera, FrameNumber } = await dataset.readMetadata({ i });
        return { Camera, FrameNumber, image: await dataset.readImage({ i }) };
      };
      return Promise.all(settings.map(read));
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(setting, { minLength: 1, maxLength: 12 }),
        lengths,
        async (settings, longest) => {
          expect(await run(settings, longest)).toEqual(await run(settings, none));
        },
      ),
      { numRuns: 40, seed: 4 },
    );
  });
});
