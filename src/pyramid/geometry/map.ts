import { VitrineError } from "../../core/index.ts";
import { parseWellName, requireKnownOptions } from "../../io/index.ts";
import { guessStitchDimensions } from "../stitching/dimensions.ts";
import type { PixelOffset, PixelSize } from "./levels.ts";

/** A site of a well: its cell in the well's mosaic, from 0 on, and its pixels. */
export interface SiteCell extends PixelOffset, PixelSize {
  readonly id: number;
  /** Its upper left pixel from the well's, where that is known: its cell does not count then. */
  readonly offset?: PixelOffset;
}

/** A well by its name, `A01`, and its sites; sites that are not there leave their cell empty. */
export interface WellSites {
  readonly id: number;
  readonly name: string;
  readonly sites: readonly SiteCell[];
}

/** A plate and its wells. Rows and columns without any well take no place. */
export interface PlateWells {
  readonly id: number;
  readonly wells: readonly WellSites[];
}

/** Distances on a map, pixels. */
export interface MapSpacing {
  /** Between wells; plates are twice as far apart. Default 500. */
  readonly wellSpacer?: number;
  /** Between sites of a well, from one to the next below; below 0 they overlap. Default 0. */
  readonly verticalSiteDisplacement?: number;
  /** The same to the right. Default 0. */
  readonly horizontalSiteDisplacement?: number;
}

/** A plate, well or site on the map. */
export interface PlacedImage extends PixelOffset, PixelSize {
  readonly id: number;
}

/** Where everything lies. */
export interface PlateMap extends PixelSize {
  /** Ids of the plates, row by row; columns are filled one after the other, so that the last may end early. */
  readonly plateGrid: readonly (readonly (number | undefined)[])[];
  readonly plates: readonly PlacedImage[];
  readonly wells: readonly PlacedImage[];
  readonly sites: readonly PlacedImage[];
}

/** Sizes that all sites and wells of a plate share. */
interface Pitches {
  readonly site: PixelSize;
  readonly gap: PixelOffset;
  readonly well: PixelSize;
  readonly wellSpacer: number;
}

/**
 * Places the sites of all plates on one map. Sites of a plate have a cell of the size of its largest one, its wells room for its mosaic with
 * the most rows and columns, all plates room for the largest plate; plates form a grid by {@link guessStitchDimensions}, upright. Sites whose
 * pixels are known lie there, and wells are as large as the farthest of them asks for.
 *
 * @throws {VitrineError} range: no site at all, a cell or pixel below 0; format: a well's name that is no letters and number
 *
 * Source: TissueMAPS, tmlib.models (plate, well, site), tmlib.workflow.illuminati.
 */
export function placePlates(plates: readonly PlateWells[], spacing: MapSpacing = {}): PlateMap {
  requireKnownOptions("placePlates", spacing, {
    wellSpacer: true,
    verticalSiteDisplacement: true,
    horizontalSiteDisplacement: true,
  });
  requireSites(plates);
  const parts = plates.map((one) => ({ ...squeeze(one), pitches: pitchesOf(one, spacing) }));
  const sizes = parts.map(({ rows, columns, pitches: { well, wellSpacer } }) => ({
    height: extent(rows.length, well.height, wellSpacer),
    width: extent(columns.length, well.width, wellSpacer),
  }));
  const plate = {
    height: Math.max(...sizes.map(({ height }) => height)),
    width: Math.max(...sizes.map(({ width }) => width)),
  };
  const spacer = 2 * wellSpacerOf(spacing);
  const [gridRows, gridColumns] = guessStitchDimensions(plates.length);
  const placed = plates.map(({ id }, i): PlacedImage => {
    const [row, column] = [i % gridRows, Math.floor(i / gridRows)];
    return { id, y: row * (plate.height + spacer), x: column * (plate.width + spacer), ...sizes[i] };
  });
  const wells = plates.flatMap((one, i) => one.wells.map((well) => placeWell(well, placed[i], parts[i])));
  const all = plates.flatMap((one, i) =>
    one.wells.map(({ sites }) => ({ sites, pitches: parts[i].pitches })),
  );
  return {
    height: extent(gridRows, plate.height, spacer),
    width: extent(gridColumns, plate.width, spacer),
    plateGrid: Array.from({ length: gridRows }, (_, row) =>
      Array.from({ length: gridColumns }, (_, column) => plates[column * gridRows + row]?.id),
    ),
    plates: placed,
    wells,
    sites: all.flatMap(({ sites, pitches }, i) => sites.map((site) => placeSite(site, wells[i], pitches))),
  };
}

