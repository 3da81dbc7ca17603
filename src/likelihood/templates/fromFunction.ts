import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { PolarStack } from "../stacks.ts";
import { makeStack, type TemplateDescriptor, type TemplateOptions } from "./makeStack.ts";
import { slicePoints } from "./slices.ts";

/**
 * The transform of a structure at points of Fourier space.
 *
 * @param kx  cycles per half box, [points] as `ky` and `kz`
 * @returns   complex values of the points, real and imaginary part in turn
 */
export type TransformFunction = (kx: Float64Array, ky: Float64Array, kz: Float64Array) => ArrayLike<number>;

/**
 * Templates of any structure whose transform is a function of the points of Fourier space. They are not normalised.
 *
 * @param transform  called once a template with all points of its slice, shells outermost
 * @throws {VitrineError} shape: another number of values than two a point; range: values that are no numbers; aborted
 *
 * @example
 * const plane = await generateFromFunction((kx, ky, kz) => Float64Array.from({ length: 2 * kx.length }, (_, i) => ...), descriptor);
 */
export async function generateFromFunction(
  transform: TransformFunction,
  descriptor: TemplateDescriptor,
  options: TemplateOptions = {},
): Promise<PolarStack> {
  requireKnownOptions("generateFromFunction", options, { backend: true, signal: true, onProgress: true });
  const { radii } = descriptor.polarGrid;
  return makeStack(descriptor, options, {
    isReal: false,
    sliceOf(directions, values) {
      const [kx, ky, kz] = slicePoints(directions, radii, 1);
      const found = transform(kx, ky, kz);
      if (found.length !== values.length)
        throw new VitrineError({
          code: "shape",
          at: "generateFromFunction function",
          expected: `${values.length} numbers, two of each of ${kx.length} points`,
          found: `${found.length}`,
        });
      values.set(found);
    },
  });
}
