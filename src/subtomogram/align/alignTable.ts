import { VitrineError } from "../../core/index.ts";
import type { CollectContext } from "../../jobs/index.ts";
import {
  endingOf,
  formatByEnding,
  type MoleculeFormat,
  writeMoleculeTable,
} from "../formats/moleculeFiles.ts";
import { fileStem } from "../formats/tomogramNames.ts";
import type { TomogramVolume } from "../formats/tomograms.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { splitTiltSeriesPath } from "../tiltSeries/read.ts";
import type { AlignChoices } from "./alignChoices.ts";

/** @throws {VitrineError} unsupported: another ending, or a table of one tomogram for those of several */
export function requireTable({ outPath: at, tomograms }: AlignChoices): void {
  const format = formatOf(at);
  if (format === undefined) {
    const expected = "a name that ends with .csv, .parquet, .star, .tbl, .em or .json";
    throw new VitrineError({ code: "unsupported", at, expected, found: `.${endingOf(at)}` });
  }
  if (format !== "copick" || tomograms.length === 1) return;
  const expected = "one tomogram, as picks of copick have";
  const hint = "Write a .csv or .star, or align one after the other";
  throw new VitrineError({ code: "unsupported", at, expected, found: `${tomograms.length}`, hint });
}

/** Whether tomograms must be named, and voxels known. */
export function isForeignTable(path: string): boolean {
  return formatOf(path) !== "acryo";
}

/** PEET's model would be a second file. */
function formatOf(path: string): MoleculeFormat | undefined {
  const format = formatByEnding(path);
  return format === "peet" ? undefined : format;
}

/** A tomogram, as tables know it. */
export interface NamedVolume extends TomogramVolume {
  readonly name: string;
  /** nm/voxel. */
  readonly scale: number;
}

/** What a tomogram is called where its molecules do not say: as its file, without the ending. */
export function nameOf({ path, name }: AlignChoices["tomograms"][number]): string {
  const { file, name: series } = splitTiltSeriesPath(path);
  return name ?? series ?? fileStem(file);
}

/** Molecules that have no name of their tomogram get this one. */
export function nameTomogram(molecules: Molecules, name: string): Molecules {
  const known = molecules.features.tomogram ?? new Array<null>(molecules.count).fill(null);
  return molecules.withFeatures({
    tomogram: known.map((own) => (own === null || own === "" ? name : String(own))),
  });
}

/** What writing the table of an alignment needs. */
export interface AlignedTable {
  readonly choices: AlignChoices;
  /** One a tomogram. */
  readonly volumes: readonly NamedVolume[];
  readonly onLog: CollectContext["onLog"];
}

/** Writes molecules where they were found as the table that the result's name says. @throws {VitrineError} as `writeMolecules` */
export async function writeAlignedTable(
  path: string,
  molecules: Molecules,
  { choices, volumes, onLog }: AlignedTable,
): Promise<void> {
  const { outPath: at, pixelSizeA } = choices;
  const format = formatOf(at) ?? "acryo";
  if (["relion5", "dynamo", "av3"].includes(format) && pixelSizeA === undefined)
    onLog(
      `${at}: voxels are those of ${choices.tomograms[0].path}, ${volumes[0].pixelSizeA} Å; --pixel-size for those of images without binning`,
      "warning",
    );
  const names = molecules.features.tomogram?.map(String);
  // Several names of one tomogram's molecules are refused when they are read.
  const volumeOf = (name: string) => volumes[Math.max(0, indexOf(name))];
  const indexOf = (name: string) => {
    const row = names?.indexOf(name) ?? -1;
    const index = molecules.features["image-id"]?.[row];
    return typeof index === "number" ? index : 0;
  };
  const tomogramOf = (name: string) => {
    const otherwise = volumeOf(name);
    return { name, otherwise, ...(pixelSizeA !== undefined && { pixelSizeA }) };
  };
  await writeMoleculeTable(path, molecules, {
    ...{ format, overwrite: true, at, tomogramOf, centre: "half" },
    onLog,
  });
}
