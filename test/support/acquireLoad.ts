import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkStamp, type DemoMicroscopeOptions, type StageReport } from "../../src/acquire/index.ts";
import { type Dataset, openNdtiff, openOmeZarr, type PixelImage } from "../../src/io/index.ts";
import { isLong } from "./long.ts";

/** An acquisition for a process of its own: events 0.1 s apart, each with the axis `time`. */
export interface LoadJob {
  readonly frames: number;
  /** Width and height of an image, 8 bits. */
  readonly sidePx: number;
  /** Without it nothing is saved. */
  readonly directory?: string;
  readonly format?: "ndtiff" | "ome-zarr";
  /** The processor takes every image out. */
  readonly drops?: boolean;
  /** Each event moves the stage. */
  readonly moves?: boolean;
  readonly faults?: NonNullable<DemoMicroscopeOptions["faults"]>;
  /** Real time that the processor takes for some frames. */
  readonly slowProcessor?: { readonly every: number; readonly ms: number };
  /** The frame at which the processor throws. */
  readonly throwAt?: number;
  readonly cameraLimitMs?: number;
  /** Micro-Manager's devices, with the system's clock. */
  readonly mmcore?: { readonly python: string; readonly config: string };
  /** The frame at which the processor kills the process of Python. */
  readonly killAt?: number;
}

/** What came of it. */
export interface LoadReport {
  /** Times of which `imageSaved` was told, in its order. */
  readonly acknowledged: readonly number[];
  readonly error: { readonly code: string | undefined; readonly text: string } | undefined;
  readonly folder: string | undefined;
  readonly stages: readonly StageReport[];
  /** Largest memory so far, and memory in use (after a collection where that can be asked for), at frame 1,000 and at the end. */
  readonly early: { readonly peakMb: number; readonly usedMb: number };
  readonly late: { readonly peakMb: number; readonly usedMb: number };
  readonly seconds: number;
}

/** Runs a job with a bundle of `acquireChild.ts`. Fails where the process does, or hangs. */
export function runLoad(
  bundle: string,
  job: LoadJob,
  { slowDisk, nodeArgs = [] }: { readonly slowDisk?: object; readonly nodeArgs?: readonly string[] } = {},
): Promise<LoadReport> {
  const child = spawn(process.execPath, [...nodeArgs, bundle, JSON.stringify(job)], {
    env: { ...process.env, ...(slowDisk !== undefined && { SLOW_DISK: JSON.stringify(slowDisk) }) },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: isLong ? 1_190_000 : 170_000,
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) resolve(JSON.parse(stdout));
      else reject(new Error(`child ended with ${code ?? signal}: ${stderr}`));
    });
  });
}

/** A stage's numbers. */
export function stageOf({ stages }: LoadReport, name: StageReport["stage"]): StageReport {
  return stages.find(({ stage }) => stage === name)!;
}

/**
 * Opens the dataset of a report anew and reads every acknowledged image.
 *
 * @param check  what is looked at; else the stamp, which is the event's time
 * @returns      how many images the dataset has
 */
export async function checkReadable(
  { folder, acknowledged }: LoadReport,
  check: (image: PixelImage, time: number) => void = checkStamp,
): Promise<number> {
  await using dataset = await openDataset(folder!);
  for (const time of acknowledged) check(await dataset.readImage({ time }), time);
  return dataset.imageCoordinates().length;
}

/** Opens a dataset of either format. */
export async function openDataset(folder: string): Promise<Dataset> {
  return existsSync(join(folder, "zarr.json")) ? openOmeZarr(folder) : openNdtiff(folder);
}
