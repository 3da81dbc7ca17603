// Runs one acquisition as its argument says and prints what came of it; a process of its own, so that its memory can be measured.

import { writeSync } from "node:fs";
import {
  Acquisition,
  type AcquisitionEvent,
  createSimulatedClock,
  type ImageProcessor,
  type Microscope,
  openDemoMicroscope,
  openMMCoreMicroscope,
} from "../../src/acquire/index.ts";
import { VitrineError } from "../../src/core/index.ts";
import type { LoadJob, LoadReport } from "./acquireLoad.ts";

const job: LoadJob = JSON.parse(process.argv[2]);
const clock = createSimulatedClock();
const microscope = await openMicroscope();
const acknowledged: number[] = [];
const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));

let largest = 0;
/** Largest memory of the process so far, MB. Looked up often: the system's own figure may be that of the program that started it. */
const peakMb = () => {
  largest = Math.max(largest, process.memoryUsage.rss() / 2 ** 20);
  return largest;
};
/** Memory that is in use, MB; where the process has a collector to call. */
const usedMb = () => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
let early: LoadReport["early"] = { peakMb: 0, usedMb: 0 };

async function openMicroscope(): Promise<Microscope & { readonly pid?: number }> {
  const { mmcore, faults = [], sidePx } = job;
  if (mmcore !== undefined) return openMMCoreMicroscope(mmcore);
  const camera = { OnCameraCCDXSize: sidePx, OnCameraCCDYSize: sidePx, Pattern: "Stamp", BitDepth: 8 };
  return openDemoMicroscope({ clock, faults, properties: { Camera: camera } });
}

/** Ten a second by a simulated clock, else as fast as they can; the stage goes to and fro. */
function* events(): Generator<AcquisitionEvent> {
  for (let time = 0; time < job.frames; time++) {
    if (time === 1000) early = { peakMb: peakMb(), usedMb: usedMb() };
    const start = job.mmcore === undefined && { min_start_time: time / 10 };
    yield { axes: { time }, ...start, ...(job.moves && { x: time % 2 }) };
  }
}

const imageProcessor: ImageProcessor = async (image, metadata) => {
  const { time } = metadata.Axes as { time: number };
  if (time % 50 === 0) peakMb();
  const { slowProcessor } = job;
  if (slowProcessor !== undefined && time % slowProcessor.every === 0) await wait(slowProcessor.ms);
  if (time === job.throwAt) throw new TypeError(`frame ${time} is odd`);
  if (time === job.killAt && microscope.pid !== undefined) process.kill(microscope.pid, "SIGKILL");
  return job.drops ? undefined : [image, metadata];
};

const start = performance.now();
const acquisition = await Acquisition.open({
  microscope,
  imageProcessor,
  ...(job.mmcore === undefined && { clock }),
  ...(job.directory !== undefined && { directory: job.directory, name: "load" }),
  ...(job.format !== undefined && { format: job.format }),
  ...(job.cameraLimitMs !== undefined && { watchdogMs: { camera: job.cameraLimitMs } }),
  imageSaved: ({ time }) => void acknowledged.push(Number(time)),
});
acquisition.acquire(events());
const error: unknown = await acquisition.done().then(
  () => undefined,
  (thrown: unknown) => thrown,
);
const report: LoadReport = {
  acknowledged,
  error:
    error === undefined
      ? undefined
      : {
          code: error instanceof VitrineError ? error.code : undefined,
          text: String(error),
        },
  folder: acquisition.dataset?.name,
  stages: acquisition.report(),
  early,
  late: { peakMb: peakMb(), usedMb: usedMb() },
  seconds: (performance.now() - start) / 1000,
};
await microscope.close();
writeSync(1, JSON.stringify(report));
