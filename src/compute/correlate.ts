import { type Shape2, VitrineError } from "../core/index.ts";
import { BLOCK_TEMPLATES, type CorrelateJob, type CorrelateShape, type TeamPlaces } from "./correlateJob.ts";
import { fastLength, lineBufferElements, linePlanBytes, writeLinePlan } from "./linePlan.ts";
import type { Pool, RunOptions } from "./pool.ts";
import type { Phase } from "./protocol.ts";
import { createRegions, type Regions } from "./regions.ts";
import { mergeStatistics, readStatistic, restoreStatistic, type StatisticName } from "./statistics.ts";

/** What a {@link CorrelationPlan} is made for. */
export interface CorrelationSize {
  /** Height and width of the micrograph in pixels, any parity. */
  readonly image: Shape2;
  /** Side of the cubic template in voxels. */
  readonly template: number;
  readonly orientations: number;
  /** Filters (pixel size by defocus) that every orientation is seen through. */
  readonly filters: number;
  /** Whether filters are complex (odd aberrations); default false. */
  readonly complexFilters?: boolean;
  /** (A^-1)^T as yy, yx, xy, xx for a magnification matrix A that acts on (y, x). */
  readonly magnification?: readonly [number, number, number, number];
  /**
   * Whether slices keep every sample. By default (false) those are 0 whose x frequency float32 rounding puts just below 0,
   * as in Leopard-EM, whose maps are reproduced only so.
   */
  readonly exactSlices?: boolean;
}

/** Where the template's half spectrum lies in the pool's memory: (side, side, side/2+1) complex, natural order, unshifted. */
export interface VolumeSpectrum {
  /** More than the template's where that was padded; default the template's. */
  readonly side?: number;
  readonly address: number;
  readonly rowBytes: number;
}

/** Memory for the accumulators of several teams is given up to this many bytes; beyond, workers share a team. */
const TEAM_BUDGET = 512 * 2 ** 20;
/** Staggers power-of-two strides over the cache's sets. */
const STAGGER = 128;
/** Line buffers of a group of columns: they should stay in the second-level cache. */
const GROUP_BYTES = 2 ** 20;
const LARGEST_GROUP = 8;
const VISIT_BYTES = 64 * 2 ** 20;

type Piece = "rotations" | "filters" | "templatePlan" | "rowPlan" | "columnPlan" | "staging";

/**
 * Correlates one micrograph with a template in many orientations and keeps, for every place where the whole template
 * fits, the maximum, the index of its first occurrence, the sum and the sum of squares.
 *
 * Statistics are (height - template + 1, width - template + 1). Template index t = orientation * filters + filter.
 * The result does not depend on the number of workers; sums to one unit in the last place of float32.
 */
export class CorrelationPlan {
  /** Rows and columns of the statistics. */
  readonly shape: Shape2;
  readonly templateCount: number;
  /** Units of work, see {@link BLOCK_TEMPLATES}. */
  readonly blockCount: number;
  readonly teams: number;
  readonly #pool: Pool;
  readonly #size: CorrelationSize;
  readonly #shape: CorrelateShape;
  readonly #volume: VolumeSpectrum;
  readonly #shared: Regions<Piece>;
  /** By itself, so that it fits where the micrograph's transform was. */
  readonly #spectrum: Regions<"spectrum">;
  readonly #teamRegions: Regions<keyof ReturnType<typeof teamBytes>>[];

