import { type Backend, createFft, irfft3 } from "../../compute/index.ts";
import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import { createWedgeSum, halfSpectrumCount } from "../kernels/index.ts";
import { wedgeNormals } from "../tilt/tilt.ts";
import type { Subvolumes } from "./subvolumes.ts";

/** Gathers boxes into several averages at once. */
export interface Averager {
  /** Adds a molecule's box to some of the averages. */
  add(volume: Float32Array, index: number, parts: readonly number[]): void | Promise<void>;
  /** One of the averages. @throws {VitrineError} missing: nothing was added to it */
  average(part: number): Promise<Float32Array>;
  dispose(): void;
}

/** How averages are weighted. */
export interface Weighting {
  /** Divides each frequency by how often it was seen. */
  readonly wedgeWeighting: boolean;
  /** Added to that number, in parts of all molecules: what a frequency seen by nobody is divided by. */
  readonly wienerConstant: number;
}

/** Averages of boxes of one shape; whoever makes it disposes of it. */
export function createAverager(
  set: Subvolumes,
  {
    shape,
    parts,
    backend,
    weighting,
  }: { shape: Shape3; parts: number; backend: Backend; weighting: Weighting },
): Averager {
  if (!weighting.wedgeWeighting) return plainAverager(elementCount(shape), parts);
  return wedgeAverager(set, { shape, parts, backend, wienerConstant: weighting.wienerConstant });
}

/** Means, summed in double precision. */
function plainAverager(voxels: number, parts: number): Averager {
  const sums = Array.from({ length: parts }, () => new Float64Array(voxels));
  const counts = new Float64Array(parts);
  return {
    add(volume, _, into) {
      for (const part of into) {
        addTo(sums[part], volume);
        counts[part]++;
      }
    },
    async average(part) {
      requireSome(counts[part], part);
      return Float32Array.from(sums[part], (sum) => sum / counts[part]);
    },
    dispose() {},
  };
}

/** Means of every frequency over those who saw it: Σ W F / (Σ W + c n). */
function wedgeAverager(
  set: Subvolumes,
  {
    shape,
    parts,
    backend,
    wienerConstant,
  }: { shape: Shape3; parts: number; backend: Backend; wienerConstant: number },
): Averager {
  const coefficients = halfSpectrumCount(shape);
  const plan = createFft(backend, { kind: "real3d", shape });
  const sums = createWedgeSum(backend, { shape, parts, batch: AT_A_TIME });
  const spectrum = new Float32Array(2 * coefficients);
  const counts = new Float64Array(parts);
  let waiting: { readonly parts: readonly number[]; readonly normals: readonly (readonly number[])[] }[] = [];
  const flush = async () => {
    if (waiting.length > 0) await sums.run(waiting);
    waiting = [];
  };
  return {
    async add(volume, index, into) {
      plan.set("real", volume);
      await plan.run("forward");
      plan.read("spectrum", spectrum);
      sums.set("spectra", spectrum, waiting.length);
      const pairs = wedgeNormals(set.tiltOf(index), set.molecules.rotator[index]).flat();
      const normals = pairs.map((normal) => normal.map((value, axis) => value / shape[axis]));
      waiting.push({ parts: into, normals });
      for (const part of into) counts[part]++;
      if (waiting.length === AT_A_TIME) await flush();
    },
    async average(part) {
      requireSome(counts[part], part);
      await flush();
      const sum = new Float64Array(2 * coefficients);
      const weights = new Float64Array(coefficients);
      sums.read("sums", sum, part);
      sums.read("weights", weights, part);
      const constant = wienerConstant * counts[part];
      const weighted = Float32Array.from(sum, (value, i) => {
        const weight = weights[i >> 1] + constant;
        return weight > 0 ? value / weight : 0;
      });
      return irfft3(backend, weighted, shape);
    },
    dispose() {
      plan.dispose();
      sums.dispose();
    },
  };
}

/** Spectra that are added in one call of the workers. */
const AT_A_TIME = 8;

function addTo(sum: Float64Array, volume: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += volume[i];
}

function requireSome(count: number, part: number): void {
  if (count > 0) return;
  throw new VitrineError({
    code: "missing",
    at: `average ${part}`,
    expected: "at least one molecule",
    found: "none",
    hint: "Take fewer parts, or more molecules",
  });
}
