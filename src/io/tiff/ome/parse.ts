import { VitrineError } from "../../../core/index.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import type { OmeChannel, OmeImage, OmeModel, OmePlace, OmeTiffData } from "./model.ts";
import { parsePlates } from "./plates.ts";
import { NO_UNIT, quantityOf } from "./quantity.ts";
import { attribute, indexOf, numberOf, readXml, within, type Xml } from "./xml.ts";

/** Whether a description begins as OME-XML and does not end as such: cut short, or overwritten. */
export function isCutOmeXml(description: string): boolean {
  const start = description.slice(0, 4096).replace(/<!--.*?-->/gs, "");
  return /^\s*(<\?xml[^>]*>\s*)?<(\w+:)?OME[\s>]/.test(start) && !isOmeXml(description);
}

/** Whether a description is OME-XML. */
export function isOmeXml(description: string): boolean {
  return /<(\w+:)?OME[\s>]/.test(description.slice(0, 4096)) && /OME>\s*$/.test(description);
}

/**
 * Reads OME-XML, of any version that calls its elements as 2008 to 2016 do.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} format: not well-formed; an image without its sizes
 *
 * Source: OME Data Model 2016-06, ome-xml.org.
 */
export function parseOmeXml(text: string, at: string): OmeModel {
  const root = readXml(text, `${at} OME-XML`);
  const images = within(root, "Image").map((image, i) => imageOf(image, `${at} OME-XML Image ${i}`));
  const plates = parsePlates(root);
  const uuid = attribute(root, "UUID")?.toLowerCase();
  const metadataFile = attribute(within(root, "BinaryOnly")[0], "MetadataFile");
  return {
    ...(uuid !== undefined && { uuid }),
    images,
    plates: plates.plates,
    ...(metadataFile !== undefined && { metadataFile }),
    warnings: plates.warnings.map((warning) => `${at}: ${warning}`),
  };
}

function imageOf(image: Xml, at: string): OmeImage {
  const [pixels] = within(image, "Pixels");
  const size = (dimension: string) => {
    const value = indexOf(pixels, `Size${dimension}`);
    if (value !== undefined && value >= 1) return value;
    const found = attribute(pixels, `Size${dimension}`) ?? "nothing";
    const expected = "a whole number of at least 1";
    throw new VitrineError({ code: "format", at: `${at} Size${dimension}`, expected, found });
  };
  const name = attribute(image, "Name");
  const sizes = { sizeX: size("X"), sizeY: size("Y"), sizeZ: size("Z"), sizeC: size("C"), sizeT: size("T") };
  checkProduct(Object.values(sizes), at);
  return {
    id: attribute(image, "ID") ?? "",
    ...(name !== undefined && { name }),
    ...sizes,
    order: orderOf(pixels, at),
    type: attribute(pixels, "Type") ?? attribute(pixels, "PixelType") ?? "",
    ...quantities(pixels),
    ...significantBits(pixels),
    unread: unreadOf(pixels),
    places: placesOf(pixels),
    channels: within(pixels, "Channel").map(channelOf),
    data: dataOf(pixels),
    metadata: metadataOf(image, pixels),
  };
}

/** Pixels beyond what a number counts exactly are in no file. */
function checkProduct(sizes: readonly number[], at: string): void {
  if (Number.isSafeInteger(sizes.reduce((product, side) => product * side, 1))) return;
  const [expected, found] = ["sizes of an image", sizes.join(" x ")];
  throw new VitrineError({ code: "format", at: `${at} SizeX, Y, Z, C, T`, expected, found });
}

function orderOf(pixels: Xml, at: string): string {
  const order = attribute(pixels, "DimensionOrder") ?? "XYCZT";
  if (/^XY(?=.*C)(?=.*Z)(?=.*T)[CZT]{3}$/.test(order)) return order.slice(2);
  const expected = "X, Y, then C, Z and T in some order";
  throw new VitrineError({ code: "format", at: `${at} DimensionOrder`, expected, found: order });
}

