import type { WorkerContext } from "../../compute/kernels/index.ts";
import { SERIES_PAIRS } from "./alignLayout.ts";
import type { Group } from "./alignTask.ts";
import { PEAK_STEPS, type Peak } from "./peak.ts";

type Three = readonly [z: number, y: number, x: number];

/** Places of a region of 1.5 voxels around the highest whole shift, a step apart; index 15 is that shift. */
const REGION = 30;
const MIDDLE = 15;
/** Half the region. */
const RADIUS = MIDDLE / PEAK_STEPS;
const NODES = 2 * SERIES_PAIRS;

/** Positive places of the nodes, Chebyshev's of the first kind; each stands for itself and its negative. */
function nodes(): number[] {
  return Array.from(
    { length: SERIES_PAIRS },
    (_, i) => RADIUS * Math.cos(((2 * i + 1) * Math.PI) / (2 * NODES)),
  );
}

/** @internal Cosines and sines of a series' frequencies (cycles/voxel) at the nodes: (pairs, frequencies, 2). */
export function seriesTable(frequencies: readonly number[]): Float32Array {
  return Float32Array.from(
    nodes().flatMap((place) =>
      frequencies.flatMap((f) => [Math.cos(2 * Math.PI * f * place), Math.sin(2 * Math.PI * f * place)]),
    ),
  );
}

/** Signed frequencies, cycles/voxel, in the order that a line plan leaves; `half`: of a half spectrum, in natural order. */
export function signedFrequencies(order: ArrayLike<number>, n: number): number[] {
  return Array.from(order, (i) => (2 * i < n ? i : i - n) / n);
}

/** (REGION, NODES): the polynomial through the nodes' values at the places of the region. */
function interpolation(): Float64Array {
  const all = nodes().flatMap((place) => [place, -place]);
  const out = new Float64Array(REGION * NODES);
  for (let i = 0; i < REGION; i++) {
    const place = (i - MIDDLE) / PEAK_STEPS;
    all.forEach((node, j) => {
      let weight = 1;
      all.forEach((other, k) => {
        if (k !== j) weight *= (place - other) / (node - other);
      });
      out[i * NODES + j] = weight;
    });
  }
  return out;
}

/**
 * Peaks of circular correlations between voxels: the series itself, computed at few places and interpolated by the polynomial through them, which is
 * the series to 1e-6 as it has less than two periods in the region.
 */
export class PhasePeaks {
  readonly #context: WorkerContext;
  readonly #group: Group;
  readonly #matrix = interpolation();
  readonly #whole: Three[] = [];
  readonly #frequencies: readonly (readonly number[])[];

  constructor(context: WorkerContext, group: Group) {
    this.#context = context;
    this.#group = group;
    const { plans } = group.task.places;
    const [n0, n1, n2] = group.task.layout.shape;
    const orderOf = (plan: number, n: number) => {
      const { buffer } = context.memory;
      return new Int32Array(buffer, new Uint32Array(buffer, plan, 8)[6], n);
    };
    this.#frequencies = [
      signedFrequencies(orderOf(plans[0], n0), n0),
      signedFrequencies(orderOf(plans[1], n1), n1),
      signedFrequencies(
        Array.from({ length: (n2 >> 1) + 1 }, (_, i) => i),
        n2,
      ),
    ];
  }

  /** Finds the highest whole shifts of the four tasks and computes their series around them. */
  prepare(): void {
    const { memory } = this.#context;
    const { layout } = this.#group.task;
    const { shiftCount, shifts, reach } = layout;
    const values = new Float32Array(memory.buffer, this.#group.work.responses, 4 * shiftCount);
    for (let lane = 0; lane < 4; lane++) {
      let [highest, at] = [-1, 0];
      for (let i = 0; i < shiftCount; i++) {
        const power = values[4 * i + lane] ** 2;
        if (power > highest) [highest, at] = [power, i];
      }
      const row = Math.floor(at / shifts[2]);
      this.#whole[lane] = [
        Math.floor(row / shifts[1]) - reach[0],
        (row % shifts[1]) - reach[1],
        (at % shifts[2]) - reach[2],
      ];
    }
    this.#writePhases();
    this.#series();
  }

  #writePhases(): void {
    const { memory } = this.#context;
    const { work } = this.#group;
    let at = work.phases;
    this.#frequencies.forEach((frequencies, axis) => {
      const out = new Float32Array(memory.buffer, at, 8 * frequencies.length);
      frequencies.forEach((f, i) => {
        for (let lane = 0; lane < 4; lane++) {
          const angle = 2 * Math.PI * f * this.#whole[lane][axis];
          out[8 * i + lane] = Math.cos(angle);
          out[8 * i + 4 + lane] = Math.sin(angle);
        }
      });
      at += 32 * frequencies.length;
    });
  }

  #series(): void {
    const { kernels, task, work, each } = this.#group;
    const { shape, columns } = task.layout;
    const [tableZ, tableY, tableX] = task.places.seriesTables;
    const inner = (shape[2] >> 1) + 1;
    const phasesY = work.phases + 32 * shape[0];
    const stride = 32 * columns;
    each(columns, 4 * shape[0], (begin, end) => {
      const from = [work.half, stride, work.phases, tableZ, shape[0], SERIES_PAIRS];
      kernels.seriesColumns(...from, work.seriesZ, stride, work.buffers, begin, end);
    });
    each(NODES, 4 * columns, (begin, end) => {
      for (let j = begin; j < end; j++) {
        const from = [work.seriesZ + j * stride, 32 * inner, phasesY, tableY, shape[1], SERIES_PAIRS];
        const to = work.seriesY + 32 * j * NODES * inner;
        kernels.seriesColumns(...from, to, 32 * inner, work.buffers, 0, inner);
      }
    });
    const phasesX = phasesY + 32 * shape[1];
    const from = [work.seriesY, phasesX, tableX, inner, shape[2], SERIES_PAIRS];
    kernels.seriesRows(...from, work.series, work.buffers, 0, NODES ** 2);
  }

  /** The peak of one task; its score is the root of the power, not divided by the number of voxels. */
  refine(lane: number): Peak {
    const { compat, maxShiftsPx, layout } = this.#group.task;
    const power = this.#regionOf(lane);
    const whole = this.#whole[lane];
    const ends = whole.map((shift, axis) => endsOf(shift, Math.fround(maxShiftsPx[axis])));
    const { index, value } = compat ? peerPeak(power, ends) : highestWithin(power, ends);
    const shiftPx: Three = [
      whole[0] + (index[0] - MIDDLE) / PEAK_STEPS,
      whole[1] + (index[1] - MIDDLE) / PEAK_STEPS,
      whole[2] + (index[2] - MIDDLE) / PEAK_STEPS,
    ];
    return { shiftPx, score: Math.sqrt(value) * layout.voxels };
  }

  /** |series|², (REGION, REGION, REGION). */
  #regionOf(lane: number): Float64Array {
    const { memory } = this.#context;
    const all = new Float32Array(memory.buffer, this.#group.work.series, 4 * NODES ** 3);
    let values = new Float64Array(NODES ** 3);
    for (let i = 0; i < values.length; i++) values[i] = all[4 * i + lane];
    // The first axis becomes the last one each time.
    for (let axis = 0; axis < 3; axis++) values = interpolateFirst(values, this.#matrix);
    return values.map((value) => value * value);
  }
}

