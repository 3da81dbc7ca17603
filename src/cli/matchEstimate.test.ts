import { expect, test } from "vitest";
import { estimateText, type RunEstimate } from "./matchEstimate.ts";

const HOUR: RunEstimate = {
  orientations: 1000,
  defocusValues: 1,
  pixelSizes: 1,
  correlations: 1000,
  mapShape: [10, 10],
  bytes: 2 ** 30,
  rate: 1000 / 3600,
  hours: 1,
  workers: 2,
  templates: 1,
  micrographs: 1,
  tasks: 1,
};

test("a short search says nothing of what would be faster", () => {
  expect(estimateText({ ...HOUR, hours: 0.001 })).toMatchInlineSnapshot(`
    "correlations  1000 (1000 orientations x 1 defocus values x 1 pixel sizes)
    rate          0.3/s with 2 threads (WASM SIMD)
    time          0.00 h (4 s)
    memory        1.00 GiB
    "
  `);
});

test("days above 48 hours, and what would make it faster, the most first", () => {
  const long = { ...HOUR, hours: 60, defocusValues: 13, pixelSizes: 3, templates: 2 };
  expect(estimateText(long)).toMatchInlineSnapshot(`
    "correlations  1000 (1000 orientations x 13 defocus values x 3 pixel sizes, each of 2 templates)
    rate          0.3/s with 2 threads (WASM SIMD)
    time          2.5 days
    memory        1.00 GiB
    faster        --coarse 2 (about 4 times, for some particles near the threshold); --engine slurm --tasks N (N machines); fewer than 13 defocus values (in proportion); fewer than 3 pixel sizes (in proportion); larger psi_step and theta_step
    "
  `);
});

test("tasks of several micrographs, on machines for one and for all; nothing is advised that is there", () => {
  expect(estimateText({ ...HOUR, hours: 8, micrographs: 10, tasks: 4 })).toMatchInlineSnapshot(`
    "correlations  1000 (1000 orientations x 1 defocus values x 1 pixel sizes)
    rate          0.3/s with 2 threads (WASM SIMD)
    time          8.00 h (8 h 0 min)
    micrographs   10, each taken to be as the first: 3.3 days
    tasks         4 a micrograph, on 4 machines like this: 20 h 0 min; on 40: 2 h 0 min
    memory        1.00 GiB
    faster        --coarse 2 (about 4 times, for some particles near the threshold); larger psi_step and theta_step
    "
  `);
});

test("a coarse pass, alone and of many micrographs", () => {
  const coarse = { ...HOUR, hours: 2, coarse: 2 };
  expect(estimateText(coarse)).toMatch(/time {10}2\.00 h \(2 h 0 min\), with a coarse pass at 2 times/);
  expect(estimateText(coarse)).toMatch(/faster {8}larger psi_step/);
  expect(estimateText({ ...coarse, micrographs: 30 })).toMatchInlineSnapshot(`
    "correlations  1000 (1000 orientations x 1 defocus values x 1 pixel sizes)
    rate          0.3/s with 2 threads (WASM SIMD)
    time          2.00 h (2 h 0 min), with a coarse pass at 2 times the pixel size
    micrographs   30, each taken to be as the first: 2.5 days
    memory        1.00 GiB
    faster        --engine slurm (a machine each); larger psi_step and theta_step
    "
  `);
});

test("a part says whose figures these are", () => {
  const text = estimateText({ ...HOUR, hours: 3, part: { index: 2, count: 8 } });
  expect(text).toMatch(/pixel sizes, part 2 of 8\)\n/);
  expect(text).toMatch(/faster {8}larger psi_step and theta_step\n$/);
});
