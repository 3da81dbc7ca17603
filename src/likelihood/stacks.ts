import { firstNotFinite, VitrineError } from "../core/index.ts";
import type { RealArray } from "./precision.ts";

/** Images or templates in Fourier space on a polar grid. */
export interface PolarStack {
  /** Images, shells from the inside, in-plane angles from axis 0 towards axis 1. */
  readonly shape: readonly [count: number, shells: number, inplanes: number];
  /** Complex values in C order, real and imaginary part in turn. */
  readonly data: RealArray;
}

/** Images in physical space, as they lie in an MRC file: axis 0 (rows) is what this folder calls x, axis 1 (columns) y. */
export interface PhysicalStack {
  readonly shape: readonly [count: number, x: number, y: number];
  readonly data: RealArray;
  /** Å along x and y. */
  readonly pixelSizeA: readonly [x: number, y: number];
}

/** Refuses a stack whose values are fewer or more than its shape says. @throws {VitrineError} shape */
export function requireStack(
  { shape, data }: { readonly shape: readonly number[]; readonly data: RealArray },
  { at, parts }: { readonly at: string; readonly parts: 1 | 2 },
): void {
  const expected = shape.reduce((product, length) => product * length, parts);
  if (expected === data.length) return;
  throw new VitrineError({
    code: "shape",
    at,
    expected: `${expected} values (${shape.join(" x ")}${parts === 2 ? ", complex" : ""})`,
    found: `${data.length}`,
  });
}

/** Refuses values that are no numbers: whatever is computed of them would be none either. @throws {VitrineError} range: with the first place */
export function requireFinite(
  { shape, data }: { readonly shape: readonly number[]; readonly data: RealArray },
  at: string,
): void {
  const bad = firstNotFinite(data);
  if (bad < 0) return;
  const each = data.length / shape[0];
  throw new VitrineError({
    code: "range",
    at: `${at} image ${Math.floor(bad / each)}`,
    expected: "finite values",
    found: `${data[bad]} at value ${bad % each}`,
    hint: "Mend the image, or leave it out",
  });
}
