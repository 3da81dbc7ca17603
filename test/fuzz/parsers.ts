// Files of every format but images of many resolutions, damaged.

import { z } from "zod";
import { openBlob } from "../../src/io/files.ts";
import {
  formatMrcHeader,
  formatNpy,
  formatNpz,
  type MrcHeader,
  type NpyContent,
  openMrc,
  parseCsv,
  parseMrc,
  parseNpy,
  parseNpz,
  parseYaml,
  readNpy,
} from "../../src/io/index.ts";
import { formatIfd } from "../../src/io/ndtiff/ifd.ts";
import { formatIndexEntry, parseNdtiffIndex } from "../../src/io/ndtiff/indexEntries.ts";
import { formatStackHeader, readStackHeader } from "../../src/io/ndtiff/stackHeader.ts";
import { walkStack } from "../../src/io/ndtiff/walk.ts";
import { CONFIGS } from "./configs.ts";
import { fuzz } from "./run.ts";
import { STRUCTURES } from "./structures.ts";
import type { Target } from "./target.ts";

/** Small buffers that the inflater keeps. */
const FIXED = 2 ** 17;

const text = (content: string) => new TextEncoder().encode(content);
const copied = (bytes: Uint8Array) => new Blob([bytes.slice()]);

function mrcSeeds(): Uint8Array[] {
  const header: MrcHeader = {
    shape: [3, 4, 5],
    mode: 2,
    bigEndian: false,
    unsignedBytes: false,
    kind: "volume",
    spaceGroup: 1,
    start: [0, 0, 0],
    sampling: [5, 4, 3],
    cellA: [5, 4, 3],
    cellAnglesDeg: [90, 90, 90],
    voxelSizeA: [1, 1, 1],
    axes: [1, 2, 3],
    originA: [0, 0, 0],
    statistics: { min: 0, max: 1, mean: 0, rms: 1 },
    extendedType: "CCP4",
    extendedBytes: 0,
    labels: ["a"],
  };
  const modes = [0, 1, 2, 4, 6, 12, 101] as const;
  return modes.flatMap((mode) =>
    [false, true].map((bigEndian) => {
      const extendedBytes = bigEndian ? 80 : 0;
      const head = formatMrcHeader({ ...header, mode, bigEndian, extendedBytes, unsignedBytes: bigEndian });
      return Uint8Array.of(...head, ...new Uint8Array(extendedBytes + 60 * 8).map((_, i) => i * 7));
    }),
  );
}

const ARRAYS: readonly NpyContent[] = [
  { shape: [3, 4], data: new Float32Array(12) },
  { shape: [2, 3, 2], data: new BigInt64Array(12) },
  { shape: [], data: Float64Array.of(1) },
  { dtype: "f2", shape: [12], data: new Float32Array(12) },
  { dtype: "c16", shape: [2, 2], data: new Float64Array(8) },
  { dtype: "b1", shape: [0, 7], data: new Uint8Array(0) },
];

function npySeeds(): Uint8Array[] {
  const plain = ARRAYS.map(formatNpy);
  const swapped = plain.map((bytes) => replaced(bytes, "'<", "'>"));
  const fortran = plain.map((bytes) => replaced(bytes, "False", "True "));
  return [...plain, ...swapped, ...fortran];
}

/** The same file with a part of its header text changed to another of the same length. */
function replaced(bytes: Uint8Array, from: string, to: string): Uint8Array {
  const latin1 = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return Uint8Array.from(latin1.replace(from, to), (character) => character.charCodeAt(0));
}

