import { VitrineError } from "../../core/index.ts";
import { formatNpz, type NpyArray, readNpz } from "../../io/essentials.ts";
import type { PixelSize } from "../geometry/levels.ts";
import type { IlluminationModel } from "./models.ts";
import type { IlluminationStatistics } from "./statistics.ts";

/** The bytes of a model as a file (.npz): `mean` and `deviation`, or `flat` and `dark`, all (height, width) but for one dark number. */
export function formatIlluminationModel(model: IlluminationModel, { height, width }: PixelSize): Uint8Array {
  const shape = [height, width];
  if (model.kind === "zscore")
    return formatNpz([
      ["mean", { data: model.mean, shape }],
      ["deviation", { data: model.deviation, shape }],
    ]);
  const { flat, dark } = model;
  const level = typeof dark === "number";
  return formatNpz([
    ["flat", { data: flat, shape }],
    ["dark", level ? { data: Float32Array.of(dark), shape: [] } : { data: dark, shape }],
  ]);
}

/** Reads what {@link formatIlluminationModel} wrote. @throws {VitrineError} missing, format, storage */
export async function readIlluminationModel(path: string): Promise<IlluminationModel> {
  const arrays = await readNpz(path);
  const get = (name: string) => arrays.get(name)?.data;
  const [mean, deviation, flat, dark] = ["mean", "deviation", "flat", "dark"].map(get);
  if (mean instanceof Float64Array && deviation instanceof Float64Array)
    return { kind: "zscore", mean, deviation };
  if (flat instanceof Float32Array && dark instanceof Float32Array)
    return { kind: "flatfield", flat, dark: dark.length === 1 && flat.length > 1 ? dark[0] : dark };
  throw notOurs(path, "mean and deviation, or flat and dark", [...arrays.keys()]);
}

/** The bytes of statistics as a file (.npz). */
export function formatStatistics(statistics: IlluminationStatistics): Uint8Array {
  const { height, width, count, mean, squares, percentileSums } = statistics;
  const shape = [height, width];
  return formatNpz([
    ["count", { data: Float64Array.of(count), shape: [] }],
    ["mean", { data: mean, shape }],
    ["squares", { data: squares, shape }],
    ["percentileSums", { data: percentileSums, shape: [percentileSums.length] }],
  ]);
}

/** Reads what {@link formatStatistics} wrote. @throws {VitrineError} missing, format, storage */
export async function readStatistics(path: string): Promise<IlluminationStatistics> {
  return statisticsOf(await readNpz(path), path);
}

/** Statistics of the arrays of a file. @throws {VitrineError} format: others */
export function statisticsOf(arrays: ReadonlyMap<string, NpyArray>, at: string): IlluminationStatistics {
  const get = (name: string) => arrays.get(name)?.data;
  const [count, mean, squares, percentileSums] = ["count", "mean", "squares", "percentileSums"].map(get);
  const [height, width] = arrays.get("mean")?.shape ?? [];
  const areThere = [count, mean, squares, percentileSums].every((data) => data instanceof Float64Array);
  if (!areThere || width === undefined)
    throw notOurs(at, "count, mean, squares and percentileSums", [...arrays.keys()]);
  const numbers = (data: unknown) => (data instanceof Float64Array ? data : new Float64Array(0));
  return {
    height,
    width,
    count: numbers(count)[0],
    mean: numbers(mean),
    squares: numbers(squares),
    percentileSums: numbers(percentileSums),
  };
}

function notOurs(at: string, expected: string, names: readonly string[]): VitrineError {
  const hint = "Make it anew: vitrine illuminati EXPERIMENT stats";
  const found = names.join(", ") || "no array";
  return new VitrineError({ code: "format", at, expected: `arrays ${expected}`, found, hint });
}
