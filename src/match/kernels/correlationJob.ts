import { defineJob, runPhases, type WorkerContext } from "../../compute/kernels/index.ts";

/** Templates whose sums are taken in float32 before they go to float64; every cut of the work lies between two blocks. */
export const BLOCK_TEMPLATES = 64;

/** Addresses of what one team works in. */
export interface TeamAddresses {
  /** Two central slices, by parity of the orientation. */
  readonly slices: readonly [number, number];
  /** Slices before magnification, where that is wanted. */
  readonly raw: number;
  readonly rows: number;
  readonly templates: number;
  readonly sums: number;
  readonly columns: number;
  readonly correlation: number;
  readonly statistics: number;
  readonly totals: number;
  /** Line buffers, one a member. */
  readonly buffers: number;
}

/** Lengths that every team shares; see {@link CorrelationTask}. */
export interface CorrelationShape {
  /** Side of the template. */
  readonly n: number;
  /** Complex values of a row of a slice, a multiple of 4. */
  readonly stride: number;
  /** The image before padding. */
  readonly height: number;
  readonly width: number;
  /** The image for which templates are normalised. */
  readonly normalHeight: number;
  readonly normalWidth: number;
  /** Rows of the template in blocks of 4, and rows and columns of the correlation that count. */
  readonly templateBlocks: number;
  readonly rowBlocks: number;
  readonly columns: number;
  /** Padded lengths. */
  readonly paddedHeight: number;
  readonly paddedWidth: number;
  readonly volumeSide: number;
  readonly volumeRowBytes: number;
  readonly filterBytes: number;
  readonly templateRowBytes: number;
  readonly columnBytes: number;
  readonly spectrumBytes: number;
  readonly correlationRowBytes: number;
  /** Pairs of templates that are correlated in one visit of spectrum and statistics; a divisor of 32. */
  readonly pairs: number;
  /** Bytes from one pair's columns, and correlation, to the next one's. */
  readonly columnsPair: number;
  readonly correlationPair: number;
  /** Column blocks that are finished before any is stored. */
  readonly columnGroup: number;
  /** Of one member: `columnGroup` line buffers for each pair, at least 2, and a spare element. */
  readonly bufferBytes: number;
  readonly lineBufferBytes: number;
}

/**
 * A piece of a template search: blocks `firstBlock` to `lastBlock` (exclusive) of `BLOCK_TEMPLATES` templates.
 * Template t is orientation floor(t / filters) seen through filter t mod filters; 2k and 2k + 1 travel together,
 * and `shape.pairs` such pairs make a visit.
 */
export interface CorrelationTask {
  readonly shape: CorrelationShape;
  readonly teams: readonly TeamAddresses[];
  readonly volume: number;
  readonly spectrum: number;
  /** Rotations, 6 float32 each: xx, yx, zx, xy, yy, zy (the first two columns). */
  readonly rotations: number;
  readonly filterBase: number;
  readonly filters: number;
  readonly complexFilters: boolean;
  /** (A^-1)^T as yy, yx, xy, xx; absent where magnification is isotropic. */
  readonly magnification?: readonly [number, number, number, number];
  /** Slices without the samples that Leopard-EM drops; see assembly/slices.ts. */
  readonly exactSlices: boolean;
  readonly templatePlan: number;
  readonly rowPlan: number;
  readonly columnPlan: number;
  readonly templateCount: number;
  readonly firstBlock: number;
  readonly lastBlock: number;
  /** Where correlations above a threshold are kept; absent: nowhere. */
  readonly hits?: HitsTask;
}

/** Memory for records, of all teams. */
export interface HitsTask {
  readonly address: number;
  /** Records that it holds. */
  readonly capacity: number;
  readonly threshold: number;
  /** Rows of the map. */
  readonly rows: number;
  /** Leave the statistics as they are. */
  readonly only: boolean;
}

/** Elements that one call of a kernel may visit: about a millisecond's work, far below the 10 ms that abort allows. */
const CALL_ELEMENTS = 1 << 18;

/** Single kernels of this folder, spread over the workers. */
export const matchPhasesJob = defineJob("match/phases", runPhases);

/** Runs a piece of a template search in one worker; reports templates. */
export const correlationJob = defineJob("match/correlation", (context, job: CorrelationTask) => {
  const { team } = context;
  const run = new TeamRun(context, job);
  for (;;) {
    const block = job.firstBlock + team.claim(0);
    if (block >= job.lastBlock) return;
    const end = Math.min(job.templateCount, (block + 1) * BLOCK_TEMPLATES);
    run.correlate(block * BLOCK_TEMPLATES, end);
    run.flush();
    if (team.rank === 0) context.report(end - block * BLOCK_TEMPLATES);
  }
});

/** One member's share of its team's steps. All members make the same calls in the same order. */
export class TeamRun {
  readonly #context: WorkerContext;
  readonly #job: CorrelationTask;
  readonly #addresses: TeamAddresses;
  readonly #buffer: number;
  readonly #rotations: Float32Array;
  /** Orientation that each slice holds. */
  readonly #held = [-1, -1];

  constructor(context: WorkerContext, job: CorrelationTask) {
    this.#context = context;
    this.#job = job;
    this.#addresses = job.teams[context.team.index];
    this.#buffer = this.#addresses.buffers + context.team.rank * job.shape.bufferBytes;
    const orientations = Math.ceil(job.templateCount / job.filters);
    this.#rotations = new Float32Array(context.memory.buffer, job.rotations, 6 * orientations);
  }

