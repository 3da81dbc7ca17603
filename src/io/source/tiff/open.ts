import { fileExists, readFileBytes } from "#files";
import { VitrineError } from "../../../core/index.ts";
import type { FileSource } from "../../files.ts";
import { isTiffBytes } from "../../tiff/directory.ts";
import { isImageJ } from "../../tiff/imagej.ts";
import type { OmeModel } from "../../tiff/ome/model.ts";
import { isCutOmeXml, isOmeXml, parseOmeXml } from "../../tiff/ome/parse.ts";
import { readPlanes } from "../../tiff/planes.ts";
import { TiffReader } from "../../tiff/reader.ts";
import { ChunkCache, PLATE_BYTES } from "../cache.ts";
import type { ImageCollection, ImageSource } from "../source.ts";
import { tiffSource } from "./image.ts";
import { type OmeFile, omeNames, omePlate, planOme } from "./ome.ts";
import { samplesOf } from "./omePlanes.ts";
import { planImageJ, planPages } from "./plain.ts";
import type { TiffImagePlan } from "./plan.ts";
import { groupPages } from "./pyramid.ts";

/** The images of a file before any of them is opened. */
interface Contents extends Pick<ImageCollection, "format" | "images" | "plate" | "warnings"> {
  /** @param at  how messages call the image */
  plan(index: number, at: string): Promise<TiffImagePlan>;
}

/**
 * Opens the images of a TIFF file, classic or BigTIFF: series and plates of OME-TIFF (in several files too), hyperstacks of
 * ImageJ, pages alike of any other one. Axes are `time`, `channel`, `z`, `y`, `x`, `sample`, those of length 1 left out;
 * SubIFDs and reduced copies are levels. Of the pixels nothing is read yet; images close with the collection.
 *
 * @throws {VitrineError} missing: no such file, or the one whose OME-XML tells of it; and the errors of `openTiff`
 */
export async function openTiffImages(source: FileSource): Promise<ImageCollection> {
  return tiffImages(await TiffReader.open(source), folderOf(source));
}

/**
 * The images of an open TIFF file, which closes with them.
 *
 * @param folder  where other files of the same images are looked for
 * @throws {VitrineError} as {@link openTiffImages}
 */
