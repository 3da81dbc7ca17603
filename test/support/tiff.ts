/** A tag of a made TIFF: its number, the type of its values (3 short, 4 long, 2 text as character codes) and these. */
export type MadeTag = readonly [tag: number, type: number, values: readonly number[]];

/** A page of a made TIFF; a function gives the tags once the place of the pixels is known. */
export interface MadePage {
  readonly pixels: Uint8Array;
  readonly tags: (pixelsAt: number) => readonly MadeTag[];
}

const WIDTHS: Readonly<Record<number, number>> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8 };

/** Puts a little-endian classic TIFF together, with whatever tags a test wants: nothing is checked. */
export function makeTiff(pages: readonly MadePage[]): Uint8Array {
  const bytes: number[] = [0x49, 0x49, 42, 0, 0, 0, 0, 0];
  let linkAt = 4;
  for (const { pixels, tags } of pages) {
    const pixelsAt = bytes.length;
    for (const byte of pixels) bytes.push(byte);
    if (pixels.length % 2 === 1) bytes.push(0);
    const all = [...tags(pixelsAt)].sort(([a], [b]) => a - b);
    const places = all.map(([, type, values]) => {
      const length = values.length * WIDTHS[type];
      if (length <= 4) return -1;
      const at = bytes.length;
      for (const value of values) bytes.push(...little(value, WIDTHS[type]));
      if (length % 2 === 1) bytes.push(0);
      return at;
    });
    bytes.splice(linkAt, 4, ...little(bytes.length, 4));
    bytes.push(...little(all.length, 2));
    for (const [i, [tag, type, values]] of all.entries()) {
      const inside = values.flatMap((value) => little(value, WIDTHS[type]));
      const field = places[i] < 0 ? [...inside, 0, 0, 0, 0].slice(0, 4) : little(places[i], 4);
      bytes.push(...little(tag, 2), ...little(type, 2), ...little(values.length, 4), ...field);
    }
    linkAt = bytes.length;
    bytes.push(0, 0, 0, 0);
  }
  return Uint8Array.from(bytes);
}

/** The codes of a text, with a zero behind. */
export function textTag(tag: number, text: string): MadeTag {
  return [tag, 2, [...new TextEncoder().encode(text), 0]];
}

function little(value: number, width: number): number[] {
  return Array.from({ length: width }, (_, i) => Math.floor(value / 256 ** i) % 256);
}