  /** Correlates templates `first` to `end` (exclusive); `first` is even. */
  correlate(first: number, end: number): void {
    const step = 2 * this.#job.shape.pairs;
    for (let at = first; at < end; at += step) this.#visit(at, Math.min(step, end - at));
  }

  #visit(first: number, count: number): void {
    for (let i = 0; i < count; i += 2) this.#prepare(first + i, i / 2);
    this.#correlate(first, count);
  }

  flush(): void {
    const { kernels } = this.#context;
    const { statistics, totals } = this.#addresses;
    const { rowBlocks, columns } = this.#job.shape;
    this.#spread(rowBlocks * columns, 4, (begin, end) => {
      kernels.flushStatistics(statistics, totals, begin, end);
    });
  }

  /** Ranges of lines of `length` elements, some for each member, none too long. */
  #spread(count: number, length: number, body: (begin: number, end: number) => void): void {
    const { team } = this.#context;
    const share = team.size === 1 ? count : Math.ceil(count / (4 * team.size));
    team.parallel(count, Math.max(1, Math.min(share, Math.floor(CALL_ELEMENTS / (4 * length)))), body);
  }

  #slice(orientation: number): number {
    const slot = orientation & 1;
    const slice = this.#addresses.slices[slot];
    if (this.#held[slot] === orientation) return slice;
    this.#held[slot] = orientation;
    const { kernels } = this.#context;
    const { shape, volume, magnification } = this.#job;
    const { n, stride, volumeSide, volumeRowBytes } = shape;
    const [xx, yx, zx, xy, yy, zy] = this.#rotations.subarray(6 * orientation, 6 * orientation + 6);
    const exact = this.#job.exactSlices ? 1 : 0;
    const target = magnification === undefined ? slice : this.#addresses.raw;
    this.#spread(n, 2 * stride, (begin, end) => {
      kernels.sliceRows(
        volume,
        volumeSide,
        volumeRowBytes,
        target,
        n,
        stride,
        xx,
        yx,
        zx,
        xy,
        yy,
        zy,
        exact,
        begin,
        end,
      );
    });
    if (magnification !== undefined) {
      this.#spread(n, 2 * stride, (begin, end) => {
        kernels.magnifyRows(target, n, stride, slice, ...magnification, exact, begin, end);
      });
    }
    return slice;
  }

  /** Slices, filters, inverse transform, normalisation, padded row transform. */
  #prepare(first: number, pair: number): void {
    const { kernels } = this.#context;
    const { shape, filters, filterBase, complexFilters, templatePlan, rowPlan } = this.#job;
    const { n, stride, templateBlocks, templateRowBytes, columnBytes, lineBufferBytes } = shape;
    const { rows, templates, sums, columns } = this.#addresses;
    const buffer = this.#buffer;
    const single = first + 1 >= this.#job.templateCount;
    const second = single ? first : first + 1;
    const filter = (template: number) => filterBase + (template % filters) * shape.filterBytes;
    const slice1 = this.#slice(Math.floor(first / filters));
    const slice2 = this.#slice(Math.floor(second / filters));
    this.#spread(stride / 4, 2 * n, (begin, end) => {
      kernels.templateColumns(
        slice1,
        slice2,
        filter(first),
        filter(second),
        complexFilters ? 1 : 0,
        n,
        stride,
        templatePlan,
        rows,
        templateRowBytes,
        buffer,
        lineBufferBytes,
        begin,
        end,
      );
    });
    this.#spread(templateBlocks, 2 * n, (begin, end) => {
      kernels.templateRows(
        rows,
        templateRowBytes,
        n,
        templatePlan,
        templates,
        templateRowBytes,
        sums,
        buffer,
        begin,
        end,
      );
    });
    this.#spread(templateBlocks, shape.paddedWidth, (begin, end) => {
      kernels.templatePad(
        templates,
        templateRowBytes,
        n,
        sums,
        shape.normalHeight,
        shape.normalWidth,
        single ? 1 : 0,
        rowPlan,
        columns + pair * shape.columnsPair,
        columnBytes,
        buffer,
        begin,
        end,
      );
    });
  }

  #correlate(first: number, count: number): void {
    const { kernels } = this.#context;
    const { shape, spectrum, rowPlan, columnPlan, hits } = this.#job;
    const { columns, correlation, statistics } = this.#addresses;
    const buffer = this.#buffer;
    const pairs = Math.ceil(count / 2);
    const hitArguments =
      hits === undefined
        ? [0, 0, 0, 0, 0]
        : [hits.address, hits.capacity, hits.threshold, hits.rows, hits.only ? 1 : 0];
    this.#spread(shape.paddedWidth / 4, pairs * shape.paddedHeight, (begin, end) => {
      kernels.correlateColumns(
        columns,
        shape.columnBytes,
        4 * shape.templateBlocks,
        pairs,
        shape.columnsPair,
        spectrum,
        shape.spectrumBytes,
        columnPlan,
        correlation,
        shape.correlationRowBytes,
        shape.correlationPair,
        shape.rowBlocks,
        shape.columnGroup,
        buffer,
        shape.lineBufferBytes,
        begin,
        end,
      );
    });
    this.#spread(shape.rowBlocks, pairs * shape.paddedWidth, (begin, end) => {
      kernels.correlateRows(
        correlation,
        shape.correlationRowBytes,
        shape.correlationPair,
        count,
        rowPlan,
        shape.columns,
        statistics,
        first,
        buffer,
        begin,
        end,
        ...hitArguments,
      );
    });
  }
}
