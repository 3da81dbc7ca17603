/** Images by the names of their files. */

import { VitrineError } from "../../core/index.ts";
import { PLATE_FORMATS, rowLetters, rowOfLetters } from "../../io/index.ts";
import { baseOf, type Found, type FoundImage, folderOf, type ImageFolder } from "./found.ts";
import { groupBy } from "./group.ts";
import { compilePattern, imageOfParts, matchPattern, type NameParts } from "./pattern.ts";
import { namedPosition } from "./stage.ts";
import { NAME_TEMPLATES, type NameTemplate, withLowerEnd } from "./templates.ts";

/** What names do not tell. */
export interface NameOptions {
  /** The plate of a file whose name does not tell it. */
  readonly plateOf: (path: string) => string;
  /** Rows and columns of the plate, where wells are numbered. */
  readonly format?: readonly [rows: number, columns: number];
}

/** Images that a user's pattern matches. @throws {VitrineError} format: the pattern */
export function byPattern(folder: ImageFolder, options: NameOptions & { readonly pattern: string }): Found {
  const compiled = compilePattern(options.pattern);
  const images = [...folder.files, ...folder.stores].flatMap((path) => {
    const parts = matchPattern(compiled, path);
    return (parts && imageOfParts(path, parts, options.plateOf(path))) ?? [];
  });
  return { microscope: `pattern ${options.pattern}`, images };
}

/** Parts of a path that are no plate's name. */
const STRUCTURE =
  /^(TimePoint_\d+|ZStep_-?\d+|Images?|Well [A-Z]{1,2}\d+|[A-Z]{1,2}\d+-Site_\d+|.*Pos_?\d+.*)$/i;
const TIFF = /\.(tiff?|stk)$/i;

/**
 * Images by the templates of microscopes: in each folder the one that most of its files match, the first of several. Files of a folder
 * that no template matches are in none.
 *
 * @throws {VitrineError} missing: numbered wells, and no format
 */
export function byTemplates(files: readonly string[], options: NameOptions): Found[] {
  const folders = groupBy(
    files.filter((path) => TIFF.test(path)),
    folderOf,
  );
  const templates = [...folders.values()].map((of) => [bestTemplate(of), of] as const);
  return [...groupBy(templates, ([template]) => template)].flatMap(([template, of]) => {
    if (template === undefined) return [];
    const { microscope } = template;
    const images = imagesOf(
      of.flatMap(([, files]) => files),
      template,
      options,
    );
    return withNotes(
      microscope,
      withoutProjections({ microscope: `${microscope} (names of files)`, images }),
    );
  });
}

/** Bits of ScanR's camera; the four above them are flags (source: Bio-Formats' reader of ScanR). */
const SCANR_BITS = 12;

/** What a microscope's files are known for, and what of it was guessed. */
function withNotes(microscope: string, found: Found): Found {
  const warnings = [...(found.warnings ?? [])];
  if (microscope !== "ScanR") return { ...found, warnings };
  warnings.push(
    `ScanR: cameras of ${SCANR_BITS} bits; the four bits above are flags and count for nothing in 16-bit images`,
  );
  const names = new Set(found.images.flatMap(({ channel }) => channel ?? []));
  const channels = Object.fromEntries(
    [...names].map((name) => [name, { bitDepth: SCANR_BITS, pixelMask: 2 ** SCANR_BITS - 1 }]),
  );
  return { ...found, warnings, channels };
}

/** Images by the template of one microscope. */
export function imagesByTemplate(
  files: readonly string[],
  microscope: string,
  options: NameOptions,
): FoundImage[] {
  const template = NAME_TEMPLATES.find((one) => one.microscope === microscope);
  return template === undefined
    ? []
    : imagesOf(
        files.filter((path) => TIFF.test(path)),
        template,
        options,
      );
}

function bestTemplate(files: readonly string[]): NameTemplate | undefined {
  const counts = NAME_TEMPLATES.map(({ regex }) => files.filter((path) => tells(regex, path)).length);
  const most = Math.max(...counts);
  return most === 0 ? undefined : NAME_TEMPLATES[counts.indexOf(most)];
}

/** Whether a name is of a template and says more than a plate: any name is a plate's in one of them. */
function tells(regex: RegExp, path: string): boolean {
  const groups = regex.exec(withLowerEnd(path))?.groups;
  if (groups === undefined) return false;
  const { plate, ...others } = groups;
  return plate === undefined || Object.values(others).some((part) => part !== undefined);
}

