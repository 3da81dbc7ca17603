import type { Backend, Plan, PlanArray, PlanKind, PlanTypes, RunOptions } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type JobOptions,
  linePlanBytes,
  type Regions,
  regionBytes,
  requireAtMost,
  type WorkerPool,
  writeLinePlan,
} from "../../compute/kernels/index.ts";
import { elementCount, type Matrix3, VitrineError } from "../../core/index.ts";
import { alignJob, spectraJob } from "./alignJob.ts";
import {
  type AlignLayout,
  type AlignSize,
  alignLayout,
  SERIES_PAIRS,
  sharedPlaces,
  sharesSpectra,
  workPieces,
} from "./alignLayout.ts";
import {
  type AlignPlaces,
  type AlignTask,
  type LinePlans,
  RESULT_NUMBERS,
  type WorkPlaces,
} from "./alignTask.ts";
import { commonScale } from "./commonScale.ts";
import { lowPass, shellIndices } from "./filters.ts";
import { isOneSided } from "./nyquist.ts";
import { REGION_WEIGHT_BYTES, regionWeights, seriesTable, signedFrequencies } from "./phasePeaks.ts";
import { MATRIX_BYTES, prepareJob, wedgeJob } from "./prepareJob.ts";
import { countWithMargin, type SplineEnds, splineWithMargin } from "./splineMargin.ts";

/** Turns and transforms the templates and the mask that were set; once, before images are set, whose room it takes meanwhile. */
export interface PrepareWork {
  readonly kind: "prepare";
  /** What a place of each turned volume is multiplied with, about the centre: the inverse of the rotation. */
  readonly matrices: readonly Matrix3[];
  /** Whether templates and masks are turned at all. */
  readonly isTurned: boolean;
  /** What lies outside of templates. */
  readonly outside: number;
  /** Low pass, cycles/voxel; left out: none. */
  readonly cutoff?: number | undefined;
  readonly compat: boolean;
}

/** Aligns the first `count` images. */
export interface AlignWork {
  readonly kind: "align";
  readonly count: number;
  /**
   * Normals of each molecule's wedges in its own axes, two a tilt series, per index of the transform; without a wedge: none. Where all candidates
   * see the same image, others than before need images that are set again.
   */
  readonly normals?: Float64Array | undefined;
  readonly compat: boolean;
  /** Candidates that are tried of each molecule, in ascending order; left out: all. */
  readonly chosen?: readonly (readonly number[])[] | undefined;
  /** Tell of every candidate that is likely beside the best one, by so many independent values; left out: of the best alone. */
  readonly observations?: number | undefined;
}

/** What was found of a molecule. */
export interface AlignOutcome {
  /** Template times the number of rotations, plus rotation. */
  readonly candidate: number;
  readonly shiftPx: readonly [number, number, number];
  readonly score: number;
  /** (candidates, 4): score and shift of each, where they are kept; the score of those that do not count may be -Infinity. */
  readonly all?: Float64Array;
}

/** The words of an {@link AlignPlan}. Progress counts candidates. */
export interface AlignTypes extends PlanTypes {
  /** `templates` (templates, voxels), masked already; `mask` (1, voxels); `images` (batch, voxels). */
  readonly input: "templates" | "mask" | "images";
  /** `responses` (batch x candidates, shifts): scores of all whole shifts (powers for `pcc`), where they are kept. */
  readonly output: "responses";
  readonly work: PrepareWork | AlignWork;
  readonly outcome: readonly AlignOutcome[];
}

/**
 * Compares many small volumes with templates in many rotations at every shift. Four pairs of a volume and a candidate are the lanes of every
 * vector; a pair's result depends on nothing else, so that neither workers nor batches show.
 */
export interface AlignPlan extends Plan<AlignTypes> {
  readonly layout: AlignLayout;
}

