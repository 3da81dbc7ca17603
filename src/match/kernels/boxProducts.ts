import type { RunOptions } from "../../compute/index.ts";
import {
  createRegions,
  lineBufferElements,
  linePlanBytes,
  type Regions,
  regionBytes,
  type WorkerPool,
  writeLinePlan,
} from "../../compute/kernels/index.ts";
import { positionsIn } from "./boxArrays.ts";
import type { BoxInputs } from "./boxJob.ts";
import { boxTeams, membersOf } from "./boxTeams.ts";
import type { BoxMethod, BoxSize } from "./boxTypes.ts";
import type { CorrelationShape } from "./correlationJob.ts";
import type { TemplateSpectrum } from "./correlationLayout.ts";
import {
  type MemberAddresses,
  PANEL_WINDOWS,
  PRODUCT_PLAN_WORDS,
  type ProductShape,
  productJob,
  spectrumBytesOf,
} from "./productJob.ts";

/** Positions beyond which whole maps are faster. */
const MOST_POSITIONS = 200;
/** The matrices of windows of all teams take at most so much. */
const MATRIX_BUDGET = 512 * 2 ** 20;
/** Floats of a piece's row of P: a piece of P and of B stay in the second-level cache. */
const PIECE_DEPTH = 512;
const GROUP_TEMPLATES = 60;
/** Multiply-adds of one call of a kernel: some 2 ms. */
const CALL_PRODUCTS = 2e7;
/** Rows of a register tile. */
const TILE_ROWS = 6;
const STAGGER = 128;

/**
 * Whether products are the faster way: few positions in each box, and more templates than it takes to make up for the transforms
 * of the windows. A magnification needs whole slices.
 */
export function isForProducts(size: BoxSize): boolean {
  const positions = positionsIn(size);
  const templates = size.orientations * size.filters;
  return size.magnification === undefined && positions <= MOST_POSITIONS && 2 * templates >= positions;
}

/**
 * Boxes by products: the correlation with the template in a position of the box is the product of the template's spectrum with that of the
 * box's window there (Parseval), so no template is transformed, and a batch of templates and all windows are one product of matrices.
 */
export class BoxProducts implements BoxMethod {
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #shape: ProductShape;
  readonly #linePlan: Regions<"linePlan">;
  readonly #teams: Regions<"matrix">[];
  readonly #members: Regions<keyof ReturnType<typeof memberBytes>>[][];

  constructor(pool: WorkerPool, size: BoxSize, shape: CorrelationShape, template: TemplateSpectrum) {
    this.#pool = pool;
    this.#shape = productShape(size, shape, template);
    const { teams, members } = teamsOf(size, this.#shape, pool.workers);
    this.#linePlan = createRegions(pool, { linePlan: linePlanBytes(size.template) });
    this.#teams = Array.from({ length: teams }, () =>
      createRegions(pool, { matrix: matrixBytes(this.#shape) }),
    );
    this.#members = this.#teams.map(() =>
      Array.from({ length: members }, () => createRegions(pool, memberBytes(this.#shape))),
    );
    const all = [this.#linePlan, ...this.#teams, ...this.#members.flat()];
    this.bytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
    writeLinePlan(pool.memory.buffer, this.#linePlan.address.linePlan, size.template);
  }

  async run(inputs: BoxInputs, options: RunOptions): Promise<void> {
    const members = this.#members.map((team) => team.map(({ address }): MemberAddresses => address));
    const matrices = this.#teams.map(({ address }) => address.matrix);
    const task = { ...inputs, shape: this.#shape, ...this.#linePlan.address, matrices, members };
    await this.#pool.run(productJob, task, { ...options, teams: this.#teams.length });
  }

  dispose(): void {
    this.#linePlan.dispose();
    for (const regions of this.#teams) regions.dispose();
    for (const regions of this.#members.flat()) regions.dispose();
  }
}

/** Bytes that {@link BoxProducts} takes. */
export function boxProductBytes(size: BoxSize, shape: CorrelationShape, workers: number): number {
  const product = productShape(size, shape);
  const { teams, members } = teamsOf(size, product, workers);
  const team = regionBytes({ matrix: matrixBytes(product) }) + members * regionBytes(memberBytes(product));
  return regionBytes({ linePlan: linePlanBytes(size.template) }) + teams * team;
}

function teamsOf({ boxes }: BoxSize, shape: ProductShape, workers: number) {
  const most = Math.max(1, Math.floor(MATRIX_BUDGET / matrixBytes(shape)));
  const teams = Math.min(boxTeams(boxes, workers), most);
  return { teams, members: membersOf(workers, teams) };
}

function productShape(size: BoxSize, shape: CorrelationShape, template?: TemplateSpectrum): ProductShape {
  const { n, stride, filterBytes, normalHeight, normalWidth, width } = shape;
  const { filters, orientations, complexFilters = false, exactSlices = false } = size;
  const windows = positionsIn(size);
  const panels = Math.ceil((windows + 1) / PANEL_WINDOWS);
  const pieceRows = Math.max(1, Math.min(n, Math.floor(PIECE_DEPTH / (2 * stride))));
  const depth = 2 * stride * pieceRows;
  const columns = PANEL_WINDOWS * panels;
  return {
    ...{ n, stride, filterBytes, normalHeight, normalWidth, width },
    ...{ filters, complexFilters, exactSlices, windows, panels, pieceRows },
    volume: template?.address ?? 0,
    volumeSide: template?.side ?? n,
    volumeRowBytes: template?.rowBytes ?? 0,
    across: shape.columns,
    pieces: Math.ceil(n / pieceRows),
    pieceBytes: 4 * depth * columns,
    templateCount: orientations * filters,
    groupTemplates: GROUP_TEMPLATES,
    callPieces: Math.max(1, Math.floor(CALL_PRODUCTS / (GROUP_TEMPLATES * depth * columns))),
    wide: Math.min(32, 4 * Math.ceil((Math.floor(n / 2) + 1) / 4)),
    lineBufferBytes: 32 * lineBufferElements(n) + STAGGER,
  };
}

function matrixBytes({ pieces, pieceBytes }: ProductShape): number {
  return pieces * pieceBytes;
}

function memberBytes(shape: ProductShape) {
  const { n, stride, filters, pieceRows, panels, windows, groupTemplates, wide, lineBufferBytes } = shape;
  const rows = TILE_ROWS * Math.ceil(groupTemplates / TILE_ROWS);
  // the first and the last may be cut by the group's borders
  const slices = Math.min(groupTemplates, Math.ceil(groupTemplates / filters) + 1);
  return {
    plan: 4 * PRODUCT_PLAN_WORDS,
    slices: 8 * stride * pieceRows * slices,
    panels: 8 * stride * pieceRows * rows,
    products: 4 * PANEL_WINDOWS * panels * rows,
    edges: 16 * n * slices,
    energies: 8 * rows,
    values: 4 * windows,
    templates: 4 * windows,
    spectra: PANEL_WINDOWS * spectrumBytesOf(n),
    buffers: (wide / 4) * lineBufferBytes,
  };
}
