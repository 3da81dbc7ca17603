import type { Group } from "h5wasm";
import { writeFileAtomic } from "#files";
import { requireKnownOptions } from "../../core/index.ts";
import type { WriteOptions } from "../files.ts";
import { withLibraryFile } from "./library.ts";

/** An attribute to write: a float64, a whole number of 64 bits (BigInt), a flag or text, or a list of one kind. */
export type Hdf5AttributeContent = number | bigint | boolean | string | readonly bigint[] | readonly string[];

/** A dataset to write. */
export interface Hdf5DatasetContent {
  /** Values in C order; a function is called when their turn comes, so that all need not be there at once. */
  readonly data: Hdf5DataContent | (() => Hdf5DataContent);
  /** Default: a list. */
  readonly shape?: readonly number[];
  /** Deflate in chunks of rows, at level 4 as h5py's users do; default false. */
  readonly compress?: boolean;
}

/** Numbers or texts. */
export type Hdf5DataContent = Float32Array | Float64Array | Int32Array | readonly string[];

/** A group to write; the file itself is one. */
export interface Hdf5Content {
  readonly attributes?: Readonly<Record<string, Hdf5AttributeContent>>;
  readonly datasets?: Readonly<Record<string, Hdf5DatasetContent>>;
  readonly groups?: Readonly<Record<string, Hdf5Content>>;
}

/** Bytes of a chunk before it is packed. */
const CHUNK_BYTES = 2 ** 18;
const LEVEL = 4;

/** The bytes of an HDF5 file: the same for the same content. @param at  how messages call it */
export async function formatHdf5(content: Hdf5Content, at = "HDF5 file"): Promise<Uint8Array> {
  const begun = seconds();
  return withLibraryFile({ at }, ({ file, bytes }) => {
    writeGroup(file, content);
    return withoutTimes(bytes(), [begun, seconds()]);
  });
}

/** Writes an HDF5 file, whole or not at all. @throws {VitrineError} as `writeFileAtomic` */
export async function writeHdf5(
  path: string,
  content: Hdf5Content,
  options: WriteOptions = {},
): Promise<void> {
  requireKnownOptions("writeHdf5", options, { overwrite: true, durability: true });
  await writeFileAtomic(path, await formatHdf5(content, path), options);
}

function writeGroup(group: Group, { attributes = {}, datasets = {}, groups = {} }: Hdf5Content): void {
  for (const [name, value] of Object.entries(attributes)) writeAttribute(group, name, value);
  for (const [name, dataset] of Object.entries(datasets)) writeDataset(group, name, dataset);
  for (const [name, content] of Object.entries(groups)) writeGroup(group.create_group(name), content);
}

function writeAttribute(group: Group, name: string, value: Hdf5AttributeContent): void {
  if (typeof value === "boolean") group.create_attribute(name, Number(value), null, "<b");
  else if (typeof value === "number") group.create_attribute(name, value, null, "<d");
  else if (typeof value === "bigint") group.create_attribute(name, BigInt64Array.of(value), [], "<q");
  else if (typeof value === "string") group.create_attribute(name, value);
  else if (isTexts(value)) group.create_attribute(name, [...value]);
  else group.create_attribute(name, BigInt64Array.from(value), null, "<q");
}

function isTexts(values: readonly bigint[] | readonly string[]): values is readonly string[] {
  return typeof values[0] === "string";
}

function writeDataset(group: Group, name: string, content: Hdf5DatasetContent): void {
  const data = typeof content.data === "function" ? content.data() : content.data;
  const shape = [...(content.shape ?? [data.length])];
  if (!ArrayBuffer.isView(data)) {
    group.create_dataset({ name, data: [...data], shape, dtype: "S" });
    return;
  }
  // a dataset without values has no chunks to pack
  const isPacked = content.compress === true && data.length > 0;
  const packing = {
    chunks: chunkOf(shape, data.BYTES_PER_ELEMENT),
    compression: "gzip",
    compression_opts: LEVEL,
  };
  group.create_dataset({ name, data, shape, ...(isPacked && { ...packing, compression: "gzip" as const }) });
}

/** Whole rows, as many as a chunk holds; of arrays of more axes those of one plane. */
function chunkOf(shape: readonly number[], bytes: number): number[] {
  const row = shape[shape.length - 1];
  if (shape.length === 1) return [Math.min(row, CHUNK_BYTES / bytes)];
  const rows = Math.max(1, Math.min(shape[shape.length - 2], Math.floor(CHUNK_BYTES / (bytes * row))));
  return [...shape.slice(0, -2).map(() => 1), rows, row];
}

function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** A message of an object header: type 0x12 (modification time), of 8 bytes, some flags, version 1; the time follows. */
const TIME_MESSAGE = [0x12, 0, 8, 0, -1, 0, 0, 0, 1, 0, 0, 0];

/**
 * The library notes in each dataset when it was written and cannot be told not to: the times go, so that the same content gives the
 * same bytes. Changes `bytes`.
 */
function withoutTimes(bytes: Uint8Array, [from, to]: readonly [number, number]): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = TIME_MESSAGE.length;
  for (let at = bytes.indexOf(TIME_MESSAGE[0]); at >= 0; at = bytes.indexOf(TIME_MESSAGE[0], at + 1)) {
    if (at + length + 4 > bytes.length) break;
    if (!TIME_MESSAGE.every((byte, i) => byte < 0 || bytes[at + i] === byte)) continue;
    const time = view.getUint32(at + length, true);
    if (time >= from && time <= to) view.setUint32(at + length, 0, true);
  }
  return bytes;
}