function npzSeeds(): Uint8Array[] {
  const named = ARRAYS.map((content, i) => [`array${i}`, content] as const);
  return [
    formatNpz(named),
    formatNpz(named, { compress: true }),
    formatNpz(named.slice(0, 1), { compress: true }),
  ];
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

function ndtiffIndexSeeds(): Uint8Array[] {
  const entry = { file: "NDTiffStack.tif", pixelOffset: 300, width: 5, height: 4, pixelType: 1 };
  const place = { metadataOffset: 340, metadataBytes: 30 };
  const entries = [{ time: 0 }, { time: 1, channel: "µ ✓" }, {}].map((axes) =>
    formatIndexEntry({ ...entry, ...place, axes }),
  );
  return [joined(...entries), joined(...entries, new Uint8Array(40)), joined(entries[1])];
}

/** Two images, of one and of three channels, linked as a finished stack's are. */
function ndtiffStackSeeds(): Uint8Array[] {
  const header = formatStackHeader(text('{"a": "µ"}'));
  const parts = [1, 3].flatMap((channels, time) => {
    const metadata = text(`{"Axes": {"time": ${time}}, "NaN": NaN, "BitDepth": 8 }`);
    const layout = { width: 4, height: 6, channels, dtype: "uint8" } as const;
    const pixels = new Uint8Array(24 * channels).map((_, i) => i);
    return [{ layout, pixels, metadata }];
  });
  const pad = (bytes: Uint8Array) => joined(bytes, new Uint8Array(bytes.length % 2));
  const stack = parts.reduce((before, { layout, pixels, metadata }) => {
    const ifd = formatIfd(before.length, { layout, metadataBytes: metadata.length, resolution: 1 });
    return pad(joined(before, ifd, pixels, metadata));
  }, pad(header));
  return [stack, joined(stack, new Uint8Array(500))];
}

async function walkBlob(bytes: Uint8Array): Promise<number> {
  const file = openBlob(copied(bytes), "NDTiffStack.tif");
  const { bigEndian, firstIfd, end } = await readStackHeader(file);
  const from = firstIfd === 0 ? end + (end % 2) : firstIfd;
  let read = 0;
  for await (const image of walkStack(file, { stack: file.name, bigEndian, from, downsampling: 1 }))
    read += (await file.read(image.pixelOffset, image.metadataOffset - image.pixelOffset)).length;
  return read;
}

const YAML = [
  "a: {b: [1, 2.5, yes], c: &x {d: e}}\nf: *x\n<<: *x\ng: |\n  text\n",
  '? "k"\n: !!int "1"\n- # no\n',
];
const CSV = ['a,b,"c ""d"""\r\n1,,"x\r\ny"\r\n4,5,6\r\n', "a\n1\n\n2\n"];

const TARGETS: Record<string, Target> = {
  mrc: {
    cases: 60_000,
    seeds: mrcSeeds(),
    // The widest of all: 4-bit values become float32.
    most: (bytes) => 8 * bytes,
    parse: (bytes) => parseMrc(bytes, "a.mrc").data.byteLength,
  },
  mrcFile: {
    cases: 2_000,
    seeds: mrcSeeds(),
    most: (bytes) => 8 * bytes,
    parse: async (bytes) => {
      const file = await openMrc(copied(bytes));
      return (await file.readSections(0, file.header.shape[0])).byteLength;
    },
  },
  npy: {
    cases: 40_000,
    seeds: npySeeds(),
    // Halves become float32; the inner arrays of shapes and strides are a few words.
    most: (bytes) => 2 * bytes + 4096,
    parse: (bytes) => parseNpy(bytes, "a.npy").data.byteLength,
  },
  npyFile: {
    cases: 2_000,
    seeds: npySeeds(),
    most: (bytes) => 2 * bytes + 4096,
    parse: async (bytes) => (await readNpy(copied(bytes))).data.byteLength,
  },
  npz: {
    cases: 12_000,
    seeds: npzSeeds(),
    // Deflate expands 1032-fold at most.
    most: (bytes) => 2 * 1032 * bytes + FIXED,
    parse: (bytes) =>
      [...parseNpz(bytes, "a.npz").values()].reduce((sum, { data }) => sum + data.byteLength, 0),
  },
  ndtiffIndex: {
    cases: 20_000,
    seeds: ndtiffIndexSeeds(),
    most: () => FIXED,
    parse: (bytes) => parseNdtiffIndex(bytes, "NDTiff.index").bytes,
  },
  ndtiffStack: {
    cases: 4_000,
    seeds: ndtiffStackSeeds(),
    most: (bytes) => bytes,
    parse: walkBlob,
  },
  csv: {
    cases: 2_000,
    seeds: CSV.map(text),
    most: () => FIXED,
    parse: (bytes) => parseCsv(new TextDecoder().decode(bytes), "a.csv").rows.length,
  },
  yaml: {
    cases: 2_000,
    seeds: YAML.map(text),
    most: () => FIXED,
    parse: (bytes) =>
      parseYaml(new TextDecoder().decode(bytes), z.unknown(), "a.yaml") === undefined ? 0 : 1,
  },
};

await fuzz({ ...TARGETS, ...STRUCTURES, ...CONFIGS });
