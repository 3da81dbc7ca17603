import { fileURLToPath } from "node:url";
import { type NpyArray, readNpy, readNpz } from "../../src/io/index.ts";

/** A file of the golden likelihood. */
export function likelihoodGolden(path: string): string {
  return fileURLToPath(new URL(`../golden/likelihood/${path}`, import.meta.url));
}

/** A golden array. */
export function likelihoodNpy(path: string): Promise<NpyArray> {
  return readNpy(likelihoodGolden(path));
}

/** Golden arrays by name; what is not there is empty. */
export async function likelihoodNpz(path: string): Promise<(name: string) => number[]> {
  const arrays = await readNpz(likelihoodGolden(path));
  return (name) => numbers(arrays.get(name)?.data ?? []);
}

/** Any array as numbers. */
export function numbers(data: Iterable<number | bigint>): number[] {
  return Array.from(data, Number);
}

/** The largest difference of two arrays, as a share of the largest value of the second; infinite where they differ in length. */
export function difference(found: Iterable<number | bigint>, expected: Iterable<number | bigint>): number {
  const [a, b] = [numbers(found), numbers(expected)];
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY;
  const scale = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  // a comparison with NaN is never true
  return (
    a.reduce((most, value, i) => (Math.abs(value - b[i]) <= most ? most : Math.abs(value - b[i])), 0) / scale
  );
}
