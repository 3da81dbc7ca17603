import type { WorkerContext } from "../../compute/kernels/index.ts";
import { SERIES_PARTS } from "./alignLayout.ts";
import type { AlignTask, Group } from "./alignTask.ts";

/** Vectors of what lies in the planes of -n/2: three planes, three edges, one corner. */
const FACES = 3 * SERIES_PARTS ** 2 + 3 * SERIES_PARTS + 1;

/** Whether correlations are complex between whole shifts: acryo takes exp(-pi i s) for the frequency -n/2, where a real image's is cos(pi s). */
export function isComplex({ compat, layout }: AlignTask): boolean {
  return compat && layout.shape.some((n) => n % 2 === 0);
}

/** Whether they are at whole shifts too: a wedge may see -n/2 and not its opposite. */
export function isOneSided(task: AlignTask): boolean {
  return isComplex(task) && task.weightStride > 0;
}

/** Place of the frequency -n/2 in the order of a line plan; -1 where n is odd. */
function nyquistPlace({ memory: { buffer } }: WorkerContext, plan: number, n: number): number {
  return n % 2 === 1 ? -1 : new Int32Array(buffer, new Uint32Array(buffer, plan, 8)[7], n)[n / 2];
}

/** The series of four tasks as acryo has it: of planes at -n/2 of even sides it is not real. */
export class NyquistPlanes {
  readonly #context: WorkerContext;
  readonly #group: Group;
  readonly #nodes: readonly number[];
  readonly #places: readonly number[];
  /** Address of each axis' phases. */
  readonly #phases: readonly number[];

  /** @param nodes  positive places of a series' parts, voxels */
  constructor(context: WorkerContext, group: Group, nodes: readonly number[]) {
    this.#context = context;
    this.#group = group;
    this.#nodes = nodes;
    const { layout, places } = group.task;
    const [n0, n1, n2] = layout.shape;
    const [z, y] = [nyquistPlace(context, places.plans[0], n0), nyquistPlace(context, places.plans[1], n1)];
    // Along x frequencies are in their natural order.
    this.#places = [z, y, n2 % 2 === 1 ? -1 : n2 / 2];
    this.#phases = [0, n0, n0 + n1].map((before) => group.work.phases + 32 * before);
  }

  /** Completes the real series in `parts`, whose series along z and along y are still there; `isImaginary`: adds i times it to what is there. */
  add(parts: number, isImaginary: boolean): void {
    const { kernels, work } = this.#group;
    this.#writeSines();
    this.#writeFaces();
    const sines = work.faces + 16 * FACES;
    const to = [work.series, work.imaginary, work.faces, sines, SERIES_PARTS, Number(isImaginary)];
    kernels.nyquistSeries(parts, ...to);
  }

  /** Sines of half turns at the parts of a series, of which odd ones alone have any, with the sign of the whole shift. */
  #writeSines(): void {
    const { buffer } = this.#context.memory;
    const out = new Float32Array(buffer, this.#group.work.faces + 16 * FACES, 12 * SERIES_PARTS).fill(0);
    this.#places.forEach((place, axis) => {
      if (place < 0) return;
      const signs = new Float32Array(buffer, this.#phases[axis] + 32 * place, 4);
      this.#nodes.forEach((node, j) => {
        const at = 4 * (axis * SERIES_PARTS + 2 * j + 1);
        for (let lane = 0; lane < 4; lane++) out[at + lane] = Math.sin(Math.PI * node) * signs[lane];
      });
    });
  }

  /** The series of each plane, edge and corner; those along y and x take the room of the one along y. */
  #writeFaces(): void {
    const { kernels, task, work } = this.#group;
    const { shape, columns } = task.layout;
    const [nyquistZ, nyquistY, nyquistX] = this.#places;
    const [, tableY, tableX] = task.places.seriesTables;
    const inner = (shape[2] >> 1) + 1;
    const [stride, rowBytes, last] = [32 * columns, 32 * inner, 32 * (inner - 1)];
    const square = 16 * SERIES_PARTS ** 2;
    const edges = work.faces + 3 * square;
    const edge = 16 * SERIES_PARTS;
    const rows = (source: number, target: number, count: number) => {
      const given = [source, this.#phases[2], tableX, inner, shape[2], SERIES_PARTS / 2, target];
      kernels.seriesRows(...given, work.buffers, 0, count);
    };
    kernels.clearVectors(work.faces, 0, FACES);
    if (nyquistX >= 0)
      kernels.realParts(work.seriesY + last, rowBytes, work.faces + 2 * square, SERIES_PARTS ** 2);
    if (nyquistY >= 0) {
      const plane = work.seriesZ + nyquistY * rowBytes;
      for (let j = 0; j < SERIES_PARTS; j++) rows(plane + j * stride, work.faces + square + j * edge, 1);
      if (nyquistX >= 0) kernels.realParts(plane + last, stride, edges + 2 * edge, SERIES_PARTS);
    }
    if (nyquistZ < 0) return;
    const plane = work.half + nyquistZ * stride;
    const from = [plane, rowBytes, this.#phases[1], tableY, shape[1], SERIES_PARTS / 2];
    kernels.seriesColumns(...from, work.seriesY, rowBytes, work.buffers, 0, inner);
    rows(work.seriesY, work.faces, SERIES_PARTS);
    if (nyquistX >= 0) kernels.realParts(work.seriesY + last, rowBytes, edges + edge, SERIES_PARTS);
    if (nyquistY < 0) return;
    rows(plane + nyquistY * rowBytes, edges, 1);
    if (nyquistX >= 0) kernels.realParts(plane + nyquistY * rowBytes + last, 0, edges + 3 * edge, 1);
  }

  /** What a wedge sees of one side alone, in the place of the products, and its series along z: next to all columns have one frequency. */
  oneSidedSeries(): void {
    const { kernels, task, work, each } = this.#group;
    const { shape, columns } = task.layout;
    const { plans, seriesTables } = task.places;
    const [nyquistZ, nyquistY, nyquistX] = this.#places;
    const inner = (shape[2] >> 1) + 1;
    const stride = 32 * columns;
    each(columns, 4 * shape[0], (begin, end) => {
      kernels.oneSidedColumns(work.table, work.half, 0, columns, ...plans, 0, work.buffers, begin, end);
    });
    if (nyquistZ < 0) kernels.clearVectors(work.seriesZ, 0, 2 * SERIES_PARTS * columns);
    else {
      const cosines = work.faces + 16 * (FACES + 3 * SERIES_PARTS);
      const table = this.#nodes.flatMap((node) => [Math.cos(Math.PI * node), 0]);
      new Float32Array(this.#context.memory.buffer, cosines, table.length).set(table);
      const phases = this.#phases[0] + 32 * nyquistZ;
      const from = [work.half + nyquistZ * stride, stride, phases, cosines, 1, SERIES_PARTS / 2];
      each(columns, 4, (begin, end) => {
        kernels.seriesColumns(...from, work.seriesZ, stride, work.buffers, begin, end);
      });
    }
    const whole = (begin: number, end: number) => {
      const from = [work.half, stride, this.#phases[0], seriesTables[0], shape[0], SERIES_PARTS / 2];
      kernels.seriesColumns(...from, work.seriesZ, stride, work.buffers, begin, end);
    };
    if (nyquistY >= 0) whole(nyquistY * inner, (nyquistY + 1) * inner);
    if (nyquistX >= 0) for (let c = inner - 1; c < columns; c += inner) whole(c, c + 1);
  }
}
