/** Planes and sites as what an experiment is told to hold. */

import { resolve } from "node:path";
import { VitrineError } from "../../core/index.ts";
import { PLATE_FORMATS, parseWellName } from "../../io/index.ts";
import type { ChannelContent, ImageContent, PlateContent, WholeContent } from "../content.ts";
import type { Found, FoundChannel } from "./found.ts";
import { groupBy } from "./group.ts";
import type { NumberedPlane } from "./number.ts";
import { type SiteOptions, sitesOf } from "./sites.ts";

/** What contents are made with. */
export interface ContentOptions extends SiteOptions {
  /** Of the images' paths. */
  readonly root: string;
  readonly plates: NonNullable<Found["plates"]>;
  readonly channels: Readonly<Record<string, FoundChannel>>;
  /** Rows and columns that the user gives. */
  readonly format: readonly [rows: number, columns: number] | undefined;
}

/** Formats of which one is guessed; those of fewer wells have names that others have too. */
const GUESSED = ["96", "384", "1536"];
const BITS: Readonly<Record<string, number>> = { uint8: 8, int8: 8, uint16: 16, int16: 16 };

/** Content with absolute paths. */
export function contentOf(planes: readonly NumberedPlane[], options: ContentOptions): WholeContent {
  const plates = [...groupBy(planes, ({ plate }) => plate)];
  const cycles = [...new Set(planes.map(({ cycle }) => cycle))].sort((a, b) => a - b);
  const channels = [...groupBy(planes, ({ channel }) => channel)];
  return {
    plates: plates.map(([name, of]) => plateOf(name, of, options)),
    cycles: cycles.map((cycleIndex) => ({ cycleIndex })),
    channels: channels.map(([name, of]) => channelOf(name, of, options)),
    sites: sitesOf(planes, options),
    images: planes.map((plane) => imageOf(plane, options.root)),
  };
}

function plateOf(name: string, planes: readonly NumberedPlane[], options: ContentOptions): PlateContent {
  const wells = [...new Set(planes.map(({ well }) => well))];
  const places = wells.map((well) => ({ well, ...parseWellName(well) }));
  places.sort((a, b) => a.rowIndex - b.rowIndex || a.columnIndex - b.columnIndex);
  const last = [
    Math.max(...places.map((of) => of.rowIndex)),
    Math.max(...places.map((of) => of.columnIndex)),
  ];
  const told = Object.hasOwn(options.plates, name) ? options.plates[name] : undefined;
  const [nRows, nColumns] = options.format ?? told ?? guessedFormat(name, last, options.warnings);
  const beyond = places.find(({ rowIndex, columnIndex }) => rowIndex >= nRows || columnIndex >= nColumns);
  if (beyond !== undefined)
    throw new VitrineError({
      code: "range",
      at: `plate ${name} well ${beyond.well}`,
      expected: `a well of ${nRows} rows and ${nColumns} columns${options.format === undefined ? ", as metadata say" : ""}`,
      found: "one outside",
      hint: "Give a format that has it (--format)",
    });
  return { name, nRows, nColumns, wells: places.map(({ well }) => ({ name: well })) };
}

function guessedFormat(
  plate: string,
  last: readonly number[],
  warnings: string[],
): readonly [number, number] {
  const formats = GUESSED.map((format) => PLATE_FORMATS[format]);
  const format = formats.find(([rows, columns]) => last[0] < rows && last[1] < columns);
  const [rows, columns] = format ?? [last[0] + 1, last[1] + 1];
  warnings.push(
    `plate ${plate}: nothing says how many wells it has; taken as ${rows} x ${columns} (--format)`,
  );
  return [rows, columns];
}

function channelOf(name: string, planes: readonly NumberedPlane[], options: ContentOptions): ChannelContent {
  const [{ foundChannel }] = planes;
  const said = Object.hasOwn(options.channels, foundChannel) ? options.channels[foundChannel] : {};
  const color = said.color ?? colorOf(planes[0]);
  return {
    name,
    bitDepth: said.bitDepth ?? BITS[planes[0].header.dtype] ?? 32,
    ...(said.pixelMask !== undefined && { pixelMask: said.pixelMask }),
    ...(said.wavelength !== undefined && { wavelength: said.wavelength }),
    ...(color !== undefined && { color }),
  };
}

function colorOf({ header, foundChannel, color }: NumberedPlane): string | undefined {
  return color ?? header.channels.find(({ name }) => name === foundChannel)?.color;
}

function imageOf(
  { found, header, plate, well, site, cycle, channel, tpoint, zplane, plane }: NumberedPlane,
  root: string,
): ImageContent {
  return {
    ...{ plate, well, siteIndex: site, cycleIndex: cycle, channel, tpoint, zplane },
    path: resolve(root, found.path),
    imageIndex: header.imageIndex,
    plane,
  };
}