export async function tiffImages(reader: TiffReader, folder: string | undefined): Promise<ImageCollection> {
  const opened = new Set<ImageSource>();
  const close = async () => {
    for (const image of opened) await image.close();
    opened.clear();
    await reader.close();
  };
  try {
    const { plan, images, plate, format, warnings } = await contentsOf(reader, folder);
    const { name } = reader.file;
    const cache = plate === undefined ? undefined : new ChunkCache(name, PLATE_BYTES);
    return {
      name,
      format,
      images,
      labels: [],
      ...(plate !== undefined && { plate }),
      warnings,
      async open(image = images[0]) {
        const index = images.indexOf(image);
        if (index < 0) throw noImage(name, images, image);
        const planned = await plan(index, images.length === 1 ? name : `${name} ${image}`);
        const found = await tiffSource(planned, cache);
        opened.add(found);
        return found;
      },
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function contentsOf(reader: TiffReader, folder: string | undefined): Promise<Contents> {
  const directory = await reader.directory(reader.chain[0]);
  const descriptions = await directory.descriptions();
  const xml = descriptions.find(isOmeXml);
  const { warning } = reader.file;
  const warnings: string[] = warning === undefined ? [] : [warning];
  const model = xml === undefined ? undefined : await modelOf(xml, { reader, folder, warnings });
  if (model !== undefined && model.images.length > 0)
    return omeContents({ reader, model, folder, baseName: baseName(reader.file.name) }, warnings);
  if (xml === undefined && descriptions.some(isCutOmeXml))
    warnings.push(`${reader.file.name}: its OME-XML is cut short and left out: pages are read without it`);
  return plainContents(reader, { isImageJ: descriptions.some(isImageJ), warnings });
}

function omeContents(ome: OmeFile, warnings: readonly string[]): Contents {
  const { model } = ome;
  const images = omeNames(model.images);
  const plate = omePlate(model, images);
  const plates =
    model.plates.length > 1 ? [`${ome.reader.file.name}: 1 of ${model.plates.length} plates is shown`] : [];
  return {
    format: "ome-tiff",
    images,
    ...(plate !== undefined && { plate }),
    warnings: [...warnings, ...model.warnings, ...plates, ...pagesLeftOut(ome)],
    plan: (index, name) => planOme(ome, { image: model.images[index], name }),
  };
}

/** Pages that no image of the OME-XML has room for, of a file that holds all of its images. */
function pagesLeftOut({ reader, model, baseName: own }: OmeFile): string[] {
  const [{ page }] = reader.chain;
  const names = model.images.flatMap(({ data }) => data.flatMap(({ fileName }) => fileName ?? []));
  if (new Set([own, ...names]).size > 1) return [];
  const planes = model.images.map((image) => {
    const channels = Math.max(1, Math.floor(image.sizeC / samplesOf(image, page.channels)));
    return image.sizeZ * image.sizeT * channels;
  });
  const told = planes.reduce((sum, count) => sum + count, 0);
  const there = reader.chain.filter(({ role }) => role === "full").length;
  if (there <= told) return [];
  return [`${reader.file.name}: its OME-XML tells of ${told} of ${there} pages: the others are left out`];
}

async function plainContents(
  reader: TiffReader,
  what: { readonly isImageJ: boolean; readonly warnings: readonly string[] },
): Promise<Contents> {
  const found = await readPlanes(reader);
  const { groups, warnings: guessed } = await groupPages(reader, found);
  const plan = what.isImageJ && groups.length === 1 ? planImageJ : planPages;
  return {
    format: what.isImageJ ? "imagej" : "tiff",
    images: groups.map(({ name }) => name),
    warnings: [...what.warnings, ...found.warnings, ...guessed],
    plan: (index, name) => plan(reader, { name, group: groups[index] }),
  };
}

/**
 * What the XML says; undefined, with a word, where it cannot be read: the pages still can.
 *
 * @throws {VitrineError} missing: the file that tells of these pixels
 */
async function modelOf(
  xml: string,
  what: { readonly reader: TiffReader; readonly folder: string | undefined; readonly warnings: string[] },
): Promise<OmeModel | undefined> {
  const { name } = what.reader.file;
  try {
    const model = parseOmeXml(xml, name);
    if (model.metadataFile === undefined) return model;
    return parseOmeXml(
      await companion(model.metadataFile, { name, folder: what.folder }),
      model.metadataFile,
    );
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code !== "format") throw error;
    what.warnings.push(`${error.message} Its pages are read without it`);
    return undefined;
  }
}

/** The OME-XML of another file: plain, or in a TIFF file. @throws {VitrineError} missing */
async function companion(
  fileName: string,
  { name, folder }: { readonly name: string; readonly folder: string | undefined },
): Promise<string> {
  // beside it, whatever path it was written with
  const base = baseName(fileName);
  const path = folder === undefined || folder === "" ? base : `${folder}/${base}`;
  if (folder === undefined || !(await fileExists(path))) {
    const hint = "Copy it beside this file: it alone says which pixels these are";
    const expected = `the file ${JSON.stringify(base)} with its OME-XML beside it`;
    throw new VitrineError({ code: "missing", at: name, expected, found: "none", hint });
  }
  const bytes = await readFileBytes(path);
  if (!isTiffBytes(bytes)) return new TextDecoder().decode(bytes);
  const reader = await TiffReader.open(path);
  try {
    const descriptions = await (await reader.directory(reader.chain[0])).descriptions();
    return descriptions.find(isOmeXml) ?? "";
  } finally {
    await reader.close();
  }
}

function baseName(path: string): string {
  return path.replace(/^.*[/\\]/s, "");
}

/** Where the other files of an image are. */
function folderOf(source: FileSource): string | undefined {
  if (source instanceof Blob) return undefined;
  const path =
    typeof source === "string"
      ? source
      : source.protocol === "file:"
        ? decodeURIComponent(source.pathname)
        : source.href;
  return path.replace(/[^/\\]*$/, "").replace(/(?<=.)[/\\]$/, "");
}

function noImage(at: string, images: readonly string[], image: string): VitrineError {
  const shown = images
    .slice(0, 20)
    .map((name) => JSON.stringify(name))
    .join(", ");
  const expected = `one of ${shown}${images.length > 20 ? ` and ${images.length - 20} more` : ""}`;
  return new VitrineError({ code: "missing", at: `${at} image`, expected, found: JSON.stringify(image) });
}
