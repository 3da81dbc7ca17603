import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rfft2 } from "../../../test/support/dft.ts";
import { goldenBytes, goldenMrc, goldenNpy, relativeError } from "../../../test/support/npy.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { readMrcImage } from "../../io/index.ts";
import { parseRefineSettings } from "../config/refineConfig.ts";
import { boxConventions } from "../leopard/boxes.ts";
import { parseParticleStack } from "../particles/particleStack.ts";
import { templateFromVolume } from "../search/searchInputs.ts";
import { cutBoxes, type PreparedBox } from "./boxStack.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const text = (file: string) => new TextDecoder().decode(goldenBytes(file));
const golden = (file: string) =>
  fileURLToPath(new URL(`../../../test/golden/match/${file}`, import.meta.url));

/** The boxes of the golden refinement's first particles. */
async function goldenBoxes(count: number, compat: boolean): Promise<PreparedBox[]> {
  const settings = parseRefineSettings(text("refine1_config.yaml"), "refine1_config.yaml");
  const { particles } = parseParticleStack(text("search1_particles.csv"), "search1_particles.csv");
  const task = {
    particles: particles.slice(0, count),
    template: templateFromVolume({ ...goldenMrc("template.mrc"), voxelSizeA: 2 }, "template.mrc"),
    boxSize: settings.stack.boxSize,
    filters: settings.filters,
    filtersMicrographs: settings.filtersMicrographs,
    offsets: [],
    defocusOffsetsA: [0],
    pixelSizeOffsetsA: [0],
    readImage: (path: string) => readMrcImage(golden(path)),
  };
  const boxes: PreparedBox[] = [];
  for await (const box of cutBoxes(pool, task, { conventions: boxConventions(compat), signal: undefined }))
    boxes.push(box);
  return boxes;
}

test("boxes are Leopard-EM's: cut from the filtered micrograph and transformed", async () => {
  const { data, shape } = goldenNpy("refine1_particle_stack_rfft_first2.npy");
  expect(shape).toEqual([2, 60, 31]);
  const spectra = (await goldenBoxes(2, true)).map(({ image }) => rfft2(image, [60, 60]));
  // Leopard-EM transforms micrograph and box in float32.
  expect(
    relativeError(
      spectra.flatMap((spectrum) => [...spectrum]),
      data,
    ),
  ).toBeLessThan(2e-5);
});

test("deviations are Leopard-EM's: the root of the search's, and those of the search without compat", async () => {
  const { data, shape } = goldenNpy("refine1_corr_std_used.npy");
  expect(shape).toEqual([3, 13, 13]);
  const leopard = (await goldenBoxes(3, true)).flatMap(({ deviation }) => [...deviation]);
  // Places outside the map have 1e5, so each is compared by itself; torch's root is right but for the last bit.
  const largestRatio = (found: number[]) => Math.max(...found.map((sd, i) => Math.abs(sd / data[i] - 1)));
  expect(leopard.length).toBe(data.length);
  expect(largestRatio(leopard)).toBeLessThan(2e-7);
  const ours = (await goldenBoxes(3, false)).flatMap(({ deviation }) => [...deviation]);
  const outside = (sd: number) => (Number.isNaN(sd) ? 1e10 : sd);
  expect(largestRatio(ours.map((sd) => Math.sqrt(outside(sd))))).toBeLessThan(2e-7);
});
