import type {
  Backend,
  FftPlan,
  Plan,
  PlanArray,
  PlanKind,
  PlanTypes,
  RunOptions,
} from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type Phase,
  type PlanArrayShape,
  type Regions,
  regionBytes,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import type { Shape2 } from "../../core/index.ts";
import {
  BLOCK_TEMPLATES,
  type CorrelationShape,
  type CorrelationTask,
  correlationJob,
  type HitsTask,
  matchPhasesJob,
} from "./correlationJob.ts";
import {
  addressesOf,
  type CorrelationSize,
  correlationShape,
  linePlanSizes,
  packFilters,
  packRotations,
  spectrumBytes,
  type TemplateSpectrum,
  teamBytes,
  templateSource,
  templateSpectrum,
  writeLinePlans,
} from "./correlationLayout.ts";
import { HIT_WORDS, Hits, thresholdFor } from "./hits.ts";
import { mergeStatistics, readStatistic, restoreStatistic, type StatisticName } from "./statistics.ts";

/** Blocks of `BLOCK_TEMPLATES` templates that a run correlates; all of them where a border is left out. */
export interface BlockRange {
  readonly firstBlock?: number;
  /** Exclusive. */
  readonly lastBlock?: number;
}

/** The words of a {@link CorrelationPlan}. Progress counts templates. */
export interface CorrelationTypes extends PlanTypes {
  /**
   * - `image` (height, width): the filtered micrograph, of mean 0; setting it empties the statistics.
   * - `filters` (filters, n, n/2+1) in natural order, complex interleaved if the size says so: everything that a slice is multiplied
   *   by but the 1/n² of the inverse transform. Whole, at once.
   * - `rotations` (orientations, 9), row-major, acting on xyz columns from the template to the particle's view.
   * - a statistic (height - n + 1, width - n + 1), as it was read, to go on with; all four of them.
   */
  readonly input: "image" | "filters" | "rotations" | StatisticName;
  /** Statistics (height - n + 1, width - n + 1). */
  readonly output: StatisticName;
  readonly work: BlockRange & {
    /** Raised: no block is begun any more, and those under way are finished. */
    readonly pause?: AbortSignal;
  };
  /** The first block that was not correlated: the end of the range, unless it was paused. All blocks before it were. */
  readonly outcome: number;
}

/**
 * Correlates one micrograph with a template in many orientations and keeps, for every place where the whole template
 * fits, the maximum, the index of its first occurrence, the sum and the sum of squares.
 *
 * Template index t = orientation * filters + filter. The result does not depend on the number of workers; sums to one unit in the last
 * place of float32.
 */
export interface CorrelationPlan extends Plan<CorrelationTypes> {
  /** Rows and columns of the statistics. */
  readonly shape: Shape2;
  readonly templateCount: number;
  /** Units of work, see `BLOCK_TEMPLATES`. */
  readonly blockCount: number;
  /** Correlations above the threshold of the blocks that were run, where the size asks for them. */
  readonly hits?: Hits;
}

/** What a correlation works on besides its own memory. */
export interface TemplateUse {
  /**
   * Holds the template's half spectrum (side, side, side/2+1), its origin moved from voxel side/2 to 0; side is the template's, or more where
   * that was padded.
   */
  readonly spectrum: FftPlan;
}

/** The kind of plan that {@link createCorrelation} makes. */
export const correlationPlan: PlanKind<CorrelationSize, CorrelationPlan, TemplateUse> = {
  name: "match/correlation",
  wasm: {
    bytes: (size, workers) => correlationBytes(size, workers, teamCount(size, workers)),
    create: (pool, request) => new WasmCorrelation(pool, request, request.spectrum),
  },
};

/**
 * Makes a {@link CorrelationPlan}.
 *
 * @throws {VitrineError} shape: a template that does not fit; range: more memory than there is
 */
export function createCorrelation(
  backend: Backend,
  size: CorrelationSize,
  { spectrum }: TemplateUse,
): CorrelationPlan {
  return backend.plan(correlationPlan, { ...size, spectrum });
}

/** Memory for the accumulators of several teams is given up to this many bytes; beyond, workers share a team. */
const TEAM_BUDGET = 512 * 2 ** 20;

/** A correlation in a pool's memory, on its workers. */
export class WasmCorrelation implements CorrelationPlan {
  readonly bytes: number;
  readonly shape: Shape2;
  readonly templateCount: number;
  readonly blockCount: number;
  readonly hits?: Hits;
  readonly #pool: WorkerPool;
  readonly #size: CorrelationSize;
  readonly #shape: CorrelationShape;
  readonly #template: TemplateSpectrum;
  readonly #shared: Regions<keyof ReturnType<typeof sharedBytes>>;
  /** By itself, so that it fits where the micrograph's transform was. */
  readonly #spectrum: Regions<"spectrum">;
  /** The image lies where the first team will put correlations, until it is transformed. */
  readonly #teams: Regions<keyof ReturnType<typeof teamBytes>>[];
  #imageWaits = false;
  #hasStatistics = false;

