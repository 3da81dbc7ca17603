import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import { elementCount, type Shape3, seededRandom } from "../../core/index.ts";
import { parseNpy } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Quaternion, Zyx } from "../molecules/quaternion.ts";
import { dualAxis, singleAxis, type TiltModel, wedgeMask } from "../tilt/tilt.ts";
import { PccAlignment } from "./kinds.ts";
import type { RotationsInput } from "./rotationGrid.ts";

/** Noise aligned by acryo 0.9.1; see test/golden/subtomogram/README.md. */
const FOLDER = new URL("../../../test/golden/subtomogram/pccEven/", import.meta.url);

interface EvenCase {
  readonly shape: Shape3;
  readonly hasMask: boolean;
  readonly tilt: "none" | "y" | "x" | "dual";
  readonly rotations: RotationsInput | null;
  readonly maxShiftsPx: Zyx;
  readonly cutoff: number | null;
  readonly rotation: Quaternion;
  readonly rotationIndex: number;
  readonly shift: Zyx;
  readonly score: number;
  /** Score of the molecule where it is. */
  readonly value: number;
  /** Of the first rotation, shifts to 1 voxel. */
  readonly landscape: readonly number[];
}

const CASES: readonly EvenCase[] = JSON.parse(readFileSync(new URL("cases.json", FOLDER), "utf8"));
const TILTS: Record<EvenCase["tilt"], TiltModel | undefined> = {
  none: undefined,
  y: singleAxis([-50, 60]),
  x: singleAxis([-40, 55], "x"),
  dual: dualAxis([-50, 60], [-40, 55]),
};

/** Template, image and mask of each case, one behind the other. */
const VOLUMES: readonly (readonly PipeImage[])[] = (() => {
  const values = Float32Array.from(parseNpy(readFileSync(new URL("volumes.npy", FOLDER)), "v").data, Number);
  let at = 0;
  return CASES.map(({ shape, hasMask }) =>
    Array.from({ length: hasMask ? 3 : 2 }, () => {
      const data = values.slice(at, at + elementCount(shape));
      at += data.length;
      return { data, shape };
    }),
  );
})();

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(() => pool.dispose());

const relative = (found: number, wanted: number) => Math.abs(found - wanted) / Math.max(1, wanted);

test.each(CASES.map((one, i) => ({ ...one, i })))(
  "PCC of noise in a box of $shape, tilts $tilt, cutoff $cutoff: acryo's with compat",
  async ({ i, ...one }) => {
    const [template, image, mask] = VOLUMES[i];
    const [rotations, cutoff] = [one.rotations ?? undefined, one.cutoff ?? undefined];
    const params = { cutoff, tilt: TILTS[one.tilt], compat: true };
    const model = PccAlignment.create({ templates: [template], mask }, { ...params, rotations });
    const molecule = { image, rotation: one.rotation };
    const found = await model.align(molecule, { maxShiftsPx: one.maxShiftsPx, backend: pool });
    // Sums of single precision, and the polynomial between the places of a series.
    expect(relative(found.score, one.score)).toBeLessThan(1e-5);
    expect(found.rotationIndex).toBe(one.rotationIndex);
    for (const axis of [0, 1, 2]) expect(found.shiftPx[axis]).toBeCloseTo(one.shift[axis], 4);
    const [[value]] = await model.score([molecule], { backend: pool });
    expect(relative(value, one.value)).toBeLessThan(1e-5);
    const { data } = await model.landscape(molecule, { maxShiftsPx: [1, 1, 1], backend: pool });
    const highest = Math.max(...one.landscape);
    one.landscape.forEach((power, k) => {
      expect(Math.abs(data[k] - power) / highest).toBeLessThan(1e-5);
    });
  },
);

test.each<[Shape3]>([[[10, 10, 10]], [[13, 9, 13]]])(
  "the score of a point with itself is the share of frequencies that a wedge of 45° sees: %s",
  async (shape) => {
    const data = new Float32Array(elementCount(shape)).fill(1, 0, 1);
    const tilt = dualAxis([-45, 45], [-45, 60]);
    const model = PccAlignment.create({ templates: [{ data, shape }] }, { tilt });
    const [[score]] = await model.score([{ image: { data, shape } }], { backend: pool });
    const seen = wedgeMask(tilt, [0, 0, 0, 1], shape).reduce((sum, value) => sum + value, 0);
    expect(score * data.length).toBeCloseTo(seen, 2);
  },
);

describe("without compat an even box's correlation is that of real images", () => {
  /** Σ of a correlation over all frequencies, -n/2 as cos(pi s): the real series through the correlation's whole shifts. */
  function seriesAt(correlation: Float64Array, shape: Shape3, shift: readonly number[]): number {
    const kernels = shape.map((n, axis) =>
      Float64Array.from({ length: n }, (_, whole) => {
        let sum = 0;
        for (let k = 0; k < n; k++) {
          const f = (2 * k < n ? k : k - n) / n;
          sum += Math.cos(2 * Math.PI * f * (shift[axis] - whole));
        }
        return sum / n;
      }),
    );
    return correlation.reduce((total, value, at) => {
      const [z, y, x] = [
        Math.floor(at / (shape[1] * shape[2])),
        Math.floor(at / shape[2]) % shape[1],
        at % shape[2],
      ];
      return total + value * kernels[0][z] * kernels[1][y] * kernels[2][x];
    }, 0);
  }

  test.each<[Shape3]>([[[6, 8, 5]], [[8, 6, 6]], [[7, 5, 8]]])("%s", async (shape) => {
    const random = seededRandom(3);
    const noise = () => Float32Array.from({ length: elementCount(shape) }, () => random.normal());
    const [template, other] = [noise(), noise()];
    const image = other.map((value, i) => value + template[i]);
    const model = PccAlignment.create({ templates: [{ data: template, shape }] });
    const given = { maxShiftsPx: [1, 1, 1] as const, backend: pool };
    const found = await model.align({ image: { data: image, shape } }, given);
    const wanted = seriesAt(correlate(image, template, shape), shape, found.shiftPx);
    expect(relative(found.score, wanted * elementCount(shape))).toBeLessThan(1e-5);
  });

  /** Σ image(r + s) template(r), around the box's ends. */
  function correlate(image: Float32Array, template: Float32Array, shape: Shape3): Float64Array {
    const [depth, height, width] = shape;
    const out = new Float64Array(image.length);
    const place = (i: number) => [
      Math.floor(i / (height * width)),
      Math.floor(i / width) % height,
      i % width,
    ];
    for (let s = 0; s < out.length; s++) {
      const [sz, sy, sx] = place(s);
      for (let r = 0; r < out.length; r++) {
        const [z, y, x] = place(r);
        const [a, b, c] = [(z + sz) % depth, (y + sy) % height, (x + sx) % width];
        out[s] += image[(a * height + b) * width + c] * template[r];
      }
    }
    return out;
  }
});
