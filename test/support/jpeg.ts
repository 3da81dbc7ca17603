/** What a grey baseline JPEG file holds: enough of a decoder, written after ITU-T T.81, to check every coefficient of ours. */
export interface GreyJpeg {
  readonly width: number;
  readonly height: number;
  /** Quantiser steps, in the order of the file. */
  readonly steps: readonly number[];
  /** 64 quantised coefficients a block, in the order of the file, blocks row by row. */
  readonly blocks: readonly Int32Array[];
}

/** Reads a file that has one component and no restarts. Throws at anything else. */
export function parseGreyJpeg(file: Uint8Array): GreyJpeg {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const codes = new Map<number, Map<string, number>>();
  let steps: number[] = [];
  let [width, height, at] = [0, 0, 2];
  if (view.getUint16(0) !== 0xffd8) throw new Error("no start of image");
  for (;;) {
    const marker = view.getUint16(at);
    const length = view.getUint16(at + 2);
    const body = file.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    if (marker === 0xffdb) steps = [...body.subarray(1, 65)];
    else if (marker === 0xffc0)
      [height, width] = [view.getUint16(at - length + 3), view.getUint16(at - length + 5)];
    else if (marker === 0xffc4) codes.set(body[0], codesOf(body));
    else if (marker === 0xffda) break;
    else if (marker !== 0xffe0) throw new Error(`marker ${marker.toString(16)}`);
  }
  const count = Math.ceil(width / 8) * Math.ceil(height / 8);
  return { width, height, steps, blocks: readBlocks(file.subarray(at), codes, count) };
}

function codesOf(body: Uint8Array): Map<string, number> {
  const table = new Map<string, number>();
  let [code, next] = [0, 17];
  for (let length = 1; length <= 16; length++, code *= 2) {
    for (let i = 0; i < body[length]; i++)
      table.set((code++).toString(2).padStart(length, "0"), body[next++]);
  }
  return table;
}

function readBlocks(
  data: Uint8Array,
  codes: ReadonlyMap<number, Map<string, number>>,
  count: number,
): Int32Array[] {
  let bits = "";
  let at = 0;
  const bit = () => {
    if (bits === "") {
      const byte = data[at++];
      if (byte === 255 && data[at++] !== 0) throw new Error("a marker within the data");
      bits = byte.toString(2).padStart(8, "0");
    }
    const first = bits[0];
    bits = bits.slice(1);
    return first;
  };
  const symbol = (table: number) => {
    let code = "";
    while (code.length <= 16) {
      code += bit();
      const value = codes.get(table)!.get(code);
      if (value !== undefined) return value;
    }
    throw new Error("no such code");
  };
  const number = (size: number) => {
    let value = 0;
    for (let i = 0; i < size; i++) value = 2 * value + Number(bit());
    return size > 0 && value < 2 ** (size - 1) ? value - 2 ** size + 1 : value;
  };
  let mean = 0;
  const blocks = Array.from({ length: count }, () => {
    const block = new Int32Array(64);
    mean += number(symbol(0));
    block[0] = mean;
    for (let k = 1; k < 64; k++) {
      const code = symbol(0x10);
      if (code === 0) break;
      k += code >> 4;
      block[k] = number(code & 15);
      if (k > 63) throw new Error("a run beyond the block");
    }
    return block;
  });
  if (/0/.test(bits) || data[at] !== 255 || data[at + 1] !== 0xd9 || data.length !== at + 2)
    throw new Error("a wrong end");
  return blocks;
}

const COSINES = Array.from({ length: 8 }, (_, k) =>
  Array.from(
    { length: 8 },
    (_, x) => (k === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * k * Math.PI) / 16),
  ),
);

/** The cosine transform of 8 x 8 values by its definition (A.3.3 of T.81): (8, 8), vertical frequencies first. */
export function cosineTransform(pixels: readonly number[]): number[] {
  return Array.from({ length: 64 }, (_, i) => {
    let sum = 0;
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 8; x++) sum += COSINES[i >> 3][y] * COSINES[i % 8][x] * (pixels[8 * y + x] - 128);
    }
    return sum;
  });
}
