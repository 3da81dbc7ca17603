// An acquisition of 1 GB/s, saved nowhere, alone and with a page that watches it, in turns: frames lost, and what watching costs.
import { chromium } from "playwright-core";
import { Acquisition, checkStamp, multiDAcquisitionEvents, openDemoMicroscope } from "vitrine/acquire";
import { median } from "../figures.js";

const SIDE = 2048;
const ROUNDS = 3;
const SECONDS = 6;
/** 1 GB/s of 16 bits. */
const INTERVAL_MS = (1000 * SIDE * SIDE * 2) / 1e9;

/** `server watched`. */
export async function measureWatched() {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
  });
  try {
    const results = [];
    for (let round = 0; round < ROUNDS; round++)
      results.push({ alone: await acquire(), watched: await acquire(browser) });
    const watched = results.map((result) => result.watched);
    const rate = ({ frames, seconds }) => (frames * SIDE * SIDE * 2) / seconds / 1e9;
    const ratios = results.map(({ alone, watched }) => rate(watched) / rate(alone));
    const costs = results.map(({ alone, watched }) => watched.cpu / alone.cpu);
    console.log(
      `acquisition of ${SIDE}² u16: ${median(results.map(({ alone }) => rate(alone))).toFixed(2)} GB/s alone, ${median(watched.map(rate)).toFixed(2)} watched ` +
        `(${median(ratios).toFixed(2)} ×), processor time ${median(costs).toFixed(2)} ×; lost ${total(watched, "lost")} of ${total(watched, "frames")} frames (alone ${total(
          results.map(({ alone }) => alone),
          "lost",
        )})`,
    );
  } finally {
    await browser.close();
  }
}

function total(runs, key) {
  return runs.reduce((sum, run) => sum + run[key], 0);
}

async function acquire(browser) {
  const camera = {
    ...{ OnCameraCCDXSize: SIDE, OnCameraCCDYSize: SIDE, PixelType: "16bit", Pattern: "Stamp" },
    Exposure: INTERVAL_MS,
  };
  const microscope = await openDemoMicroscope({ properties: { Camera: camera }, onOverflow: "drop" });
  let seen = 0;
  const acquisition = await Acquisition.open({
    microscope,
    onImage: (image, metadata) => {
      checkStamp(image, metadata.FrameNumber);
      seen++;
    },
  });
  const view = browser === undefined ? undefined : await acquisition.view();
  const page = await browser?.newPage();
  await page?.goto(view.address);
  await page?.getByRole("status", { name: "State" }).waitFor();
  const frames = Math.round((1000 * SECONDS) / INTERVAL_MS);
  const [start, before] = [performance.now(), process.cpuUsage()];
  acquisition.acquire(multiDAcquisitionEvents({ num_time_points: frames }));
  await acquisition.done();
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  await page?.getByLabel("Newest image").waitFor();
  await page?.close();
  await view?.close();
  await microscope.close();
  return { seconds, frames, lost: frames - seen, cpu: user + system };
}
