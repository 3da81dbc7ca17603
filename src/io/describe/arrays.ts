import { knownMrcStatistics, type MrcHeader, type MrcStatistics, mrcOddities } from "../mrc.ts";
import { openMrc } from "../mrcFile.ts";
import type { NpyDtype } from "../npy.ts";
import { openNpy } from "../npyFile.ts";
import { readNpz } from "../npz.ts";
import { isArray } from "../torch/numpyPickle.ts";
import { isTensor, readTorch } from "../torch/read.ts";

/** A dtype and a shape, C order. */
export interface ArrayDescription {
  readonly dtype: string;
  readonly shape: readonly number[];
}

/** What is known of an MRC file. */
export interface MrcDescription extends ArrayDescription {
  readonly kind: "mrc";
  readonly mode: number;
  readonly content: MrcHeader["kind"];
  readonly voxelSizeA: MrcHeader["voxelSizeA"];
  readonly originA: MrcHeader["originA"];
  /** Those that the header gives. */
  readonly statistics: MrcStatistics;
  readonly labels: readonly string[];
  /** What of the file is not read; absent where all is. */
  readonly warnings?: readonly string[];
}

/** What is known of a .npy file. */
export interface NpyDescription extends ArrayDescription {
  readonly kind: "npy";
  readonly fortranOrder: boolean;
}

/** What is known of a .npz archive: its arrays by name. */
export interface NpzDescription {
  readonly kind: "npz";
  readonly arrays: Readonly<Record<string, ArrayDescription>>;
}

/** What is known of a file that `torch.save` wrote: its tensors by their keys, or "tensor" where it holds one alone. */
export interface TorchDescription {
  readonly kind: "torch";
  readonly arrays: Readonly<Record<string, ArrayDescription>>;
}

const MRC_DTYPES: Readonly<Record<MrcHeader["mode"], string>> = {
  0: "int8",
  1: "int16",
  2: "float32",
  4: "complex64",
  6: "uint16",
  12: "float16",
  101: "uint4",
};

/** An MRC file by its header. */
export async function describeMrc(path: string): Promise<MrcDescription> {
  const file = await openMrc(path);
  const { shape, mode, unsignedBytes, kind, voxelSizeA, originA, statistics, labels } = file.header;
  const warnings = mrcOddities(file.header, file.bytes);
  await file.close();
  const known = knownMrcStatistics(statistics);
  const dtype = mode === 0 && unsignedBytes ? "uint8" : MRC_DTYPES[mode];
  const told = { voxelSizeA, originA, statistics: known, labels };
  return {
    kind: "mrc",
    dtype,
    shape,
    mode,
    content: kind,
    ...told,
    ...(warnings.length > 0 && { warnings }),
  };
}

/** A .npy file by its header. */
export async function describeNpy(path: string): Promise<NpyDescription> {
  const { file, header } = await openNpy(path);
  await file.close();
  return {
    kind: "npy",
    dtype: dtypeName(header.dtype),
    shape: header.shape,
    fortranOrder: header.fortranOrder,
  };
}

/** A .npz archive by its arrays. */
export async function describeNpz(path: string): Promise<NpzDescription> {
  const arrays = await readNpz(path);
  const described = [...arrays].map(([name, { dtype, shape }]) => [name, { dtype: dtypeName(dtype), shape }]);
  return { kind: "npz", arrays: Object.fromEntries(described) };
}

/** A .pt file by its tensors, also those in lists and dictionaries. */
export async function describeTorch(path: string): Promise<TorchDescription> {
  return { kind: "torch", arrays: Object.fromEntries(tensorsOf(await readTorch(path), "")) };
}

function* tensorsOf(value: unknown, key: string): Generator<[string, ArrayDescription]> {
  if (isTensor(value) || isArray(value))
    yield [key === "" ? "tensor" : key, { dtype: dtypeName(value.dtype), shape: value.shape }];
  const entries: Iterable<[unknown, unknown]> =
    value instanceof Map || Array.isArray(value) ? value.entries() : [];
  for (const [name, item] of entries) yield* tensorsOf(item, key === "" ? `${name}` : `${key}.${name}`);
}

/** numpy's long name of a type: `u2` is uint16. */
function dtypeName(dtype: NpyDtype | "O"): string {
  if (dtype === "O") return "object";
  const names: Readonly<Record<string, string>> = {
    b: "bool",
    i: "int",
    u: "uint",
    f: "float",
    c: "complex",
  };
  return dtype === "b1" ? "bool" : `${names[dtype[0]]}${8 * Number(dtype.slice(1))}`;
}
