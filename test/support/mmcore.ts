import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { Exposure, Frame, Microscope } from "../../src/acquire/index.ts";
import type { PixelArray } from "../../src/io/index.ts";
import { python } from "./require.ts";

/** The demonstration configuration of mm-test-adapters; its device adapters lie beside it. */
export function demoConfig(): string {
  const code =
    "import mm_test_adapters as m, os; print(os.path.join(m.__path__[0], 'libs', 'MMConfig_demo.cfg'))";
  return execFileSync(python, ["-c", code], { encoding: "utf8" }).trim();
}

/** A folder, in memory where the system has that, which is removed when the test file has ended. */
export function scratchFolder(): string {
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(parent, "vitrine-mmcore-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file of Python and gives its path. */
export function writePython(folder: string, name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(path, source);
  return path;
}

/** The camera as the configuration leaves it, small so that tests are quick. */
export async function resetCamera({ core }: Microscope): Promise<void> {
  await core.setCameraDevice("Camera");
  const settings = { PixelType: "16bit", BitDepth: 16, Binning: 1, FastImage: 0, Mode: "Artificial Waves" };
  const sides = { OnCameraCCDXSize: 96, OnCameraCCDYSize: 64 };
  for (const [name, value] of Object.entries({ ...settings, ...sides }))
    await core.setProperty("Camera", name, value);
  await core.clearROI();
  await core.setExposure(1);
}

/** What a frame held, after it was released. */
export interface TakenFrame extends Pick<Frame, "layout" | "bitDepth" | "camera" | "index" | "metadata"> {
  readonly pixels: PixelArray;
}

/** Takes all frames of an exposure, each at once. */
export async function takeAll(exposure: Exposure): Promise<TakenFrame[]> {
  const taken: TakenFrame[] = [];
  for await (const frame of exposure.frames) {
    const { layout, bitDepth, camera, index, metadata } = frame;
    taken.push({ layout, bitDepth, camera, index, metadata, pixels: frame.copy() });
    frame.release();
  }
  return taken;
}
