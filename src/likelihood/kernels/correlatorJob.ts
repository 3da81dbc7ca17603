import { defineJob } from "../../compute/kernels/index.ts";
import { ELEMENT, type KernelPrecision, numbersOf, ROWS } from "./precision.ts";

/** A group of items (4 or 2, as the precision says) of a batch, all displacements. */
export interface TemplatesTask {
  readonly precision: KernelPrecision;
  readonly shells: number;
  readonly inplanes: number;
  /** Items that lie at `items`, the first of them template `first`, a multiple of the lanes. */
  readonly count: number;
  readonly first: number;
  readonly items: number;
  readonly itemBytes: number;
  /** Line block of each displacement. */
  readonly displaced: readonly number[];
  /** Where spectra or coefficients go: [group][displacement][depth] elements. */
  readonly templates: number;
  readonly depth: number;
  /** Line block and place of squared templates and of their offsets: [group][stride] elements. */
  readonly squares: Side;
  readonly offsets?: Side;
  readonly compression?: Compression;
  /** Working memory of each thread. */
  readonly work: number;
  readonly workBytes: number;
}

/** Spectra of another kind that go with the items. */
export interface Side {
  readonly block: number;
  readonly to: number;
  /** Elements of a group. */
  readonly stride: number;
}

/** How spectra become coefficients (assembly/product.ts). */
export interface Compression {
  readonly frequencies: number;
  readonly count: number;
  /** Lists for what is left of a spectrum; squared, a vector of each group and displacement at `sums`. */
  readonly residuals?: { readonly list: number; readonly count: number; readonly sums: number };
}

/** Transforms templates; reports spectra. */
export const templatesJob = defineJob(
  "likelihood/templates",
  ({ kernels, team, memory, report }, task: TemplatesTask) => {
    const { lanes, suffix } = numbersOf(task.precision);
    const { shells, inplanes, displaced, compression, templates, depth } = task;
    const forward = kernels[`forward${suffix}`];
    const work = task.work + team.rank * task.workBytes;
    const spectrum = work + 2 * ELEMENT * inplanes;
    const units = displaced.length + (task.offsets === undefined ? 1 : 2);
    const firstGroup = task.first / lanes;
    team.parallel(Math.ceil(task.count / lanes) * units, 1, (begin) => {
      const [local, unit] = [Math.floor(begin / units), begin % units];
      const group = firstGroup + local;
      const items = task.items + local * lanes * task.itemBytes;
      const valid = Math.min(lanes, task.count - local * lanes);
      if (unit >= displaced.length) {
        const side = unit === displaced.length ? task.squares : task.offsets;
        if (side === undefined) return;
        forward(side.block, items, valid, 0, side.to + ELEMENT * group * side.stride, work, 0, shells);
        return;
      }
      const at = group * displaced.length + unit;
      const to = templates + ELEMENT * at * depth;
      if (compression === undefined) {
        forward(displaced[unit], items, valid, 0, to, work, 0, shells);
        report(1);
        return;
      }
      forward(displaced[unit], items, valid, 0, spectrum, work, 0, shells);
      kernels[`project${suffix}`](compression.frequencies, compression.count, shells, spectrum, to);
      if (compression.residuals !== undefined) {
        const { list, count, sums } = compression.residuals;
        const tile = spectrum + ELEMENT * (inplanes / 2 + 1) * shells;
        const sum = sums + 16 * at;
        new Uint8Array(memory.buffer, sum, 16).fill(0);
        kernels[`residual${suffix}`](list, count, shells, spectrum, to, tile, sum);
      }
      report(1);
    });
  },
);

/** Images with their CTFs. */
export interface ImagesTask {
  readonly precision: KernelPrecision;
  readonly shells: number;
  readonly inplanes: number;
  readonly count: number;
  readonly items: number;
  readonly itemBytes: number;
  /** Real tables (shells, inplanes) of each image. */
  readonly ctfs: number;
  readonly ctfBytes: number;
  readonly block: number;
  readonly images: number;
  readonly depth: number;
  /** Spectra of squared CTFs, and of CTFs. */
  readonly squares: Side;
  readonly offsets?: Side;
  readonly compression?: Compression;
  readonly work: number;
  readonly workBytes: number;
}

