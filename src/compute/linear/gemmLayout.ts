import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import {
  checkDistinct,
  LAYOUT_KEYS,
  type MatrixLayout,
  type MatrixShape,
  spanOf,
  stridesOf,
} from "./matrixLayout.ts";

/** A factor's layout. */
export interface FactorLayout extends MatrixLayout {
  /** Takes the complex conjugate of every value; complex products only. */
  readonly conjugate?: boolean;
}

const FACTOR_KEYS: OptionKeys<FactorLayout> = { ...LAYOUT_KEYS, conjugate: true };

/** What a product plan multiplies: `batch` (default 1) times A (m, k) by B (k, n) to C (m, n), row by row where no layout is given. */
export interface GemmSize {
  readonly kind: "real" | "complex";
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: number;
  readonly a?: FactorLayout;
  readonly b?: FactorLayout;
  /** Its values may not overlap. */
  readonly c?: MatrixLayout;
}

/** Keys of {@link GemmSize}. */
export const SIZE_KEYS: OptionKeys<GemmSize> = {
  kind: true,
  m: true,
  n: true,
  k: true,
  batch: true,
  a: true,
  b: true,
  c: true,
};

/** The three matrices of a plan. */
export type GemmPiece = "a" | "b" | "c";

/** One matrix as kernels see it; strides in bytes. */
interface Operand {
  readonly piece: GemmPiece;
  readonly rowBytes: number;
  readonly columnBytes: number;
  readonly batchBytes: number;
  readonly conjugate: boolean;
}

/** All that is known of a product before memory is taken. */
export interface GemmLayout {
  readonly isComplex: boolean;
  /** Rows, columns and depth as kernels see them: a C whose rows are contiguous is computed as its transpose. */
  readonly lengths: readonly [rows: number, columns: number, depth: number];
  /** Longest block along each of them. */
  readonly blocks: readonly [rows: number, columns: number, depth: number];
  /** Depth that is summed in registers; a block is a whole number of such sums deep. */
  readonly sumDepth: number;
  readonly batch: number;
  /** In the order of the kernels: left factor, right factor, result. */
  readonly operands: readonly [Operand, Operand, Operand];
  /** Floats that each piece spans. */
  readonly floats: Readonly<Record<GemmPiece, number>>;
  /** Bytes of a block's packed factors. */
  readonly packedBytes: readonly [left: number, right: number];
}

/** Rows and columns (floats) of a register tile: TILE_ROWS and TILE_COLUMNS of assembly/gemmTile.ts. */
export const TILE = { rows: 6, columns: 8 } as const;
/** Rows and columns (floats) of a unit of gemmMultiply. */
export const UNIT = { rows: 8 * TILE.rows, columns: 8 * TILE.columns } as const;
/** Floats of depth that are summed in registers: long enough to hide the visit to C, short enough for panels in the first-level cache. */
const SUM_DEPTH = 256;
/** Rows and columns (floats) that are packed at once; longer blocks would not save a per cent. */
const BLOCK_SIDE = 2048;
/** A block may be several sums deep, for fewer barriers, while its packed factors stay below this. */
const BLOCK_BYTES = 1 << 21;
/** And no deeper than this: one unit is then 25 million operations. */
const DEEPEST = 16;

/** Lays out a product. @throws {VitrineError} shape: see createGemm */
export function gemmLayout(size: GemmSize): GemmLayout {
  const { kind, m, n, k, batch = 1 } = size;
  for (const length of [m, n, k, batch]) checkLength(length, size);
  const isComplex = kind === "complex";
  const a = operandOf({ name: "a", batch, rows: m, columns: k }, size);
  const b = operandOf({ name: "b", batch, rows: k, columns: n }, size);
  const c = operandOf({ name: "c", batch, rows: m, columns: n }, size);
  const valueBytes = isComplex ? 8 : 4;
  const isTransposed = c.operand.columnBytes > valueBytes && c.operand.rowBytes === valueBytes;
  const straight = [a.operand, b.operand, c.operand] as const;
  const turned = [transposed(b.operand), transposed(a.operand), transposed(c.operand)] as const;
  const lengths = isTransposed ? ([n, m, k] as const) : ([m, n, k] as const);
  const { blocks, sumDepth } = blocksOf(lengths, isComplex);
  return {
    isComplex,
    lengths,
    blocks,
    sumDepth,
    batch,
    operands: isTransposed ? turned : straight,
    floats: { a: a.floats, b: b.floats, c: c.floats },
    packedBytes: packedBytesOf(blocks, isComplex),
  };
}