  constructor(
    pool: WorkerPool,
    size: CorrelationSize,
    spectrum: FftPlan,
    teams = teamCount(size, pool.workers),
  ) {
    const template = templateSpectrum(spectrum);
    const shape = correlationShape(size, template);
    if (size.hits !== undefined) this.hits = new Hits(size.hits);
    this.#pool = pool;
    this.#size = size;
    this.#shape = shape;
    this.#template = template;
    this.shape = [size.image[0] - size.template + 1, shape.columns];
    this.templateCount = size.orientations * size.filters;
    this.blockCount = Math.ceil(this.templateCount / BLOCK_TEMPLATES);
    this.#spectrum = createRegions(pool, { spectrum: spectrumBytes(shape) });
    this.#shared = createRegions(pool, sharedBytes(size, shape));
    this.#teams = Array.from({ length: teams }, (_, team) =>
      createRegions(pool, bytesOfTeam(team, size, { shape, workers: pool.workers })),
    );
    const all = [this.#spectrum, this.#shared, ...this.#teams];
    this.bytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
    writeLinePlans(pool, this.#shared.address, shape);
  }

  set(name: CorrelationTypes["input"], data: PlanArray, at = 0): void {
    checkRows(`correlation ${name}`, this.#arrayOf(name), { data, at });
    switch (name) {
      case "image":
        this.#teams[0].set("correlation", data, 4 * this.#size.image[1] * at);
        this.#imageWaits = true;
        this.#hasStatistics = false;
        break;
      case "filters":
        packFilters(data, this.#form, (row, offset) => this.#shared.set("filters", row, offset));
        break;
      case "rotations":
        this.#shared.set("rotations", packRotations(data), 24 * at);
        break;
      default:
        this.#restore(name, data, at);
    }
  }

  get #form() {
    return { size: this.#size, shape: this.#shape };
  }

  #arrayOf(name: CorrelationTypes["input"]): PlanArrayShape {
    const { image, template: n, filters, orientations, complexFilters = false } = this.#size;
    const [rows, columns] = this.shape;
    const parts = complexFilters ? 2 : 1;
    switch (name) {
      case "image":
        return { type: "f32", rows: image[0], rowLength: image[1] };
      case "filters":
        return { type: "f32", rows: 1, rowLength: filters * n * parts * (Math.floor(n / 2) + 1) };
      case "rotations":
        return { type: "f32", rows: orientations, rowLength: 9 };
      case "maximum":
        return { type: "f32", rows, rowLength: columns };
      case "index":
        return { type: "i32", rows, rowLength: columns };
      default:
        return { type: "f64", rows, rowLength: columns };
    }
  }

  #restore(name: StatisticName, data: PlanArray, firstRow: number): void {
    if (!this.#hasStatistics) this.#emptyNow();
    restoreStatistic(this.#statistic(name), data, { columns: this.#shape.columns, firstRow, name });
  }

  /** Empties the statistics at once: what is set next must stay, what is read shows that nothing has run. */
  #emptyNow(): void {
    for (const team of this.#teamStatistics()) {
      for (let element = 0; element < team.values.length; element += 16) {
        team.values.fill(Number.NEGATIVE_INFINITY, element, element + 4);
        team.indices.fill(-1, element + 4, element + 8);
        team.values.fill(0, element + 8, element + 16);
      }
      team.totals.fill(0);
    }
    this.#hasStatistics = true;
  }

  async run(range: CorrelationTypes["work"] = {}, options: RunOptions = {}): Promise<number> {
    const { signal } = options;
    const first = [...(this.#imageWaits ? this.#imagePhases() : []), ...this.#emptyingPhases()];
    if (first.length > 0) await this.#pool.run(matchPhasesJob, first, signal === undefined ? {} : { signal });
    this.#imageWaits = false;
    this.#hasStatistics = true;
    const task = {
      firstBlock: range.firstBlock ?? 0,
      lastBlock: range.lastBlock ?? this.blockCount,
      shape: this.#shape,
      teams: this.#teams.map((regions) => addressesOf(regions.address)),
      volume: this.#template.address,
      spectrum: this.#spectrum.address.spectrum,
      ...templateSource(this.#size, this.#shared.address),
      templateCount: this.templateCount,
      ...this.#hitsTask(false),
    };
    let { lastBlock } = task;
    const onPause = (given: number) => {
      lastBlock = Math.min(lastBlock, task.firstBlock + given);
    };
    const pause = range.pause && { pause: { signal: range.pause, onPause } };
    await this.#pool.run(correlationJob, task, { ...options, ...pause, teams: this.#teams.length });
    this.#merge();
    await this.#gatherHits({ ...task, lastBlock }, signal);
    return lastBlock;
  }

  /** Empties the records. */
  #hitsTask(only: boolean): { hits?: HitsTask } {
    if (this.hits === undefined) return {};
    const address = this.#shared.address.hits;
    this.#pool.i32(address, 1)[0] = 0;
    const { limit, threshold } = this.hits;
    return { hits: { address, capacity: hitCapacity(limit), threshold, rows: this.shape[0], only } };
  }

  /** Where records were too many for their memory, those above a higher threshold, in further rounds without statistics. */
  async #gatherHits(task: CorrelationTask, signal: AbortSignal | undefined): Promise<void> {
    if (this.hits === undefined) return;
    const { limit } = this.hits;
    const capacity = hitCapacity(limit);
    for (;;) {
      const { hits: address } = this.#shared.address;
      const [count] = this.#pool.i32(address, 1);
      const records = this.#pool.i32(address + 16, HIT_WORDS * Math.min(count, capacity));
      if (count <= capacity) return this.hits.add(records);
      // some of them have more than `limit` above the threshold: so do all
      this.hits.raise(thresholdFor(records, limit));
      const again = { ...task, ...this.#hitsTask(true) };
      await this.#pool.run(correlationJob, again, { teams: this.#teams.length, ...(signal && { signal }) });
    }
  }

  /** The image's transform, in the order that correlations read. */
  #imagePhases(): Phase[] {
    const { height, width, paddedHeight, paddedWidth, spectrumBytes, bufferBytes } = this.#shape;
    const { rowPlan, columnPlan } = this.#shared.address;
    const { spectrum } = this.#spectrum.address;
    const { correlation, buffers } = this.#teams[0].address;
    const rows = [correlation, height, width, rowPlan, spectrum, spectrumBytes];
    const scratch = { address: buffers, bytes: bufferBytes };
    const columns = [spectrum, spectrumBytes, columnPlan, 1 / (paddedHeight * paddedWidth)];
    return [
      { kernel: "imageRows", args: rows, scratch, count: paddedHeight / 4, step: 8 },
      { kernel: "imageColumns", args: columns, count: paddedWidth / 4, step: 8 },
    ];
  }

  #emptyingPhases(): Phase[] {
    if (this.#hasStatistics) return [];
    const count = this.#shape.rowBlocks * this.#shape.columns;
    return this.#teams.map(({ address: { statistics, totals } }) => {
      return { kernel: "clearStatistics", args: [statistics, totals], count, step: 1 << 16 };
    });
  }

  #teamStatistics() {
    const elements = this.#shape.rowBlocks * this.#shape.columns;
    return this.#teams.map(({ address }) => ({
      values: this.#pool.f32(address.statistics, 16 * elements),
      indices: this.#pool.i32(address.statistics, 16 * elements),
      totals: this.#pool.f64(address.totals, 8 * elements),
    }));
  }

  /** Gathers what the teams found in the first one. */
  #merge(): void {
    const [first, ...others] = this.#teamStatistics();
    for (const other of others) mergeStatistics(first, other);
  }

  read(name: StatisticName, into: PlanArray, firstRow = 0): void {
    checkRows(`correlation ${name}`, this.#arrayOf(name), { data: into, at: firstRow });
    if (!this.#hasStatistics) this.#emptyNow();
    readStatistic(this.#statistic(name), into, { columns: this.#shape.columns, firstRow, name });
  }

  #statistic(name: StatisticName): Float32Array | Int32Array | Float64Array {
    const [{ values, indices, totals }] = this.#teamStatistics();
    if (name === "maximum") return values;
    return name === "index" ? indices : totals;
  }

  dispose(): void {
    this.#shared.dispose();
    this.#spectrum.dispose();
    for (const regions of this.#teams) regions.dispose();
  }
}

function correlationBytes(size: CorrelationSize, workers: number, teams: number): number {
  const shape = correlationShape(size);
  const each = Array.from({ length: teams }, (_, team) =>
    regionBytes(bytesOfTeam(team, size, { shape, workers })),
  );
  return (
    regionBytes({ spectrum: spectrumBytes(shape) }) +
    regionBytes(sharedBytes(size, shape)) +
    each.reduce((sum, bytes) => sum + bytes, 0)
  );
}

function bytesOfTeam(
  team: number,
  size: CorrelationSize,
  { shape, workers }: { readonly shape: CorrelationShape; readonly workers: number },
) {
  const bytes = teamBytes(size, shape, workers);
  const imageBytes = 4 * size.image[0] * size.image[1];
  return team === 0 ? { ...bytes, correlation: Math.max(bytes.correlation, imageBytes) } : bytes;
}

function sharedBytes(size: CorrelationSize, shape: CorrelationShape) {
  return {
    rotations: 24 * size.orientations,
    filters: shape.filterBytes * size.filters,
    hits: size.hits === undefined ? 0 : 16 + 4 * HIT_WORDS * hitCapacity(size.hits.limit),
    ...linePlanSizes(shape),
  };
}

/** Records that there is memory for: more than the limit, so that too many show how high the threshold must be. */
function hitCapacity(limit: number): number {
  return 2 * limit;
}

function teamCount(size: CorrelationSize, workers: number): number {
  const bytes = regionBytes(teamBytes(size, correlationShape(size), 1));
  return Math.max(1, Math.min(workers, Math.floor(TEAM_BUDGET / bytes)));
}