/** Transforms images and CTFs to elements; {@link packJob} makes panels of them. */
export const imagesJob = defineJob("likelihood/images", ({ kernels, team }, task: ImagesTask) => {
  const { lanes, suffix } = numbersOf(task.precision);
  const forward = kernels[`forward${suffix}`];
  const work = task.work + team.rank * task.workBytes;
  const spectrum = work + 2 * ELEMENT * task.inplanes;
  const sides = [task.squares, ...(task.offsets === undefined ? [] : [task.offsets])];
  const units = 1 + sides.length;
  team.parallel(Math.ceil(task.count / lanes) * units, 1, (begin) => {
    const [group, unit] = [Math.floor(begin / units), begin % units];
    const valid = Math.min(lanes, task.count - group * lanes);
    const ctfs = task.ctfs + group * lanes * task.ctfBytes;
    if (unit > 0) {
      const { block, to, stride } = sides[unit - 1];
      forward(block, ctfs, valid, 0, to + ELEMENT * group * stride, work, 0, task.shells);
      return;
    }
    const items = task.items + group * lanes * task.itemBytes;
    const to = task.images + ELEMENT * group * task.depth;
    const into = task.compression === undefined ? to : spectrum;
    forward(task.block, items, valid, ctfs, into, work, 0, task.shells);
    if (task.compression === undefined) return;
    const { frequencies, count } = task.compression;
    kernels[`project${suffix}`](frequencies, count, task.shells, spectrum, to);
  });
});

/** Elements of groups to panels of 6. */
export interface PackTask {
  readonly precision: KernelPrecision;
  readonly count: number;
  readonly packs: readonly {
    readonly from: number;
    /** Elements of a group, and those of them, from the first on, that go into panels. */
    readonly stride: number;
    readonly depth: number;
    readonly to: number;
  }[];
}

export const packJob = defineJob(
  "likelihood/pack",
  ({ kernels, team }, { precision, count, packs }: PackTask) => {
    const { suffix, bytes } = numbersOf(precision);
    const pack = kernels[`pack${suffix}`];
    const panels = Math.ceil(count / ROWS);
    team.parallel(panels * packs.length, 1, (begin) => {
      const [which, panel] = [Math.floor(begin / panels), begin % panels];
      const { from, stride, depth, to } = packs[which];
      const rows = Math.min(ROWS, count - ROWS * panel);
      pack(from, ELEMENT * stride, ROWS * panel, rows, depth, to + panel * depth * ROWS * 2 * bytes);
    });
  },
);

/** Correlations of all images with some groups of templates. */
export interface CorrelateTask {
  readonly precision: KernelPrecision;
  readonly block: number;
  readonly images: number;
  readonly displacements: number;
  readonly firstGroup: number;
  readonly groups: number;
  readonly isWithoutCorrelation: boolean;
  readonly work: number;
  readonly workBytes: number;
  /** Bytes at the head of a thread's work that must be zeros. */
  readonly clearBytes: number;
  /** Best of every image, of each thread. */
  readonly found: number;
  readonly foundBytes: number;
  /** Least norm of each thread. */
  readonly leasts: number;
}

/** Reports pairs of a group and a block of images. */
export const correlateJob = defineJob("likelihood/correlate", (context, task: CorrelateTask) => {
  const { kernels, team, memory, report } = context;
  const { suffix } = numbersOf(task.precision);
  const [begin, correlate, finish] = [
    kernels[`begin${suffix}`],
    kernels[`correlate${suffix}`],
    kernels[`finish${suffix}`],
  ];
  const work = task.work + team.rank * task.workBytes;
  const found = task.found + team.rank * task.foundBytes;
  new Uint8Array(memory.buffer, work, task.clearBytes).fill(0);
  clearFound(memory, found, task.images);
  const panels = Math.ceil(task.images / ROWS);
  const chunk = Math.max(1, Math.min(panels, Math.floor((task.groups * panels) / (8 * team.size))));
  let least = Number.POSITIVE_INFINITY;
  team.parallel(task.groups * panels, chunk, (from, to) => {
    for (let unit = from; unit < to; unit++) {
      const group = task.firstGroup + Math.floor(unit / panels);
      const panel = unit % panels;
      least = Math.min(least, begin(task.block, group, panel, work) ?? Number.NaN);
      for (let d = 0; d < task.displacements && !task.isWithoutCorrelation; d++) {
        correlate(task.block, group, panel, d, work, found);
        if (d % 64 === 63) team.check();
      }
      finish(task.block, group, panel, work, found);
    }
    report(to - from);
  });
  new Float64Array(memory.buffer, task.leasts + 8 * team.rank, 1)[0] = least;
});

function clearFound(memory: WebAssembly.Memory, at: number, images: number): void {
  const found = new Float64Array(memory.buffer, at, 4 * images).fill(0);
  for (let i = 0; i < images; i++) found[4 * i] = Number.NEGATIVE_INFINITY;
}
