import { fastLength, lineBufferElements } from "../../compute/kernels/index.ts";
import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";

/** How a score comes about. */
export type AlignMethod = "zncc" | "pcc" | "fsc";

/** What a plan of alignments is made for. */
export interface AlignSize {
  /** Voxels of subtomograms, templates and masks. */
  readonly shape: Shape3;
  readonly method: AlignMethod;
  /** Whether means count for nothing (zncc); the coefficient is then Pearson's. */
  readonly isCentred: boolean;
  readonly templates: number;
  readonly rotations: number;
  /** None, one for all rotations, or one each. */
  readonly masks: "none" | "one" | "each";
  /** Whether each molecule has frequencies of its own. */
  readonly hasWedge: boolean;
  /** Largest shift along each axis, voxels. */
  readonly maxShiftsPx: readonly [number, number, number];
  /** Molecules at a time. */
  readonly batch: number;
  /** Keep the scores of all whole shifts, for landscapes. */
  readonly keepsResponses: boolean;
}

/** Everything that follows from a size: lengths in elements and bytes. */
export interface AlignLayout {
  readonly shape: Shape3;
  readonly voxels: number;
  readonly volumeBytes: number;
  /** Between two subtomograms, whose spectra take their place where all candidates of a molecule see the same. */
  readonly imageBytes: number;
  /** n1 (n2/2+1) columns of a half spectrum, and values of each, rounded up to 4. */
  readonly columns: number;
  readonly column: number;
  /** Of one task: complex float32, and weights float32. */
  readonly spectrumBytes: number;
  readonly weightBytes: number;
  /** Shifts to each side that are computed. */
  readonly reach: Shape3;
  /** Values at each end of them that no whole shift has. */
  readonly border: Shape3;
  /** 2 reach + 1. */
  readonly shifts: Shape3;
  readonly shiftCount: number;
  /** Lengths of the padded transform (zncc), those of the shape otherwise. */
  readonly long: Shape3;
  readonly longColumns: number;
  readonly candidates: number;
  readonly masks: number;
  /** Shells of Fourier space (fsc). */
  readonly shells: number;
  /** One line's buffer. */
  readonly bufferBytes: number;
}

/** Lays out a plan. @throws {VitrineError} range: shifts that leave no overlap, or a size below 1 */
export function alignLayout(size: AlignSize): AlignLayout {
  const { shape, templates, rotations, masks } = size;
  const [n0, n1, n2] = shape;
  const reach = reachOf(size);
  const long = mapShape(shape, (n, axis) => (size.method === "zncc" ? fastLength(n + reach[axis]) : n));
  const columns = n1 * halfOf(n2);
  const column = (n0 + 3) & ~3;
  const shifts = mapShape(reach, (r) => 2 * r + 1);
  const volumeBytes = aligned(4 * elementCount(shape));
  const spectrumBytes = aligned(8 * columns * column);
  const room = Math.max(...[...shape, ...long].map((n) => lineBufferElements(n) + (n >> 1) + 8));
  return {
    shape,
    voxels: elementCount(shape),
    volumeBytes,
    imageBytes: sharesSpectra(size) ? Math.max(volumeBytes, spectrumBytes) : volumeBytes,
    columns,
    column,
    spectrumBytes,
    weightBytes: aligned(4 * columns * column),
    reach,
    border: mapShape(reach, (r, axis) => (size.method === "zncc" ? r - wholeShift(size, axis) : 0)),
    shifts,
    shiftCount: elementCount(shifts),
    long,
    longColumns: long[1] * halfOf(long[2]),
    candidates: templates * rotations,
    masks: masks === "none" ? 0 : masks === "one" ? 1 : rotations,
    shells: 1 + Math.floor(Math.hypot(...shape.map(() => 0.5)) * Math.min(...shape)),
    bufferBytes: aligned(32 * room) + 64,
  };
}

/** Whether all candidates of a molecule see the same image of it, so that it is transformed once. */
export function sharesSpectra({ masks, templates, rotations }: AlignSize): boolean {
  return masks !== "each" && templates * rotations > 1;
}

const halfOf = (n: number) => (n >> 1) + 1;
const aligned = (bytes: number) => (bytes + 63) & ~63;

function mapShape(shape: Shape3, of: (value: number, axis: number) => number): Shape3 {
  return [of(shape[0], 0), of(shape[1], 1), of(shape[2], 2)];
}

function wholeShift({ maxShiftsPx }: AlignSize, axis: number): number {
  return Math.trunc(maxShiftsPx[axis]);
}

const SMALL = "Look whether it is a volume, and whether scales are in nm/voxel";