type NamedShape = MatrixShape & { readonly name: GemmPiece };

function operandOf(shape: NamedShape, size: GemmSize): { operand: Operand; floats: number } {
  const { name } = shape;
  const layout: FactorLayout | undefined = size[name];
  const known: OptionKeys<MatrixLayout> = name === "c" ? LAYOUT_KEYS : FACTOR_KEYS;
  requireKnownOptions<MatrixLayout>(`createGemm ${name}`, layout, known);
  const strides = stridesOf(shape, layout);
  if (name === "c") checkDistinct(shape, strides);
  const conjugate = layout?.conjugate ?? false;
  if (conjugate && size.kind === "real") throw realConjugate(name);
  const floats = size.kind === "complex" ? 2 : 1;
  const bytes = 4 * floats;
  const operand = {
    piece: name,
    rowBytes: bytes * strides.row,
    columnBytes: bytes * strides.column,
    batchBytes: bytes * strides.batch,
    conjugate,
  };
  return { operand, floats: floats * spanOf(shape, strides) };
}

function transposed(operand: Operand): Operand {
  return { ...operand, rowBytes: operand.columnBytes, columnBytes: operand.rowBytes };
}

function blocksOf(
  [rows, columns, depth]: GemmLayout["lengths"],
  isComplex: boolean,
): Pick<GemmLayout, "blocks" | "sumDepth"> {
  const floats = isComplex ? 2 : 1;
  const high = evenBlock(rows, BLOCK_SIDE, UNIT.rows);
  const wide = evenBlock(columns, BLOCK_SIDE / floats, UNIT.columns / floats);
  const sumDepth = evenBlock(depth, SUM_DEPTH / floats, 1);
  const [left, right] = packedBytesOf([high, wide, sumDepth], isComplex);
  const sums = Math.min(DEEPEST, Math.max(1, Math.floor(BLOCK_BYTES / (left + right))));
  return { blocks: [high, wide, Math.min(depth, sums * sumDepth)], sumDepth };
}

/** Splits a length into blocks near `longest` that are as equal as multiples of `multiple` allow. */
function evenBlock(length: number, longest: number, multiple: number): number {
  const share = length / Math.ceil(length / longest);
  return Math.min(length, Math.ceil(share / multiple) * multiple);
}

/** Bytes of a block's packed factors. A complex value takes 2 floats of a left factor and 4 of a right one, see assembly/gemmPack.ts. */
function packedBytesOf([rows, columns, depth]: GemmLayout["blocks"], isComplex: boolean): [number, number] {
  const floats = isComplex ? 2 : 1;
  const left = Math.ceil(rows / TILE.rows) * TILE.rows * depth * floats;
  const right = Math.ceil((columns * floats) / TILE.columns) * TILE.columns * depth * floats;
  return [4 * left, 4 * right];
}

function checkLength(length: number, { kind, m, n, k, batch = 1 }: GemmSize): void {
  if (Number.isSafeInteger(length) && length >= 1) return;
  throw new VitrineError({
    code: "shape",
    at: `${kind} product, m ${m}, n ${n}, k ${k}, batch ${batch}`,
    expected: "whole numbers from 1",
    found: `${length}`,
  });
}

function realConjugate(name: GemmPiece): VitrineError {
  const found = "one to conjugate";
  return new VitrineError({ code: "type", at: `matrix ${name}`, expected: "a real matrix", found });
}
