import { type Zippable, zipSync } from "fflate";
import { writeFileAtomic } from "#files";
import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { WriteOptions } from "../files.ts";
import { type NpyContent, type NpyDtype, npyChunks, npyDtypeOf } from "../npy.ts";
import { FIXED_DATE } from "../zip.ts";
import { contiguousStrides, STORAGE_CLASSES } from "./tensor.ts";

/** An array that stays numpy's, as `torch.save` pickles it: `torch.load` reads it with `weights_only=False` alone. */
export class NumpyInTorch {
  readonly array: NpyContent;
  constructor(array: NpyContent) {
    this.array = array;
  }
}

/** A named tuple of a module that whoever reads it must have; likewise. */
export class TupleInTorch {
  readonly type: { readonly module: string; readonly name: string };
  readonly fields: readonly TorchContent[];
  constructor(type: { readonly module: string; readonly name: string }, fields: readonly TorchContent[]) {
    this.type = type;
    this.fields = fields;
  }
}

/** What can be written: arrays become tensors; maps and plain objects dictionaries, arrays lists. */
export type TorchContent =
  | NpyContent
  | NumpyInTorch
  | TupleInTorch
  | null
  | boolean
  | number
  | string
  | readonly TorchContent[]
  | ReadonlyMap<string | number, TorchContent>
  | { readonly [key: string]: TorchContent };

/** The bytes of a file that `torch.load`, with `weights_only=True` as well, reads. @throws {VitrineError} as {@link writeTorch} */
export function formatTorch(content: TorchContent): Uint8Array {
  const pickler = new Pickler();
  pickler.write(content);
  const text = new TextEncoder();
  const files: Zippable = {
    "archive/data.pkl": pickler.bytes(),
    "archive/byteorder": text.encode("little"),
    ...Object.fromEntries(pickler.storages.map((bytes, i) => [`archive/data/${i}`, bytes])),
    "archive/version": text.encode("3\n"),
  };
  return zipSync(files, { level: 0, mtime: FIXED_DATE });
}

/**
 * Writes a file as `torch.save` does, whole or not at all.
 *
 * @throws {VitrineError} shape, type: an array that does not agree with itself; unsupported: a type of numbers that torch has no storage
 *   of; and the errors of `writeFileAtomic`
 */
export async function writeTorch(
  path: string,
  content: TorchContent,
  options: WriteOptions = {},
): Promise<void> {
  requireKnownOptions("writeTorch", options, { overwrite: true, durability: true });
  await writeFileAtomic(path, formatTorch(content), options);
}

/** Opcode NEWOBJ. */
const NEW_OBJECT = 0x81;

/** Protocol 2 of pickle, without a memo. */
class Pickler {
  readonly storages: Uint8Array[] = [];
  readonly #parts: Uint8Array[] = [Uint8Array.of(0x80, 2)];

  bytes(): Uint8Array {
    this.#code(".");
    const whole = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  write(value: TorchContent): void {
    if (value === null) this.#code("N");
    else if (typeof value === "boolean") this.#push(Uint8Array.of(value ? 0x88 : 0x89));
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#text(value);
    else if (value instanceof NumpyInTorch) this.#numpy(value.array);
    else if (value instanceof TupleInTorch) this.#named(value);
    else if (isContent(value)) this.#tensor(value);
    else if (Array.isArray(value)) this.#list(value);
    else this.#dictionary(value instanceof Map ? [...value] : Object.entries(value));
  }

  #code(character: string): void {
    this.#push(Uint8Array.of(character.charCodeAt(0)));
  }

