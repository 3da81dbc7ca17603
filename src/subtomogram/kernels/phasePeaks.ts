import type { WorkerContext } from "../../compute/kernels/index.ts";
import { REGION, SERIES_PAIRS, SERIES_PARTS } from "./alignLayout.ts";
import type { Group } from "./alignTask.ts";
import { isComplex, isOneSided, NyquistPlanes } from "./nyquist.ts";
import { PEAK_STEPS, type Peak } from "./peak.ts";

type Three = readonly [z: number, y: number, x: number];

/** Index of the highest whole shift in the region. */
const MIDDLE = REGION / 2;
/** Half the region. */
const RADIUS = MIDDLE / PEAK_STEPS;

/** Positive places of the nodes, Chebyshev's of the first kind; each stands for itself and its negative. */
function nodes(): number[] {
  return Array.from(
    { length: SERIES_PAIRS },
    (_, i) => RADIUS * Math.cos(((2 * i + 1) * Math.PI) / (2 * SERIES_PARTS)),
  );
}

/**
 * @internal Cosines and sines of a series' frequencies (cycles/voxel) at the nodes: (pairs, frequencies, 2). The frequency -1/2 is 1/2 as well, half of it
 * each, so that a real image stays one: it has no sine.
 */
export function seriesTable(frequencies: readonly number[]): Float32Array {
  const sine = (f: number, place: number) => (f === -0.5 ? 0 : Math.sin(2 * Math.PI * f * place));
  return Float32Array.from(
    nodes().flatMap((place) =>
      frequencies.flatMap((f) => [Math.cos(2 * Math.PI * f * place), sine(f, place)]),
    ),
  );
}

/** Signed frequencies, cycles/voxel, in the order that a line plan leaves; `half`: of a half spectrum, in natural order. */
export function signedFrequencies(order: ArrayLike<number>, n: number): number[] {
  return Array.from(order, (i) => (2 * i < n ? i : i - n) / n);
}

/** Bytes of {@link regionWeights}. */
export const REGION_WEIGHT_BYTES = 4 * (MIDDLE + 1) * SERIES_PARTS;

/** @internal (16, SERIES_PARTS): weights of the even and odd parts of each pair of nodes at the places 0 to 15 steps from the middle. */
export function regionWeights(): Float32Array {
  const all = nodes().flatMap((place) => [place, -place]);
  const out = new Float32Array((MIDDLE + 1) * SERIES_PARTS);
  for (let i = 0; i <= MIDDLE; i++) {
    const weights = all.map((node, j) => {
      const place = i / PEAK_STEPS;
      return all.reduce(
        (product, other, k) => (k === j ? product : (product * (place - other)) / (node - other)),
        1,
      );
    });
    for (let j = 0; j < SERIES_PARTS; j += 2) {
      out[i * SERIES_PARTS + j] = weights[j] + weights[j + 1];
      out[i * SERIES_PARTS + j + 1] = weights[j] - weights[j + 1];
    }
  }
  return out;
}

/** Added to the power of places that a task may not take. */
const FORBIDDEN = -1e37;

/**
 * Peaks of circular correlations between voxels: the series itself, computed at few places and interpolated by the polynomial through them, which is
 * the series to 1e-6 as it has less than one period in the region.
 */
export class PhasePeaks {
  readonly #context: WorkerContext;
  readonly #group: Group;
  readonly #whole: Three[] = [];
  #places: readonly (readonly (readonly number[])[])[] = [];
  readonly #frequencies: readonly (readonly number[])[];
  readonly #nyquist: NyquistPlanes | undefined;

