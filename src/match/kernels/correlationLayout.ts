import type { FftPlan, PlanArray } from "../../compute/index.ts";
import {
  fastLength,
  lineBufferElements,
  linePlanBytes,
  WasmFft,
  type WorkerPool,
  writeLinePlan,
} from "../../compute/kernels/index.ts";
import { type Shape2, VitrineError } from "../../core/index.ts";
import type { CorrelationShape, TeamAddresses } from "./correlationJob.ts";
import type { HitOptions } from "./hits.ts";

/** What a correlation is made for. */
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
  /** Shape of the image for which templates are normalised, where `image` is a box of a larger one; default `image`. */
  readonly normalizedFor?: Shape2;
  /** Keep correlations above a threshold one by one. */
  readonly hits?: HitOptions;
}

/** Where the template's half spectrum lies in the pool's memory: (side, side, side/2+1) complex, natural order, unshifted. */
export interface TemplateSpectrum {
  /** More than the template's where that was padded. */
  readonly side: number;
  readonly address: number;
  readonly rowBytes: number;
}

/** Finds a template's spectrum in memory. @throws {VitrineError} type: a plan of another backend; missing: it holds no spectrum */
export function templateSpectrum(plan: FftPlan): TemplateSpectrum {
  const at = "template spectrum";
  if (!(plan instanceof WasmFft)) {
    throw new VitrineError({ code: "type", at, expected: "a plan of the same pool", found: "another" });
  }
  if (plan.holds !== "spectrum") {
    const found = plan.holds === undefined ? "one that holds nothing" : `"${plan.holds}"`;
    throw new VitrineError({ code: "missing", at, expected: 'a plan that holds "spectrum"', found });
  }
  return { side: plan.size.shape[0], address: plan.address, rowBytes: plan.rowBytes };
}

/** Staggers power-of-two strides over the cache's sets. */
const STAGGER = 128;
/** Line buffers of a group of columns: they should stay in the second-level cache. */
const GROUP_BYTES = 2 ** 20;
const LARGEST_GROUP = 8;
const VISIT_BYTES = 64 * 2 ** 20;

/**
 * Lengths and strides of everything that a correlation holds; without the template's spectrum, what its memory follows from.
 *
 * @throws {VitrineError} shape: a template that does not fit
 */
export function correlationShape(size: CorrelationSize, template?: TemplateSpectrum): CorrelationShape {
  const { template: n, complexFilters = false } = size;
  const [height, width] = size.image;
  const [normalHeight, normalWidth] = size.normalizedFor ?? size.image;
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
    normalHeight,
    normalWidth,
    templateBlocks,
    rowBlocks,
    columns: width - n + 1,
    paddedHeight,
    paddedWidth,
    volumeSide: template?.side ?? n,
    volumeRowBytes: template?.rowBytes ?? 0,
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

/** Bytes of each piece of memory that one team works in. */
export function teamBytes(size: CorrelationSize, shape: CorrelationShape, workers: number) {
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

/** Bytes of the line plans of a correlation: of the template's side, and of the padded rows and columns. */
export function linePlanSizes({ n, paddedWidth, paddedHeight }: CorrelationShape) {
  return {
    templatePlan: linePlanBytes(n),
    rowPlan: linePlanBytes(paddedWidth),
    columnPlan: linePlanBytes(paddedHeight),
  };
}

/** Writes the line plans of a correlation into pieces of {@link linePlanSizes}. */
export function writeLinePlans(
  { memory }: WorkerPool,
  address: Readonly<Record<keyof ReturnType<typeof linePlanSizes>, number>>,
  { n, paddedWidth, paddedHeight }: CorrelationShape,
): void {
  writeLinePlan(memory.buffer, address.templatePlan, n);
  writeLinePlan(memory.buffer, address.rowPlan, paddedWidth);
  writeLinePlan(memory.buffer, address.columnPlan, paddedHeight);
}

/** Bytes of an image's spectrum. */
export function spectrumBytes(shape: CorrelationShape): number {
  return (shape.paddedWidth / 4) * shape.spectrumBytes;
}

/** What a job is told of a team's memory. */
export function addressesOf(address: Record<keyof ReturnType<typeof teamBytes>, number>): TeamAddresses {
  const { slice0, slice1, ...others } = address;
  return { ...others, slices: [slice0, slice1] };
}

/**
 * Gives filters (filters, n, n/2+1) row by row as the kernels read them: rows of `shape.stride` values, divided by n² for the
 * inverse transform. `write` gets each row with its byte offset.
 */
export function packFilters(
  filters: PlanArray,
  { size, shape }: { size: CorrelationSize; shape: CorrelationShape },
  write: (row: Float32Array, offset: number) => void,
): void {
  const { template: n } = size;
  const parts = size.complexFilters ? 2 : 1;
  const width = parts * (Math.floor(n / 2) + 1);
  const row = new Float32Array(parts * shape.stride);
  for (let y = 0; y < size.filters * n; y++) {
    for (let x = 0; x < width; x++) row[x] = filters[y * width + x] / (n * n);
    write(row, 4 * row.length * y);
  }
}

/** The first two columns of row-major rotations, 6 values each, as the kernels read them. */
export function packRotations(rotations: PlanArray): Float32Array {
  const count = rotations.length / 9;
  const packed = new Float32Array(6 * count);
  for (let i = 0; i < count; i++) {
    const [xx, xy, , yx, yy, , zx, zy] = rotations.subarray(9 * i, 9 * i + 9);
    packed.set([xx, yx, zx, xy, yy, zy], 6 * i);
  }
  return packed;
}

/** What a job needs to make templates, and where it lies. */
export function templateSource(
  { filters, complexFilters = false, exactSlices = false, magnification }: CorrelationSize,
  address: Readonly<Record<"rotations" | "filters" | "templatePlan" | "rowPlan" | "columnPlan", number>>,
) {
  return {
    rotations: address.rotations,
    filterBase: address.filters,
    filters,
    complexFilters,
    exactSlices,
    ...(magnification === undefined ? {} : { magnification }),
    templatePlan: address.templatePlan,
    rowPlan: address.rowPlan,
    columnPlan: address.columnPlan,
  };
}
