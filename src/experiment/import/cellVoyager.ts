/** CellVoyager: MeasurementData.mlf, with MeasurementDetail.mrf beside it. Sources: Bio-Formats' CV7000Reader, fractal-tasks-core. */

import { join } from "node:path";
import { counted } from "../../core/index.ts";
import type { Xml } from "../../io/index.ts";
import { baseOf, below, type Found, type FoundImage, folderOf } from "./found.ts";
import { incomplete, presentImages, type Teller } from "./teller.ts";
import { attribute, attributeNumber, elements, readXmlFile } from "./xml.ts";

/** Positions are µm, y up; all numbers count from 1. */
export async function readCellVoyager(teller: Teller): Promise<Found | undefined> {
  const { folder, path } = teller;
  const records = elements(await readXmlFile(join(folder.path, path)), "MeasurementRecord");
  if (records.length === 0) return undefined;
  const taken = records.filter((record) => attribute(record, "Type") === "IMG");
  const images = taken.flatMap((record) => imageOf(record, teller) ?? []);
  const present = presentImages(images, teller);
  const failed = records.length - taken.length;
  const detail = await readDetail(teller, new Set(images.map(({ plate }) => plate)));
  return {
    microscope: `CellVoyager (${path})`,
    ...detail,
    images: present.images,
    tellers: [path, ...(detail.tellers ?? [])],
    warnings: [
      ...present.warnings,
      ...incomplete(taken.length - images.length, path),
      ...(failed === 0 ? [] : [`${path}: ${counted(failed, "image")} failed while being taken (ERR)`]),
      ...(detail.warnings ?? []),
    ],
  };
}

function imageOf(record: Xml, { path, options }: Teller): FoundImage | undefined {
  const [row, column] = [attributeNumber(record, "Row"), attributeNumber(record, "Column")];
  const name = record.text.trim();
  if (row === undefined || column === undefined || row < 1 || column < 1 || name === "") return undefined;
  const [x, y] = [attributeNumber(record, "X"), attributeNumber(record, "Y")];
  const [, plate] = /^(.+?)_[A-Z]{1,2}\d+(?:\.[a-d][1-4])?_T\d{4}F\d+L/.exec(baseOf(name)) ?? [];
  return {
    path: below(folderOf(path), name),
    plate: plate ?? options.plateOf(path),
    well: { rowIndex: row - 1, columnIndex: column - 1 },
    site: attributeNumber(record, "FieldIndex") ?? 1,
    channel: channelName(attributeNumber(record, "ActionIndex") ?? 1, attributeNumber(record, "Ch") ?? 1),
    tpoint: attributeNumber(record, "TimePoint") ?? 1,
    zplane: attributeNumber(record, "ZIndex") ?? 1,
    ...(x !== undefined && y !== undefined && { positionUm: [-y, x] as const, isFromWell: true }),
  };
}

/** One channel may be taken by several actions, with other z planes. */
function channelName(action: number, channel: number): string {
  const two = (number: number) => String(number).padStart(2, "0");
  return `A${two(action)}_C${two(channel)}`;
}

/** What the file of details says: the plate's size, pixel size, bits. */
async function readDetail(
  { folder, path }: Teller,
  plates: ReadonlySet<string>,
): Promise<Omit<Found, "microscope" | "images">> {
  const name = below(folderOf(path), "MeasurementDetail.mrf");
  const place = folder.files.find((file) => file.toLowerCase() === name.toLowerCase());
  const byPlates = (rows: number | undefined, columns: number | undefined) =>
    rows !== undefined &&
    columns !== undefined && {
      plates: Object.fromEntries([...plates].map((plate) => [plate, [rows, columns] as const])),
    };
  if (place === undefined)
    return {
      ...(await readWellPlate({ folder, path }, byPlates)),
      warnings: [`${path}: without ${name} its pixel size is not known`],
    };
  const xml = await readXmlFile(join(folder.path, place));
  const [rows, columns] = [attributeNumber(xml, "RowCount"), attributeNumber(xml, "ColumnCount")];
  const channels = elements(xml, "MeasurementChannel");
  const size = channels
    .map((channel) => attributeNumber(channel, "HorizontalPixelDimension"))
    .find((of) => of !== undefined);
  return {
    tellers: [place],
    ...(size !== undefined && size > 0 && { pixelSizeUm: size }),
    ...byPlates(rows, columns),
    channels: Object.fromEntries(channels.flatMap(bitsOf)),
  };
}

/** Of every action that may have taken the channel. */
function bitsOf(channel: Xml): [string, { readonly bitDepth: number }][] {
  const [number, bitDepth] = [attributeNumber(channel, "Ch"), attributeNumber(channel, "InputBitDepth")];
  if (number === undefined || bitDepth === undefined || bitDepth < 1 || bitDepth > 32) return [];
  return Array.from({ length: 16 }, (_, action) => [channelName(action + 1, number), { bitDepth }]);
}

/** The plate's size by the file .wpi beside. */
async function readWellPlate<T extends object>(
  { folder, path }: Pick<Teller, "folder" | "path">,
  byPlates: (rows: number | undefined, columns: number | undefined) => T | false,
): Promise<T | object> {
  const file = folder.files.find((one) => folderOf(one) === folderOf(path) && /\.wpi$/i.test(one));
  if (file === undefined) return {};
  const xml = await readXmlFile(join(folder.path, file));
  return { ...byPlates(attributeNumber(xml, "Rows"), attributeNumber(xml, "Columns")) };
}