/** (NODES, inner) to (inner, REGION). */
function interpolateFirst(values: Float64Array, matrix: Float64Array): Float64Array<ArrayBuffer> {
  const inner = values.length / NODES;
  const out = new Float64Array(inner * REGION);
  for (let k = 0; k < inner; k++)
    for (let i = 0; i < REGION; i++) {
      let sum = 0;
      for (let j = 0; j < NODES; j++) sum += matrix[i * NODES + j] * values[j * inner + k];
      out[k * REGION + i] = sum;
    }
  return out;
}

interface Ends {
  readonly left: number;
  readonly right: number;
}

/** Steps that a shift may move to both sides. */
function endsOf(shift: number, limit: number): Ends {
  return {
    left: Math.trunc(Math.fround(Math.fround(shift + limit) * PEAK_STEPS)),
    right: Math.trunc(Math.fround(Math.fround(limit - shift) * PEAK_STEPS)),
  };
}

interface Found {
  readonly index: Three;
  readonly value: number;
}

const at = (z: number, y: number, x: number) => (z * REGION + y) * REGION + x;

/** The first highest power within the largest shift. */
function highestWithin(power: Float64Array, ends: readonly Ends[]): Found {
  const [z, y, x] = ends.map(({ left, right }) => ({
    from: Math.max(0, MIDDLE - left),
    to: Math.min(REGION - 1, MIDDLE + right),
  }));
  let found: Found = { index: [MIDDLE, MIDDLE, MIDDLE], value: -1 };
  for (let i = z.from; i <= z.to; i++)
    for (let j = y.from; j <= y.to; j++)
      for (let k = x.from; k <= x.to; k++) {
        const value = power[at(i, j, k)];
        if (value > found.value) found = { index: [i, j, k], value };
      }
  return found;
}

/**
 * What acryo 0.9.1 finds: it rolls the region by half, crops it, and rolls back what is left, so that indices of a cropped axis mean other places; and reads the
 * score 15 steps before the peak, from the end where that is below 0.
 */
function peerPeak(power: Float64Array, ends: readonly Ends[]): Found {
  const axes = ends.map(({ left, right }) => {
    const from = Math.max(MIDDLE - left, 0);
    const count = Math.min(MIDDLE + right + 1, REGION) - from;
    return Array.from(
      { length: count },
      (_, j) => (from + ((j + Math.floor(count / 2)) % count) + MIDDLE) % REGION,
    );
  });
  const [z, y, x] = axes;
  let best: Found = { index: [0, 0, 0], value: -1 };
  z.forEach((i, a) => {
    y.forEach((j, b) => {
      x.forEach((k, c) => {
        const value = power[at(i, j, k)];
        if (value > best.value) best = { index: [a, b, c], value };
      });
    });
  });
  const read = best.index.map((index, axis) => {
    const { length } = axes[axis];
    return axes[axis][(((index - MIDDLE) % length) + length) % length];
  });
  return { index: best.index, value: power[at(read[0], read[1], read[2])] };
}
