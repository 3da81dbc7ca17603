import type { NumberArray, PipeImage, PipeResult } from "./image.ts";
import { createConverter, createProvider, type ImageConverter, type ImageProvider } from "./pipeline.ts";

/**
 * Makes a provider of a user's own function: called without its first argument, the scale, it gives a provider.
 *
 * @example
 * const fromNoise = providerFunction(async function fromNoise(scale: number, sizeNm: number) {
 *   const n = Math.round(sizeNm / scale);
 *   return { data: Float32Array.from({ length: n ** 3 }, Math.random), shape: [n, n, n] };
 * });
 * const image = await fromNoise(12)(0.5); // 24 x 24 x 24
 */
export function providerFunction<A extends readonly unknown[], T extends PipeResult = PipeImage>(
  run: (scale: number, ...parameters: A) => T | Promise<T>,
): (...parameters: A) => ImageProvider<T> {
  return (...parameters) =>
    createProvider((scale) => run(scale, ...parameters), callName(run.name, parameters));
}

/**
 * Makes a converter of a user's own function: called without its first two arguments, image and scale (nm/pixel), it gives a
 * converter. The function leaves its image as it is.
 */
export function converterFunction<A extends readonly unknown[]>(
  run: (image: PipeImage, scale: number, ...parameters: A) => NumberArray | Promise<NumberArray>,
): (...parameters: A) => ImageConverter {
  return (...parameters) =>
    createConverter((image, scale) => run(image, scale, ...parameters), callName(run.name, parameters));
}

/** A call as it is written, arrays of numbers as three dots: `shift([0.6, -0.3, 1.1], { order: 1 })`. */
export function callName(name: string, parameters: readonly unknown[]): string {
  const last = parameters.findLastIndex((parameter) => parameter !== undefined);
  const shown = parameters.slice(0, last + 1).map(formatParameter);
  return `${name || "function"}(${shown.join(", ")})`;
}

/** Longer lists are data, not parameters. */
const LONGEST_LIST = 9;

function formatParameter(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (Array.isArray(value))
    return value.length > LONGEST_LIST ? "..." : `[${value.map(formatParameter).join(", ")}]`;
  if (typeof value !== "object" || value === null) return String(value);
  if (ArrayBuffer.isView(value) || "data" in value || value instanceof Blob) return "...";
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return entries.length === 0
    ? "{}"
    : `{ ${entries.map(([key, one]) => `${key}: ${formatParameter(one)}`).join(", ")} }`;
}
