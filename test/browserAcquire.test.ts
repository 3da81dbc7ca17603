import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProgramPage, type ProgramPage } from "./support/page.ts";
import { requirement } from "./support/require.ts";

const { available } = requirement("chromium");
const processors = fileURLToPath(new URL("support/processors", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "vitrine-page-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The page's program, written as a user would write it. */
const PROGRAM = `
import { Acquisition, checkStamp, multiDAcquisitionEvents, openDemoMicroscope } from "vitrine/acquire";

window.acquire = async (module) => {
  const microscope = await openDemoMicroscope({
    properties: { Camera: { OnCameraCCDXSize: 512, OnCameraCCDYSize: 512, Pattern: "Stamp", Exposure: 0 } },
  });
  const kept = [];
  const keep = (image, metadata) => {
    kept.push({ image, number: metadata.FrameNumber });
    return [image, metadata];
  };
  const acquisition = await Acquisition.open({
    microscope,
    save: "memory",
    imageProcessor: module === undefined ? keep : { module },
  });
  acquisition.acquire(multiDAcquisitionEvents({ num_time_points: 20 }));
  await acquisition.done();
  for (const { image, number } of kept) checkStamp(image, number);
  const { dataset } = acquisition;
  for (const axes of dataset.imageCoordinates()) {
    const { FrameNumber } = await dataset.readMetadata(axes);
    checkStamp(await dataset.readImage(axes), FrameNumber);
  }
  await microscope.close();
  return { images: dataset.imageCoordinates().length, kept: kept.length, threads: crossOriginIsolated };
};
`;

interface PageResult {
  readonly images: number;
  readonly kept: number;
  readonly threads: boolean;
}

describe.skipIf(!available).each([
  { name: "isolated, with a camera thread", isolated: true },
  { name: "without shared memory", isolated: false },
])("an acquisition in a page, $name", ({ isolated }) => {
  let program: ProgramPage;

  beforeAll(async () => {
    const own = mkdtempSync(join(folder, "page-"));
    program = await openProgramPage({ folder: own, program: PROGRAM, served: { processors }, isolated });
  });
  afterAll(() => program?.[Symbol.asyncDispose]());

  const inPage = { call: "acquire()", kept: 20 };
  const inThread = { call: 'acquire("/processors/count.mjs")', kept: 0 };

  test.each(isolated ? [inPage, inThread] : [inPage])(
    "$call saves what the camera gave",
    async ({ call, kept }) => {
      const { page, errors } = await program.open();
      const result: PageResult = await page.evaluate(call);
      expect(result).toEqual({ images: 20, kept, threads: isolated });
      expect(errors).toEqual([]);
    },
  );
});
