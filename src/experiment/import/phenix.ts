/** Opera Phenix and Operetta: Index.idx.xml, Index.ref.xml or Index.xml beside the images. Source: Bio-Formats' OperettaReader. */
import { join } from "node:path";
import { wellName, type Xml } from "../../io/index.ts";
import { below, distinctNames, type Found, type FoundChannel, type FoundImage, folderOf } from "./found.ts";
import { incomplete, presentImages, type Teller } from "./teller.ts";
import { attribute, elements, numberIn, readXmlFile, textOf } from "./xml.ts";

const UM_PER_M = 1e6;

/** Positions are metres from the well's centre, y up; field 1 is the centre. Rows, columns, fields and planes count from 1, times from 0. */
export async function readPhenix(teller: Teller): Promise<Found | undefined> {
  const { folder, path, options } = teller;
  const xml = await readXmlFile(join(folder.path, path));
  // `Well` and `Plate` name images as well, by their id alone
  const records = elements(xml, "Image").filter((image) => textOf(image, "URL") !== undefined);
  if (records.length === 0) return undefined;
  const [plateXml] = elements(xml, "Plate");
  const plate = textOf(plateXml, "PlateID") ?? textOf(plateXml, "Name") ?? options.plateOf(path);
  const entries = new Map(
    elements(xml, "Entry").flatMap((entry) =>
      attribute(entry, "ChannelID") === undefined ? [] : [[attribute(entry, "ChannelID"), entry]],
    ),
  );
  const entryOf = (image: Xml) => entries.get(textOf(image, "ChannelID"));
  const names = distinctNames(new Map(records.map((image) => [idOf(image), nameOf(image, entryOf(image))])));
  const isPhenix = /phenix/i.test(textOf(xml, "InstrumentType") ?? "");
  const images = records.flatMap(
    (image) => imageOf(image, { plate, entry: entryOf(image), path, names, isPhenix }) ?? [],
  );
  const present = presentImages(images, teller);
  const [rows, columns] = [numberIn(plateXml, "PlateRows"), numberIn(plateXml, "PlateColumns")];
  const size = numberIn(records[0], "ImageResolutionX") ?? numberIn(entryOf(records[0]), "ImageResolutionX");
  return {
    microscope: `Opera Phenix or Operetta (${path})`,
    images: present.images,
    warnings: [...present.warnings, ...incomplete(records.length - images.length, path)],
    tellers: [path],
    ...(size !== undefined && size > 0 && { pixelSizeUm: size * UM_PER_M }),
    ...(rows !== undefined && columns !== undefined && { plates: { [plate]: [rows, columns] as const } }),
    channels: Object.fromEntries(
      records.map((image) => [names.get(idOf(image)) ?? idOf(image), channelOf(image, entryOf(image))]),
    ),
    planned: { wells: { [plate]: plannedWells(plateXml) } },
  };
}

interface Around {
  readonly plate: string;
  readonly entry: Xml | undefined;
  readonly path: string;
  /** Of channels, by their ids. */
  readonly names: ReadonlyMap<string, string>;
  readonly isPhenix: boolean;
}

function imageOf(image: Xml, { plate, entry, path, names, isPhenix }: Around): FoundImage | undefined {
  const [row, column] = [numberIn(image, "Row"), numberIn(image, "Col")];
  const url = textOf(image, "URL");
  if (row === undefined || column === undefined || row < 1 || column < 1 || url === undefined)
    return undefined;
  const [x, y] = [numberIn(image, "PositionX"), numberIn(image, "PositionY")];
  const [signX, signY] = isPhenix
    ? PLAIN
    : signsOf(textOf(image, "OrientationMatrix") ?? textOf(entry, "OrientationMatrix"));
  return {
    path: below(folderOf(path), url),
    plate,
    well: { rowIndex: row - 1, columnIndex: column - 1 },
    site: numberIn(image, "FieldID") ?? 1,
    channel: names.get(idOf(image)) ?? idOf(image),
    tpoint: numberIn(image, "TimepointID") ?? 0,
    zplane: numberIn(image, "PlaneID") ?? 1,
    fromZero: FROM_ZERO,
    ...(x !== undefined &&
      y !== undefined && {
        positionUm: [signY * y * UM_PER_M, signX * x * UM_PER_M] as const,
        isFromWell: true,
      }),
  };
}

const FROM_ZERO = ["tpoint"] as const;

/** Of x and y of the stage in the image, y down. */
const PLAIN = [1, -1] as const;

/** Of the Operetta's matrix only the signs count: its numbers would scale steps between sites by a percent (mobie#987). */
function signsOf(matrix: string | undefined): readonly [x: number, y: number] {
  const rows = (matrix ?? "")
    .split("]")
    .map((row) => row.replaceAll(/[[,]/g, " ").trim().split(/\s+/).map(Number));
  const [x, y] = [Math.sign(rows[0]?.[0]), Math.sign(rows[1]?.[1])];
  return Math.abs(x) === 1 && Math.abs(y) === 1 ? [x, y] : PLAIN;
}

function idOf(image: Xml): string {
  return textOf(image, "ChannelID") ?? "1";
}

function nameOf(image: Xml, entry: Xml | undefined): string {
  return textOf(image, "ChannelName") ?? textOf(entry, "ChannelName") ?? idOf(image);
}

/** Since version 6 a channel's facts are in an `Entry` of their own. */
function channelOf(image: Xml, entry: Xml | undefined): FoundChannel {
  const most = numberIn(image, "MaxIntensity") ?? numberIn(entry, "MaxIntensity");
  const wavelength = textOf(image, "MainEmissionWavelength") ?? textOf(entry, "MainEmissionWavelength");
  return {
    ...(most !== undefined && most > 1 && { bitDepth: Math.ceil(Math.log2(most)) }),
    ...(wavelength !== undefined && { wavelength }),
  };
}

/** `<Well id="0203"/>`: row and column. */
function plannedWells(plate: Xml | undefined): string[] {
  const ids = plate === undefined ? [] : elements(plate, "Well").map((well) => attribute(well, "id") ?? "");
  return ids.flatMap((id) => {
    const [, row, column] = /^(\d\d)(\d\d)$/.exec(id) ?? [];
    return row === undefined
      ? []
      : [wellName({ rowIndex: Number(row) - 1, columnIndex: Number(column) - 1 })];
  });
}
