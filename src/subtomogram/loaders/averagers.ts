import { type Backend, createFft, irfft3 } from "../../compute/index.ts";
import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import { wedgeMask } from "../tilt/tilt.ts";
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
  const [depth, height, width] = shape;
  const columns = Math.floor(width / 2) + 1;
  const coefficients = depth * height * columns;
  const plan = createFft(backend, { kind: "real3d", shape });
  const spectrum = new Float32Array(2 * coefficients);
  const sums = Array.from({ length: parts }, () => new Float64Array(2 * coefficients));
  const weights = Array.from({ length: parts }, () => new Float64Array(coefficients));
  const counts = new Float64Array(parts);
  return {
    async add(volume, index, into) {
      const seen = halfOf(wedgeMask(set.tiltOf(index), set.molecules.rotator[index], shape), width);
      plan.set("real", volume);
      await plan.run("forward");
      plan.read("spectrum", spectrum);
      for (const part of into) {
        addSeen(sums[part], weights[part], { spectrum, seen });
        counts[part]++;
      }
    },
    async average(part) {
      requireSome(counts[part], part);
      const constant = wienerConstant * counts[part];
      const weighted = Float32Array.from(sums[part], (sum, i) => {
        const weight = weights[part][i >> 1] + constant;
        return weight > 0 ? sum / weight : 0;
      });
      return irfft3(backend, weighted, shape);
    },
    dispose() {
      plan.dispose();
    },
  };
}

function addTo(sum: Float64Array, volume: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] += volume[i];
}

function addSeen(
  sum: Float64Array,
  weights: Float64Array,
  { spectrum, seen }: { readonly spectrum: Float32Array; readonly seen: Uint8Array },
): void {
  for (let i = 0; i < seen.length; i++)
    if (seen[i] === 1) {
      sum[2 * i] += spectrum[2 * i];
      sum[2 * i + 1] += spectrum[2 * i + 1];
      weights[i]++;
    }
}

/** The columns of a mask that the transform of a real volume has. */
function halfOf(mask: Uint8Array, width: number): Uint8Array {
  const columns = Math.floor(width / 2) + 1;
  const half = new Uint8Array((mask.length / width) * columns);
  for (let row = 0; row < mask.length / width; row++)
    half.set(mask.subarray(row * width, row * width + columns), row * columns);
  return half;
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