function imagesOf(
  files: readonly string[],
  { regex, microscope }: NameTemplate,
  options: NameOptions,
): FoundImage[] {
  const partsOfNames = (path: string) => regex.exec(withLowerEnd(path))?.groups;
  const times = timesOf(
    files.flatMap((path) => {
      const groups = partsOfNames(path);
      return groups === undefined ? [] : [[groups.plate ?? options.plateOf(path), groups] as const];
    }),
  );
  return files.flatMap((path) => {
    const groups = partsOfNames(path);
    if (groups === undefined) return [];
    const plate = options.plateOf(path);
    const parts = partsOf({ ...groups, ...folderParts(path) }, options);
    const time = times.get(groups.plate ?? plate)?.indexOf(timeOf(groups)) ?? -1;
    const image = imageOfParts(path, { ...parts, ...(time >= 0 && { t: String(time) }) }, plate);
    return image === undefined ? [] : [microscope === MM_1 ? atNamedPosition(image) : image];
  });
}

const MM_1 = "Micro-Manager 1.4";

/** Its names leave out the position, which is the folder's name. */
function atNamedPosition(image: FoundImage): FoundImage {
  const { well, site, grid } = namedPosition(baseOf(folderOf(image.path)));
  return {
    ...image,
    ...(well !== undefined && { well }),
    ...(grid !== undefined && { grid, site: Number.NaN }),
    ...(site !== undefined && { site }),
  };
}

/** TimePoint_3/ZStep_2 of ImageXpress. */
function folderParts(path: string): Pick<NameParts, "t" | "z"> {
  const [, t] = /(?:^|\/)TimePoint_(\d+)\//i.exec(path) ?? [];
  const [, z] = /(?:^|\/)ZStep_(\d+)\//i.exec(path) ?? [];
  return { ...(t !== undefined && { t }), ...(z !== undefined && { z }) };
}

/** The last folder that is no part of every plate's own. */
export function plateOfFolder(path: string): string | undefined {
  const parts = folderOf(path)
    .split("/")
    .filter((part) => part !== "" && !STRUCTURE.test(part));
  return parts.at(-1);
}

type Groups = Readonly<Record<string, string | undefined>>;

/** What is written otherwise than others write it: parts of wells, wells by number, images of a well by number. */
function partsOf({ well, sub, index, row, col, scene, ...others }: Groups, options: NameOptions): NameParts {
  const parts: Groups = { ...others, row, col };
  const place = well === undefined ? undefined : placeOfNumber(Number(well), options.format);
  const given = { ...parts, ...place, ...(sub !== undefined && subWell({ row, col, sub })) };
  return Object.fromEntries(
    Object.entries({
      ...given,
      // images of a well in one folder are z planes first, then time points: bdPathway.ts takes them apart
      ...(index !== undefined && { z: index }),
      ...(scene !== undefined && parts.site === undefined && { site: scene }),
    }).filter(([, value]) => value !== undefined),
  );
}

/** Yokogawa's plates of 1,536 wells: `A01.b3` is the second row and third column of the first four by four. */
function subWell({
  row = "A",
  col = "1",
  sub,
}: {
  readonly row?: string | undefined;
  readonly col?: string | undefined;
  readonly sub: string;
}) {
  const rowIndex = 4 * rowOfLetters(row) + sub.charCodeAt(0) - 97;
  return { row: rowLetters(rowIndex), col: String(4 * (Number(col) - 1) + Number(sub[1])) };
}

function placeOfNumber(well: number, format: NameOptions["format"]) {
  if (format === undefined) {
    const hint = `Give --format, one of ${Object.keys(PLATE_FORMATS).join(", ")}`;
    const [at, expected] = [
      `well W${String(well).padStart(4, "0")}`,
      "the plate's rows and columns, by which wells are numbered",
    ];
    throw new VitrineError({ code: "missing", at, expected, found: "none", hint });
  }
  return { row: rowLetters(Math.floor((well - 1) / format[1])), col: String(((well - 1) % format[1]) + 1) };
}

/** Incucyte writes when: 00d06h00m, or in its folders 2401/09/1200. The times of a plate in their order are its time points. */
function timesOf(
  names: readonly (readonly [plate: string, groups: Groups])[],
): Map<string, readonly string[]> {
  const timed = names.filter(([, groups]) => timeOf(groups) !== "");
  return new Map(
    [...groupBy(timed, ([plate]) => plate)].map(([plate, of]) => [
      plate,
      [...new Set(of.map(([, groups]) => timeOf(groups)))].sort(),
    ]),
  );
}

function timeOf({ month = "", day = "", time = "" }: Groups): string {
  return `${month}${day}${time}`;
}

/** ZStep_0 is the projection of the others, if there are others. */
export function withoutProjections(found: Found): Found {
  const isProjection = ({ path }: FoundImage) => /(?:^|\/)ZStep_0\//i.test(path);
  const isPlane = ({ path }: FoundImage) => /(?:^|\/)ZStep_[1-9]/i.test(path);
  if (!found.images.some(isPlane) || !found.images.some(isProjection)) return found;
  const projections = found.images.filter(isProjection);
  return {
    ...found,
    images: found.images.filter((image) => !isProjection(image)),
    tellers: [...(found.tellers ?? []), ...projections.map(({ path }) => path)],
    warnings: [
      ...(found.warnings ?? []),
      `ZStep_0: ${projections.length} projections of the z planes are left out`,
    ],
  };
}
