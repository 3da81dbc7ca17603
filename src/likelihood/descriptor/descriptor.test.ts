import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unzipSync, zipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { formatNpyValue, readFileBytes, readNpzValues, writeNpzValues } from "../../io/index.ts";
import { viewingAnglesFromLists } from "../grid/viewingAngles.ts";
import { fromIndividualValues, incompatibilities, isCompatibleWith, withPixelSize } from "./descriptor.ts";
import { descriptorEntries, readImageDescriptor, writeImageDescriptor } from "./descriptorFile.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-descriptor-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ours = fromIndividualValues(48, 2, { resolutionFactor: 0.8, viewingDistance: 0.9 });

test("CryoLike's parameters are what fromIndividualValues gives, and are written as they are", async () => {
  const golden = likelihoodGolden("run/parameters.npz");
  const theirs = await readImageDescriptor(golden);
  expect(theirs).toEqual(ours);
  const path = join(folder, "parameters.npz");
  await writeImageDescriptor(path, theirs);
  const [found, expected] = [await readNpzValues(path), await readNpzValues(golden)];
  expect([...found]).toEqual([...expected]);
  await expect(writeImageDescriptor(path, theirs)).rejects.toThrow("expected");
});

test("the descriptor of a stack is read as well", async () => {
  const stack = await readImageDescriptor(
    likelihoodGolden("run/particles/fft/particles_fourier_stack_000000.npz"),
  );
  expect(stack).toEqual(ours);
  expect(isCompatibleWith(stack, ours)).toBe(true);
});

test("what differs is named", () => {
  const other = withPixelSize(fromIndividualValues(48, 2, { resolutionFactor: 0.5 }), [2, 2.5]);
  expect(isCompatibleWith(ours, other)).toBe(false);
  expect(incompatibilities(ours, other)).toEqual([
    "radius_max 9.600000000000001 and 6",
    "pixel_size 2,2 and 2,2.5",
  ]);
  expect(other.boxSizeA).toEqual([96, 120]);
});

test("defaults: Nyquist, 1 / 4π, twice as many angles as pixels", () => {
  const { polarGrid, viewingDistance, viewingAngles, atomSelection, atomShape } = fromIndividualValues(
    128,
    1,
  );
  expect([polarGrid.radiusMax, polarGrid.nShells, polarGrid.nInplanes]).toEqual([32, 129, 256]);
  expect([viewingDistance, viewingAngles.count]).toEqual([1 / (4 * Math.PI), 2370]);
  expect([atomSelection, atomShape]).toEqual(["name CA", "gaussian"]);
});

test("values that cannot be", async () => {
  const angles = viewingAnglesFromLists({ azimuths: [0], polars: [0] });
  for (const [values, message] of [
    [[48, 0], "image descriptor pixelSizeA: expected a number above 0, found 0."],
    [[4.5, 1], "image descriptor nPixels: expected a whole number above 0, found 4.5."],
    [[48, 1, { nInplanes: 95 }], "image descriptor nInplanes: expected an even number"],
    [
      [48, 1, { resolutionFactor: Number.NaN }],
      "image descriptor resolutionFactor: expected a number above 0, found NaN.",
    ],
    [[48, 1, { atomRadiiA: -1 }], "image descriptor atomRadiiA: expected a number above 0, found -1."],
    [
      [48, 1, { viewingDistance: 1, viewingAngles: angles }],
      "expected either viewing angles or a viewing distance, found both.",
    ],
    [[48, 1, { resolution: 1 }], 'expected a known key, found "resolution"'],
  ] as [[number, number, object?], string][])
    expect(() => fromIndividualValues(...values)).toThrow(message);
  const listed = fromIndividualValues(8, 1, { viewingAngles: angles });
  await expect(writeImageDescriptor(join(folder, "x.npz"), listed)).rejects.toThrow(
    "writeImageDescriptor viewingDistance: expected viewing angles of a distance, found a list of angles.",
  );
});

test("files that lack something, or hold something else", async () => {
  const path = join(folder, "broken.npz");
  const entries = descriptorEntries(ours);
  const without = entries.filter(([name]) => name !== "radius_max");
  await writeNpzValues(path, without);
  await expect(readImageDescriptor(path)).rejects.toThrow(
    `${path} radius_max: expected a number, found nothing. Add it.`,
  );
  await writeNpzValues(path, [...without, ["radius_max", { shape: [], data: Float64Array.of(Number.NaN) }]], {
    overwrite: true,
  });
  await expect(readImageDescriptor(path)).rejects.toThrow(`${path} radius_max: expected a number`);
  await writeNpzValues(path, [...without, ["radius_max", { dtype: "U", shape: [], data: ["9"] }]], {
    overwrite: true,
  });
  await expect(readImageDescriptor(path)).rejects.toThrow(
    `${path} radius_max: expected a number, found "9".`,
  );
});

test("a pickle that would run code is refused, not run", async () => {
  const path = join(folder, "evil.npz");
  await writeNpzValues(path, [...descriptorEntries(ours)]);
  const call = new TextEncoder().encode("\x80\x02cos\nsystem\n(X\x04\0\0\0exittR.".replace("\x80", ""));
  const header = formatNpyValue({ dtype: "O", shape: [], data: [null] });
  const start = new DataView(header.buffer).getUint16(8, true) + 10;
  const evil = new Uint8Array([...header.subarray(0, start), 0x80, ...call]);
  const files = unzipSync(await readFileBytes(path));
  await writeFile(path, zipSync({ ...files, "atom_radii.npy": evil }));
  await expect(readImageDescriptor(path)).rejects.toThrow(
    /evil\.npz atom_radii.*expected .*found .*os\.system/,
  );
});