/** The spline between whole shifts is that of more of them: two beyond the largest for zncc, as the peer has it. */
function reachOf(size: AlignSize): Shape3 {
  return mapShape(size.shape, (n, axis) => {
    const max = size.maxShiftsPx[axis];
    const reach = { zncc: Math.ceil(max + 3) - 1, pcc: Math.trunc(max), fsc: Math.ceil(max) }[size.method];
    // Without padding a shift beyond half the box is one to the other side.
    const most = size.method === "zncc" ? n - 3 : (n - 1) >> 1;
    if (max >= 0 && max <= most && (reach < n || max === 0)) return Math.min(reach, n - 1);
    if (most < 0) {
      const expected = "at least 3 voxels along each axis";
      throw new VitrineError({
        code: "shape",
        at: "template",
        expected,
        found: size.shape.join(" x "),
        hint: SMALL,
      });
    }
    throw new VitrineError({
      code: "range",
      at: `largest shift along ${"zyx"[axis]}`,
      expected: `0 to ${most} voxels, for boxes of ${n}`,
      found: `${Number(max.toPrecision(6))} voxels`,
    });
  });
}

/**
 * Where half spectra lie within the padded ones that are made of them (zncc). They come plane by plane: a padded plane is complete before the one
 * after it begins, and with room for one plane more none reaches into what is still to be read.
 */
function halfWithinPadded({ shape, columns, longColumns }: AlignLayout): number {
  return 32 * (shape[0] * (longColumns - columns) + columns);
}

/** Bytes of padded spectra, and of their correlation along z, which takes the place of the first of them column by column. */
function paddedBytes(layout: AlignLayout): number {
  const { shape, columns, longColumns, shifts } = layout;
  const spectra = halfWithinPadded(layout) + 32 * shape[0] * columns;
  return Math.max(spectra, 32 * shifts[0] * longColumns);
}

/** Bytes of each piece of one worker's working memory; 0: none, or a place within another, {@link sharedPlaces}. */
export function workPieces(layout: AlignLayout, method: AlignMethod) {
  const { shape, long, longColumns, columns, reach, shifts, shiftCount, bufferBytes } = layout;
  const isPadded = method === "zncc";
  const isPhase = method === "pcc";
  const windows = 32 * shifts[2];
  const padded = isPadded ? paddedBytes(layout) : 0;
  return {
    table: 64,
    half: isPadded ? 0 : 32 * shape[0] * columns,
    other: 0,
    paddedA: padded,
    paddedB: padded,
    correlation: isPadded ? 0 : 32 * longColumns * Math.max(shifts[0], isPhase ? SERIES_PARTS : 0),
    responses: isPhase ? 32 * shiftCount : 16 * shiftCount,
    planeSums: isPadded ? shape[0] * shifts[1] * windows : 0,
    sums: isPadded ? shifts[1] * windows * (2 * reach[0] + 1) : 0,
    squares: isPadded ? 16 * (shape[0] + 1) : 0,
    rowSums: isPadded ? shape[1] * windows : 0,
    rows: 32 * (shifts[1] + 1) * halfOf(long[2]),
    powers: method === "fsc" ? 32 * layout.shells : 0,
    factors: method === "fsc" ? 16 * layout.shells : 0,
    phases: isPhase ? 32 * (shape[0] + shape[1] + shape[2]) : 0,
    seriesZ: 0,
    seriesY: isPhase ? 32 * SERIES_PARTS ** 2 * halfOf(shape[2]) : 0,
    series: isPhase ? 16 * SERIES_PARTS ** 3 : 0,
    imaginary: isPhase ? 16 * SERIES_PARTS ** 3 : 0,
    oneSided: isPhase ? 16 * SERIES_PARTS ** 3 : 0,
    // Three planes, three edges and a corner, sines along three axes, cosines along one.
    faces: isPhase ? 16 * (3 * SERIES_PARTS ** 2 + 6 * SERIES_PARTS + 1) + 4 * SERIES_PARTS : 0,
    region: isPhase ? 16 * (2 * ((SERIES_PARTS + REGION) * SERIES_PARTS + REGION) + 3 * REGION + 2) : 0,
    buffers: 2 * bufferBytes,
    weights: 64,
  };
}

/** Addresses of what lies where something else of a worker's does, whose addresses are `places`. */
export function sharedPlaces(
  places: Readonly<Record<"paddedA" | "paddedB" | "correlation", number>>,
  layout: AlignLayout,
  method: AlignMethod,
) {
  const { paddedA, paddedB, correlation } = places;
  const within = halfWithinPadded(layout);
  if (method === "zncc") return { half: paddedA + within, other: paddedB + within, correlation: paddedA };
  // Responses come first, and peaks between them when those are complete.
  return method === "pcc" ? { seriesZ: correlation } : {};
}

/** Pairs of places at which a series is computed along each axis; the polynomial through them is the series between them to 1e-6. */
export const SERIES_PAIRS = 5;
export const SERIES_PARTS = 2 * SERIES_PAIRS;

/** Places of a region of 1.5 voxels around the highest whole shift, a step apart along each axis. */
export const REGION = 30;