/** The kind of plan that {@link createAlignment} makes. */
export const alignPlan: PlanKind<AlignSize, AlignPlan> = {
  name: "subtomogram/align",
  wasm: {
    bytes: (size, workers) => regionBytes(pieces(size, workers)),
    create: (pool, size) => new WasmAlignment(pool, size),
  },
};

/** Makes an {@link AlignPlan}. @throws {VitrineError} range: shifts that leave no overlap, or more memory than there is */
export function createAlignment(backend: Backend, size: AlignSize): AlignPlan {
  return backend.plan(alignPlan, size);
}

class WasmAlignment implements AlignPlan {
  readonly layout: AlignLayout;
  readonly bytes: number;
  readonly #size: AlignSize;
  readonly #pool: WorkerPool;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;
  readonly #work: readonly WorkPlaces[];
  /** What was set, until they are prepared. */
  #templates: Float32Array | undefined;
  /** What each template is multiplied with. */
  readonly #scales: number[] = [];
  #mask: Float32Array | undefined;
  /** Images that are not transformed yet, those whose transform was broken off, and the wedges that the others have. */
  readonly #fresh = new Set<number>();
  readonly #broken = new Set<number>();
  #weighted: Float64Array | undefined;

  constructor(pool: WorkerPool, size: AlignSize) {
    this.#size = size;
    this.#pool = pool;
    this.layout = alignLayout(size);
    this.#regions = createRegions(pool, pieces(size, pool.workers));
    this.bytes = this.#regions.bytes;
    this.#work = Array.from({ length: pool.workers }, (_, i) => this.#workOf(i));
    for (const [place, length] of this.#lines()) writeLinePlan(pool.memory.buffer, place, length);
    if (size.method === "pcc") this.#writeSeries();
  }

  #workOf(worker: number): WorkPlaces {
    const sizes = workPieces(this.layout, this.#size.method);
    let next = this.#regions.address.work + worker * workBytes(this.layout, this.#size.method);
    const place = (bytes: number) => {
      const at = next;
      next += (bytes + 63) & ~63;
      return at;
    };
    const places: Record<keyof typeof sizes, number> = { ...sizes };
    for (const name of Object.keys(sizes) as (keyof typeof sizes)[]) places[name] = place(sizes[name]);
    return { ...places, ...sharedPlaces(places, this.layout, this.#size.method) };
  }

  #lines(): readonly (readonly [place: number, length: number])[] {
    const { address } = this.#regions;
    const { shape, long } = this.layout;
    return [
      [address.lineZ, shape[0]],
      [address.lineY, shape[1]],
      [address.lineX, shape[2]],
      [address.longZ, long[0]],
      [address.longY, long[1]],
      [address.longX, long[2]],
    ];
  }

  /** Frequency of each place along z or y. */
  #order(plan: number, length: number): Int32Array {
    const order = new Uint32Array(this.#pool.memory.buffer, plan, 8)[6];
    return this.#pool.i32(order, length).slice();
  }

  #orders() {
    const { lineZ, lineY } = this.#regions.address;
    const { shape } = this.layout;
    return { z: this.#order(lineZ, shape[0]), y: this.#order(lineY, shape[1]) };
  }

  #writeSeries(): void {
    const { shape } = this.layout;
    const { z, y } = this.#orders();
    const half = Array.from({ length: (shape[2] >> 1) + 1 }, (_, i) => i);
    this.#regions.set("seriesZ", seriesTable(signedFrequencies(z, shape[0])));
    this.#regions.set("seriesY", seriesTable(signedFrequencies(y, shape[1])));
    this.#regions.set("seriesX", seriesTable(signedFrequencies(half, shape[2])));
    this.#regions.set("regionWeights", regionWeights());
  }

  set(name: AlignTypes["input"], data: PlanArray, at = 0): void {
    const { voxels, imageBytes } = this.layout;
    const rows = { templates: this.#size.templates, mask: 1, images: this.#size.batch }[name];
    const count = checkRows(`alignment ${name}`, { type: "f32", rows, rowLength: voxels }, { data, at });
    if (name === "templates") {
      this.#templates ??= new Float32Array(rows * voxels);
      for (let i = 0; i < count; i++) {
        const one = data.subarray(i * voxels, (i + 1) * voxels);
        this.#scales[at + i] = this.#scaleOf(one, undefined);
        this.#templates.set(this.#scaled(one, this.#scales[at + i]), (at + i) * voxels);
      }
    } else if (name === "mask") this.#mask = new Float32Array(data);
    else
      for (let i = 0; i < count; i++) {
        const one = data.subarray(i * voxels, (i + 1) * voxels);
        const scaled = this.#scaled(one, this.#scaleOf(one, this.#mask));
        this.#regions.set("images", scaled, (at + i) * imageBytes);
        this.#fresh.add(at + i);
        this.#broken.delete(at + i);
      }
  }

  /** Scores of PCC depend on scales. */
  #scaleOf(volume: PlanArray, mask: Float32Array | undefined): number {
    const { method, isCentred } = this.#size;
    return method === "pcc" ? 1 : commonScale(volume, { mask, isCentred });
  }

  #scaled(volume: PlanArray, scale: number): PlanArray {
    if (scale === 1) return volume;
    const out = new Float32Array(volume.length);
    for (let i = 0; i < out.length; i++) out[i] = volume[i] * scale;
    return out;
  }

