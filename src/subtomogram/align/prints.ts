import { fileExists, inputPrints } from "../../io/index.ts";
import { formatTiltSeries } from "../tiltSeries/json.ts";
import { isTiltSeriesPath, readTiltSeries } from "../tiltSeries/read.ts";
import { type AlignChoices, inputPaths } from "./alignChoices.ts";

/** What of a folder of OME-Zarr says what it is. */
const METADATA = ["zarr.json", ".zattrs"];

/** What tells the inputs of an alignment apart; of stores in folders their description. @throws {VitrineError} missing, storage */
export async function tomogramPrints(choices: AlignChoices): Promise<Record<string, string>> {
  const paths: string[] = [];
  for (const path of inputPaths(choices)) paths.push(await describing(path));
  const geometries: Record<string, string> = {};
  for (const { path } of choices.tomograms.filter((one) => isTiltSeriesPath(one.path))) {
    const { imageScale } = choices;
    const series = await readTiltSeries(path, imageScale === undefined ? {} : { scale: imageScale });
    geometries[`${path} geometry`] = formatTiltSeries(series);
    paths.push(...series.tilts.flatMap(({ imagePath }) => imagePath ?? []));
  }
  return { ...(await inputPrints(paths)), ...geometries };
}

async function describing(path: string): Promise<string> {
  for (const name of METADATA) if (await fileExists(`${path}/${name}`)) return `${path}/${name}`;
  return path;
}
