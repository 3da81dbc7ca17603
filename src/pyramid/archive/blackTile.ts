import { TILE_SIZE } from "../geometry/levels.ts";
import { AC_TABLE, DC_TABLE, huffmanCodes, jpegHeader, quantiserSteps } from "../kernels/jpegTables.ts";

/** Coefficients are of pixels less 128; a block's mean is 8 times its pixels'. */
const BLACK_MEAN = -128 * 8;
const QUALITY = 75;

/** A grey JPEG of 256 x 256 pixels of 0: what a viewer gets where there is no tile. */
export function blackTile(): Uint8Array {
  const mean = Math.round(BLACK_MEAN / quantiserSteps(QUALITY)[0]);
  const size = 32 - Math.clz32(-mean);
  const dc = new Map(huffmanCodes(DC_TABLE));
  const endOfBlock = bitsOf(new Map(huffmanCodes(AC_TABLE)).get(0)!);
  const first = `${bitsOf(dc.get(size)!)}${(mean + 2 ** size - 1).toString(2).padStart(size, "0")}${endOfBlock}`;
  const others = `${bitsOf(dc.get(0)!)}${endOfBlock}`.repeat((TILE_SIZE / 8) ** 2 - 1);
  const bits = first + others;
  const data = bits.padEnd(8 * Math.ceil(bits.length / 8), "1").match(/.{8}/g)!;
  const bytes = data.flatMap((text) => {
    const byte = Number.parseInt(text, 2);
    return byte === 255 ? [255, 0] : [byte];
  });
  return Uint8Array.from([...header(), ...bytes, 0xff, 0xd9]);
}

function bitsOf(code: number): string {
  return (code >> 8).toString(2).padStart(code & 255, "0");
}

function header(): Uint8Array {
  const { bytes, sizeOffset } = jpegHeader(quantiserSteps(QUALITY));
  const all = Uint8Array.from(bytes);
  const view = new DataView(all.buffer);
  view.setUint16(sizeOffset, TILE_SIZE);
  view.setUint16(sizeOffset + 2, TILE_SIZE);
  return all;
}
