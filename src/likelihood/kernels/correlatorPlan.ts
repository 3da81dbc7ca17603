import type { Backend, PlanArray, PlanKind, RunOptions } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type PlanArrayShape,
  type Regions,
  regionBytes,
  requireAtMost,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { VitrineError } from "../../core/index.ts";
import { type Basis, basisPanels, frequencyList } from "./basis.ts";
import { correlateWords, LINES_WORDS, type LinesBlock, linesWords } from "./blocks.ts";
import { type Compression, correlateJob, imagesJob, packJob, templatesJob } from "./correlatorJob.ts";
import {
  depthOf,
  evenCount,
  FOUND_BYTES,
  pieces,
  ranksOf,
  resultRows,
  squareStride,
  threadBytes,
} from "./correlatorLayout.ts";
import type {
  BestOfImage,
  CorrelatorOutcome,
  CorrelatorPlan,
  CorrelatorSize,
  CorrelatorTypes,
} from "./correlatorTypes.ts";
import { ELEMENT, type Numbers, numbersOf } from "./precision.ts";
import { halfTurns, transformPlan } from "./transformPlan.ts";

/** The kind of plan that {@link createCorrelator} makes. */
export const correlatorPlan: PlanKind<CorrelatorSize, CorrelatorPlan> = {
  name: "likelihood/correlator",
  wasm: {
    bytes: (size, workers) => regionBytes(pieces(size, workers)),
    create: (pool, size) => new WasmCorrelator(pool, size),
  },
};

/** Makes a {@link CorrelatorPlan}. @throws {VitrineError} range: more memory than there is */
export function createCorrelator(backend: Backend, size: CorrelatorSize): CorrelatorPlan {
  return backend.plan(correlatorPlan, size);
}

const NOTHING: CorrelatorOutcome = {
  residual: 0,
  ctfResidual: 0,
  largestCtf: 0,
  leastNorm: Number.POSITIVE_INFINITY,
  best: [],
};

class WasmCorrelator implements CorrelatorPlan {
  readonly size: CorrelatorSize;
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #numbers: Numbers;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;
  #images = 0;
  #templates = 0;
  /** Frequencies of squared CTFs that the present images need. */
  #normFrequencies = 0;

  constructor(pool: WorkerPool, size: CorrelatorSize) {
    this.size = size;
    this.#pool = pool;
    this.#numbers = numbersOf(size.precision);
    this.#regions = createRegions(pool, pieces(size, pool.workers));
    this.bytes = this.#regions.bytes;
    this.#writeTables();
  }

