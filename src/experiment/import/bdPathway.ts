/** BD Pathway: images by their names, numbered z plane by z plane within time points; files beside them say the rest. Source: Bio-Formats' BDReader. */
import { join } from "node:path";
import { PLATE_FORMATS, readText } from "../../io/index.ts";
import { baseOf, type Found, type FoundImage, folderOf, type ImageFolder } from "./found.ts";

/** The template of its names. */
export const BD_PATHWAY = "BD Pathway";

/** What files beside the folders of wells tell of one plate. */
interface Notes {
  readonly tellers: readonly string[];
  readonly warnings: readonly string[];
  readonly channels: NonNullable<Found["channels"]>;
  readonly format?: readonly [rows: number, columns: number];
  /** z planes of a time point; left out where no file tells. */
  readonly zplanes?: number;
}

/** The same images with time points and z planes apart, and what the files beside them tell; others as they are. */
export async function withPathwayNotes(found: Found, folder: ImageFolder): Promise<Found> {
  if (!found.microscope.startsWith(BD_PATHWAY)) return found;
  const roots = [...new Set(found.images.map(rootOf))];
  const notes = new Map<string, Notes>();
  for (const root of roots) notes.set(root, await notesOf(folder, root));
  const untold = new Set<string>();
  const images = found.images.map((image) => {
    const { zplanes } = notes.get(rootOf(image)) ?? {};
    const number = image.zplane ?? 0;
    if (zplanes === undefined && number > 0) untold.add(rootOf(image));
    return { ...image, zplane: number % (zplanes ?? 1), tpoint: Math.floor(number / (zplanes ?? 1)) };
  });
  const all = [...notes.values()];
  const plates = found.images.flatMap((image) => {
    const format = notes.get(rootOf(image))?.format;
    return format === undefined ? [] : [[image.plate, format] as const];
  });
  const guess = `${BD_PATHWAY}: no file .xyz says how many z planes there are: numbers of files are taken as time points (--table tells otherwise)`;
  return {
    ...found,
    images,
    tellers: [...(found.tellers ?? []), ...all.flatMap(({ tellers }) => tellers)],
    warnings: [
      ...(found.warnings ?? []),
      ...all.flatMap(({ warnings }) => warnings),
      ...(untold.size > 0 ? [guess] : []),
    ],
    channels: Object.assign({}, ...all.map(({ channels }) => channels)),
    ...(plates.length > 0 && { plates: Object.fromEntries(plates) }),
  };
}

/** The folder that holds those of wells. */
function rootOf({ path }: FoundImage): string {
  return folderOf(folderOf(path));
}

async function notesOf({ path, files }: ImageFolder, root: string): Promise<Notes> {
  const own = files.filter((file) => folderOf(file) === root);
  const named = async (name: RegExp) => {
    const file = own.find((one) => name.test(baseOf(one)));
    return file === undefined ? undefined : { file, text: await readText(join(path, file)) };
  };
  const experiment = await named(/^Experiment\.exp$/i);
  const plate = await named(/\.plt$/i);
  const axis = await named(/\.xyz$/i);
  const wells = keyOf(sectionOf(plate?.text, "PlateType"), "Wells");
  const format = Object.entries(PLATE_FORMATS).find(([name]) => name === wells)?.[1];
  return {
    tellers: [experiment, plate, axis].flatMap((found) => found?.file ?? []),
    warnings: experiment === undefined ? [] : mosaicWarnings(experiment),
    channels: channelsOf(experiment?.text),
    ...(format && { format }),
    ...(axis && { zplanes: zplanesOf(axis.text) }),
  };
}

/** A mosaic of fields is one site. */
function mosaicWarnings({ file, text }: { readonly file: string; readonly text: string }): string[] {
  return keyOf(text, "Montaged") === "1"
    ? [`${file}: images are mosaics of the fields of a well (Montaged=1): each is one site`]
    : [];
}

/** `[Z1Axis]`: planes beside the first, where the axis is driven. */
function zplanesOf(text: string): number {
  const axis = sectionOf(text, "Z1Axis");
  const isDriven = keyOf(axis, "Z1AxisEnabled") === "1" && keyOf(axis, "Z1AxisMode") === "1";
  const more = Math.floor(Number(keyOf(axis, "Z1AxisValue") ?? Number.NaN));
  return isDriven && more >= 0 ? more + 1 : 1;
}

/** `[Dyes]` numbers them, `[Camera]` says how many bits are used. */
function channelsOf(text: string | undefined): NonNullable<Found["channels"]> {
  const bitDepth = Number(keyOf(text, "BitdepthUsed") ?? 0);
  if (bitDepth < 1 || bitDepth > 16) return {};
  const names = [...sectionOf(text, "Dyes").matchAll(/^\s*\d+\s*=\s*"?([^"\r\n]+)/gm)];
  return Object.fromEntries(names.map(([, name]) => [name.trim(), { bitDepth }]));
}

/** The lines of `[name]`, up to the next section. */
function sectionOf(text: string | undefined, name: string): string {
  return new RegExp(`^\\s*\\[${name}\\]\\s*$([^[]*)`, "im").exec(text ?? "")?.[1] ?? "";
}

/** The value of a key, quoted or not. */
function keyOf(text: string | undefined, key: string): string | undefined {
  return new RegExp(`^\\s*${key}\\s*=\\s*"?([^"\\r\\n]*)`, "im").exec(text ?? "")?.[1].trim();
}
