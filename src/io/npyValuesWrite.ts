import { zipSync } from "fflate";
import { writeFileAtomic } from "#files";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../core/index.ts";
import type { WriteOptions } from "./files.ts";
import { formatNpy, type NpyContent, npyHeaderOf } from "./npy.ts";
import { FIXED_DATE } from "./zip.ts";

const WRITE_KEYS: OptionKeys<WriteOptions> = { overwrite: true, durability: true };

/** Texts to be written: characters (`U`) or bytes (`S`), as wide as the longest. */
export interface NpyTextContent {
  readonly dtype: "U" | "S";
  readonly shape: readonly number[];
  readonly data: readonly string[];
}

/** Python's None, booleans, floats and texts to be written as objects, which numpy reads with `allow_pickle=True` alone. */
export interface NpyObjectContent {
  readonly dtype: "O";
  readonly shape: readonly number[];
  readonly data: readonly (null | boolean | number | string)[];
}

/** Whatever a `.npy` file can be written of. */
export type NpyValueContent = NpyContent | NpyTextContent | NpyObjectContent;

/** The bytes of a `.npy` file of numbers, texts or objects. @throws {VitrineError} shape, type: content that does not agree with itself */
export function formatNpyValue(content: NpyValueContent): Uint8Array {
  if (isTexts(content)) return formatTexts(content);
  return isObjects(content) ? formatObjects(content) : formatNpy(content);
}

/** Writes a `.npy` file of numbers, texts or objects, whole or not at all. @throws {VitrineError} as {@link formatNpyValue}; and the errors of `writeFileAtomic` */
export async function writeNpyValue(
  path: string,
  content: NpyValueContent,
  options: WriteOptions = {},
): Promise<void> {
  requireKnownOptions("writeNpyValue", options, WRITE_KEYS);
  await writeFileAtomic(path, formatNpyValue(content), options);
}

/** The bytes of a `.npz` archive of numbers, texts and objects, deflated as `numpy.savez_compressed` does. @throws {VitrineError} as {@link formatNpyValue} */
export function formatNpzValues(
  values: Iterable<readonly [name: string, content: NpyValueContent]>,
): Uint8Array {
  const files = Object.fromEntries(
    [...values].map(([name, content]) => [`${name}.npy`, formatNpyValue(content)]),
  );
  return zipSync(files, { level: 6, mtime: FIXED_DATE });
}

/** Writes {@link formatNpzValues}, whole or not at all. @throws {VitrineError} as there; and the errors of `writeFileAtomic` */
export async function writeNpzValues(
  path: string,
  values: Iterable<readonly [name: string, content: NpyValueContent]>,
  options: WriteOptions = {},
): Promise<void> {
  requireKnownOptions("writeNpzValues", options, WRITE_KEYS);
  await writeFileAtomic(path, formatNpzValues(values), options);
}

function isTexts(content: NpyValueContent): content is NpyTextContent {
  return content.dtype === "U" || content.dtype === "S";
}

function isObjects(content: NpyValueContent): content is NpyObjectContent {
  return content.dtype === "O";
}

function formatTexts({ dtype, shape, data }: NpyTextContent): Uint8Array {
  requireCount(shape, data.length);
  const encoder = new TextEncoder();
  const rows =
    dtype === "U"
      ? data.map((text) => bytesOfCodes([...text].map((one) => one.codePointAt(0) ?? 0)))
      : data.map((text) => encoder.encode(text));
  const unit = dtype === "U" ? 4 : 1;
  const width = Math.max(1, ...rows.map((row) => row.length / unit));
  const values = new Uint8Array(data.length * width * unit);
  for (const [i, row] of rows.entries()) values.set(row, i * width * unit);
  return joined(npyHeaderOf(`${dtype === "U" ? "<" : "|"}${dtype}${width}`, shape), values);
}

function bytesOfCodes(codes: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * codes.length));
  for (const [i, code] of codes.entries()) view.setUint32(4 * i, code, true);
  return new Uint8Array(view.buffer);
}

/** As numpy pickles an array of objects, in protocol 3, with the names that every version of numpy has. */
function formatObjects({ shape, data }: NpyObjectContent): Uint8Array {
  requireCount(shape, data.length);
  // every character a byte
  const text = (value: string) => Uint8Array.from(value, (one) => one.charCodeAt(0));
  const parts = [
    Uint8Array.of(0x80, 3),
    text("cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"),
    text("K\0\x85C\x01b\x87R"), // ndarray, (0,), b"b"
    text("(K\x01("),
    ...shape.map(int32),
    text("tcnumpy\ndtype\nX\x02\0\0\0O8"),
    Uint8Array.of(0x89, 0x88, 0x87), // False, True: not to be aligned, copied
    text("R(K\x03X\x01\0\0\0|NNN"),
    int32(-1),
    int32(-1),
    text("K\x3ftb"),
    Uint8Array.of(0x89),
    text("]("),
    ...data.map(pickled),
    text("etb."),
  ];
  return joined(npyHeaderOf("|O", shape), ...parts);
}

function pickled(value: null | boolean | number | string): Uint8Array {
  if (value === null) return Uint8Array.of("N".charCodeAt(0));
  if (typeof value === "boolean") return Uint8Array.of(value ? 0x88 : 0x89);
  if (typeof value === "string") {
    const text = new TextEncoder().encode(value);
    const head = new DataView(new ArrayBuffer(5));
    head.setUint8(0, "X".charCodeAt(0));
    head.setUint32(1, text.length, true);
    return joined(new Uint8Array(head.buffer), text);
  }
  const view = new DataView(new ArrayBuffer(9));
  view.setUint8(0, "G".charCodeAt(0));
  view.setFloat64(1, value, false);
  return new Uint8Array(view.buffer);
}

function int32(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(5));
  view.setUint8(0, "J".charCodeAt(0));
  view.setInt32(1, value, true);
  return new Uint8Array(view.buffer);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function requireCount(shape: readonly number[], found: number): void {
  const count = shape.reduce((product, length) => product * length, 1);
  if (count === found) return;
  const expected = `${count} values (${shape.join(" x ") || "one value"})`;
  throw new VitrineError({ code: "shape", at: "formatNpyValue", expected, found: `${found}` });
}
