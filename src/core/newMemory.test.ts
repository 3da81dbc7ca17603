import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { newMemory } from "./index.node.ts";

const IMAGES = 120;
const IMAGE_BYTES = 2 ** 23;

/** Faults of pages while images are made one after the other, each byte touched and none kept; first those of a few. */
const PROGRAM = `
  const [address, how] = process.argv.slice(1);
  const { newMemory } = await import(address);
  const uncleared = (bytes) => Buffer.allocUnsafeSlow(bytes).buffer;
  const make = how === "newMemory" ? newMemory : uncleared;
  const touch = (count) => {
    for (let i = 0; i < count; i++) new Uint8Array(make(${IMAGE_BYTES})).fill(i);
  };
  touch(1);
  await new Promise((resolve) => setTimeout(resolve, 50));
  touch(20);
  const before = process.resourceUsage().minorPageFault;
  touch(${IMAGES});
  console.log(process.resourceUsage().minorPageFault - before);
`;

function faults(how: "newMemory" | "uncleared"): number {
  const address = new URL("../../dist/core/newMemory.node.js", import.meta.url).href;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", PROGRAM, address, how]));
}

const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };

test.skipIf(header.glibcVersionRuntime === undefined)(
  "images one after the other come from the memory of those before, page by page",
  () => {
    // in pages of 4 KiB; all images together have 245,760
    const pages = (IMAGES * IMAGE_BYTES) / 4096;
    expect(faults("newMemory")).toBeLessThan(pages / 50);
    // what it is for: 20 to 100 % where nothing is done
    expect(faults("uncleared")).toBeGreaterThan(pages / 50);
  },
);

test("memory is as long as was asked for, and each has its own", () => {
  const sizes = [0, 1, 4096, 2 ** 17, 2 ** 23, 2 ** 25, 2 ** 25 + 1];
  const all = sizes.map((bytes) => newMemory(bytes));
  expect(all.map(({ byteLength }) => byteLength)).toEqual(sizes);
  expect(new Set(all).size).toBe(sizes.length);
});