function extent(count: number, length: number, spacer: number): number {
  return count === 0 ? 0 : count * length + (count - 1) * spacer;
}

function wellSpacerOf({ wellSpacer = 500 }: MapSpacing): number {
  return wellSpacer;
}

function requireSites(plates: readonly PlateWells[]): void {
  const sites = plates.flatMap(({ wells }) => wells.flatMap((well) => well.sites));
  if (sites.length === 0)
    throw new VitrineError({
      code: "range",
      at: "placePlates plates",
      expected: "at least one site",
      found: "none",
    });
  requireNotBelow(sites);
}

function pitchesOf(plate: PlateWells, spacing: MapSpacing): Pitches {
  const { verticalSiteDisplacement: y = 0, horizontalSiteDisplacement: x = 0 } = spacing;
  const sites = plate.wells.flatMap((well) => well.sites);
  const most = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.max(a, b), 0);
  const site = {
    height: most(sites.map(({ height }) => height)),
    width: most(sites.map(({ width }) => width)),
  };
  const cells = sites.filter(({ offset }) => offset === undefined);
  const placed = sites.flatMap(({ offset, height, width }) => (offset ? [{ ...offset, height, width }] : []));
  const mosaic = (count: number, length: number, gap: number) =>
    cells.length === 0 ? 0 : extent(count, length, gap);
  const height = mosaic(most(cells.map((one) => one.y)) + 1, site.height, y);
  const width = mosaic(most(cells.map((one) => one.x)) + 1, site.width, x);
  const well = {
    height: most([height, ...placed.map((one) => one.y + one.height)]),
    width: most([width, ...placed.map((one) => one.x + one.width)]),
  };
  return { site, gap: { y, x }, well, wellSpacer: wellSpacerOf(spacing) };
}

function requireNotBelow(sites: readonly SiteCell[]): void {
  for (const { id, offset, y, x } of sites) {
    const at = offset ?? { y, x };
    if (at.y >= 0 && at.x >= 0) continue;
    throw new VitrineError({
      code: "range",
      at: `placePlates site ${id}`,
      expected: offset === undefined ? "a cell from [0, 0] on" : "a pixel from [0, 0] on",
      found: `[${at.y}, ${at.x}]`,
    });
  }
}

/** The rows and columns that have wells, in ascending order. */
interface Squeezed {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

function squeeze({ wells }: PlateWells): Squeezed {
  const places = wells.map(({ name }) => parseWellName(name));
  const distinct = (values: readonly number[]) => [...new Set(values)].sort((a, b) => a - b);
  return {
    rows: distinct(places.map(({ rowIndex }) => rowIndex)),
    columns: distinct(places.map(({ columnIndex }) => columnIndex)),
  };
}

function placeWell(
  well: WellSites,
  plate: PixelOffset,
  at: Squeezed & { readonly pitches: Pitches },
): PlacedImage {
  const { rowIndex, columnIndex } = parseWellName(well.name);
  const { height, width } = at.pitches.well;
  const y = plate.y + at.rows.indexOf(rowIndex) * (height + at.pitches.wellSpacer);
  const x = plate.x + at.columns.indexOf(columnIndex) * (width + at.pitches.wellSpacer);
  return { id: well.id, y, x, height, width };
}

function placeSite(
  { id, height, width, offset, ...cell }: SiteCell,
  well: PixelOffset,
  { site, gap }: Pitches,
): PlacedImage {
  if (offset !== undefined) return { id, y: well.y + offset.y, x: well.x + offset.x, height, width };
  return {
    id,
    y: well.y + cell.y * (site.height + gap.y),
    x: well.x + cell.x * (site.width + gap.x),
    height,
    width,
  };
}

/** A closed ring of five corners `[x, y]`, y upwards. */
export type Ring = readonly (readonly [x: number, y: number])[];

/**
 * The outline of a plate, well or site as a map object: upper right, upper left, lower left, lower right, upper right. It runs one pixel
 * within the image at the top and on the left, and two at the bottom and on the right, as TissueMAPS draws it.
 */
export function outlineOf({ y, x, height, width }: PixelOffset & PixelSize): Ring {
  const [left, right] = [x + 1, x + width - 2];
  const [top, bottom] = [-(y + 1), -(y + height - 2)];
  return [
    [right, top],
    [left, top],
    [left, bottom],
    [right, bottom],
    [right, top],
  ];
}
