import { expect, test } from "vitest";
import { goldenBytes, goldenNpy, goldenNpz } from "../../../test/support/npy.ts";
import type { EulerZyz } from "../../core/index.ts";
import { parseRefineSettings } from "../config/refineConfig.ts";
import { changedAngles, offsetRotations } from "./refineRotations.ts";

const golden = goldenNpz("unit/combine_euler.npz");

function angles(name: string): Float64Array {
  const array = golden.get(name);
  if (array === undefined) throw new Error(`no ${name} in the golden file`);
  return Float64Array.from(array.data);
}

test("an offset of a rotation is Leopard-EM's, offset times rotation", () => {
  const [original, combined] = [angles("original"), angles("combined")];
  const found = offsetRotations(angles("offset")).map((offset, i) => {
    const [phiDeg, thetaDeg, psiDeg] = original.subarray(3 * i, 3 * i + 3);
    return changedAngles({ phiDeg, thetaDeg, psiDeg }, offset);
  });
  expect(found.length).toBe(combined.length / 3);
  const turned = (angle: number) => (angle < 0 ? angle + 360 : angle);
  found.forEach(({ phiDeg, thetaDeg, psiDeg }: EulerZyz, i) => {
    const wanted = [...combined.subarray(3 * i, 3 * i + 3)].map(turned);
    // Leopard-EM multiplies float32 matrices: 1e-7 of an entry is 1e-5 degrees.
    [phiDeg, thetaDeg, psiDeg].forEach((angle, k) => {
      expect(Math.abs(angle - wanted[k])).toBeLessThan(1e-4);
    });
  });
});

// offset, particle and what roma 1.8 makes of them in float64
test.each([
  [
    [0, 1e-6, 0],
    [350, 180, 20],
    [330, 179.999999, 0],
  ],
  [
    [0, 3e-8, 0],
    [0, 0, 30],
    [30, 3e-8, 0],
  ],
  [
    [0, 180, 0],
    [350, 180, 20],
    [30, 0, 0],
  ],
  [
    [30, 0, -30],
    [359.99, 0, 0.01],
    [0, 0, 0],
  ],
  [
    [0, 1e-4, 0],
    [0, 0, 30],
    [0, 1e-4, 30],
  ],
])("at a pole psi is 0, as in Leopard-EM: %j of %j", (offsetDeg, pose, [phi, theta, psi]) => {
  const [offset] = offsetRotations(Float64Array.from(offsetDeg));
  const [phiDeg, thetaDeg, psiDeg] = pose;
  const found = changedAngles({ phiDeg, thetaDeg, psiDeg }, offset);
  const turns = (angle: number) => ((((angle + 180) % 360) + 360) % 360) - 180;
  // rounding of theta's cosine, 1e-16, is 1e-8 radians at a pole
  expect([turns(found.phiDeg - phi), found.thetaDeg - theta, turns(found.psiDeg - psi)]).toEqual([
    expect.closeTo(0, 5),
    expect.closeTo(0, 5),
    expect.closeTo(0, 5),
  ]);
});

test("without a search of orientations Leopard-EM has one offset, which changes nothing", () => {
  const { data, shape } = goldenNpy("refine2_euler_offsets.npy");
  expect(shape).toEqual([1, 3]);
  const text = new TextDecoder().decode(goldenBytes("refine2_config.yaml"));
  expect(parseRefineSettings(text, "refine2_config.yaml").orientations).toBeNull();
  const [offset] = offsetRotations(Float64Array.from(data));
  const pose = { phiDeg: 10, thetaDeg: 20, psiDeg: 30 };
  const { phiDeg, thetaDeg, psiDeg } = changedAngles(pose, offset);
  expect([phiDeg, thetaDeg, psiDeg]).toEqual([10, 20, 30].map((angle) => expect.closeTo(angle, 9)));
});
