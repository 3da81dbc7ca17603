import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { type FileSource, sourceName } from "../files.ts";
import { readUnpacked } from "../gzip.ts";
import { listZip, readZipEntry, type ZipEntry } from "../zip.ts";
import { buildNumpy, isArray, makeNumpy, type PickledArray } from "./numpyPickle.ts";
import { isGlobal, type PickleMakers, parsePickle } from "./pickle.ts";
import { readTensor, type TorchStorage, type TorchTensor, torchDtype } from "./tensor.ts";

const READ_TORCH_KEYS: OptionKeys<ReadTorchOptions> = { maxBytes: true };

/** How a `.pt` file is read. */
export interface ReadTorchOptions {
  /** The most bytes of all its storages together; default 16 GiB. */
  readonly maxBytes?: number;
}

const DEFAULT_MAX_BYTES = 2 ** 34;

/**
 * Reads a file that `torch.save` wrote: tensors (see {@link TorchTensor}), arrays of numpy, and lists, dictionaries (maps), texts and
 * numbers of them. Views are honoured, storages that tensors share are read once. Nothing of the file is run: an object of a class that
 * torch and numpy do not have stays its name and items, a call of a function is refused.
 *
 * @throws {VitrineError} missing, storage: the file; format: no such file, truncated or damaged; unsupported: the format before torch
 *   1.6, types of numbers that are not here, calls of functions; range: more than `maxBytes`
 *
 * @example
 * const stack = await readTorchTensor("particles_fourier_stack_000000.pt"); // { dtype: "c8", shape: [24, 40, 96], data: Float32Array }
 */
export async function readTorch(source: FileSource, options: ReadTorchOptions = {}): Promise<unknown> {
  requireKnownOptions("readTorch", options, READ_TORCH_KEYS);
  return parseTorch(await readUnpacked(source), sourceName(source), options);
}

/** As {@link readTorch} of a file that holds one tensor or array, and nothing else. @throws {VitrineError} type: something else */
export async function readTorchTensor(
  source: FileSource,
  options: ReadTorchOptions = {},
): Promise<TorchTensor | PickledArray> {
  requireKnownOptions("readTorchTensor", options, READ_TORCH_KEYS);
  const value = await readTorch(source, options);
  if (isTensor(value) || isArray(value)) return value;
  const at = sourceName(source);
  throw new VitrineError({ code: "type", at, expected: "one tensor", found: describe(value) });
}

/** As {@link readTorch}, of the bytes of a whole file. */
export function parseTorch(bytes: Uint8Array, at: string, options: ReadTorchOptions = {}): unknown {
  requireKnownOptions("parseTorch", options, READ_TORCH_KEYS);
  const { maxBytes = DEFAULT_MAX_BYTES } = options;
  refuseOldFormat(bytes, at);
  const entries = listZip(bytes, at, maxBytes);
  const pickle = entries.find(({ name }) => name.endsWith("/data.pkl"));
  if (pickle === undefined) {
    const found =
      entries.length === 0
        ? "an empty archive"
        : entries
            .map(({ name }) => name)
            .slice(0, 5)
            .join(", ");
    throw new VitrineError({ code: "format", at, expected: "data.pkl, as torch.save writes it", found });
  }
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const read = (name: string) => readZipEntry(bytes, entryOf(entries, folder + name, at), at);
  const isBigEndian =
    entries.some(({ name }) => name === `${folder}byteorder`) &&
    new TextDecoder().decode(read("byteorder").slice()) === "big";
  return parsePickle(readZipEntry(bytes, pickle, at), `${at} data.pkl`, torchMakers(read, isBigEndian));
}

/** @internal Whether it is a tensor. */
export function isTensor(value: unknown): value is TorchTensor {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "tensor";
}

function describe(value: unknown): string {
  if (value instanceof Map) return `a dictionary of ${[...value.keys()].slice(0, 5).join(", ")}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === "object" && value !== null && "name" in value ? String(value.name) : String(value);
}

/** torch before 1.6 wrote pickles one after the other; tar before 0.1.10. */
function refuseOldFormat(bytes: Uint8Array, at: string): void {
  if (bytes.length === 0)
    throw new VitrineError({ code: "format", at, expected: "a .pt file", found: "an empty file" });
  if (bytes[0] !== 0x80) return;
  const hint = "Load it with torch and save it again";
  const expected = "the zip archive that torch.save writes since 1.6";
  throw new VitrineError({ code: "unsupported", at, expected, found: "a bare pickle", hint });
}

function entryOf(entries: readonly ZipEntry[], name: string, at: string): ZipEntry {
  const entry = entries.find((one) => one.name === name);
  if (entry !== undefined) return entry;
  throw new VitrineError({ code: "format", at, expected: name, found: "none", hint: "The file is damaged" });
}

function torchMakers(read: (name: string) => Uint8Array, isBigEndian: boolean): PickleMakers {
  const storages = new Map<string, TorchStorage>();
  return {
    make: (name, parameters, at) =>
      makePlain(name, parameters) ?? makeNumpy(name, parameters, at) ?? makeTorch(name, parameters, at),
    build: (value, state, at) => value instanceof Map || buildNumpy(value, state, at),
    persistent: (id, at) => {
      const [kind, type, key] = Array.isArray(id) ? id : [];
      if (kind !== "storage" || !isGlobal(type) || typeof key !== "string")
        throw new VitrineError({ code: "format", at, expected: "a storage of torch", found: String(kind) });
      const known = storages.get(key);
      if (known !== undefined) return known;
      const bytes = read(`data/${key}`);
      const storage: TorchStorage = { kind: "storage", dtype: torchDtype(type.name, at), bytes, isBigEndian };
      storages.set(key, storage);
      return storage;
    },
  };
}

/** What Python itself pickles as a call. */
function makePlain(name: string, parameters: readonly unknown[]): unknown {
  const [first] = parameters;
  switch (name) {
    case "collections.OrderedDict":
      return new Map(Array.isArray(first) ? first.map(([key, value]) => [key, value]) : []);
    case "_codecs.encode":
      return typeof first === "string"
        ? Uint8Array.from(first, (character) => character.charCodeAt(0))
        : undefined;
    case "torch.Size":
      return Array.isArray(first) ? first : [];
    case "builtins.set":
    case "__builtin__.set":
      return new Set(Array.isArray(first) ? first : []);
    default:
      return undefined;
  }
}

function makeTorch(name: string, parameters: readonly unknown[], at: string): unknown {
  switch (name) {
    case "torch._utils._rebuild_tensor":
    case "torch._utils._rebuild_tensor_v2":
      return rebuild(parameters, undefined, at);
    case "torch._utils._rebuild_tensor_v3":
      return rebuild(parameters, parameters[6], at);
    case "torch._utils._rebuild_parameter":
      return parameters[0];
    default:
      return undefined;
  }
}

function rebuild(
  [storage, offset, shape, strides]: readonly unknown[],
  dtype: unknown,
  at: string,
): TorchTensor {
  if (!isStorage(storage) || !isNumbers(shape) || !isNumbers(strides))
    throw new VitrineError({
      code: "format",
      at,
      expected: "a tensor's storage, shape and strides",
      found: "others",
    });
  const typed = isGlobal(dtype) ? { ...storage, dtype: torchDtype(dtype.name, at) } : storage;
  return readTensor(typed, { offset: Number(offset), shape, strides }, at);
}

function isStorage(value: unknown): value is TorchStorage {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "storage";
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}
