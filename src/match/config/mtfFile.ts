import { VitrineError } from "../../core/index.ts";
import { readStar } from "../../io/index.ts";
import { type DetectorMtf, type Mtf, requireMtf } from "../../optics/index.ts";

/**
 * Reads a modulation transfer function from a STAR file as RELION's: `rlnResolutionInversePixel` and `rlnMtfValue`.
 *
 * @throws {VitrineError} missing: no table with these columns; format: what is no number; range: frequencies that do not
 *   ascend, fewer than two, values that are not finite, no amplitude above 0
 */
export async function readMtf(path: string): Promise<Mtf> {
  const names = ["rlnResolutionInversePixel", "rlnMtfValue"] as const;
  const file = await readStar(path);
  for (const item of file.blocks.flatMap(({ items }) => items)) {
    if (item.kind !== "table" || !names.every((name) => item.columns.includes(name))) continue;
    const [frequencies, amplitudes] = names.map((name) => Array.from(item.numbers(name)));
    return requireMtf({ frequencies, amplitudes }, path);
  }
  const expected = `a table with ${names.join(" and ")}`;
  throw new VitrineError({ code: "missing", at: path, expected, found: "none" });
}

/** A camera's MTF that is still in its file. */
export interface MtfFile {
  readonly path: string;
  /** As of {@link DetectorMtf}. */
  readonly pixelSizeA?: number;
}

/**
 * The same optics with the MTF read from the file that they name, if they name one.
 *
 * @throws {VitrineError} missing: no such file; and as {@link readMtf}
 */
export async function readMtfFile<T extends { readonly mtf?: DetectorMtf; readonly mtfFile?: MtfFile }>({
  mtfFile,
  ...optics
}: T): Promise<Omit<T, "mtfFile">> {
  if (mtfFile === undefined) return optics;
  const { path, pixelSizeA } = mtfFile;
  const mtf = { ...(await readMtf(path)), ...(pixelSizeA !== undefined && { pixelSizeA }) };
  return { ...optics, mtf };
}
