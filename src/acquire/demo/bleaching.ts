import { CHANNELS, type ChannelName } from "./specimen.ts";

/** Side of the squares in which light is counted, µm. */
const SQUARE_UM = 40;

/** Squares are numbered from here on both sides of the origin. */
const MIDDLE = 2 ** 20;

/** A lit part of the specimen. */
export interface LitField {
  /** Stage position of its middle, µm. */
  readonly xUm: number;
  readonly yUm: number;
  readonly widthUm: number;
  readonly heightUm: number;
  readonly channel: ChannelName;
}

/** How much light each place got, in a form that crosses to another thread. */
export type DoseSnapshot = readonly (readonly [squares: Float64Array, ms: Float64Array])[];

/** The light that each place of a specimen got, in each channel, and how much of its colour is left. */
export class Bleaching {
  readonly #lifetimeMs: number;
  #ms: Map<number, number>[] = CHANNELS.map(() => new Map<number, number>());

  /** @param lifetimeMs  exposure after which 1/e of the colour is left; 0: no bleaching */
  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  /** Counts an exposure; a square that is lit in part gets that part of it. */
  expose(field: LitField, exposureMs: number): void {
    if (this.#lifetimeMs === 0 || exposureMs === 0) return;
    const ms = this.#of(field.channel);
    for (const [row, rowPart] of partsOf(field.yUm, field.heightUm)) {
      for (const [column, part] of partsOf(field.xUm, field.widthUm)) {
        const key = keyOf(column, row);
        ms.set(key, (ms.get(key) ?? 0) + exposureMs * part * rowPart);
      }
    }
  }

  /** Multiplies an image, (heightPx, widthPx), by what is left of the colour at each of its pixels. */
  fade(field: LitField, image: { data: Float32Array; widthPx: number; heightPx: number }): void {
    const ms = this.#of(field.channel);
    if (this.#lifetimeMs === 0 || ms.size === 0) return;
    const { data, widthPx, heightPx } = image;
    const left = (key: number) => Math.exp(-(ms.get(key) ?? 0) / this.#lifetimeMs);
    const columns = mixes(field.xUm, field.widthUm, widthPx);
    const rows = mixes(field.yUm, field.heightUm, heightPx);
    const line = new Float32Array(columns.count);
    for (let row = 0; row < heightPx; row++) {
      const above = rows.first + rows.at[row];
      const mix = rows.mix[row];
      for (let i = 0; i < line.length; i++) {
        const column = columns.first + i;
        line[i] = (1 - mix) * left(keyOf(column, above)) + mix * left(keyOf(column, above + 1));
      }
      for (let i = 0; i < widthPx; i++) {
        const at = columns.at[i];
        data[row * widthPx + i] *= line[at] + columns.mix[i] * (line[at + 1] - line[at]);
      }
    }
  }

  snapshot(): DoseSnapshot {
    return this.#ms.map((ms) => [Float64Array.from(ms.keys()), Float64Array.from(ms.values())] as const);
  }

  restore(snapshot: DoseSnapshot): void {
    this.#ms = snapshot.map(([squares, ms]) => new Map(Array.from(squares, (square, i) => [square, ms[i]])));
  }

  #of(channel: ChannelName): Map<number, number> {
    return this.#ms[CHANNELS.indexOf(channel)];
  }
}

function keyOf(column: number, row: number): number {
  return (row + MIDDLE) * 2 * MIDDLE + column + MIDDLE;
}

/** The squares along one axis that a stretch covers, each with the part of it that is covered. */
function partsOf(middleUm: number, lengthUm: number): [square: number, part: number][] {
  const start = (middleUm - lengthUm / 2) / SQUARE_UM;
  const end = (middleUm + lengthUm / 2) / SQUARE_UM;
  const parts: [number, number][] = [];
  for (let square = Math.floor(start); square < end; square++)
    parts.push([square, Math.min(end, square + 1) - Math.max(start, square)]);
  return parts;
}

/** For each pixel of a line the square, counted from `first`, whose middle is before it, and how far it is to the next one's. */
function mixes(middleUm: number, lengthUm: number, countPx: number) {
  const placeOf = (pixel: number) =>
    (middleUm + ((pixel + 0.5) / countPx - 0.5) * lengthUm) / SQUARE_UM - 0.5;
  const first = Math.floor(placeOf(0));
  const at = Int32Array.from({ length: countPx }, (_, i) => Math.floor(placeOf(i)) - first);
  const mix = Float32Array.from({ length: countPx }, (_, i) => placeOf(i) - Math.floor(placeOf(i)));
  return { first, at, mix, count: at[countPx - 1] + 2 };
}