  async run(work: AlignTypes["work"], options: RunOptions = {}): Promise<readonly AlignOutcome[]> {
    if (work.kind === "align") return this.#align(work, options);
    await this.#prepare(work, options);
    return [];
  }

  async #prepare(work: PrepareWork, options: RunOptions): Promise<void> {
    const { templates, method } = this.#size;
    const { voxels, volumeBytes } = this.layout;
    const volumeStride = work.isTurned ? marginedBytes(this.layout) : volumeBytes;
    this.#placeVolumes(work, volumeStride);
    work.matrices.forEach((matrix, i) => {
      this.#regions.set("matrices", Float64Array.from(matrix), i * MATRIX_BYTES);
    });
    this.#setLow(work.cutoff, 1 / voxels);
    const { images: volumes, matrices } = this.#regions.address;
    const align = this.#task({ kind: "align", count: 0, compat: work.compat });
    const task = {
      ...{
        align,
        templates,
        isTurned: work.isTurned,
        volumes,
        volumeStride,
        matrices,
        outside: this.#scales.map((scale) => scale * work.outside),
      },
      mask: volumes + templates * volumeStride,
      isLimited: !work.compat,
    };
    await this.#pool.run(prepareJob, task, { ...options, teams: this.#pool.workers });
    this.#setLow(work.cutoff, method === "zncc" ? 1 / voxels : 1);
    this.#setSharedWeights();
    if (method === "fsc") this.#regions.set("shells", shellIndices(this.layout, this.#orders()));
  }

  /** Templates and mask where they are turned and transformed. @throws {VitrineError} missing: they were not set */
  #placeVolumes({ isTurned, compat }: PrepareWork, stride: number): void {
    const { templates: count } = this.#size;
    const { shape, voxels, masks } = this.layout;
    const [templates, mask] = [this.#templates, this.#mask];
    if (templates === undefined) throw notSet("templates");
    // straight to where they are read
    const spline = (values: Float32Array, i: number, ends: SplineEnds) => {
      const place = this.#regions.address.images + i * stride;
      splineWithMargin(values, { shape, ends }, this.#pool.f32(place, countWithMargin(shape)));
    };
    for (let i = 0; i < count; i++) {
      const one = templates.subarray(i * voxels, (i + 1) * voxels);
      if (isTurned) spline(one, i, "mirror");
      else this.#regions.set("images", one, i * stride);
    }
    this.#templates = undefined;
    if (masks === 0) return;
    if (mask === undefined) throw notSet("mask");
    // acryo takes the values for coefficients, which blurs its masks.
    if (isTurned) spline(mask, count, compat ? "edgeUnfiltered" : "edge");
    else this.#regions.set("masks", mask);
  }

  /** Of subtomograms and templates. Only the products of both matter, but single precision has an end. */
  #setLow(cutoff: number | undefined, scale: number): void {
    this.#regions.set("low", lowPass(this.layout, { ...this.#orders(), cutoff, scale }));
  }

  #setSharedWeights(): void {
    const { columns, column } = this.layout;
    const weights = new Float32Array(columns * column).fill(1);
    if (this.#size.isCentred) weights[0] = 0;
    this.#regions.set("weights", weights);
  }

  async #align(work: AlignWork, options: RunOptions): Promise<readonly AlignOutcome[]> {
    requireAtMost("alignment images", work.count, this.#size.batch);
    if (work.count === 0) return [];
    const teams = this.#pool.workers;
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const task = this.#task(work);
    if (work.normals !== undefined) {
      this.#regions.set("normals", work.normals);
      const series = work.normals.length / (6 * work.count);
      const wedge = { align: task, normals: this.#regions.address.normals, series };
      const { isCentred, method } = this.#size;
      const hasSides = method === "pcc" && isOneSided(task);
      await this.#pool.run(wedgeJob, { ...wedge, isCentred, hasSides }, { ...signal, teams });
    }
    if (task.hasSpectra) await this.#transformImages(task, work.normals, { ...signal, teams });
    this.#clearResults(work.count);
    await this.#pool.run(alignJob, task, { ...options, teams });
    return this.#outcomes(work);
  }

  /** Weighted spectra in the place of images that are new since the last run. */
  async #transformImages(
    align: AlignTask,
    normals: Float64Array | undefined,
    options: JobOptions,
  ): Promise<void> {
    const images = [...this.#fresh].filter((image) => image < align.count);
    for (let image = 0; image < align.count; image++) {
      if (this.#broken.has(image)) throw notWhole(image, "that an abort broke off its transform");
      if (!this.#fresh.has(image) && !isSame(normals, this.#weighted))
        throw notWhole(image, "its spectrum with other wedges");
    }
    for (const image of images) {
      this.#fresh.delete(image);
      this.#broken.add(image);
    }
    await this.#pool.run(spectraJob, { align, images }, options);
    this.#broken.clear();
    this.#weighted = normals;
  }

  #clearResults(count: number): void {
    const numbers = RESULT_NUMBERS * this.layout.candidates * count;
    this.#pool.f64(this.#regions.address.results, numbers).fill(Number.NEGATIVE_INFINITY);
  }

  #outcomes({ count, observations }: AlignWork): AlignOutcome[] {
    const { candidates } = this.layout;
    const numbers = new Float64Array(RESULT_NUMBERS * candidates * count);
    this.#regions.read("results", numbers);
    return Array.from({ length: count }, (_, molecule) => {
      let best = molecule * candidates;
      // Of equal scores the first, whoever found it.
      for (let i = best; i < (molecule + 1) * candidates; i++)
        if (numbers[RESULT_NUMBERS * i] > numbers[RESULT_NUMBERS * best]) best = i;
      const [score, z, y, x] = numbers.subarray(RESULT_NUMBERS * best, RESULT_NUMBERS * (best + 1));
      const all = numbers.subarray(
        RESULT_NUMBERS * molecule * candidates,
        RESULT_NUMBERS * (molecule + 1) * candidates,
      );
      const outcome = { candidate: best - molecule * candidates, shiftPx: [z, y, x] as const, score };
      return observations === undefined ? outcome : { ...outcome, all };
    });
  }

  #task({ count, compat, chosen, observations }: AlignWork): AlignTask {
    const { method, isCentred, rotations, maxShiftsPx, keepsResponses, hasWedge } = this.#size;
    return {
      ...{ layout: this.layout, method, isCentred, rotations, count, maxShiftsPx, compat, keepsResponses },
      hasSpectra: sharesSpectra(this.#size),
      weightStride: hasWedge ? this.layout.weightBytes : 0,
      places: this.#places(),
      work: this.#work,
      ...(chosen && { chosen }),
      ...(observations !== undefined && { observations }),
    };
  }

  #places(): AlignPlaces {
    const { address } = this.#regions;
    const lines = (z: number, y: number, x: number): LinePlans => [z, y, x];
    return {
      plans: lines(address.lineZ, address.lineY, address.lineX),
      longPlans: lines(address.longZ, address.longY, address.longX),
      images: address.images,
      masks: address.masks,
      templates: address.spectra,
      low: address.low,
      shells: address.shells,
      weights: address.weights,
      seriesTables: lines(address.seriesZ, address.seriesY, address.seriesX),
      regionWeights: address.regionWeights,
      results: address.results,
      responses: address.responses,
    };
  }

  read(_: "responses", into: PlanArray, at = 0): void {
    const { shiftCount, candidates } = this.layout;
    const rows = this.#size.keepsResponses ? this.#size.batch * candidates : 0;
    checkRows("alignment responses", { type: "f32", rows, rowLength: shiftCount }, { data: into, at });
    this.#regions.read("responses", into, 4 * shiftCount * at);
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

function marginedBytes({ shape }: AlignLayout): number {
  return (4 * countWithMargin(shape) + 63) & ~63;
}

/** Of templates and mask with their margins, while they are turned. */
function volumesBytes({ templates }: AlignSize, layout: AlignLayout): number {
  return (templates + 1) * marginedBytes(layout);
}

function notSet(name: AlignTypes["input"]): VitrineError {
  const at = `alignment ${name}`;
  return new VitrineError({
    code: "missing",
    at,
    expected: "to be set",
    found: "nothing",
    hint: `Set ${name} first`,
  });
}

function notWhole(image: number, found: string): VitrineError {
  const at = `alignment image ${image}`;
  return new VitrineError({ code: "missing", at, expected: "the image", found, hint: "Set it again" });
}

function isSame(a: Float64Array | undefined, b: Float64Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

function workBytes(layout: AlignLayout, method: AlignSize["method"]): number {
  return regionBytes(workPieces(layout, method));
}

function pieces(size: AlignSize, workers: number) {
  const layout = alignLayout(size);
  const { shape, long, volumeBytes, imageBytes, spectrumBytes, weightBytes, masks, candidates } = layout;
  const series = (n: number) => (size.method === "pcc" ? 8 * SERIES_PAIRS * n : 0);
  return {
    lineZ: linePlanBytes(shape[0]),
    lineY: linePlanBytes(shape[1]),
    lineX: linePlanBytes(shape[2]),
    longZ: linePlanBytes(long[0]),
    longY: linePlanBytes(long[1]),
    longX: linePlanBytes(long[2]),
    low: weightBytes,
    shells: size.method === "fsc" ? weightBytes : 0,
    seriesZ: series(shape[0]),
    seriesY: series(shape[1]),
    seriesX: series((shape[2] >> 1) + 1),
    regionWeights: size.method === "pcc" ? REGION_WEIGHT_BYTES : 0,
    matrices: size.rotations * MATRIX_BYTES,
    normals: size.hasWedge ? 96 * size.batch : 0,
    results: 8 * RESULT_NUMBERS * size.batch * candidates,
    responses: size.keepsResponses ? 4 * size.batch * candidates * elementCount(layout.shifts) : 0,
    spectra: candidates * spectrumBytes,
    masks: masks * volumeBytes,
    // Before there are any: templates and mask.
    images: Math.max(size.batch * imageBytes, volumesBytes(size, layout)),
    weights: (size.hasWedge ? size.batch : 1) * weightBytes,
    // Last, since rows of images are read a little beyond their end.
    work: workers * workBytes(layout, size.method),
  };
}
