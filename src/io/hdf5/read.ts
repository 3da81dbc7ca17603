import type { Attribute, Dataset, Entity, File, Group } from "h5wasm";
import { readFileBytes } from "#files";
import { elementCount, VitrineError } from "../../core/index.ts";
import { type FileSource, sourceName } from "../files.ts";
import { withLibraryFile } from "./library.ts";

/** Values of a dataset: numbers of its own type, whole ones of 64 bits as BigInt, or texts. */
export type Hdf5Values =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array
  | readonly string[];

/** An attribute's value; whole numbers of 64 bits and flags (0, 1) as numbers too. */
export type Hdf5Attribute = number | string | readonly number[] | readonly string[];

/** What stands in a file at one place. */
export type Hdf5Node =
  | { readonly kind: "group"; readonly path: string; readonly attributes: Hdf5Attributes }
  | {
      readonly kind: "dataset";
      readonly path: string;
      readonly attributes: Hdf5Attributes;
      /** As numpy calls it; `text` of strings, and `other` of what is neither. */
      readonly dtype: string;
      readonly shape: readonly number[];
      /** Of its chunks, such as `deflate`. */
      readonly filters: readonly string[];
    }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

/** Attributes of a group or dataset by name. */
export type Hdf5Attributes = Readonly<Record<string, Hdf5Attribute>>;

/** An open file; good for as long as `readHdf5` takes. */
export interface Hdf5File {
  /** How messages call it. */
  readonly name: string;
  /** Everything in it, the root first, groups before what they hold. */
  nodes(): Hdf5Node[];
  /** Whether there is a group or dataset at a path such as `/tensors/mip`. */
  has(path: string): boolean;
  /** Attributes of a group or dataset. @throws {VitrineError} missing */
  attributes(path: string): Hdf5Attributes;
  /** All values of a dataset, C order. @throws {VitrineError} missing; range: more than 2 GiB; unsupported: neither numbers nor texts */
  read(path: string): { readonly data: Hdf5Values; readonly shape: readonly number[] };
}

/** Of one dataset: a small file can claim more than there is memory for. */
const LARGEST_BYTES = 2 ** 31;

/**
 * Opens an HDF5 file, which is held in memory, for as long as `use` takes; the library for it is loaded with the first.
 *
 * @throws {VitrineError} missing, storage: the file; format: a damaged one
 */
export async function readHdf5<T>(source: FileSource, use: (file: Hdf5File) => T): Promise<T> {
  return parseHdf5(await readFileBytes(source), sourceName(source), use);
}

/** As {@link readHdf5}, of bytes in memory. @param at  how messages call them */
export async function parseHdf5<T>(bytes: Uint8Array, at: string, use: (file: Hdf5File) => T): Promise<T> {
  return withLibraryFile({ at, bytes }, ({ file }) => use(opened(file, at)));
}

function opened(file: File, name: string): Hdf5File {
  return {
    name,
    nodes: () => [...visit(file, "/")],
    has: (path) => find(file, path) !== null,
    attributes: (path) => attributesOf(required(find(file, path), `${name} ${path}`)),
    read: (path) => values(required(find(file, path), `${name} ${path}`), `${name} ${path}`),
  };
}

function find(file: File, path: string): Entity | null {
  return path === "/" ? file : file.get(path);
}

type Holder = Group | Dataset;

function required(entity: Entity | null, at: string): Holder {
  if (entity !== null && (isGroup(entity) || isDataset(entity))) return entity;
  throw new VitrineError({
    code: "missing",
    at,
    expected: "a group or dataset",
    found: entity === null ? "none" : "a link",
  });
}

// by what they say of themselves: the library's classes are there only once it is loaded
function isGroup(entity: Entity): entity is Group {
  return "keys" in entity;
}

function isDataset(entity: Entity): entity is Dataset {
  return "filters" in entity;
}

function* visit(entity: Entity | null, path: string): Generator<Hdf5Node> {
  if (entity === null) return;
  if (isGroup(entity)) {
    yield { kind: "group", path, attributes: attributesOf(entity) };
    const prefix = path === "/" ? "" : path;
    for (const name of entity.keys()) yield* visit(entity.get(name), `${prefix}/${name}`);
  } else if (isDataset(entity)) {
    const { shape, filters } = entity;
    const names = filters.map(({ name }) => name);
    const facts = { attributes: attributesOf(entity), dtype: dtypeOf(entity), shape: shape ?? [] };
    yield { kind: "dataset", path, ...facts, filters: names };
  } else {
    yield { kind: "link", path, target: "target" in entity ? String(entity.target) : "" };
  }
}

function attributesOf(holder: Holder): Hdf5Attributes {
  const all = Object.entries(holder.attrs).map(([name, attribute]) => [name, attributeValue(attribute)]);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}

/** Nothing of what has no such value (a compound, a reference). */
function attributeValue(attribute: Attribute): Hdf5Attribute | undefined {
  const { value } = attribute;
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean") return Number(value);
  if (Array.isArray(value)) return value.every((one) => typeof one === "string") ? value : undefined;
  if (!ArrayBuffer.isView(value)) return undefined;
  return Array.from(value, Number);
}

const FLOATS: Readonly<Record<number, string>> = { 2: "float16", 4: "float32", 8: "float64" };

/** Classes of HDF5's types: whole numbers, floats, texts; 8 are enumerations, as h5py writes booleans. */
function dtypeOf({ metadata: { type, size, signed } }: Dataset): string {
  if (type === 0) return `${signed ? "" : "u"}int${8 * size}`;
  if (type === 1) return FLOATS[size] ?? "other";
  if (type === 3) return "text";
  return type === 8 ? "enum" : "other";
}

function values(holder: Holder, at: string): { data: Hdf5Values; shape: readonly number[] } {
  if (isGroup(holder))
    throw new VitrineError({ code: "missing", at, expected: "a dataset", found: "a group" });
  const shape = holder.shape ?? [];
  const bytes = elementCount(shape) * holder.metadata.size;
  if (bytes > LARGEST_BYTES) {
    const expected = `at most ${LARGEST_BYTES} bytes`;
    throw new VitrineError({ code: "range", at, expected, found: `${bytes}` });
  }
  const { value } = holder;
  if (ArrayBuffer.isView(value) && !(value instanceof Uint8ClampedArray)) return { data: value, shape };
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return { data: value, shape };
  const found = dtypeOf(holder);
  throw new VitrineError({ code: "unsupported", at, expected: "an array of numbers or texts", found });
}
