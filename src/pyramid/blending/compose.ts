import { requireKnownOptions } from "../../core/index.ts";
import type { PixelOffset, PixelSize } from "../geometry/levels.ts";
import { type Resampling, shiftedPart } from "./resample.ts";

/**
 * What a pixel shows that several sites cover: the `last` of them in their list, as TissueMAPS' later sites do; the one within which it lies furthest
 * from an end (`nearest`), so that seams run through the middle of overlaps; or a mean (`linear`) whose weights grow from the ends of each site.
 */
export type Blending = "last" | "nearest" | "linear";

/** How sites are put together. */
export interface ComposeOptions {
  /** Default `last`. */
  readonly blend?: Blending;
  /** Default `round`. */
  readonly resample?: Resampling;
  /** Pixels from a site's end over which its weight grows; default all the way to its middle. */
  readonly featherPx?: number;
  /** Value that stands for no pixel, and shows what other sites have there. Default 0 where sites are blended; with `last` none. */
  readonly missing?: number;
}

/** Pixels with their place on the map, which may be a fraction. */
export interface MapPixels<Pixels extends Uint8Array | Uint16Array | Float32Array>
  extends PixelOffset,
    PixelSize {
  /** (height, width) */
  readonly data: Pixels;
}

/**
 * Puts sites into a block of the map, at whole pixels for itself; what no site covers stays as it is. A pixel depends on its place and the
 * sites alone: blocks cut in any way, and given any sites besides those that touch them, make the same map.
 *
 * @param sites  in the order in which they lie on each other
 *
 * @example
 * const block = { y: 0, x: 4096, height: 512, width: 4096, data: new Uint16Array(512 * 4096) };
 * composeBlock(sites, block, { blend: "linear" });
 */
export function composeBlock<Pixels extends Uint8Array | Uint16Array | Float32Array>(
  sites: readonly MapPixels<Pixels>[],
  block: MapPixels<Pixels>,
  options: ComposeOptions = {},
): void {
  requireKnownOptions("composeBlock", options, {
    blend: true,
    resample: true,
    featherPx: true,
    missing: true,
  });
  const { blend = "last", featherPx = Number.POSITIVE_INFINITY } = options;
  const missing = options.missing ?? (blend === "last" ? undefined : 0);
  const parts = sites.flatMap((site) =>
    partOf(site, block, { resample: options.resample ?? "round", missing }),
  );
  const round = roundingOf(block.data);
  for (let y = block.y; y < block.y + block.height; y++) {
    const across = parts.filter(({ top, bottom }) => top <= y && y < bottom);
    for (const { from, to, covering } of segmentsOf(across)) {
      const top = covering[covering.length - 1];
      const isPlain =
        (covering.length === 1 || blend === "last") && top.missing === undefined && !top.isFraction;
      if (isPlain) copyRow(top, block, { y, from, to });
      else mixRow(covering, block, { y, from, to, blend, featherPx, round });
    }
  }
}

/** What of a site lies within the block; rows and columns on the map. */
interface Part {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
  /** The whole site's first pixel and size, which weights are counted from. */
  readonly site: PixelOffset & PixelSize;
  /** Values; those of pixel (y, x) of the map are at (y - originY) x stride + x - originX. */
  readonly data: ArrayLike<number>;
  readonly stride: number;
  readonly originY: number;
  readonly originX: number;
  readonly missing: number | undefined;
  /** Values lie between pixels, and are NaN where they are missing. */
  readonly isFraction: boolean;
}

function partOf(
  site: MapPixels<Uint8Array | Uint16Array | Float32Array>,
  block: PixelOffset & PixelSize,
  { resample, missing }: { readonly resample: Resampling; readonly missing: number | undefined },
): Part[] {
  const { height, width, data } = site;
  const [y, x] = [Math.round(site.y), Math.round(site.x)];
  const [top, left] = [Math.max(y, block.y), Math.max(x, block.x)];
  const [bottom, right] = [
    Math.min(y + height, block.y + block.height),
    Math.min(x + width, block.x + block.width),
  ];
  if (bottom <= top || right <= left) return [];
  const box = { top, bottom, left, right, site: { y, x, height, width }, missing };
  const fraction = { y: site.y - y, x: site.x - x };
  if (resample === "round" || (fraction.y === 0 && fraction.x === 0))
    return [{ ...box, data, stride: width, originY: y, originX: x, isFraction: false }];
  const part = { y: top - y, x: left - x, height: bottom - top, width: right - left };
  const shifted = shiftedPart(site, part, { fraction, resample, missing });
  return [{ ...box, data: shifted, stride: part.width, originY: top, originX: left, isFraction: true }];
}

/** A stretch of a row that the same parts cover, in the order of the sites. */
interface Segment {
  readonly from: number;
  readonly to: number;
  readonly covering: readonly Part[];
}

function segmentsOf(parts: readonly Part[]): Segment[] {
  const ends = [...new Set(parts.flatMap(({ left, right }) => [left, right]))].sort((a, b) => a - b);
  return ends.slice(1).flatMap((to, i) => {
    const from = ends[i];
    const covering = parts.filter(({ left, right }) => left <= from && to <= right);
    return covering.length === 0 ? [] : [{ from, to, covering }];
  });
}

interface Row {
  readonly y: number;
  readonly from: number;
  readonly to: number;
}

function copyRow(
  { data, stride, originY, originX }: Part,
  block: MapPixels<Uint8Array | Uint16Array | Float32Array>,
  { y, from, to }: Row,
): void {
  const source = (y - originY) * stride - originX;
  const target = (y - block.y) * block.width - block.x;
  for (let x = from; x < to; x++) block.data[target + x] = data[source + x];
}

interface Mixing extends Row {
  readonly blend: Blending;
  readonly featherPx: number;
  readonly round: (value: number) => number;
}

function mixRow(
  parts: readonly Part[],
  block: MapPixels<Uint8Array | Uint16Array | Float32Array>,
  { y, from, to, blend, featherPx, round }: Mixing,
): void {
  const target = (y - block.y) * block.width - block.x;
  const down = parts.map(({ site }) => weightAt(y - site.y, site.height, featherPx));
  for (let x = from; x < to; x++) {
    let [sum, total, most] = [0, 0, 0];
    for (let i = 0; i < parts.length; i++) {
      const { data, stride, originY, originX, missing, site } = parts[i];
      const value = data[(y - originY) * stride + x - originX];
      if (value === missing || Number.isNaN(value)) continue;
      const weight = down[i] * weightAt(x - site.x, site.width, featherPx);
      if (blend === "linear") {
        sum += weight * value;
        total += weight;
      } else if (blend === "last" || weight > most) [sum, total, most] = [value, 1, weight];
    }
    if (total > 0) block.data[target + x] = round(sum / total);
  }
}

/** Pixels from the nearer end of a line, the outermost counting 1, and no more than the feather. */
function weightAt(place: number, length: number, featherPx: number): number {
  return Math.min(place + 1, length - place, Math.max(1, featherPx));
}

/** How means become values of the block: halves up, held at the type's ends. */
function roundingOf(data: Uint8Array | Uint16Array | Float32Array): (value: number) => number {
  if (data instanceof Float32Array) return (value) => value;
  const most = data instanceof Uint8Array ? 255 : 65_535;
  return (value) => Math.min(most, Math.max(0, Math.floor(value + 0.5)));
}
