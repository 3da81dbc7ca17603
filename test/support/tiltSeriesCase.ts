/** A tilt series of acryo 0.9.1's; see test/golden/subtomogram/README.md. */
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseTiltSeries, type Tilt, type TiltSeries } from "../../src/subtomogram/index.ts";
import { subtomogramGolden, subtomogramMolecules } from "./subtomogramCase.ts";

/** A file of the golden tilt series. */
export const tiltSeriesGolden = (name: string): string => subtomogramGolden(`tiltSeries/${name}`);

export const tiltSeriesMolecules = subtomogramMolecules("tiltSeries/molecules.csv");

/** acryo's, with its images. */
export function acryoSeries(): TiltSeries {
  const series = parseTiltSeries(readFileSync(tiltSeriesGolden("acryo.json"), "utf8"), "acryo.json");
  return series.replace({
    tilts: series.tilts.map((tilt) => ({ ...tilt, imagePath: tiltSeriesGolden("tilts.mrc") })),
  });
}

/** An untilted image. */
export const PLAIN: Tilt = { tiltDeg: 0, xTiltDeg: 0, axisDeg: 0, shiftNm: [0, 0], imageIndex: 0 };

/** Writes files of text below a new folder of `folder`, which it returns. */
export async function putFiles(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  const place = await mkdtemp(join(folder, "case-"));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(place, name, ".."), { recursive: true });
    await writeFile(join(place, name), text);
  }
  return place;
}
