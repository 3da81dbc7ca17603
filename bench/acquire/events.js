// A million events through the engine: memory must not grow with their number.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Acquisition, multiDAcquisitionEvents, openDemoMicroscope } from "vitrine/acquire";
import { digits, printTable, verdict } from "../figures.js";

const EVENTS = 1_000_000;
const EARLY = 100_000;
/** Growth that counts as none, MB. */
const BAR_MB = 20;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** Prints events per second and the growth of the heap between the first tenth and the end. */
export async function run() {
  const size = { OnCameraCCDXSize: 16, OnCameraCCDYSize: 16, Pattern: "Stamp", Exposure: 0 };
  const microscope = await openDemoMicroscope({ properties: { Camera: size } });
  const heap = { early: 0, late: 0 };
  let seen = 0;
  const acquisition = await Acquisition.open({
    microscope,
    imageProcessor: () => {
      if (++seen === EARLY) heap.early = heapMb();
      if (seen === EVENTS) heap.late = heapMb();
    },
  });
  const start = performance.now();
  acquisition.acquire(multiDAcquisitionEvents({ num_time_points: EVENTS }));
  await acquisition.done();
  const seconds = (performance.now() - start) / 1000;
  await microscope.close();
  const growth = heap.late - heap.early;
  printTable(
    ["events", "events/s", "heap at 10⁵ MB", "heap at 10⁶ MB"],
    [[`${seen}`, EVENTS / seconds, heap.early, heap.late]],
  );
  return [
    {
      what: `growth of the heap over ${EVENTS} events, MB`,
      figure: digits(growth),
      bar: BAR_MB,
      verdict: verdict(growth, BAR_MB, { atMost: true }),
    },
  ];
}

function heapMb() {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return (heapUsed + arrayBuffers) / 1e6;
}
