import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatMrc } from "../../io/index.ts";
import { fromIndividualValues } from "../descriptor/descriptor.ts";
import { writeImageDescriptor } from "../descriptor/descriptorFile.ts";
import { particleStackPaths } from "../files.ts";
import { createPolarTransform } from "../fourier/polarTransform.ts";
import { convertParticleStacksFromPairedStarAndMrcFiles } from "../particles/particleStacks.ts";
import { readParticleStack } from "./readStacks.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "astigmatism-"));
});
afterAll(() => rm(folder, { recursive: true }));

const SIDE = 48;
const PIXEL_A = 2;
const [DEFOCUS_U, DEFOCUS_V, ANGLE_DEG] = [6000, 2000, 25];
const CS_A = 2.7e7;
const WAVELENGTH_A = 0.019687489;

/** As RELION: x along columns, y along rows, the angle of the axis of defocus U from x towards y. */
function relionCtf(fx: number, fy: number): number {
  const s2 = fx * fx + fy * fy;
  const turn = 2 * (Math.atan2(fy, fx) - (ANGLE_DEG * Math.PI) / 180);
  const defocus = (DEFOCUS_U + DEFOCUS_V) / 2 + ((DEFOCUS_U - DEFOCUS_V) / 2) * Math.cos(turn);
  const gamma = Math.PI * WAVELENGTH_A * s2 * defocus - (Math.PI / 2) * CS_A * WAVELENGTH_A ** 3 * s2 * s2;
  return Math.sqrt(0.99) * Math.sin(gamma) + 0.1 * Math.cos(gamma);
}

/** A small blob in the middle, as it is and through the CTF, by a plain sum over frequencies. */
function images(): { readonly object: Float32Array; readonly seen: Float32Array } {
  const [object, seen] = [new Float32Array(SIDE * SIDE), new Float32Array(SIDE * SIDE)];
  const half = SIDE / 2;
  for (let u = -half + 1; u < half; u++)
    for (let v = -half + 1; v < half; v++) {
      const [fy, fx] = [u / (SIDE * PIXEL_A), v / (SIDE * PIXEL_A)];
      const blob = Math.exp(-2 * (Math.PI * 3) ** 2 * (fx * fx + fy * fy));
      const ctf = relionCtf(fx, fy);
      for (let row = 0; row < SIDE; row++)
        for (let column = 0; column < SIDE; column++) {
          const wave = blob * Math.cos((2 * Math.PI * (u * (row - half) + v * (column - half))) / SIDE);
          object[row * SIDE + column] += wave;
          seen[row * SIDE + column] += wave * ctf;
        }
    }
  return { object, seen };
}

test("an astigmatic image of a RELION table fits its CTF; in compat mode it is mirrored, as in CryoLike", async () => {
  const descriptor = fromIndividualValues(SIDE, PIXEL_A, { resolutionFactor: 0.7 });
  await writeImageDescriptor(join(folder, "parameters.npz"), descriptor);
  const { object, seen } = images();
  const stack = { data: seen, shape: [1, SIDE, SIDE] as const, voxelSizeA: PIXEL_A, kind: "stack" as const };
  await writeFile(join(folder, "p.mrcs"), formatMrc(stack));
  const columns = "DefocusU DefocusV DefocusAngle SphericalAberration Voltage AmplitudeContrast".split(" ");
  const row = `${DEFOCUS_U} ${DEFOCUS_V} ${ANGLE_DEG} 2.7 300 0.1`;
  await writeFile(
    join(folder, "p.star"),
    `data_\n\nloop_\n${columns.map((name) => `_rln${name}\n`).join("")}${row}\n`,
  );
  const object2 = { shape: [1, SIDE, SIDE] as const, data: object, pixelSizeA: [PIXEL_A, PIXEL_A] as const };
  const { polarGrid: grid, nPixels } = descriptor;
  const polar = createPolarTransform({ nPixels, grid, precision: "double" }).toPolar(object2);
  const agreement = async (compat: boolean, choices: Parameters<typeof readParticleStack>[2]) => {
    const out = join(folder, compat ? "compat" : "own");
    const files = [[join(folder, "p.mrcs")], [join(folder, "p.star")]] as const;
    await convertParticleStacksFromPairedStarAndMrcFiles(join(folder, "parameters.npz"), ...files, {
      ...{ folderOutput: out, compat, overwrite: true },
    });
    const { images: converted, ctf } = await readParticleStack(
      particleStackPaths(out, 0),
      descriptor,
      choices,
    );
    let [ab, aa, bb] = [0, 0, 0];
    ctf.data.forEach((value, i) => {
      const weight = grid.integrationWeights[Math.floor(i / grid.nInplanes)];
      for (const part of [0, 1]) {
        const [a, b] = [converted.data[2 * i + part], value * polar.data[2 * i + part]];
        ab += weight * a * b;
        aa += weight * a * a;
        bb += weight * b * b;
      }
    });
    return ab / Math.sqrt(aa * bb);
  };
  expect(await agreement(false, {})).toBeGreaterThan(0.999);
  expect(await agreement(false, { compat: true })).toBeLessThan(0.97);
  const logged: string[] = [];
  const mirrored = await agreement(true, { onLog: (message) => logged.push(message) });
  expect(mirrored).toBeLessThan(0.97);
  expect(logged).toEqual([expect.stringMatching(/a stack of CryoLike, .*--ctf-angles columns is right$/)]);
  expect(await agreement(true, { ctfAngles: "columns" })).toBeGreaterThan(0.999);
});
