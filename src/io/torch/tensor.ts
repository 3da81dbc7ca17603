import { VitrineError } from "../../core/index.ts";
import { type NpyArray, type NpyDtype, npyFromBytes } from "../npy.ts";

/** A tensor of torch, its values in C order whatever its strides were. */
export interface TorchTensor extends NpyArray {
  readonly kind: "tensor";
}

/** A storage: values in a row, which several tensors may share. */
export interface TorchStorage {
  readonly kind: "storage";
  readonly dtype: TorchDtype;
  readonly bytes: Uint8Array;
  readonly isBigEndian: boolean;
}

/** numpy's types, and torch's short float, which is read as a float. */
export type TorchDtype = NpyDtype | "bf16";

/** The storages' classes of torch, and its names of types, by what they hold. */
const DTYPES: Readonly<Record<string, TorchDtype>> = {
  "torch.FloatStorage": "f4",
  "torch.DoubleStorage": "f8",
  "torch.HalfStorage": "f2",
  "torch.BFloat16Storage": "bf16",
  "torch.CharStorage": "i1",
  "torch.ShortStorage": "i2",
  "torch.IntStorage": "i4",
  "torch.LongStorage": "i8",
  "torch.ByteStorage": "u1",
  "torch.BoolStorage": "b1",
  "torch.ComplexFloatStorage": "c8",
  "torch.ComplexDoubleStorage": "c16",
  "torch.UntypedStorage": "u1",
  "torch.storage.UntypedStorage": "u1",
  "torch.uint16": "u2",
  "torch.uint32": "u4",
  "torch.uint64": "u8",
};

/** The storage class that torch writes a type with; those that have none are written as untyped. */
export const STORAGE_CLASSES: Readonly<Partial<Record<NpyDtype, string>>> = {
  f4: "FloatStorage",
  f8: "DoubleStorage",
  f2: "HalfStorage",
  i1: "CharStorage",
  i2: "ShortStorage",
  i4: "IntStorage",
  i8: "LongStorage",
  u1: "ByteStorage",
  b1: "BoolStorage",
  c8: "ComplexFloatStorage",
  c16: "ComplexDoubleStorage",
};

/** @throws {VitrineError} unsupported: a storage or type of torch that is not known */
export function torchDtype(name: string, at: string): TorchDtype {
  const dtype = Object.hasOwn(DTYPES, name) ? DTYPES[name] : undefined;
  if (dtype !== undefined) return dtype;
  const expected = "numbers of 8 to 64 bits, complex of 64 or 128";
  throw new VitrineError({ code: "unsupported", at, expected, found: name });
}

/** Bytes of one value. */
export function torchBytes(dtype: TorchDtype): number {
  return dtype === "bf16" ? 2 : Number(/\d+/.exec(dtype)?.[0]);
}

/** Which values of a storage a tensor has: axis by axis, in values. */
export interface TensorView {
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/**
 * Takes a tensor's values out of its storage. Only the tensor's own are copied, however large the storage is.
 *
 * @throws {VitrineError} format: a view that reaches outside the storage
 */
export function readTensor(storage: TorchStorage, view: TensorView, at: string): TorchTensor {
  const { dtype, bytes, isBigEndian } = storage;
  const width = torchBytes(dtype);
  requireInside(view, bytes.length / width, at);
  const values = gather(bytes, view, width);
  const header = { shape: view.shape, bigEndian: isBigEndian, fortranOrder: false, dataOffset: 0 };
  if (dtype !== "bf16") return { kind: "tensor", ...npyFromBytes({ dtype, ...header }, values) };
  return { kind: "tensor", dtype: "f4", shape: view.shape, data: widen(values, isBigEndian) };
}

function requireInside({ offset, shape, strides }: TensorView, count: number, at: string): void {
  const isWhole = [offset, ...shape, ...strides].every((value) => Number.isSafeInteger(value) && value >= 0);
  const last = shape.reduce((sum, length, axis) => sum + (length - 1) * strides[axis], offset);
  const isEmpty = shape.includes(0);
  if (isWhole && shape.length === strides.length && (isEmpty || last < count)) return;
  const expected = `values within a storage of ${count}`;
  const found = `offset ${offset}, shape [${shape}], strides [${strides}]`;
  throw new VitrineError({ code: "format", at, expected, found, hint: "The file is damaged" });
}

function gather(bytes: Uint8Array, { offset, shape, strides }: TensorView, width: number): Uint8Array {
  const count = shape.reduce((product, length) => product * length, 1);
  if (isContiguous(shape, strides)) return bytes.slice(offset * width, (offset + count) * width);
  const result = new Uint8Array(count * width);
  const index = shape.map(() => 0);
  for (let to = 0, from = offset; to < count; to++) {
    result.set(bytes.subarray(from * width, (from + 1) * width), to * width);
    let axis = shape.length - 1;
    for (; axis >= 0 && ++index[axis] === shape[axis]; axis--) {
      from -= strides[axis] * (shape[axis] - 1);
      index[axis] = 0;
    }
    if (axis >= 0) from += strides[axis];
  }
  return result;
}

/** Axes of one value have any stride. */
function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  const wanted = contiguousStrides(shape);
  return shape.every((length, axis) => length === 1 || strides[axis] === wanted[axis]);
}

/** Strides of values in C order. */
export function contiguousStrides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
}

/** The upper half of a float. */
function widen(bytes: Uint8Array, isBigEndian: boolean): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bits = Uint32Array.from(
    { length: bytes.length / 2 },
    (_, i) => view.getUint16(2 * i, !isBigEndian) << 16,
  );
  return new Float32Array(bits.buffer);
}
