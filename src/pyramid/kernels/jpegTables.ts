// The tables of ITU-T T.81 that a grey baseline JPEG needs, in the block of memory that assembly/jpeg.ts reads.

/** Natural index (8 v + u) of each coefficient in the order of the file: figure 5 of T.81. */
export const ZIGZAG: readonly number[] = zigzag();

/** Steps of the luminance at quality 50, rows of vertical frequency: table K.1 of T.81. */
const LUMINANCE = [
  [16, 11, 10, 16, 24, 40, 51, 61],
  [12, 12, 14, 19, 26, 58, 60, 55],
  [14, 13, 16, 24, 40, 57, 69, 56],
  [14, 17, 22, 29, 51, 87, 80, 62],
  [18, 22, 37, 56, 68, 109, 103, 77],
  [24, 35, 55, 64, 81, 104, 113, 92],
  [49, 64, 78, 87, 103, 121, 120, 101],
  [72, 92, 95, 98, 112, 100, 103, 99],
].flat();

/** A Huffman table: how many codes have 1 to 16 bits, and what they stand for, in the order of the codes. */
export interface HuffmanTable {
  readonly counts: readonly number[];
  readonly values: readonly number[];
}

/** Sizes of differences of means: table K.3 of T.81. */
export const DC_TABLE: HuffmanTable = {
  counts: [0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0],
  values: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11],
};

/** Runs of zeros (high 4 bits) and sizes (low 4) of all other coefficients: table K.5 of T.81. */
export const AC_TABLE: HuffmanTable = {
  counts: [0, 2, 1, 3, 3, 2, 4, 3, 5, 5, 4, 4, 0, 0, 1, 125],
  values: bytesOf(
    "01020300041105122131410613516107227114328191a1082342b1c11552d1f02433627282090a161718191a25262728292a3435363738393a" +
      "434445464748494a535455565758595a636465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aa" +
      "b2b3b4b5b6b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9fa",
  ),
};

/** Offsets in the block. Masks: 8 rows of 256 bit sets of the file's order; codes: (bits << 8) + their number. */
const OFFSETS = {
  reciprocals: 0,
  masks: 256,
  order: 16640,
  dcCodes: 16704,
  acCodes: 16768,
  header: 17792,
} as const;

/** Bytes of the block, header included. */
export const TABLE_BYTES = 18176;

/** Bytes of working memory of one encoder. */
export const WORK_BYTES = 448;

/** Scale factors of the transform of Arai, Agui and Nakajima by frequency. */
const SCALES = Array.from({ length: 8 }, (_, k) => (k === 0 ? 1 : Math.SQRT2 * Math.cos((k * Math.PI) / 16)));

/**
 * Quantiser steps at a quality from 1 to 100, as libjpeg has scaled them since 1991, in natural order.
 *
 * Source: Independent JPEG Group's libjpeg, jpeg_quality_scaling and jpeg_add_quant_table, baseline.
 */
export function quantiserSteps(quality: number): number[] {
  const scale = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return LUMINANCE.map((step) => Math.min(255, Math.max(1, Math.floor((step * scale + 50) / 100))));
}

/** The block of tables for a quality from 1 to 100. */
export function jpegTables(quality: number): Uint8Array {
  const block = new Uint8Array(TABLE_BYTES);
  const view = new DataView(block.buffer);
  const steps = quantiserSteps(quality);
  for (let u = 0; u < 8; u++) {
    for (let v = 0; v < 8; v++) {
      const reciprocal = 1 / (steps[8 * v + u] * SCALES[u] * SCALES[v] * 8);
      view.setFloat32(OFFSETS.reciprocals + 4 * (8 * u + v), reciprocal, true);
    }
  }
  writeOrder(view);
  for (const [value, code] of huffmanCodes(DC_TABLE)) view.setUint32(OFFSETS.dcCodes + 4 * value, code, true);
  for (const [value, code] of huffmanCodes(AC_TABLE)) view.setUint32(OFFSETS.acCodes + 4 * value, code, true);
  const { bytes, sizeOffset } = jpegHeader(steps);
  view.setUint32(OFFSETS.header, bytes.length, true);
  view.setUint32(OFFSETS.header + 4, sizeOffset, true);
  block.set(bytes, OFFSETS.header + 8);
  return block;
}

/** Kernels leave coefficients transposed, 8 u + v. */
function writeOrder(view: DataView): void {
  ZIGZAG.forEach((natural, k) => {
    const transposed = 8 * (natural % 8) + (natural >> 3);
    view.setUint8(OFFSETS.order + k, transposed);
    for (let set = 0; set < 256; set++) {
      if ((set & (1 << (transposed % 8))) === 0) continue;
      const at = OFFSETS.masks + 8 * (256 * (transposed >> 3) + set);
      view.setBigUint64(at, view.getBigUint64(at, true) | (1n << BigInt(k)), true);
    }
  });
}

/** Every value with (code << 8) + number of bits: annex C of T.81. */
export function huffmanCodes({ counts, values }: HuffmanTable): [value: number, code: number][] {
  const codes: [number, number][] = [];
  let code = 0;
  counts.forEach((count, i) => {
    for (let j = 0; j < count; j++) codes.push([values[codes.length], (code++ << 8) | (i + 1)]);
    code *= 2;
  });
  return codes;
}

/** All of a file before its coefficients; `sizeOffset` is where height and width belong, 16 bits each, the high byte first. */
export function jpegHeader(steps: readonly number[]): {
  readonly bytes: number[];
  readonly sizeOffset: number;
} {
  const start = [0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0];
  const quantiser = [0xff, 0xdb, 0, 67, 0, ...ZIGZAG.map((natural) => steps[natural])];
  const frame = [0xff, 0xc0, 0, 11, 8, 0, 0, 0, 0, 1, 1, 0x11, 0];
  const codes = [
    ...[0xff, 0xc4, 0, 31, 0, ...DC_TABLE.counts, ...DC_TABLE.values],
    ...[0xff, 0xc4, 0, 181, 16, ...AC_TABLE.counts, ...AC_TABLE.values],
  ];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  const sizeOffset = start.length + quantiser.length + 5;
  return { bytes: [...start, ...quantiser, ...frame, ...codes, ...scan], sizeOffset };
}

function zigzag(): number[] {
  const places = Array.from({ length: 64 }, (_, i) => i);
  // Along each diagonal, upwards on the even ones.
  const key = (i: number) => {
    const [v, u] = [i >> 3, i % 8];
    return 8 * (u + v) + ((u + v) % 2 === 0 ? u : v);
  };
  return places.sort((a, b) => key(a) - key(b));
}

function bytesOf(hex: string): number[] {
  return Array.from(hex.matchAll(/../g), ([byte]) => Number.parseInt(byte, 16));
}