  constructor(
    pool: Pool,
    size: CorrelationSize,
    volume: VolumeSpectrum,
    teams = teamCount(size, pool.workers),
  ) {
    const shape = correlateShape(size, volume);
    this.#pool = pool;
    this.#size = size;
    this.#shape = shape;
    this.#volume = volume;
    this.shape = [size.image[0] - size.template + 1, shape.columns];
    this.templateCount = size.orientations * size.filters;
    this.blockCount = Math.ceil(this.templateCount / BLOCK_TEMPLATES);
    this.teams = teams;
    this.#spectrum = createRegions(pool, spectrumBytes(shape));
    this.#shared = createRegions(pool, sharedBytes(size, shape));
    this.#teamRegions = Array.from({ length: teams }, () =>
      createRegions(pool, teamBytes(size, shape, pool.workers)),
    );
    const { templatePlan, rowPlan, columnPlan } = this.#shared.address;
    writeLinePlan(pool.memory.buffer, templatePlan, size.template);
    writeLinePlan(pool.memory.buffer, rowPlan, shape.paddedWidth);
    writeLinePlan(pool.memory.buffer, columnPlan, shape.paddedHeight);
  }

  /** Sets the filtered micrograph, (height, width) float32 of mean 0, and empties the statistics. */
  async setImage(image: Float32Array): Promise<void> {
    const [height, width] = this.#size.image;
    checkLength("correlation image", image.length, height * width);
    const { paddedHeight, paddedWidth, spectrumBytes } = this.#shape;
    const { staging, rowPlan, columnPlan } = this.#shared.address;
    const { spectrum } = this.#spectrum.address;
    const scratch = { address: this.#teamRegions[0].address.buffers, bytes: this.#shape.bufferBytes };
    const rowsAtOnce = stagingRows(width);
    for (let y = 0; y < paddedHeight; y += rowsAtOnce) {
      const rows = Math.min(rowsAtOnce, paddedHeight - y);
      const available = Math.max(0, Math.min(rows, height - y));
      if (available > 0) this.#shared.set("staging", image.subarray(y * width, (y + available) * width));
      const args = [staging, available, width, rowPlan, spectrum + 32 * y, spectrumBytes];
      await this.#each("imageRows", args, { count: Math.ceil(rows / 4), step: 8, scratch });
    }
    const scale = 1 / (paddedHeight * paddedWidth);
    const columns = [spectrum, spectrumBytes, columnPlan, scale];
    await this.#each("imageColumns", columns, { count: paddedWidth / 4, step: 8 });
    await this.clear();
  }

  async #each(kernel: string, args: number[], range: Omit<Phase, "kernel" | "args">): Promise<void> {
    await this.#pool.run({ kind: "phases", phases: [{ kernel, args, ...range }] });
  }

  /** Empties the statistics. */
  async clear(): Promise<void> {
    const count = this.#shape.rowBlocks * this.#shape.columns;
    for (const { address } of this.#teamRegions) {
      await this.#each("clearStatistics", [address.statistics, address.totals], { count, step: 1 << 16 });
    }
  }

  /**
   * Sets the filters: (filters, n, n/2+1) float32 in natural order, complex interleaved if the plan is made for that.
   * They carry everything that a slice is multiplied by but the 1/n² of the inverse transform.
   */
  setFilters(filters: Float32Array): void {
    const { template: n } = this.#size;
    const parts = this.#size.complexFilters ? 2 : 1;
    const width = parts * (Math.floor(n / 2) + 1);
    checkLength("correlation filters", filters.length, this.#size.filters * n * width);
    const row = new Float32Array(parts * this.#shape.stride);
    for (let y = 0; y < this.#size.filters * n; y++) {
      for (let x = 0; x < width; x++) row[x] = filters[y * width + x] / (n * n);
      this.#shared.set("filters", row, 4 * row.length * y);
    }
  }

  /** Sets rotations `first`…: 9 values each, row-major, acting on xyz columns from the template to the particle's view. */
  setRotations(rotations: Float32Array, first = 0): void {
    const count = rotations.length / 9;
    const packed = new Float32Array(6 * count);
    for (let i = 0; i < count; i++) {
      const [xx, xy, , yx, yy, , zx, zy] = rotations.subarray(9 * i, 9 * i + 9);
      packed.set([xx, yx, zx, xy, yy, zy], 6 * i);
    }
    this.#shared.set("rotations", packed, 24 * first);
  }

  /** Correlates blocks `firstBlock` to `lastBlock` (exclusive); progress counts templates. */
  async run(
    blocks: { firstBlock: number; lastBlock: number },
    options: Omit<RunOptions, "teams"> = {},
  ): Promise<void> {
    await this.#pool.run(this.#job(blocks), { ...options, teams: this.teams });
    this.#merge();
  }

  #job(blocks: { firstBlock: number; lastBlock: number }): CorrelateJob {
    const { address } = this.#shared;
    const { filters, complexFilters = false, exactSlices = false, magnification } = this.#size;
    return {
      kind: "correlate",
      ...blocks,
      shape: this.#shape,
      places: this.#teamRegions.map((regions) => placesOf(regions.address)),
      volume: this.#volume.address,
      spectrum: this.#spectrum.address.spectrum,
      rotations: address.rotations,
      filterBase: address.filters,
      filters,
      complexFilters,
      exactSlices,
      ...(magnification === undefined ? {} : { magnification }),
      templatePlan: address.templatePlan,
      rowPlan: address.rowPlan,
      columnPlan: address.columnPlan,
      templateCount: this.templateCount,
    };
  }

  /** Gathers what the teams found in the first one. */
  #merge(): void {
    const elements = this.#shape.rowBlocks * this.#shape.columns;
    const [first, ...others] = this.#teamRegions.map(({ address }) => ({
      values: this.#pool.f32(address.statistics, 16 * elements),
      indices: this.#pool.i32(address.statistics, 16 * elements),
      totals: this.#pool.f64(address.totals, 8 * elements),
    }));
    for (const other of others) mergeStatistics(first, other);
  }

  /** Copies rows `firstRow`… of one statistic into `into`, as many as fit. */
  read(name: StatisticName, into: Float32Array | Int32Array | Float64Array, firstRow = 0): void {
    readStatistic(this.#statistics(name), into, { columns: this.#shape.columns, firstRow, name });
  }

  /** Puts rows `firstRow`… of one statistic back, as {@link read} gave them. */
  restore(name: StatisticName, from: Float32Array | Int32Array | Float64Array, firstRow = 0): void {
    restoreStatistic(this.#statistics(name), from, { columns: this.#shape.columns, firstRow, name });
  }

  #statistics(name: StatisticName): Float32Array | Int32Array | Float64Array {
    const { statistics, totals } = this.#teamRegions[0].address;
    const elements = this.#shape.rowBlocks * this.#shape.columns;
    if (name === "maximum") return this.#pool.f32(statistics, 16 * elements);
    if (name === "index") return this.#pool.i32(statistics, 16 * elements);
    return this.#pool.f64(totals, 8 * elements);
  }

  dispose(): void {
    this.#shared.dispose();
    this.#spectrum.dispose();
    for (const regions of this.#teamRegions) regions.dispose();
  }
}

/** Bytes that a {@link CorrelationPlan} takes, without the template's spectrum. */
export function correlationBytes(
  size: CorrelationSize,
  workers: number,
  teams = teamCount(size, workers),
): number {
  const shape = correlateShape(size, { address: 0, rowBytes: 0 });
  const total = (sizes: Record<string, number>) =>
    Object.values(sizes).reduce((sum, bytes) => sum + bytes, 0);
  return (
    total(spectrumBytes(shape)) +
    total(sharedBytes(size, shape)) +
    teams * total(teamBytes(size, shape, workers))
  );
}

function checkLength(at: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new VitrineError({ code: "shape", at, expected: `${expected} values`, found: `${found}` });
}

function correlateShape(size: CorrelationSize, volume: VolumeSpectrum): CorrelateShape {
  const { template: n, complexFilters = false } = size;
  const [height, width] = size.image;
  if (n < 4 || n > Math.min(height, width)) {
    throw new VitrineError({
      code: "shape",
      at: "template",
      expected: `a side from 4 to ${Math.min(height, width)}, the image's shorter one`,
      found: `${n}`,
      hint: "Crop the template or take a larger micrograph",
    });
  }
  const [paddedHeight, paddedWidth] = [fastLength(height), fastLength(width)];
  const stride = 4 * Math.ceil((Math.floor(n / 2) + 1) / 4);
  const templateBlocks = Math.ceil(n / 4);
  const lineBufferBytes = 32 * Math.max(lineBufferElements(n), paddedHeight, paddedWidth) + STAGGER;
  const columnBytes = 128 * templateBlocks + STAGGER;
  const columnsPair = (paddedWidth / 4) * columnBytes;
  const rowBlocks = Math.ceil((height - n + 1) / 4);
  const correlationRowBytes = 32 * paddedWidth + STAGGER;
  const correlationPair = rowBlocks * correlationRowBytes;
  const pairs = pairsAVisit(columnsPair + correlationPair);
  const columnGroup = Math.max(
    2,
    Math.min(LARGEST_GROUP, Math.floor(GROUP_BYTES / (32 * paddedHeight * pairs))),
  );
  return {
    n,
    stride,
    height,
    width,
    templateBlocks,
    rowBlocks,
    columns: width - n + 1,
    paddedHeight,
    paddedWidth,
    volumeSide: volume.side ?? n,
    volumeRowBytes: volume.rowBytes,
    filterBytes: (complexFilters ? 8 : 4) * n * stride,
    templateRowBytes: 32 * n + STAGGER,
    columnBytes,
    columnsPair,
    correlationPair,
    pairs,
    spectrumBytes: 32 * paddedHeight,
    correlationRowBytes,
    columnGroup,
    lineBufferBytes,
    bufferBytes: pairs * columnGroup * lineBufferBytes + STAGGER,
  };
}

/** Pairs of templates in one visit: what a visit holds besides spectrum and statistics stays below {@link VISIT_BYTES}. */
function pairsAVisit(pairBytes: number): number {
  return [4, 2].find((pairs) => pairs * pairBytes <= VISIT_BYTES) ?? 1;
}

/** Rows of the micrograph that are copied in at a time: about 4 MiB. */
function stagingRows(width: number): number {
  return Math.max(4, 4 * Math.floor((1 << 18) / width));
}

function spectrumBytes(shape: CorrelateShape) {
  return { spectrum: (shape.paddedWidth / 4) * shape.spectrumBytes };
}

function sharedBytes(size: CorrelationSize, shape: CorrelateShape): Record<Piece, number> {
  return {
    rotations: 24 * size.orientations,
    filters: shape.filterBytes * size.filters,
    templatePlan: linePlanBytes(shape.n),
    rowPlan: linePlanBytes(shape.paddedWidth),
    columnPlan: linePlanBytes(shape.paddedHeight),
    staging: 4 * stagingRows(shape.width) * shape.width,
  };
}

function teamBytes(size: CorrelationSize, shape: CorrelateShape, workers: number) {
  const slice = 8 * shape.n * shape.stride;
  const statistics = 64 * shape.rowBlocks * shape.columns;
  return {
    slice0: slice,
    slice1: slice,
    raw: size.magnification === undefined ? 0 : slice,
    rows: shape.templateBlocks * shape.templateRowBytes,
    templates: shape.templateBlocks * shape.templateRowBytes,
    sums: 48 * shape.templateBlocks,
    columns: shape.pairs * shape.columnsPair,
    correlation: shape.pairs * shape.correlationPair,
    statistics,
    totals: statistics,
    buffers: workers * shape.bufferBytes,
  };
}

function teamCount(size: CorrelationSize, workers: number): number {
  const shape = correlateShape(size, { address: 0, rowBytes: 0 });
  const bytes = Object.values(teamBytes(size, shape, 1)).reduce((sum, each) => sum + each, 0);
  return Math.max(1, Math.min(workers, Math.floor(TEAM_BUDGET / bytes)));
}

function placesOf(address: Record<keyof ReturnType<typeof teamBytes>, number>): TeamPlaces {
  const { slice0, slice1, ...places } = address;
  return { ...places, slices: [slice0, slice1] };
}