  #push(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  #line(text: string): void {
    this.#push(new TextEncoder().encode(`${text}\n`));
  }

  #global(module: string, name: string): void {
    this.#code("c");
    this.#line(module);
    this.#line(name);
  }

  #number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.#integer(value);
      return;
    }
    const bytes = new Uint8Array(9);
    bytes[0] = "G".charCodeAt(0);
    new DataView(bytes.buffer).setFloat64(1, value, false);
    this.#push(bytes);
  }

  /** As LONG1 of eight bytes, which holds every safe integer. */
  #integer(value: number): void {
    const bytes = new Uint8Array(10);
    bytes.set([0x8a, 8]);
    new DataView(bytes.buffer).setBigInt64(2, BigInt(value), true);
    this.#push(bytes);
  }

  #text(value: string): void {
    const text = new TextEncoder().encode(value);
    const head = new Uint8Array(5);
    head[0] = "X".charCodeAt(0);
    new DataView(head.buffer).setUint32(1, text.length, true);
    this.#push(head);
    this.#push(text);
  }

  #list(values: readonly TorchContent[]): void {
    this.#code("]");
    this.#code("(");
    for (const value of values) this.write(value);
    this.#code("e");
  }

  #dictionary(entries: readonly (readonly [string | number, TorchContent])[]): void {
    this.#code("}");
    this.#code("(");
    for (const [key, value] of entries) {
      this.write(key);
      this.write(value);
    }
    this.#code("u");
  }

  #tuple(values: readonly number[]): void {
    this.#code("(");
    for (const value of values) this.#integer(value);
    this.#code("t");
  }

  #named({ type, fields }: TupleInTorch): void {
    this.#global(type.module, type.name);
    this.#code("(");
    for (const field of fields) this.write(field);
    this.#code("t");
    this.#push(Uint8Array.of(NEW_OBJECT));
  }

  /** Bytes as protocol 2 has them: text of Latin letters, encoded. */
  #binary(bytes: Uint8Array): void {
    this.#global("_codecs", "encode");
    this.#code("(");
    this.#text(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    this.#text("latin1");
    this.#code("t");
    this.#code("R");
  }

  #numpy(content: NpyContent): void {
    const [, bytes] = npyChunks(content, "writeTorch");
    this.#global("numpy._core.multiarray", "_reconstruct");
    this.#code("(");
    this.#global("numpy", "ndarray");
    this.#tuple([0]);
    this.#binary(Uint8Array.of("b".charCodeAt(0)));
    this.#code("t");
    this.#code("R");
    this.#code("(");
    this.#integer(1);
    this.#tuple(content.shape);
    this.#global("numpy", "dtype");
    this.#code("(");
    this.#text(npyDtypeOf(content));
    this.write(false);
    this.write(true);
    this.#code("t");
    this.#code("R");
    this.#code("(");
    this.#integer(3);
    this.#text("<");
    for (const value of [null, null, null, -1, -1, 0]) this.write(value);
    this.#code("t");
    this.#code("b");
    this.write(false);
    this.#binary(bytes);
    this.#code("t");
    this.#code("b");
  }

  #tensor(content: NpyContent): void {
    const [, bytes] = npyChunks(content, "writeTorch");
    const dtype = npyDtypeOf(content);
    const storage = storageClass(dtype);
    const count = content.shape.reduce((product, length) => product * length, 1);
    this.#global("torch._utils", "_rebuild_tensor_v2");
    this.#code("(");
    this.#code("(");
    this.#text("storage");
    this.#global("torch", storage);
    this.#text(`${this.storages.push(bytes) - 1}`);
    this.#text("cpu");
    this.#integer(count);
    this.#code("t");
    this.#code("Q");
    this.#integer(0);
    this.#tuple(content.shape);
    this.#tuple(contiguousStrides(content.shape));
    this.write(false);
    this.#global("collections", "OrderedDict");
    this.#code(")");
    this.#code("R");
    this.#code("t");
    this.#code("R");
  }
}

function isContent(value: Exclude<TorchContent, null | boolean | number | string>): value is NpyContent {
  return "data" in value && "shape" in value && ArrayBuffer.isView(value.data);
}

function storageClass(dtype: NpyDtype): string {
  const name = STORAGE_CLASSES[dtype];
  if (name !== undefined) return name;
  const expected = `a type that torch has storages of (${Object.keys(STORAGE_CLASSES).join(", ")})`;
  const hint = "Convert the numbers first";
  throw new VitrineError({ code: "unsupported", at: "writeTorch", expected, found: dtype, hint });
}