  constructor(context: WorkerContext, group: Group) {
    this.#context = context;
    this.#group = group;
    this.#nyquist = isComplex(group.task) ? new NyquistPlanes(context, group, nodes()) : undefined;
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

  /** Finds the highest whole shifts of the four tasks and the peaks of their series around them. */
  prepare(): void {
    const { memory } = this.#context;
    const { layout } = this.#group.task;
    const { shiftCount, shifts, reach } = layout;
    const values = new Float32Array(memory.buffer, this.#group.work.responses, 4 * shiftCount);
    for (let lane = 0; lane < 4; lane++)
      this.#whole[lane] = shiftAt(highestOf(values, lane), { shifts, reach });
    this.#writePhases();
    this.#series();
    this.#searchRegion();
  }

  #writePhases(): void {
    const { memory } = this.#context;
    const { work } = this.#group;
    let at = work.phases;
    this.#frequencies.forEach((frequencies, axis) => {
      const out = new Float32Array(memory.buffer, at, 8 * frequencies.length);
      for (let lane = 0; lane < 4; lane++)
        writePhases(out, frequencies, { lane, shift: this.#whole[lane][axis] });
      at += 32 * frequencies.length;
    });
  }

  #series(): void {
    const { kernels, task, work, each } = this.#group;
    const { shape, columns } = task.layout;
    const stride = 32 * columns;
    each(columns, 4 * shape[0], (begin, end) => {
      const from = [work.half, stride, work.phases, task.places.seriesTables[0], shape[0], SERIES_PAIRS];
      kernels.seriesColumns(...from, work.seriesZ, stride, work.buffers, begin, end);
    });
    this.#seriesInPlanes(work.series);
    if (this.#nyquist === undefined) return;
    this.#nyquist.add(work.series, false);
    if (!isOneSided(task)) return;
    this.#nyquist.oneSidedSeries();
    this.#seriesInPlanes(work.oneSided);
    this.#nyquist.add(work.oneSided, true);
  }

  #seriesInPlanes(target: number): void {
    const { kernels, task, work, each } = this.#group;
    const { shape, columns } = task.layout;
    const [, tableY, tableX] = task.places.seriesTables;
    const inner = (shape[2] >> 1) + 1;
    const phasesY = work.phases + 32 * shape[0];
    each(SERIES_PARTS, 4 * columns, (begin, end) => {
      for (let j = begin; j < end; j++) {
        const source = work.seriesZ + 32 * j * columns;
        const from = [source, 32 * inner, phasesY, tableY, shape[1], SERIES_PAIRS];
        const to = work.seriesY + 32 * j * SERIES_PARTS * inner;
        kernels.seriesColumns(...from, to, 32 * inner, work.buffers, 0, inner);
      }
    });
    const from = [work.seriesY, phasesY + 32 * shape[1], tableX, inner, shape[2], SERIES_PAIRS];
    kernels.seriesRows(...from, target, work.buffers, 0, SERIES_PARTS ** 2);
  }

  #searchRegion(): void {
    const { memory, kernels, team } = this.#context;
    const { task, work } = this.#group;
    const { compat, maxShiftsPx } = task;
    this.#places = this.#whole.map((whole) =>
      whole.map((shift, axis) => {
        const ends = endsOf(shift, Math.fround(maxShiftsPx[axis]));
        return compat ? peerPlaces(ends) : placesWithin(ends);
      }),
    );
    const allowed = new Float32Array(memory.buffer, work.region, 12 * REGION).fill(FORBIDDEN);
    this.#places.forEach((axes, lane) => {
      axes.forEach((places, axis) => {
        for (const place of places) allowed[4 * (REGION * axis + place) + lane] = 0;
      });
    });
    team.check();
    const found = work.region + 48 * REGION;
    const imaginary = this.#nyquist === undefined ? 0 : work.imaginary;
    const of = [work.series, imaginary, task.places.regionWeights, SERIES_PARTS];
    kernels.regionPeak(...of, work.region, found + 32, found);
  }

  /** The peak of one task; its score is the root of the power, not divided by the number of voxels. */
  refine(lane: number): Peak {
    const { memory } = this.#context;
    const { task, work } = this.#group;
    const found = new Float32Array(memory.buffer, work.region + 48 * REGION, 8);
    const index = found[4 + lane];
    const row = Math.floor(index / REGION);
    const place: Three = [Math.floor(row / REGION), row % REGION, index % REGION];
    const peak = task.compat ? this.#peerPeak(lane, place) : { index: place, power: found[lane] };
    const whole = this.#whole[lane];
    const shiftPx: Three = [
      whole[0] + (peak.index[0] - MIDDLE) / PEAK_STEPS,
      whole[1] + (peak.index[1] - MIDDLE) / PEAK_STEPS,
      whole[2] + (peak.index[2] - MIDDLE) / PEAK_STEPS,
    ];
    return { shiftPx, score: Math.sqrt(peak.power) * task.layout.voxels };
  }

  /**
   * What acryo 0.9.1 makes of the highest place: an index of a cropped axis means another one, and the score is read 15 steps before the peak, from the end
   * where that is below 0.
   */
  #peerPeak(lane: number, place: Three): { readonly index: Three; readonly power: number } {
    const axes = this.#places[lane];
    const indexOf = (axis: number) => axes[axis].indexOf(place[axis]);
    const readAt = (axis: number) => {
      const { length } = axes[axis];
      return axes[axis][(((indexOf(axis) - MIDDLE) % length) + length) % length];
    };
    const [re, im] = this.#valueAt(lane, [readAt(0), readAt(1), readAt(2)]);
    return { index: [indexOf(0), indexOf(1), indexOf(2)], power: re * re + im * im };
  }

  /** The complex series of a task at one place of the region. */
  #valueAt(lane: number, place: Three): readonly [re: number, im: number] {
    const { series, imaginary } = this.#group.work;
    const weights = place.map((one) => this.#weightsAt(one));
    const isReal = this.#nyquist === undefined;
    return [this.#sumAt(lane, weights, series), isReal ? 0 : this.#sumAt(lane, weights, imaginary)];
  }

  #sumAt(lane: number, [z, y, x]: readonly Float32Array[], series: number): number {
    const parts = new Float32Array(this.#context.memory.buffer, series, 4 * SERIES_PARTS ** 3);
    let value = 0;
    for (let i = 0, at = lane; i < SERIES_PARTS; i++)
      for (let j = 0; j < SERIES_PARTS; j++)
        for (let k = 0; k < SERIES_PARTS; k++, at += 4) value += z[i] * y[j] * x[k] * parts[at];
    return value;
  }

  #weightsAt(place: number): Float32Array {
    const { places } = this.#group.task;
    const at = places.regionWeights + 4 * SERIES_PARTS * Math.abs(place - MIDDLE);
    const weights = new Float32Array(this.#context.memory.buffer, at, SERIES_PARTS);
    return place < MIDDLE ? weights.map((weight, j) => (j % 2 === 1 ? -weight : weight)) : weights;
  }
}

