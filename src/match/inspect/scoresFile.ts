import { z } from "zod";
import { elementCount, requireKnownOptions, VitrineError } from "../../core/index.ts";
import {
  type NpyArray,
  type NpyValue,
  parseWithSchema,
  readNpzValues,
  writeNpzValues,
} from "../../io/index.ts";

/** Scores of every pose that was tried on every particle, as Leopard-EM 1.3's `inspect_peaks` and `frame_inspection` keep them. */
export interface PoseScores {
  /** Correlations at every position of the template in its box, or Fourier ring correlations. */
  readonly mode: "cross_correlation" | "frc";
  /** (particle, frame?, pixel size, defocus, orientation, y, x) or (…, frequency), C order. */
  readonly scores: Float32Array;
  readonly shape: readonly number[];
  /** Whether movie frames are apart, on the second axis. */
  readonly isPerFrame: boolean;
  /** (orientation, 3) ZYZ, degrees: offset times the particle's rotation. */
  readonly eulerAngleOffsetsDeg: Float64Array;
  readonly defocusOffsetsA: Float64Array;
  readonly pixelSizeOffsetsA: Float64Array;
  /** (particle, 3) ZYZ, degrees. */
  readonly eulerAnglesDeg: Float64Array;
  /** (particle, 3): both defocus values, Å, and the angle of the first, degrees. */
  readonly defocus: Float64Array;
  /** Of each particle in its table; undefined where that has none. */
  readonly particleIndex?: Float64Array;
  /** Cycles/pixel, of ring correlations. */
  readonly frequencies?: Float64Array;
}

/** The layout that is known. */
const VERSION = 1;

const metadata = z.looseObject({
  format_version: z.number(),
  output_mode: z.enum(["cross_correlation", "frc"]),
  per_frame: z.boolean().default(false),
});

/**
 * Reads a `.npz` of scores.
 *
 * @throws {VitrineError} missing, format: as `readNpzValues`; an array that is not there; shape: arrays that do not belong together;
 *   unsupported: a newer layout
 */
export async function readPoseScores(path: string): Promise<PoseScores> {
  const values = await readNpzValues(path);
  const said = parseMetadata(values.get("metadata_json"), path);
  const array = (name: string) => numbersOf(values.get(name), `${path} ${name}`);
  const optional = (name: string) => (values.has(name) ? float64(array(name)) : undefined);
  const { data, shape } = array("scores");
  const [particleIndex, frequencies] = [optional("particle_index"), optional("frequency_bins")];
  const scores = {
    mode: said.output_mode,
    scores: data instanceof Float32Array ? data : Float32Array.from(data, Number),
    shape,
    isPerFrame: said.per_frame,
    eulerAngleOffsetsDeg: float64(array("euler_angle_offsets")),
    defocusOffsetsA: float64(array("defocus_offsets")),
    pixelSizeOffsetsA: float64(array("pixel_size_offsets")),
    eulerAnglesDeg: float64(array("base_euler_angles")),
    defocus: float64(array("base_defocus")),
    ...(particleIndex && { particleIndex }),
    ...(frequencies && { frequencies }),
  };
  requireShape(scores, path);
  return scores;
}

function parseMetadata(value: NpyValue | undefined, path: string): z.output<typeof metadata> {
  const at = `${path} metadata_json`;
  const text = value?.dtype === "U" || value?.dtype === "S" ? value.data[0] : undefined;
  if (text === undefined) {
    const expected = "scores of poses as inspect-peaks writes them, with metadata_json";
    const hint = "vitrine info lists the arrays of the file";
    throw new VitrineError({ code: "missing", at, expected, found: "none", hint });
  }
  const said = parseWithSchema(jsonOf(text, at), metadata, at);
  if (said.format_version === VERSION) return said;
  const found = `${said.format_version}`;
  throw new VitrineError({ code: "unsupported", at: `${at} format_version`, expected: `${VERSION}`, found });
}

