import { VitrineError } from "../../core/index.ts";
import { NPY_DTYPES, type NpyData, type NpyDtype, npyFromBytes } from "../npy.ts";
import { isGlobal } from "./pickle.ts";

/** numpy's type of values that are Python objects. */
const OBJECT = "O";

/** An array of numpy in a pickle. */
export interface PickledArray {
  readonly kind: "array";
  dtype: NpyDtype | typeof OBJECT;
  shape: readonly number[];
  /** Numbers as of a `.npy` file, or of type `O` a list of values. */
  data: NpyData | readonly unknown[];
}

/** A type of numpy in a pickle; its byte order comes later. */
interface PickledDtype {
  readonly kind: "dtype";
  readonly name: string;
  isBigEndian: boolean;
}

/** numpy 2 calls its inner modules otherwise. */
const INNER = /^numpy\.(?:_core|core)\./;

/** Makes what numpy pickles: arrays, scalars, types. Undefined for other names. */
export function makeNumpy(name: string, parameters: readonly unknown[], at: string): unknown {
  switch (name.replace(INNER, "numpy.")) {
    case "numpy.multiarray._reconstruct":
      return { kind: "array", dtype: "b1", shape: [0], data: new Uint8Array(0) } satisfies PickledArray;
    case "numpy.dtype":
      return { kind: "dtype", name: textOf(parameters[0], at), isBigEndian: false } satisfies PickledDtype;
    case "numpy.multiarray.scalar":
      return arrayOf(dtypeOf(parameters[0], at), { shape: [], data: parameters[1], isFortran: false }, at);
    case "numpy.numeric._frombuffer": {
      const [data, dtype, shape, order] = parameters;
      return arrayOf(dtypeOf(dtype, at), { shape: shapeOf(shape, at), data, isFortran: order === "F" }, at);
    }
    default:
      return undefined;
  }
}

/** Gives an array or a type the rest of it. */
export function buildNumpy(value: unknown, state: unknown, at: string): boolean {
  if (isDtype(value)) {
    if (Array.isArray(state)) value.isBigEndian = state[1] === ">";
    return true;
  }
  if (!isArray(value) || !Array.isArray(state)) return false;
  const [, shape, dtype, isFortran, data] = state;
  const made = arrayOf(
    dtypeOf(dtype, at),
    { shape: shapeOf(shape, at), data, isFortran: isFortran === true },
    at,
  );
  value.dtype = made.dtype;
  value.shape = made.shape;
  value.data = made.data;
  return true;
}

/** @internal Whether it is an array of numpy. */
export function isArray(value: unknown): value is PickledArray {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "array";
}

function isDtype(value: unknown): value is PickledDtype {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "dtype";
}

interface Content {
  readonly shape: readonly number[];
  readonly data: unknown;
  readonly isFortran: boolean;
}

function arrayOf(
  { name, isBigEndian }: PickledDtype,
  { shape, data, isFortran }: Content,
  at: string,
): PickledArray {
  const count = shape.reduce((product, length) => product * length, 1);
  if (name.startsWith(OBJECT)) {
    if (!Array.isArray(data) || data.length !== count) throw wrong(at, `${count} objects`, sizeOf(data));
    return { kind: "array", dtype: OBJECT, shape, data };
  }
  const dtype = NPY_DTYPES.find((one) => one === name);
  if (dtype === undefined) throw wrong(at, `a numeric type (${NPY_DTYPES.join(", ")})`, JSON.stringify(name));
  const width = Number(/\d+/.exec(dtype)?.[0]);
  if (!(data instanceof Uint8Array) || data.length !== count * width)
    throw wrong(at, `${count * width} bytes of ${dtype}`, sizeOf(data));
  const header = { dtype, shape, bigEndian: isBigEndian, fortranOrder: isFortran, dataOffset: 0 };
  return { kind: "array", ...npyFromBytes(header, data.slice()) };
}

function sizeOf(data: unknown): string {
  return data instanceof Uint8Array || Array.isArray(data) ? `${data.length}` : typeof data;
}

function dtypeOf(value: unknown, at: string): PickledDtype {
  if (isDtype(value)) return value;
  throw wrong(at, "a type of numpy", isGlobal(value) ? value.name : typeof value);
}

function shapeOf(value: unknown, at: string): readonly number[] {
  if (Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0))
    return value;
  throw wrong(at, "a shape", String(value));
}

function textOf(value: unknown, at: string): string {
  if (typeof value === "string") return value;
  throw wrong(at, "the name of a type", typeof value);
}

function wrong(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found });
}
