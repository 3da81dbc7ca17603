/** ImageXpress: a file .HTD that says what was to be taken; images by their names. Sources: faim-ipa, Bio-Formats' MetaxpressTiffReader. */
import { join } from "node:path";
import { readText } from "../../io/index.ts";
import { wellName } from "../wellNames.ts";
import { baseOf, type Found, type FoundImage, folderOf } from "./found.ts";
import { imagesByTemplate, withoutProjections } from "./names.ts";
import type { Teller } from "./teller.ts";

/** Lines of `"key", value, value`. */
type Htd = ReadonlyMap<string, readonly string[]>;

/** Positions are in the TIFF files (absolute, µm, y down); else by the sites' selection, of which `s` counts the selected ones from 1. */
export async function readImageXpress(teller: Teller): Promise<Found | undefined> {
  const { folder, path, options } = teller;
  const htd = parseHtd(await readText(join(folder.path, path)));
  const around = folderOf(path);
  const files = folder.files.filter((file) => around === "" || file.startsWith(`${around}/`));
  const plate = baseOf(path).replace(/\.htd$/i, "");
  const named = imagesByTemplate(files, "ImageXpress", { ...options, plate });
  if (named.length === 0) return undefined;
  const places = selectedSites(htd);
  const images = named.map((image) => ({ ...withNames(image, { htd, places }), plate }));
  const [rows, columns] = [numberOf(htd, "YWells"), numberOf(htd, "XWells")];
  const isMany = isTrue(firstOf(htd, "Sites"));
  return withoutProjections({
    microscope: `ImageXpress (${path})`,
    images,
    tellers: [path],
    ...(rows !== undefined && columns !== undefined && { plates: { [plate]: [rows, columns] as const } }),
    planned: {
      wells: { [plate]: selectedWells(htd) },
      sites: isMany ? places.length : 1,
      timePoints: numberOf(htd, "TimePoints") ?? 1,
    },
  });
}

function withNames(
  image: FoundImage,
  { htd, places }: { readonly htd: Htd; readonly places: readonly (readonly [number, number])[] },
): FoundImage {
  const wave = image.channel ?? "1";
  const grid = isTrue(firstOf(htd, "Sites")) ? places[image.site - 1] : undefined;
  return {
    ...image,
    channel: firstOf(htd, `WaveName${wave}`) ?? `w${wave}`,
    ...(grid !== undefined && { grid }),
  };
}

function parseHtd(text: string): Htd {
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.split(",").map((part) => part.trim().replace(/^"|"$/g, "")));
  return new Map(lines.filter(([key]) => key !== "").map(([key, ...values]) => [key, values]));
}

function firstOf(htd: Htd, key: string): string | undefined {
  const value = htd.get(key)?.[0];
  return value === "" ? undefined : value;
}

function numberOf(htd: Htd, key: string): number | undefined {
  const value = Number(firstOf(htd, key) ?? Number.NaN);
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

function isTrue(text: string | undefined): boolean {
  return text?.toUpperCase() === "TRUE";
}

function selectedWells(htd: Htd): string[] {
  const rows = Array.from(
    { length: numberOf(htd, "YWells") ?? 0 },
    (_, row) => htd.get(`WellsSelection${row + 1}`) ?? [],
  );
  return rows.flatMap((row, rowIndex) =>
    row.flatMap((cell, columnIndex) => (isTrue(cell) ? [wellName({ rowIndex, columnIndex })] : [])),
  );
}

/** Row and column of each site that is taken; all, in a row that the file leaves out. */
function selectedSites(htd: Htd): (readonly [number, number])[] {
  const [rows, columns] = [numberOf(htd, "YSites") ?? 1, numberOf(htd, "XSites") ?? 1];
  return Array.from({ length: rows }, (_, row) => row).flatMap((row) => {
    const selection = htd.get(`SiteSelection${row + 1}`);
    const all = Array.from({ length: columns }, (_, column) => [row, column] as const);
    return all.filter(([, column]) => selection === undefined || isTrue(selection[column]));
  });
}