function jsonOf(text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new VitrineError({ code: "format", at, expected: "JSON", found: "another text" }, { cause });
  }
}

function numbersOf(value: NpyValue | undefined, at: string): NpyArray {
  if (value === undefined)
    throw new VitrineError({ code: "missing", at, expected: "an array", found: "none" });
  if (isNumbers(value)) return value;
  throw new VitrineError({ code: "type", at, expected: "numbers", found: value.dtype });
}

function isNumbers(value: NpyValue): value is NpyArray {
  return value.dtype !== "U" && value.dtype !== "S" && value.dtype !== "O";
}

function float64({ data }: NpyArray): Float64Array {
  return Float64Array.from<number | bigint>(data, Number);
}

/** Axes of a tensor with what indexes them. @throws {VitrineError} shape */
function requireShape(found: PoseScores, path: string): void {
  const { shape, isPerFrame, mode, frequencies } = found;
  const head = isPerFrame ? 2 : 1;
  const rank = head + 3 + (mode === "frc" ? 1 : 2);
  const lengths = [
    ...[found.pixelSizeOffsetsA.length, found.defocusOffsetsA.length, found.eulerAngleOffsetsDeg.length / 3],
    ...(mode === "frc" ? [frequencies?.length ?? 0] : []),
  ];
  const isRight =
    shape.length === rank &&
    lengths.every((length, i) => shape[head + i] === length) &&
    found.eulerAnglesDeg.length === 3 * shape[0] &&
    found.scores.length === elementCount(shape);
  if (isRight) return;
  const expected = `(${isPerFrame ? "particles, frames" : "particles"}, ${lengths.join(", ")}${mode === "frc" ? "" : ", height, width"})`;
  throw new VitrineError({ code: "shape", at: `${path} scores`, expected, found: `(${shape.join(", ")})` });
}

/** Writes scores with Leopard-EM's names, which its `load_inspection_result` reads. @throws {VitrineError} as `writeNpzValues` */
export async function writePoseScores(
  path: string,
  scores: PoseScores,
  options: { readonly overwrite?: boolean; readonly more?: object } = {},
): Promise<void> {
  requireKnownOptions("writePoseScores", options, { overwrite: true, more: true });
  const { overwrite = false, more = {} } = options;
  const { mode, shape, isPerFrame, particleIndex, frequencies } = scores;
  const vector = (data: Float64Array) => ({ data, shape: [data.length] });
  const triples = (data: Float64Array) => ({ data, shape: [data.length / 3, 3] });
  const frames = isPerFrame ? vector(Float64Array.from({ length: shape[1] }, (_, i) => i)) : undefined;
  const said = { format_version: VERSION, output_mode: mode, axes: axesOf(scores), per_frame: isPerFrame };
  const text = JSON.stringify({ ...said, ...more });
  await writeNpzValues(
    path,
    [
      ["scores", { data: scores.scores, shape }],
      ["euler_angle_offsets", triples(scores.eulerAngleOffsetsDeg)],
      ["defocus_offsets", vector(scores.defocusOffsetsA)],
      ["pixel_size_offsets", vector(scores.pixelSizeOffsetsA)],
      ["base_euler_angles", triples(scores.eulerAnglesDeg)],
      ["base_defocus", triples(scores.defocus)],
      ...(frequencies ? [["frequency_bins", vector(frequencies)] as const] : []),
      ...(particleIndex ? [["particle_index", vector(particleIndex)] as const] : []),
      ...(frames ? [["frame_index", frames] as const] : []),
      ["metadata_json", { dtype: "U", shape: [], data: [text] }],
    ],
    { overwrite },
  );
}

function axesOf({ mode, isPerFrame }: Pick<PoseScores, "mode" | "isPerFrame">): string[] {
  const places = mode === "frc" ? ["frequency"] : ["y", "x"];
  return [
    ...["particle", ...(isPerFrame ? ["frame"] : [])],
    ...["pixel_size", "defocus", "orientation", ...places],
  ];
}
