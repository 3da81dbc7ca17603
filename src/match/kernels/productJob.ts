import { defineJob, type WorkerContext } from "../../compute/kernels/index.ts";
import { BEST_NUMBERS, type BoxInputs, keepBest, largest, type Maxima } from "./boxJob.ts";

/** Words of a products plan; assembly/products.ts says what they hold. */
export const PRODUCT_PLAN_WORDS = 25;

/** Columns of a panel of windows, as the kernels have them. */
export const PANEL_WINDOWS = 8;

/** What all members share; see assembly/products.ts and assembly/windows.ts. */
export interface ProductShape {
  readonly n: number;
  readonly stride: number;
  readonly filters: number;
  readonly complexFilters: boolean;
  readonly exactSlices: boolean;
  readonly volume: number;
  readonly volumeSide: number;
  readonly volumeRowBytes: number;
  readonly filterBytes: number;
  readonly normalHeight: number;
  readonly normalWidth: number;
  /** Of a box. */
  readonly width: number;
  /** Positions of the template in a box, and how many of them lie in a row. */
  readonly windows: number;
  readonly across: number;
  /** Panels of {@link PANEL_WINDOWS} columns: the windows, the border, and what fills the last. */
  readonly panels: number;
  /** Rows of slices that are made and multiplied at a time, how often, and the bytes of B that belong to them. */
  readonly pieceRows: number;
  readonly pieces: number;
  readonly pieceBytes: number;
  readonly templateCount: number;
  /** Templates that share a reading of B. */
  readonly groupTemplates: number;
  /** Pieces that one call of a kernel takes. */
  readonly callPieces: number;
  /** Columns of a transform that travel together, and the bytes of their line buffers. */
  readonly wide: number;
  readonly lineBufferBytes: number;
}

/** Addresses of one member's own memory. */
export interface MemberAddresses {
  readonly plan: number;
  readonly slices: number;
  readonly panels: number;
  readonly products: number;
  readonly edges: number;
  readonly energies: number;
  readonly values: number;
  readonly templates: number;
  /** Half spectra of the windows of one panel, `spectrumBytes` apart. */
  readonly spectra: number;
  readonly buffers: number;
}

/** Boxes by products of templates and windows. */
export interface ProductTask extends BoxInputs {
  readonly shape: ProductShape;
  readonly linePlan: number;
  /** Where each team's matrix of windows lies. */
  readonly matrices: readonly number[];
  /** Each team's members. */
  readonly members: readonly (readonly MemberAddresses[])[];
}

/** Correlates boxes in one worker; reports templates. */
export const productJob = defineJob("match/boxProducts", (context, task: ProductTask) => {
  for (;;) {
    const box = context.team.claim(0);
    if (box >= task.count) return;
    new BoxProduct(context, task, box).run();
  }
});

/** One member's share of a box. All members make the same calls in the same order. */
class BoxProduct {
  readonly #context: WorkerContext;
  readonly #task: ProductTask;
  readonly #box: number;
  readonly #own: MemberAddresses;

  constructor(context: WorkerContext, task: ProductTask, box: number) {
    this.#context = context;
    this.#task = task;
    this.#box = box;
    this.#own = task.members[context.team.index][context.team.rank];
  }

