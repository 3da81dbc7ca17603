import { VitrineError } from "../../core/index.ts";
import { type OptionKeys, readText, requireKnownOptions } from "../../io/index.ts";
import { readAreTomoTiltSeries } from "./areTomo.ts";
import type { ReadTiltSeriesOptions } from "./common.ts";
import { readImodTiltSeries } from "./imod.ts";
import { warnOfTiltSeries } from "./implausible.ts";
import { parseTiltSeries } from "./json.ts";
import { readRelionTiltSeries } from "./relion.ts";
import type { TiltSeries } from "./tiltSeries.ts";

const KEYS: OptionKeys<ReadTiltSeriesOptions> = { scale: true, name: true, imagePath: true, onLog: true };

/** Whether a path is of a tilt series: .aln (AreTomo), .star (RELION 5), .xf, .edf or .tlt (IMOD), .json. */
export function isTiltSeriesPath(path: string): boolean {
  return /\.(aln|star|xf|edf|tlt|json)$/i.test(path);
}

/** The file of `TS_01@tomograms.star`, as RELION names images, and the tomogram. */
export function splitTiltSeriesPath(path: string): { readonly file: string; readonly name?: string } {
  const match = /^([^/@]+)@(.*\.star)$/i.exec(path);
  return match === null ? { file: path } : { file: match[2], name: match[1] };
}

/**
 * Reads the geometry of a tilt series: AreTomo's .aln, RELION 5's tomograms.star or tilt-series STAR (`TS_01@tomograms.star` of several), an
 * IMOD folder or its .xf, .edf or .tlt, JSON of acryo or of `formatTiltSeries`. Images are not read.
 *
 * @throws {VitrineError} missing, storage: a file; format: a damaged one; undeterminable: several series, and none is named; unsupported: images
 */
export async function readTiltSeries(path: string, options: ReadTiltSeriesOptions = {}): Promise<TiltSeries> {
  requireKnownOptions("readTiltSeries", options, KEYS);
  const { file, name } = splitTiltSeriesPath(path);
  const how = name === undefined ? options : { ...options, name };
  refuseImages(file);
  const series = await seriesOf(file, how);
  warnOfTiltSeries(series, options.onLog);
  return series;
}

async function seriesOf(file: string, how: ReadTiltSeriesOptions): Promise<TiltSeries> {
  if (/\.aln$/i.test(file)) return readAreTomoTiltSeries(file, how);
  if (/\.star$/i.test(file)) return readRelionTiltSeries(file, how);
  if (/\.json$/i.test(file)) return parseTiltSeries(await readText(file), file, how);
  return readImodTiltSeries(file, how);
}

function refuseImages(at: string): void {
  const ending = /\.(mrcs?|st|rec|ali|tiff?|eer|npy|zarr)$/i.exec(at);
  if (ending === null) return;
  throw new VitrineError({
    code: "unsupported",
    at,
    expected: "a tilt series: .aln, .xf, .edf, .tlt, .json, TS_01@tomograms.star or an IMOD folder",
    found: ending[0],
    hint: "Images alone say nothing of angles and shifts",
  });
}
