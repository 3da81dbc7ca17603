import { elementCount, type Shape3, seededRandom, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { withBackend } from "../withBackend.ts";
import { type Averager, createAverager } from "./averagers.ts";
import { eachVolume, type RunChoice, requireMolecules, requireShape, type Subvolumes } from "./subvolumes.ts";

/** Options of an average. */
export interface AverageOptions extends RunChoice {
  /** Of the boxes, voxels; default the loader's. */
  readonly outputShape?: Shape3 | number;
  /** Divide each frequency by how often it was seen; default false. */
  readonly wedgeWeighting?: boolean;
  /** Of the weighting; default 0.1. */
  readonly wienerConstant?: number;
}

/** How molecules are divided. */
export interface SplitOptions {
  /** So many divisions of all molecules; default 1. */
  readonly sets?: number;
  /** Parts of each; default 2. */
  readonly parts?: number;
  /** Of the divisions; default 0. The same seed gives the same (not acryo's). */
  readonly seed?: number;
  /** A division that is known: for every molecule its part, one list a set. Such as halves by tomogram, so that none is in both. */
  readonly divisions?: readonly (readonly number[])[];
}

/** Options of several averages. */
export interface AverageSplitOptions extends AverageOptions, SplitOptions {}

/** Averages of parts, (sets, parts, depth, height, width). */
export interface AverageParts {
  readonly data: Float32Array;
  readonly shape: readonly [sets: number, parts: number, depth: number, height: number, width: number];
}

const WIENER = 0.1;

/** The average of a loader's boxes. */
export async function averageVolumes(set: Subvolumes, options: AverageOptions = {}): Promise<PipeImage> {
  const { data, shape } = await averageInParts(set, [new Array<number>(set.molecules.count).fill(0)], {
    ...options,
    parts: 1,
  });
  return { data, shape: [shape[2], shape[3], shape[4]] };
}

/** Averages of parts of a loader's molecules. */
export async function averageSplitVolumes(
  set: Subvolumes,
  options: AverageSplitOptions = {},
): Promise<AverageParts> {
  const { parts = 2 } = options;
  const divisions = options.divisions ?? randomDivisions(set.molecules.count, { ...options, parts });
  checkDivisions(divisions, { count: set.molecules.count, parts });
  return averageInParts(set, divisions, { ...options, parts });
}

async function averageInParts(
  set: Subvolumes,
  divisions: readonly (readonly number[])[],
  {
    parts,
    outputShape,
    wedgeWeighting = false,
    wienerConstant = WIENER,
    ...run
  }: AverageOptions & { readonly parts: number },
): Promise<AverageParts> {
  requireMolecules(set, "average");
  requireConstant(wienerConstant);
  const shape = requireShape(outputShape ?? set.outputShape, "average");
  return withBackend(run.backend ?? set.backend, async (backend) => {
    const weighting = { wedgeWeighting, wienerConstant };
    const averager = createAverager(set, { shape, parts: parts * divisions.length, backend, weighting });
    try {
      const visit = (volume: Float32Array, index: number) =>
        averager.add(
          volume,
          index,
          divisions.map((division, i) => i * parts + division[index]),
        );
      await eachVolume(set, shape, { ...run, backend, visit });
      const data = await joined(averager, divisions.length * parts, elementCount(shape));
      return { data, shape: [divisions.length, parts, ...shape] };
    } finally {
      averager.dispose();
    }
  });
}

async function joined(averager: Averager, count: number, voxels: number): Promise<Float32Array> {
  const all = new Float32Array(count * voxels);
  for (let part = 0; part < count; part++) all.set(await averager.average(part), part * voxels);
  return all;
}

/** For each set the part of every molecule: as even as their number lets them be, at random. */
export function randomDivisions(
  count: number,
  { sets = 1, parts = 2, seed = 0 }: SplitOptions,
): readonly (readonly number[])[] {
  for (const [at, value] of [
    ["sets", sets],
    ["parts", parts],
  ] as const)
    if (!Number.isInteger(value) || value < 1)
      throw new VitrineError({ code: "range", at, expected: "a whole number from 1", found: `${value}` });
  const random = seededRandom(seed);
  return Array.from({ length: sets }, () => {
    const order = Array.from({ length: count }, (_, i) => i % parts);
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(random.uniform() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  });
}

function checkDivisions(
  divisions: readonly (readonly number[])[],
  { count, parts }: { readonly count: number; readonly parts: number },
): void {
  const isPart = (part: number) => Number.isInteger(part) && part >= 0 && part < parts;
  divisions.forEach((division, i) => {
    if (division.length === count && division.every(isPart)) return;
    const expected = `for each of ${count} molecules a part from 0 to ${parts - 1}`;
    const found =
      division.length === count ? `${division.find((part) => !isPart(part))}` : `${division.length} of them`;
    throw new VitrineError({ code: "range", at: `divisions ${i}`, expected, found });
  });
}

function requireConstant(value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new VitrineError({
    code: "range",
    at: "wienerConstant",
    expected: "a number not below 0",
    found: `${value}`,
  });
}
