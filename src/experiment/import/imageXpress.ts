/** ImageXpress: a file .HTD that says what was to be taken; images by their names. Sources: faim-ipa, Bio-Formats' MetaxpressTiffReader. */
import { join } from "node:path";
import { readText, wellName } from "../../io/index.ts";
import { baseOf, distinctNames, type Found, type FoundImage, folderOf } from "./found.ts";
import { countOf, firstOf, isTrue, type KeyedLines, parseKeyedLines } from "./keyedLines.ts";
import { imagesByTemplate, type NameOptions, withoutProjections } from "./names.ts";
import type { Teller } from "./teller.ts";

/** Positions are in the TIFF files (absolute, µm, y down); else by the sites' selection, of which `s` counts the selected ones from 1. */
export async function readImageXpress(teller: Teller): Promise<Found | undefined> {
  const { folder, path, options } = teller;
  const htd = parseKeyedLines(await readText(join(folder.path, path)));
  const around = folderOf(path);
  const files = folder.files.filter((file) => around === "" || file.startsWith(`${around}/`));
  const plate = baseOf(path).replace(/\.htd$/i, "");
  const named = namedImages(ownFiles(files, path), options);
  if (named.length === 0) return undefined;
  const places = selectedSites(htd);
  const waves = waveNames(htd);
  const images = named.map((image) => ({ ...withNames(image, { htd, places, waves }), plate }));
  const [rows, columns] = [countOf(htd, "YWells"), countOf(htd, "XWells")];
  const isMany = isTrue(firstOf(htd, "Sites"));
  return withoutProjections({
    microscope: `ImageXpress (${path})`,
    images,
    tellers: [path],
    ...(rows !== undefined && columns !== undefined && { plates: { [plate]: [rows, columns] as const } }),
    planned: {
      wells: { [plate]: selectedWells(htd) },
      sites: isMany ? places.length : 1,
      timePoints: countOf(htd, "TimePoints") ?? 1,
    },
  });
}

/** Some rename their files to lower case, wells with them; what the file .HTD stands beside are plates for all that. */
function namedImages(files: readonly string[], options: NameOptions): readonly FoundImage[] {
  const named = imagesByTemplate(files, "ImageXpress", options);
  if (named.length > 0) return named;
  const upper = (path: string) =>
    path.replace(
      /(^|[/_])([a-z]{1,2}\d{2,3})(?=(?:_s\d+)?(?:_w\d)?[^_/]*$)/,
      (_, start: string, well: string) => `${start}${well.toUpperCase()}`,
    );
  const originals = new Map(files.map((path) => [upper(path), path]));
  return imagesByTemplate([...originals.keys()], "ImageXpress", options).map((image) => ({
    ...image,
    path: originals.get(image.path) ?? image.path,
  }));
}

/** Names of waves by their numbers. */
function waveNames(htd: KeyedLines): ReadonlyMap<string, string> {
  const names = [...htd].flatMap(([key, [name]]): [string, string][] => {
    const [, number] = /^WaveName(\d+)$/.exec(key) ?? [];
    return number === undefined || !name ? [] : [[number, name]];
  });
  return distinctNames(new Map(names));
}

/** Of several plates in one folder each has its own images, which begin with its name. */
function ownFiles(files: readonly string[], path: string): readonly string[] {
  const plates = files.filter((file) => /\.htd$/i.test(file) && folderOf(file) === folderOf(path));
  if (plates.length < 2) return files;
  const stem = (file: string) => baseOf(file).replace(/\.htd$/i, "");
  const starts = (file: string, plate: string) =>
    baseOf(file).toLowerCase().startsWith(`${plate.toLowerCase()}_`);
  const own = stem(path);
  // of `p` and `p_2` the longer name is the plate's
  const others = plates.map(stem).filter((plate) => plate.length > own.length);
  return files.filter((file) => starts(file, own) && !others.some((other) => starts(file, other)));
}

function withNames(
  image: FoundImage,
  {
    htd,
    places,
    waves,
  }: {
    readonly htd: KeyedLines;
    readonly places: readonly (readonly [number, number])[];
    readonly waves: ReadonlyMap<string, string>;
  },
): FoundImage {
  const wave = image.channel ?? "1";
  const grid = isTrue(firstOf(htd, "Sites")) ? places[image.site - 1] : undefined;
  return {
    ...image,
    channel: waves.get(wave) ?? `w${wave}`,
    ...(grid !== undefined && { grid }),
  };
}

function selectedWells(htd: KeyedLines): string[] {
  const rows = Array.from(
    { length: countOf(htd, "YWells") ?? 0 },
    (_, row) => htd.get(`WellsSelection${row + 1}`) ?? [],
  );
  return rows.flatMap((row, rowIndex) =>
    row.flatMap((cell, columnIndex) => (isTrue(cell) ? [wellName({ rowIndex, columnIndex })] : [])),
  );
}

/** Row and column of each site that is taken; all, in a row that the file leaves out. */
function selectedSites(htd: KeyedLines): (readonly [number, number])[] {
  const [rows, columns] = [countOf(htd, "YSites") ?? 1, countOf(htd, "XSites") ?? 1];
  return Array.from({ length: rows }, (_, row) => row).flatMap((row) => {
    const selection = htd.get(`SiteSelection${row + 1}`);
    const all = Array.from({ length: columns }, (_, column) => [row, column] as const);
    return all.filter(([, column]) => selection === undefined || isTrue(selection[column]));
  });
}
