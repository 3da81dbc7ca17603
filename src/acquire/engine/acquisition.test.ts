import { expect, test } from "vitest";
import { createSimulatedClock } from "../clock.ts";
import { openDemoMicroscope } from "../demo/demoMicroscope.ts";
import { multiDAcquisitionEvents } from "../events/multiD.ts";
import { Acquisition } from "./acquisition.ts";
import type { AcquisitionNotification } from "./notification.ts";

const small = { Camera: { OnCameraCCDXSize: 64, OnCameraCCDYSize: 48 } };

test("a short acquisition is saved, and its notifications come in Pycro-Manager's order", async () => {
  const clock = createSimulatedClock();
  await using microscope = await openDemoMicroscope({ properties: small, clock });
  const notes: AcquisitionNotification[] = [];
  const onNotification = (note: AcquisitionNotification) => notes.push(note);
  const acquisition = await Acquisition.open({ microscope, clock, save: "memory", onNotification });
  const future = acquisition.acquire(multiDAcquisitionEvents({ num_time_points: 3 }));
  expect((await future.awaitImageSaved({ time: 1 })).image?.data.length).toBe(64 * 48);
  await acquisition.done();
  expect(acquisition.dataset?.imageCoordinates()).toEqual([{ time: 0 }, { time: 1 }, { time: 2 }]);
  expect(notes.map(({ milestone }) => milestone).join(" ")).toBe(
    "acq_started pre_hardware pre_z_drive post_hardware pre_sequence_started image_saved image_saved image_saved " +
      "post_sequence_stopped acq_events_finished data_sink_finished",
  );
});
