/** A server on a folder of small images, beside a secret that is not served. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createOmeZarrImage, formatMrc, writeTiff } from "../../src/io/index.ts";
import { type Server, type ServerOptions, startServer } from "../../src/server/index.ts";

/** What is nobody's business. */
export const SECRET = "this is not served";

/** A folder, and what tests do with it. */
export interface ServedCase {
  /** The folder that is served, as `lab`. */
  readonly root: string;
  serve(options?: ServerOptions): Promise<Server>;
  remove(): void;
}

/** Makes the folder: `map.mrc`, `cells.zarr` of 3 channels, `spots.tif`, hostile names, and links that lead out. */
export async function makeServedCase(): Promise<ServedCase> {
  const scratch = mkdtempSync(join(tmpdir(), "vitrine-served-"));
  const root = join(scratch, "lab");
  mkdirSync(join(root, "inner"), { recursive: true });
  writeFileSync(join(scratch, "secret.txt"), SECRET);
  mkdirSync(join(scratch, "lab-other"));
  writeFileSync(join(scratch, "lab-other", "secret.txt"), SECRET);
  symlinkSync(join(scratch, "secret.txt"), join(root, "link.txt"));
  symlinkSync(scratch, join(root, "out"));
  symlinkSync(join(root, "inner"), join(root, "inside"));
  writeFileSync(join(root, "inner", "digits.txt"), "0123456789");
  for (const name of HOSTILE_NAMES) writeFileSync(join(root, name), "harmless");
  writeFileSync(join(root, "broken.mrc"), "no map at all");
  writeFileSync(
    join(root, "map.mrc"),
    formatMrc({ data: rampOf(3 * 40 * 50), shape: [3, 40, 50], voxelSizeA: 1.5 }),
  );
  await writeSpots(join(root, "spots.tif"));
  await writeCells(join(root, "cells.zarr"));
  return {
    root,
    serve: (options = {}) => startServer([root], options),
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  };
}

/** Names that a page might take for something else. */
export const HOSTILE_NAMES = [
  "<img src=x onerror=alert(1)>.txt",
  "a'b\"c&d;e.txt",
  "100%.txt",
  "ä ö#?.txt",
  "line\nfeed.txt",
];

function rampOf(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => i / 10);
}

/** 1 in 1000 pixels at 3000 on 100: means of a lower level would hide them. */
async function writeSpots(path: string): Promise<void> {
  const [height, width] = [1200, 1300];
  const data = Uint16Array.from({ length: height * width }, (_, i) => (i % 997 === 0 ? 3000 : 98 + (i % 5)));
  await writeTiff(path, { pages: [{ data, width, height, channels: 1 }] });
}

/** 2 time points, 3 channels, 1031 x 1100 pixels, as {@link cellsValue} says. */
async function writeCells(directory: string): Promise<void> {
  const [height, width] = [1031, 1100];
  const space = { kind: "space", unit: "micrometer" } as const;
  await using writer = await createOmeZarrImage({
    directory,
    axes: [
      { name: "time", kind: "time" },
      { name: "channel", kind: "channel" },
      { name: "y", ...space },
      { name: "x", ...space },
    ],
    shape: [2, 3, height, width],
    scale: [1, 1, 0.325, 0.325],
    dtype: "uint16",
    channels: ["0000FF", "00FF00", "FF0000"].map((color, i) => ({
      name: ["DAPI", "GFP", "RFP"][i],
      color,
      window: { start: 0, end: 4000 },
    })),
  });
  for (let time = 0; time < 2; time++)
    for (let channel = 0; channel < 3; channel++) {
      const value = (_: unknown, i: number) => cellsValue({ time, channel, i, width });
      await writer.write({ time, channel }, Uint16Array.from({ length: height * width }, value));
    }
  await writer.finish();
}

/** Pixel i of the image that {@link makeServedCase} writes: each channel and time point has its own range. */
export function cellsValue({ time, channel, i, width }: Readonly<Record<string, number>>): number {
  return 1000 * channel + 100 * time + ((Math.floor(i / width) + (i % width)) % 64) * 10;
}
