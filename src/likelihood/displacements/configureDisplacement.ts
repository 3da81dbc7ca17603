import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import type { Displacements } from "../grid/polarValues.ts";
import type { PolarStack } from "../stacks.ts";

/** Templates of one structure. */
export interface TemplateStack {
  readonly templates: PolarStack;
  readonly descriptor: ImageDescriptor;
}

/** Says which displacements are tried for templates, in Å: what {@link configureDisplacement} returns, or a user's own. */
export type Displacer = (stack: TemplateStack) => Displacements;

/** A lattice of displacements. */
export interface DisplacementOptions {
  /** Largest displacement along each axis, either way; default 8. */
  readonly maxDisplacementPixels?: number;
  /** Steps along x (axis 0 of images); up to 1: no displacement. */
  readonly nDisplacementsX: number;
  readonly nDisplacementsY: number;
}

const KEYS = { maxDisplacementPixels: true, nDisplacementsX: true, nDisplacementsY: true } as const;

/**
 * A lattice of displacements from -max to max along both axes, x fastest; (0, 0) comes last where the lattice has none.
 *
 * @throws {VitrineError} range: a number that is none or below 0; format: an unknown option
 *
 * @example
 * const displacer = configureDisplacement({ maxDisplacementPixels: 3, nDisplacementsX: 5, nDisplacementsY: 5 });
 *
 * Source: CryoLike 0.0.1.
 */
export function configureDisplacement(options: DisplacementOptions): Displacer {
  requireKnownOptions("configureDisplacement", options, KEYS);
  const { maxDisplacementPixels = 8, nDisplacementsX, nDisplacementsY } = options;
  requireNumber("maxDisplacementPixels", maxDisplacementPixels);
  for (const [name, value] of Object.entries({ nDisplacementsX, nDisplacementsY })) requireCount(name, value);
  return ({ descriptor: { pixelSizeA } }) => {
    const x = along(nDisplacementsX, maxDisplacementPixels * pixelSizeA[0]);
    const y = along(nDisplacementsY, maxDisplacementPixels * pixelSizeA[1]);
    const xs = y.flatMap(() => x);
    const ys = y.flatMap((value) => x.map(() => value));
    const hasNone = (count: number) => count > 1 && count % 2 === 0;
    const zero = hasNone(nDisplacementsX) || hasNone(nDisplacementsY) ? [0] : [];
    return { x: Float64Array.from([...xs, ...zero]), y: Float64Array.from([...ys, ...zero]) };
  };
}

/** numpy's linspace from -most to most. */
function along(count: number, most: number): number[] {
  if (count <= 1) return [0];
  const step = (2 * most) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? most : i * step - most));
}

function requireNumber(name: string, value: number): void {
  if (value >= 0 && Number.isFinite(value)) return;
  throw new VitrineError({
    code: "range",
    at: `configureDisplacement ${name}`,
    expected: "a number from 0",
    found: `${value}`,
  });
}

function requireCount(name: string, value: number): void {
  requireNumber(name, value);
  if (Number.isInteger(value)) return;
  throw new VitrineError({
    code: "range",
    at: `configureDisplacement ${name}`,
    expected: "a whole number",
    found: `${value}`,
  });
}