  #writeTables(): void {
    const { inplanes, basis } = this.size;
    const { address } = this.#regions;
    const regions = this.#regions;
    regions.set("fullPlan", transformPlan(inplanes, address.fullPlan, this.#numbers));
    regions.set("halfPlan", transformPlan(inplanes / 2, address.halfPlan, this.#numbers));
    regions.set("turns", halfTurns(inplanes, this.#numbers));
    regions.set("frequencyList", frequencyList(ranksOf(this.size)));
    const half = inplanes / 2 + 1;
    regions.set(
      "allBins",
      Int32Array.from({ length: half }, (_, q) => q),
    );
    regions.set(
      "evenBins",
      Int32Array.from({ length: evenCount(inplanes) }, (_, i) => 2 * i),
    );
    if (basis !== undefined) this.#writeBasis(basis);
    this.#writeLines();
  }

  #writeBasis(basis: Basis): void {
    const { forward: forwardAt, back: backAt } = this.#regions.address;
    const { forward, back, forwardList, backList } = basisPanels(basis, { forward: forwardAt, back: backAt });
    this.#regions.set("forward", forward);
    this.#regions.set("back", back);
    this.#regions.set("forwardList", forwardList);
    this.#regions.set("backList", backList);
  }

  /** Line blocks: of each displacement, then squared templates, offsets, images, squared CTFs, CTFs. */
  #writeLines(): void {
    const { shells, inplanes, displacements, normFrequencies } = this.size;
    const { address } = this.#regions;
    const row = this.#numbers.bytes * shells * inplanes;
    const all = { binCount: inplanes / 2 + 1, bins: address.allBins };
    const even = { binCount: evenCount(inplanes), bins: address.evenBins };
    const common = { shells, inplanes, plan: address.fullPlan, shared: 0, itemBytes: 2 * row, ownBytes: row };
    const blocks: LinesBlock[] = Array.from({ length: displacements }, (_, d) => ({
      ...common,
      ...all,
      kind: "complex",
      shared: address.displacements + 2 * row * d,
      weights: address.rootWeights,
    }));
    blocks.push(
      { ...common, ...even, kind: "squaredModulus", binCount: normFrequencies, weights: address.weights },
      { ...common, ...even, kind: "complexTimesReal", shared: address.offset, weights: address.ones },
      { ...common, ...all, kind: "complex", weights: address.imageWeights },
      { ...common, ...even, kind: "squaredReal", itemBytes: row, weights: address.parts },
      { ...common, ...even, kind: "real", itemBytes: row, weights: address.ones },
    );
    blocks.forEach((block, i) => {
      this.#regions.set("lines", linesWords(block), 4 * LINES_WORDS * i);
    });
  }

  #linesAt(index: number): number {
    return this.#regions.address.lines + 4 * LINES_WORDS * index;
  }

  set(name: CorrelatorTypes["input"], data: PlanArray, at = 0): void {
    const shape = this.#inputOf(name);
    checkRows(`correlator ${name}`, shape, { data, at });
    if (name === "weights") this.#setWeights(data);
    this.#regions.set(name, data, shape.rowLength * at * data.BYTES_PER_ELEMENT);
  }

  #inputOf(name: CorrelatorTypes["input"]): PlanArrayShape {
    const { shells, inplanes, displacements, images, integrates, precision } = this.size;
    const type = precision === "single" ? "f32" : "f64";
    const plane = shells * inplanes;
    switch (name) {
      case "weights":
        return { type, rows: 1, rowLength: shells };
      case "displacements":
        return { type, rows: displacements, rowLength: 2 * plane };
      case "items":
        return { type, rows: images, rowLength: 2 * plane };
      case "ctfs":
        return { type, rows: images, rowLength: plane };
      case "imageFactors":
        return { type, rows: images, rowLength: 1 };
      case "offset":
        return { type, rows: integrates ? 1 : 0, rowLength: plane };
      case "imageNumbers":
        return { type: "f64", rows: integrates ? images : 0, rowLength: 2 };
    }
  }

  #setWeights(weights: PlanArray): void {
    const { shells, inplanes } = this.size;
    const make = (value: (weight: number) => number) => {
      const made = this.#numbers.array(shells);
      weights.forEach((weight, k) => {
        made[k] = value(weight);
      });
      return made;
    };
    this.#regions.set("rootWeights", make(Math.sqrt));
    this.#regions.set(
      "imageWeights",
      make((weight) => Math.sqrt(weight) / inplanes),
    );
    this.#regions.set(
      "ones",
      make(() => 1),
    );
    this.#regions.set(
      "parts",
      make(() => 1 / inplanes),
    );
  }

  async run(work: CorrelatorTypes["work"], options: RunOptions = {}): Promise<CorrelatorOutcome> {
    switch (work.kind) {
      case "templates":
        return this.#prepareTemplates(work, options);
      case "images":
        return this.#prepareImages(work, options);
      case "correlate":
        return this.#correlate(work, options);
    }
  }

  #compression(): Compression | undefined {
    const { basis } = this.size;
    if (basis === undefined) return undefined;
    const { forwardList, backList, residuals } = this.#regions.address;
    return {
      frequencies: forwardList,
      count: basis.ranks.filter((rank) => rank > 0).length,
      residuals: { list: backList, count: basis.ranks.length, sums: residuals },
    };
  }

  async #prepareTemplates(
    { first, count }: { readonly first: number; readonly count: number },
    options: RunOptions,
  ): Promise<CorrelatorOutcome> {
    const { precision, shells, inplanes, displacements, templates, images, integrates } = this.size;
    const { lanes, bytes } = this.#numbers;
    requireAtMost("correlator templates", first + count, templates);
    requireAtMost("correlator items", count, images);
    if (first % lanes !== 0) {
      const expected = `a multiple of ${lanes}`;
      throw new VitrineError({ code: "range", at: "correlator templates", expected, found: `${first}` });
    }
    this.#templates = Math.max(this.#templates, first + count);
    const { address } = this.#regions;
    const compression = this.#compression();
    const itemBytes = 2 * bytes * shells * inplanes;
    await this.#pool.run(
      templatesJob,
      {
        ...{ precision, shells, inplanes, count, first, itemBytes, items: address.items },
        displaced: Array.from({ length: displacements }, (_, d) => this.#linesAt(d)),
        templates: address.templates,
        depth: depthOf(this.size),
        squares: {
          block: this.#linesAt(displacements),
          to: address.squares,
          stride: squareStride(this.size),
        },
        ...(integrates && {
          offsets: {
            block: this.#linesAt(displacements + 1),
            to: address.offsets,
            stride: evenCount(inplanes) * shells,
          },
        }),
        ...(compression && { compression }),
        ...{ work: address.work, workBytes: threadBytes(this.size) },
      },
      options,
    );
    return { ...NOTHING, residual: compression === undefined ? 0 : this.#largestResidual(first, count) };
  }

  #largestResidual(first: number, count: number): number {
    const { displacements } = this.size;
    const { lanes } = this.#numbers;
    const sums = new Float32Array(Math.ceil(count / lanes) * displacements * lanes);
    this.#regions.read("residuals", sums, 4 * displacements * first);
    // The forward transform multiplies squares by the number of in-plane angles.
    return Math.sqrt(sums.reduce((most, sum) => Math.max(most, sum), 0) / this.size.inplanes);
  }

  async #prepareImages(
    { count, tolerance }: { readonly count: number; readonly tolerance: number },
    options: RunOptions,
  ): Promise<CorrelatorOutcome> {
    const { precision, shells, inplanes, displacements, images, integrates } = this.size;
    const { bytes } = this.#numbers;
    requireAtMost("correlator images", count, images);
    this.#images = count;
    const { address } = this.#regions;
    const row = bytes * shells * inplanes;
    const stride = evenCount(inplanes) * shells;
    const compression = this.#compression();
    const common = { precision, shells, inplanes, count, itemBytes: 2 * row, ctfBytes: row };
    const at = {
      items: address.items,
      ctfs: address.ctfs,
      work: address.work,
      workBytes: threadBytes(this.size),
    };
    await this.#pool.run(
      imagesJob,
      {
        ...common,
        ...at,
        block: this.#linesAt(displacements + 2),
        images: address.imageElements,
        depth: depthOf(this.size),
        squares: { block: this.#linesAt(displacements + 3), to: address.ctfSquares, stride },
        ...(integrates && {
          offsets: { block: this.#linesAt(displacements + 4), to: address.ctfElements, stride },
        }),
        ...(compression && { compression }),
      },
      options,
    );
    const found = this.#chooseNormFrequencies(tolerance);
    await this.#pool.run(packJob, { precision, count, packs: this.#packs() }, options);
    return { ...NOTHING, ...found };
  }

  #packs() {
    const { shells, inplanes, integrates } = this.size;
    const { address } = this.#regions;
    const [depth, stride] = [depthOf(this.size), evenCount(inplanes) * shells];
    const packs = [
      { from: address.imageElements, stride: depth, depth, to: address.imagePanels },
      { from: address.ctfSquares, stride, depth: this.#normFrequencies * shells, to: address.ctfPanels },
    ];
    if (!integrates) return packs;
    return [...packs, { from: address.ctfElements, stride, depth: stride, to: address.offsetPanels }];
  }

  /** Takes as few frequencies as leave out no more than `tolerance` of any squared CTF; how much they leave out, and what no CTF is above. */
  #chooseNormFrequencies(tolerance: number): { ctfResidual: number; largestCtf: number } {
    const { shells, inplanes, normFrequencies } = this.size;
    const { lanes } = this.#numbers;
    const count = evenCount(inplanes);
    const groups = Math.ceil(this.#images / lanes);
    const amplitudes = new Float64Array(count);
    const perFrequency = shells * 2 * lanes;
    const values = this.#numbers.array(perFrequency * count * groups);
    this.#regions.read("ctfSquares", values);
    for (let group = 0; group < groups; group++) {
      for (let h = 0; h < count; h++) {
        const from = (group * count + h) * perFrequency;
        amplitudes[h] = Math.max(
          amplitudes[h],
          largestModulus(values.subarray(from, from + perFrequency), lanes),
        );
      }
    }
    // A CTF in single precision has that much rounding in every frequency.
    const least = this.size.precision === "single" && tolerance > 0 ? 1e-7 : 0;
    let [kept, left] = [count, 0];
    while (kept > 1 && amplitudes[kept - 1] < least) kept--;
    while (kept > 1 && left + 2 * amplitudes[kept - 1] <= tolerance) left += 2 * amplitudes[--kept];
    while (kept > normFrequencies) left += 2 * amplitudes[--kept];
    this.#normFrequencies = kept;
    const whole = 2 * amplitudes.reduce((sum, value) => sum + value, 0) - amplitudes[0];
    return { ctfResidual: left, largestCtf: Math.sqrt(whole) };
  }

  async #correlate(
    work: Extract<CorrelatorTypes["work"], { kind: "correlate" }>,
    options: RunOptions,
  ): Promise<CorrelatorOutcome> {
    const { first, count, kept, model } = work;
    const { precision, displacements, inplanes } = this.size;
    const { lanes } = this.#numbers;
    requireAtMost("correlator templates", first + count, this.#templates);
    this.#requireRoom(work);
    const { address } = this.#regions;
    this.#regions.set("correlateBlock", this.#blockOf(work));
    if (model !== undefined) {
      const { power, half, iss, rate, constant } = model;
      this.#regions.set("model", Float64Array.of(power, half, iss, rate, constant));
    }
    await this.#pool.run(
      correlateJob,
      {
        ...{ precision, displacements, images: this.#images, block: address.correlateBlock },
        firstGroup: first / lanes,
        groups: Math.ceil(count / lanes),
        isWithoutCorrelation: kept === "norms",
        ...{ work: address.work, workBytes: threadBytes(this.size) },
        clearBytes: 12 * ELEMENT * (inplanes / 2 + 1),
        ...{ found: address.found, foundBytes: FOUND_BYTES * this.size.images, leasts: address.leasts },
      },
      options,
    );
    const leasts = new Float64Array(this.#pool.workers);
    this.#regions.read("leasts", leasts);
    const leastNorm = leasts.reduce(
      (least, value) => (value >= least ? least : value),
      Number.POSITIVE_INFINITY,
    );
    return { ...NOTHING, leastNorm, best: kept === "pose" ? this.#best() : [] };
  }

  /** Poses need no room; norms that of a rotation. */
  #requireRoom({ kept, count, model }: Extract<CorrelatorTypes["work"], { kind: "correlate" }>): void {
    const { results, integrates } = this.size;
    const at = "correlator results";
    if (kept !== "pose" && kept !== "norms" && kept !== results.kept) {
      throw new VitrineError({
        code: "range",
        at,
        expected: `${results.kept}, as the plan was made for`,
        found: kept,
      });
    }
    if (model === undefined && kept === "likelihoods")
      throw new VitrineError({ code: "range", at, expected: "a model of likelihoods", found: "none" });
    if (model !== undefined && !integrates) {
      throw new VitrineError({ code: "range", at, expected: "a plan that integrates", found: "a model" });
    }
    requireAtMost(at, model === undefined ? 0 : count, results.templates);
    requireAtMost(at, resultRows({ kept, templates: count }, this.size), resultRows(results, this.size));
  }

  #blockOf({
    first,
    count,
    kept,
    model,
  }: Extract<CorrelatorTypes["work"], { kind: "correlate" }>): Uint32Array {
    const { shells, inplanes, displacements } = this.size;
    const { address } = this.#regions;
    const ranks = ranksOf(this.size);
    return correlateWords({
      ...{ shells, inplanes, displacements, kept, plan: address.halfPlan, turns: address.turns },
      frequencies: ranks.filter((rank) => rank > 0).length,
      ...{ frequencyList: address.frequencyList, depth: depthOf(this.size) },
      ...{ imagePanels: address.imagePanels, templates: address.templates },
      ...{ normFrequencies: this.#normFrequencies, normList: address.evenBins },
      ...{ ctfPanels: address.ctfPanels, squares: address.squares, squareStride: squareStride(this.size) },
      ...{ images: this.#images, templateCount: first + count },
      ...{ values: address.values, first: address.first, second: address.second },
      ...{ imageFactors: address.imageFactors, firstTemplate: first, resultTemplates: count },
      integrals: model === undefined ? 0 : address.integrals,
      ...{ model: address.model, offsetFrequencies: evenCount(inplanes), offsetList: address.evenBins },
      ...{ offsetPanels: address.offsetPanels, offsets: address.offsets, imageNumbers: address.imageNumbers },
    });
  }

  /** Best of all threads. */
  #best(): BestOfImage[] {
    const count = this.#images;
    const bytes = new ArrayBuffer(FOUND_BYTES * this.size.images * this.#pool.workers);
    this.#regions.read("found", new Uint8Array(bytes));
    const factors = this.#numbers.array(count);
    this.#regions.read("imageFactors", factors);
    const at = (worker: number, image: number): BestOfImage => {
      const from = FOUND_BYTES * (worker * this.size.images + image);
      const [, , template, displacement, rotation] = new Int32Array(bytes, from, 5);
      return { value: new Float64Array(bytes, from, 1)[0], template, displacement, rotation };
    };
    return Array.from({ length: count }, (_, image) => {
      const all = Array.from({ length: this.#pool.workers }, (_, worker) => at(worker, image));
      const best = all.reduce((a, b) => (isBetter(b, a) ? b : a));
      const value =
        this.size.precision === "single"
          ? Math.fround(best.value * factors[image])
          : best.value * factors[image];
      return { ...best, value };
    });
  }

  read(name: CorrelatorTypes["output"], into: PlanArray, at = 0): void {
    const type = name === "values" ? this.#inputOf("items").type : name === "integrals" ? "f64" : "i32";
    checkRows(`correlator ${name}`, { type, rows: into.length + at, rowLength: 1 }, { data: into, at });
    this.#regions.read(name, into, at * into.BYTES_PER_ELEMENT);
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

function isBetter(a: BestOfImage, b: BestOfImage): boolean {
  return a.value > b.value || (a.value === b.value && a.template < b.template);
}

function largestModulus(elements: ArrayLike<number>, lanes: number): number {
  let most = 0;
  for (let i = 0; i < elements.length; i += 2 * lanes) {
    for (let lane = 0; lane < lanes; lane++) {
      const square = elements[i + lane] ** 2 + elements[i + lanes + lane] ** 2;
      if (square > most) most = square;
    }
  }
  return Math.sqrt(most);
}