  run(): void {
    const { team, memory } = this.#context;
    const { templateCount } = this.#task.shape;
    this.#writePlan();
    this.#transformWindows();
    const maxima = this.#search(0, templateCount);
    const { batch, results } = this.#task;
    if (team.rank === 0) keepBest(this.#context, this.#task, { box: this.#box, maxima });
    if (batch === 0) return;
    team.barrier();
    const best = new Float64Array(memory.buffer, results + 8 * BEST_NUMBERS * this.#box, BEST_NUMBERS);
    const index = best[2];
    if (index < 0) return;
    const first = index - (index % batch);
    const { values } = this.#search(first, Math.min(templateCount, first + batch), false);
    if (team.rank === 0) best[4] = largest(values);
  }

  #writePlan(): void {
    const { shape, rotations, rotationBytes, filters, matrices } = this.#task;
    const own = this.#own;
    const words = new Uint32Array(this.#context.memory.buffer, own.plan, PRODUCT_PLAN_WORDS);
    words.set([shape.n, shape.stride, shape.filters, shape.complexFilters ? 1 : 0, shape.pieceRows], 0);
    words.set([shape.volume, shape.volumeSide, shape.volumeRowBytes, shape.exactSlices ? 1 : 0], 5);
    words.set([rotations + this.#box * rotationBytes, filters[this.#box], shape.filterBytes], 9);
    words.set([matrices[this.#context.team.index], shape.panels, shape.pieceBytes], 12);
    words.set([own.slices, own.panels, own.products, own.edges, own.energies], 15);
    words.set([shape.windows, shape.normalHeight, shape.normalWidth, own.values, own.templates], 20);
  }

  /** The matrix of windows, a panel for each member in turn. */
  #transformWindows(): void {
    const { kernels, team } = this.#context;
    const { shape } = this.#task;
    const { n, panels, pieceRows, pieceBytes, stride } = shape;
    const matrix = this.#task.matrices[team.index];
    const spectrumBytes = spectrumBytesOf(n);
    team.parallel(panels, 1, (panel) => {
      for (let i = 0; i < PANEL_WINDOWS; i++) this.#transformWindow(PANEL_WINDOWS * panel + i, i);
      team.check();
      kernels.packWindows(
        this.#own.spectra,
        spectrumBytes,
        n,
        stride,
        panel,
        pieceRows,
        matrix,
        pieceBytes,
        0,
        n,
      );
    });
  }

  #transformWindow(window: number, slot: number): void {
    const { kernels, team } = this.#context;
    const { images, imageBytes, linePlan, shape } = this.#task;
    const { n, width, across, windows, wide, lineBufferBytes } = shape;
    const { buffers } = this.#own;
    const at = this.#own.spectra + slot * spectrumBytesOf(n);
    const row = spectrumBytesOf(n) / n;
    team.check();
    const image = images + this.#box * imageBytes;
    kernels.windowImages(image, width, n, across, windows, at, 0, row, window, window + 1);
    kernels.realRows(at, row, at, row, n, linePlan, buffers, 0, Math.ceil(n / 8));
    const inner = row / 8;
    const blocks = Math.ceil(inner / wide);
    kernels.complexColumns(at, 0, row, inner, wide, linePlan, 0, 1, lineBufferBytes, buffers, 0, blocks);
  }

  /** Correlates templates `first` to `end`; what all members found, for the first of them. */
  #search(first: number, end: number, reports = true): Maxima {
    const { team } = this.#context;
    const { groupTemplates } = this.#task.shape;
    const own = this.#maximaOf(this.#own);
    own.values.fill(Number.NEGATIVE_INFINITY);
    own.templates.fill(-1);
    const groups = Math.ceil((end - first) / groupTemplates);
    // of nearly the same size, since each reads the matrix of windows once
    const border = (group: number) => first + Math.floor((group * (end - first)) / groups);
    team.parallel(groups, 1, (group) => this.#group(border(group), border(group + 1), reports));
    if (team.rank === 0) this.#merge();
    return own;
  }

  #group(first: number, end: number, reports: boolean): void {
    const { kernels, team, report } = this.#context;
    const { pieces, callPieces } = this.#task.shape;
    const { plan } = this.#own;
    for (let piece = 0; piece < pieces; piece += callPieces) {
      team.check();
      kernels.productRows(plan, first, end - first, piece, Math.min(pieces, piece + callPieces));
    }
    kernels.productScores(plan, first, 0, end - first);
    if (reports) report(end - first);
  }

  #maximaOf({ values, templates }: MemberAddresses) {
    const { buffer } = this.#context.memory;
    const { windows } = this.#task.shape;
    return {
      values: new Float32Array(buffer, values, windows),
      templates: new Int32Array(buffer, templates, windows),
    };
  }

  /** The larger maximum, of equal ones that of the earlier template. */
  #merge(): void {
    const [into, ...others] = this.#task.members[this.#context.team.index].map((each) =>
      this.#maximaOf(each),
    );
    for (const { values, templates } of others.slice(0, this.#context.team.size - 1)) {
      for (let i = 0; i < values.length; i++) {
        const isEarlier =
          values[i] === into.values[i] && templates[i] >= 0 && templates[i] < into.templates[i];
        if (!(values[i] > into.values[i] || isEarlier)) continue;
        into.values[i] = values[i];
        into.templates[i] = templates[i];
      }
    }
  }
}

/** Bytes of the half spectrum of a window. */
export function spectrumBytesOf(n: number): number {
  return 8 * n * (Math.floor(n / 2) + 1);
}
