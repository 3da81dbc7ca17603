import type { Shape2 } from "../core/index.ts";
import { BLOCK_TEMPLATES, type CorrelateJob, type CorrelateShape } from "./correlateJob.ts";
import {
  type CorrelationSize,
  checkLength,
  correlateShape,
  packFilters,
  packRotations,
  placesOf,
  teamBytes,
  templateSource,
  type VolumeSpectrum,
} from "./correlateLayout.ts";
import { linePlanBytes, writeLinePlan } from "./linePlan.ts";
import type { Pool, RunOptions } from "./pool.ts";
import type { Phase } from "./protocol.ts";
import { createRegions, type Regions } from "./regions.ts";
import { mergeStatistics, readStatistic, restoreStatistic, type StatisticName } from "./statistics.ts";

export type { CorrelationSize, VolumeSpectrum } from "./correlateLayout.ts";

/** Memory for the accumulators of several teams is given up to this many bytes; beyond, workers share a team. */
const TEAM_BUDGET = 512 * 2 ** 20;

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
    const form = { size: this.#size, shape: this.#shape };
    packFilters(filters, form, (row, offset) => this.#shared.set("filters", row, offset));
  }

  /** Sets rotations `first`…: 9 values each, row-major, acting on xyz columns from the template to the particle's view. */
  setRotations(rotations: Float32Array, first = 0): void {
    this.#shared.set("rotations", packRotations(rotations), 24 * first);
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
    return {
      kind: "correlate",
      ...blocks,
      shape: this.#shape,
      places: this.#teamRegions.map((regions) => placesOf(regions.address)),
      volume: this.#volume.address,
      spectrum: this.#spectrum.address.spectrum,
      ...templateSource(this.#size, address),
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

function teamCount(size: CorrelationSize, workers: number): number {
  const shape = correlateShape(size, { address: 0, rowBytes: 0 });
  const bytes = Object.values(teamBytes(size, shape, 1)).reduce((sum, each) => sum + each, 0);
  return Math.max(1, Math.min(workers, Math.floor(TEAM_BUDGET / bytes)));
}
