import { VitrineError } from "../../core/index.ts";
import type { RealArray } from "../precision.ts";

/** The exponent of an Lp norm, or the largest absolute value. */
export type NormOrder = number | "max";

/** One number an image. */
export function perImage(count: number, value: (image: number) => number): Float64Array {
  return Float64Array.from({ length: count }, (_, m) => value(m));
}

/** What a norm is taken of. */
export interface NormOptions {
  readonly order: NormOrder;
  /** Numbers of a value: 2 of complex ones. */
  readonly parts: 1 | 2;
  /** Of value `i` of an image. */
  readonly weightOf: (i: number) => number;
}

/** The norm of every image: (Σ weight |value|^p)^(1/p). @throws {VitrineError} range: an order below 1 */
export function imageNorms(
  { shape, data }: { readonly shape: readonly number[]; readonly data: RealArray },
  { order, parts, weightOf }: NormOptions,
): Float64Array {
  if (order !== "max" && !(order >= 1 && Number.isFinite(order)))
    throw new VitrineError({
      code: "range",
      at: "norm order",
      expected: "a number of at least 1, or max",
      found: `${order}`,
    });
  const each = data.length / shape[0] / parts;
  return perImage(shape[0], (m) => {
    let [sum, most] = [0, 0];
    for (let i = 0; i < each; i++) {
      const at = (m * each + i) * parts;
      const square = data[at] ** 2 + (parts === 1 ? 0 : data[at + 1] ** 2);
      if (order === 2) sum += weightOf(i) * square;
      else if (order === "max") most = Math.max(most, Math.sqrt(square));
      else sum += weightOf(i) * Math.sqrt(square) ** order;
    }
    return order === "max" ? most : sum ** (1 / order);
  });
}

/** Every image divided by its norm. */
export function scaleImages<Data extends RealArray>(data: Data, norms: Float64Array): Data {
  const each = data.length / norms.length;
  const result = data.slice() as Data;
  for (let i = 0; i < result.length; i++) result[i] /= norms[Math.floor(i / each)];
  return result;
}

/** Refuses norms by which nothing can be divided. @throws {VitrineError} range: with the first image */
export function requireEvery(norms: Float64Array, at: string): void {
  const bad = norms.findIndex((norm) => !(norm > 0 && Number.isFinite(norm)));
  if (bad < 0) return;
  const expected = "an image that is not the same everywhere, of finite values";
  const hint = "Leave it out";
  throw new VitrineError({
    code: "range",
    at: `${at} image ${bad}`,
    expected,
    found: `norm ${norms[bad]}`,
    hint,
  });
}