function quantities(pixels: Xml) {
  const all = {
    physicalX: quantityOf(pixels, "PhysicalSizeX", "µm"),
    physicalY: quantityOf(pixels, "PhysicalSizeY", "µm"),
    physicalZ: quantityOf(pixels, "PhysicalSizeZ", "µm"),
    timeIncrement: quantityOf(pixels, "TimeIncrement", "s"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** Sizes and places that are no numbers, once each. */
function unreadOf(pixels: Xml): string[] {
  const all = [
    ...["PhysicalSizeX", "PhysicalSizeY", "PhysicalSizeZ", "TimeIncrement", "SignificantBits"].map(
      (name) => [pixels, name] as const,
    ),
    ...within(pixels, "Plane")
      .slice(0, MOST_PLANES)
      .flatMap((plane) => ["PositionX", "PositionY", "PositionZ"].map((name) => [plane, name] as const)),
  ];
  const words = new Map<string, string>();
  for (const [xml, name] of all) {
    const text = attribute(xml, name);
    if (text !== undefined && numberOf(xml, name) === undefined && !words.has(name))
      words.set(name, `${name} is ${JSON.stringify(text)}, which is no number`);
  }
  return [...words.values()];
}

function significantBits(pixels: Xml): { significantBits?: number } {
  const bits = indexOf(pixels, "SignificantBits");
  return bits !== undefined && bits >= 1 && bits <= 64 ? { significantBits: bits } : {};
}

function placesOf(pixels: Xml): OmePlace[] {
  return within(pixels, "Plane")
    .slice(0, MOST_PLANES)
    .flatMap((plane) => {
      const all = {
        positionX: quantityOf(plane, "PositionX", NO_UNIT),
        positionY: quantityOf(plane, "PositionY", NO_UNIT),
        positionZ: quantityOf(plane, "PositionZ", NO_UNIT),
      };
      const known = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return Object.keys(known).length === 0 ? [] : [{ z: indexOf(plane, "TheZ") ?? 0, ...known }];
    });
}

function channelOf(channel: Xml): OmeChannel {
  const color = numberOf(channel, "Color");
  const all = {
    name: attribute(channel, "Name"),
    samples: indexOf(channel, "SamplesPerPixel"),
    color: color === undefined ? undefined : colorOf(color),
    emission: quantityOf(channel, "EmissionWavelength", "nm"),
    excitation: quantityOf(channel, "ExcitationWavelength", "nm"),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** A signed number of 32 bits: red, green, blue, opacity. */
function colorOf(color: number): string {
  return ((color >>> 8) & 0xffffff).toString(16).padStart(6, "0").toUpperCase();
}

function dataOf(pixels: Xml): OmeTiffData[] {
  return within(pixels, "TiffData").map((data) => {
    const ifd = indexOf(data, "IFD");
    // one plane where a directory is named, as the schema has it; NumPlanes is its old name
    const planeCount =
      indexOf(data, "PlaneCount") ?? indexOf(data, "NumPlanes") ?? (ifd === undefined ? undefined : 1);
    const [uuid] = within(data, "UUID");
    const name = attribute(uuid, "FileName");
    return {
      firstT: indexOf(data, "FirstT") ?? 0,
      firstC: indexOf(data, "FirstC") ?? 0,
      firstZ: indexOf(data, "FirstZ") ?? 0,
      ifd: ifd ?? 0,
      ...(planeCount !== undefined && planeCount > 0 && { planeCount }),
      ...(uuid !== undefined && { uuid: uuid.text.trim().toLowerCase() }),
      ...(name !== undefined && { fileName: name }),
    };
  });
}

/** Planes beyond this many are not repeated one by one. */
const MOST_PLANES = 100_000;

function metadataOf(image: Xml, pixels: Xml): JsonObject {
  const [date] = within(image, "AcquisitionDate");
  const [description] = within(image, "Description");
  const [label] = within(image, "StageLabel");
  const planes = within(pixels, "Plane").slice(0, MOST_PLANES).map(attributesOf);
  return {
    ...(attribute(image, "Name") !== undefined && { Name: image.attributes.Name }),
    ...(date !== undefined && { AcquisitionDate: date.text.trim() }),
    ...(description !== undefined && { Description: description.text }),
    ...(label !== undefined && { StageLabel: attributesOf(label) }),
    ...(planes.length > 0 && { Planes: planes }),
  };
}

/** Attributes, those that are numbers as numbers. */
function attributesOf(xml: Xml): JsonObject {
  return Object.fromEntries(
    Object.keys(xml.attributes).map((name) => [name, numberOf(xml, name) ?? xml.attributes[name]]),
  );
}