/**
 * Index of the highest value of a task, whose values are every fourth from `lane` on; of equal ones, as of an image of zeros, the middle. A loop in a
 * function of its own: V8 spends 0.2 s and 3 MB where it stands in one that calls kernels, all of which it takes for hot.
 */
function highestOf(values: Float32Array, lane: number): number {
  let at = (values.length / 4 - 1) / 2;
  let highest = values[4 * at + lane];
  for (let i = lane; i < values.length; i += 4) {
    if (values[i] <= highest) continue;
    highest = values[i];
    at = (i - lane) / 4;
  }
  return at;
}

/** The whole shift at a place of the responses. */
function shiftAt(at: number, { shifts, reach }: { readonly shifts: Three; readonly reach: Three }): Three {
  const row = Math.floor(at / shifts[2]);
  return [Math.floor(row / shifts[1]) - reach[0], (row % shifts[1]) - reach[1], (at % shifts[2]) - reach[2]];
}

/** Cosines and sines that bring the whole shift of one task to the middle: vectors of all tasks' cosines and of their sines. */
function writePhases(
  out: Float32Array,
  frequencies: readonly number[],
  { lane, shift }: { readonly lane: number; readonly shift: number },
): void {
  for (let i = 0; i < frequencies.length; i++) {
    const angle = 2 * Math.PI * frequencies[i] * shift;
    out[8 * i + lane] = Math.cos(angle);
    out[8 * i + 4 + lane] = Math.sin(angle);
  }
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

/** Places of an axis within the largest shift. */
function placesWithin({ left, right }: Ends): number[] {
  const from = Math.max(0, MIDDLE - left);
  return Array.from({ length: Math.min(REGION - 1, MIDDLE + right) - from + 1 }, (_, i) => from + i);
}

/** Places of an axis that acryo 0.9.1 searches, in its order: it rolls the region by half, crops it, and rolls back what is left. */
function peerPlaces({ left, right }: Ends): number[] {
  const from = Math.max(MIDDLE - left, 0);
  const count = Math.min(MIDDLE + right + 1, REGION) - from;
  const rolled = (j: number) => from + ((j + Math.floor(count / 2)) % count);
  return Array.from({ length: count }, (_, j) => (rolled(j) + MIDDLE) % REGION);
}
