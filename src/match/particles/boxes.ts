import { type OptionKeys, requireKnownOptions, type Shape2, VitrineError } from "../../core/index.ts";

export const BOX_KEYS: OptionKeys<BoxOptions> = {
  boxSize: true,
  reference: true,
  bounds: true,
  padding: true,
  value: true,
  at: true,
};

/** How boxes are cut out of an image; names and meaning are Leopard-EM's. */
export interface BoxOptions {
  /** Height and width of a box. */
  readonly boxSize: Shape2;
  /** Whether a position is a box's top-left pixel (default) or its centre, pixel floor(size / 2). */
  readonly reference?: "top-left" | "center";
  /** What to do with a box that leaves the image; default "pad". */
  readonly bounds?: "pad" | "error";
  /** What lies outside: a value, the image mirrored at its outermost pixels, or those pixels repeated. Default "constant". */
  readonly padding?: "constant" | "reflect" | "replicate";
  /** For "constant"; default 0. */
  readonly value?: number;
  /** How messages call the place of a box. */
  readonly at?: string;
}

/** Where a box lies; whole pixels, fractions are cut off. */
export interface BoxPosition {
  readonly y: number;
  readonly x: number;
}

/**
 * Cuts boxes out of an image. Where a box lies wholly outside, it is moved until it shares a row and a column with the image, as
 * in Leopard-EM.
 *
 * @param image    (H, W) values in C order
 * @returns        (boxHeight, boxWidth) values each
 * @throws {VitrineError} range: a box that leaves the image, with `bounds: "error"`; a position that is no number
 */
export function extractBoxes(
  { data, shape }: { readonly data: Float32Array; readonly shape: Shape2 },
  positions: readonly BoxPosition[],
  options: BoxOptions,
): Float32Array[] {
  requireKnownOptions("extractBoxes", options, BOX_KEYS);
  const { boxSize } = options;
  return boxCorners(positions, options).map(({ y, x }, i) => {
    const corner = [y, x];
    requireFitting(corner, shape, { ...options, at: options.at ?? `extractBoxes(positions[${i}])` });
    const [rows, columns] = [0, 1].map((axis) => {
      const first = Math.max(1 - boxSize[axis], Math.min(shape[axis] - 1, corner[axis]));
      return Int32Array.from({ length: boxSize[axis] }, (_, k) => source(first + k, shape[axis], options));
    });
    return copyBox(data, { rows, columns, width: shape[1], value: options.value ?? 0 });
  });
}

/** The top-left pixels of boxes. */
export function boxCorners(
  positions: readonly BoxPosition[],
  { boxSize, reference = "top-left" }: Pick<BoxOptions, "boxSize" | "reference">,
): BoxPosition[] {
  const half = reference === "center" ? boxSize.map((length) => Math.floor(length / 2)) : [0, 0];
  return positions.map(({ y, x }) => ({ y: Math.trunc(y - half[0]), x: Math.trunc(x - half[1]) }));
}

/** The index that stands for one outside 0..length-1; -1 for the padding value. */
function source(index: number, length: number, { padding = "constant" }: BoxOptions): number {
  if (index >= 0 && index < length) return index;
  if (padding === "constant") return -1;
  if (padding === "replicate" || length === 1) return index < 0 ? 0 : length - 1;
  const period = 2 * (length - 1);
  const within = ((index % period) + period) % period;
  return within < length ? within : period - within;
}

function copyBox(
  data: Float32Array,
  { rows, columns, width, value }: { rows: Int32Array; columns: Int32Array; width: number; value: number },
): Float32Array {
  const box = new Float32Array(rows.length * columns.length);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) box[at++] = row < 0 || column < 0 ? value : data[row * width + column];
  }
  return box;
}

function requireFitting(
  [y, x]: readonly number[],
  [height, width]: Shape2,
  { boxSize, bounds = "pad", at }: BoxOptions & { at: string },
): void {
  const isInside = y >= 0 && x >= 0 && y + boxSize[0] <= height && x + boxSize[1] <= width;
  if (isInside || (bounds === "pad" && Number.isFinite(y) && Number.isFinite(x))) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: `a box of ${boxSize.join(" x ")} inside ${height} x ${width}`,
    found: `its corner at y ${y}, x ${x}`,
    hint: "Leave such particles out, or pad their boxes (--bounds pad)",
  });
}
