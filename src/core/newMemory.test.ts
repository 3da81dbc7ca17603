import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { newMemory } from "./index.node.ts";

const ROUNDS = 10;
const IMAGES = 5;
const IMAGE_BYTES = 2 ** 23;

/** Faults of pages while images are made, touched and freed, some at a time, without a collection: memory that is sent to nobody is freed. */
const PROGRAM = `
  const [address, how] = process.argv.slice(1);
  const { newMemory } = await import(address);
  const uncleared = (bytes) => Buffer.allocUnsafeSlow(bytes).buffer;
  const make = how === "newMemory" ? newMemory : uncleared;
  const turn = async () => {
    for (let i = 0; i < 5; i++) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const round = async () => {
    const images = Array.from({ length: ${IMAGES} }, () => make(${IMAGE_BYTES}));
    for (const image of images) new Uint8Array(image).fill(1);
    const { port1, port2 } = new MessageChannel();
    port2.close();
    port1.postMessage(images, images);
    port1.close();
    await turn();
  };
  make(${IMAGE_BYTES});
  await turn();
  await round();
  await round();
  const before = process.resourceUsage().minorPageFault;
  for (let i = 0; i < ${ROUNDS}; i++) await round();
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
    const pages = (ROUNDS * IMAGES * IMAGE_BYTES) / 4096;
    expect(faults("newMemory")).toBeLessThan(pages / 10);
    // what it is for
    expect(faults("uncleared")).toBeGreaterThan(pages / 2);
  },
);

test("memory is as long as was asked for, and each has its own", () => {
  const sizes = [0, 1, 4096, 2 ** 17, 2 ** 23, 2 ** 25, 2 ** 25 + 1];
  const all = sizes.map((bytes) => newMemory(bytes));
  expect(all.map(({ byteLength }) => byteLength)).toEqual(sizes);
  expect(new Set(all).size).toBe(sizes.length);
});
