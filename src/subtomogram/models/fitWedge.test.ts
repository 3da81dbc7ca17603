import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { parseNpy } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { dualAxis, singleAxis } from "../tilt/tilt.ts";
import { NccAlignment, PccAlignment, ZnccAlignment } from "./kinds.ts";
import type { RotationRange } from "./rotationGrid.ts";

/** Vectors of acryo 0.9.1; see test/golden/subtomogram/README.md. */
const FOLDER = new URL("../../../test/golden/subtomogram/fitWedge/", import.meta.url);

interface FitCase {
  readonly kind: "zncc" | "ncc" | "pcc";
  readonly tilt: "single" | "singleX" | "dual";
  readonly range: readonly [number, number];
  readonly rotations: readonly [RotationRange, RotationRange, RotationRange];
  readonly cutoff: number;
  readonly maxShiftsPx: readonly [number, number, number];
  readonly shift: readonly number[];
  readonly quat: readonly number[];
  readonly score: number;
}

const CASES: readonly FitCase[] = JSON.parse(readFileSync(new URL("cases.json", FOLDER), "utf8"));
const KINDS = { zncc: ZnccAlignment, ncc: NccAlignment, pcc: PccAlignment };

function golden(name: string): PipeImage {
  const { data, shape } = parseNpy(readFileSync(new URL(`${name}.npy`, FOLDER)), name);
  const [depth, height, width] = shape;
  return { data: Float32Array.from(data, Number), shape: [depth, height, width] };
}

function tiltOf({ tilt, range }: FitCase) {
  if (tilt === "dual") return dualAxis(range, [-50, 45]);
  return singleAxis(range, tilt === "single" ? "y" : "x");
}

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(() => pool.dispose());

test.each(CASES.map((one, i) => ({ ...one, i })))(
  "case $i: $kind fits acryo's pose and image with compat, which turns the wedge with each rotation",
  async ({ i, ...one }) => {
    const input = { templates: [golden(`${i}_template`)], mask: golden(`${i}_mask`) };
    const { rotations, cutoff, maxShiftsPx } = one;
    const model = KINDS[one.kind].create(input, { rotations, cutoff, tilt: tiltOf(one), compat: true });
    const { image, result } = await model.fit(golden(`${i}_image`), { maxShiftsPx, backend: pool });
    // gates of the golden vectors: score 1e-4, shift 0.05 voxels, the same rotation, values 1e-4 of their range
    expect(Math.abs(result.score - one.score)).toBeLessThan(1e-4);
    for (const axis of [0, 1, 2]) expect(Math.abs(result.shiftPx[axis] - one.shift[axis])).toBeLessThan(0.05);
    const alike = result.rotation.reduce((sum, value, k) => sum + value * one.quat[k], 0);
    expect(Math.abs(alike)).toBeGreaterThan(1 - 1e-7);
    const wanted = golden(`${i}_fitted`);
    const range = Math.max(...wanted.data) - Math.min(...wanted.data);
    const worst = Math.max(...image.data.map((value, k) => Math.abs(value - wanted.data[k])));
    expect(worst / range).toBeLessThan(1e-4);
  },
);
