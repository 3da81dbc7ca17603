/** Parts of an image at a resolution that the file may not have. */
import { type PixelArray, VitrineError } from "../../core/index.ts";
import { type ImageSource, readView, type SourceRegion, viewLevels } from "../../io/index.ts";

/** A plane, and what of it is read. */
export interface TileRequest {
  /** Of {@link viewLevels}. */
  readonly level: number;
  readonly row: number;
  readonly column: number;
  /** Side of a tile in pixels. */
  readonly size: number;
  /** Indices on the other axes; those that are not named are 0. */
  readonly places: Readonly<Record<string, number>>;
}

/** Pixels of one plane, C order. */
export interface Tile {
  readonly data: PixelArray;
  readonly height: number;
  readonly width: number;
}

/**
 * Reads a tile; those at the right and lower end are smaller. Levels that the file lacks are means of its pixels (of labels one pixel of
 * each square), read by bands: memory follows the tile.
 *
 * @throws {VitrineError} range: no such level, row, column or index; missing: no such axis; and the errors of `source.read`
 */
export async function readTile(source: ImageSource, what: TileRequest, signal?: AbortSignal): Promise<Tile> {
  const levels = viewLevels(source);
  const level = levels[what.level];
  if (level === undefined) throw outside(source, `a level below ${levels.length}`, `${what.level}`);
  const [y, x] = [what.row * what.size, what.column * what.size];
  if (y >= level.height || x >= level.width)
    throw outside(
      source,
      `a tile within ${level.height} x ${level.width}`,
      `row ${what.row}, column ${what.column}`,
    );
  const box = {
    y,
    x,
    height: Math.min(what.size, level.height - y),
    width: Math.min(what.size, level.width - x),
  };
  const region = fixedRegion(source, what.places);
  const data = await readView(source, { level, box, region, ...(signal && { signal }) });
  return { data, height: box.height, width: box.width };
}

/** One index on every axis but y and x. @throws {VitrineError} missing: no such axis; range */
export function fixedRegion(source: ImageSource, places: Readonly<Record<string, number>>): SourceRegion {
  const others = source.axes.filter(({ name }) => name !== "y" && name !== "x");
  const unknown = Object.keys(places).find((key) => !others.some(({ name }) => name === key));
  if (unknown !== undefined) {
    const expected = `one of the axes ${others.map(({ name }) => name).join(", ") || "(there are no others)"}`;
    throw new VitrineError({ code: "missing", at: source.name, expected, found: JSON.stringify(unknown) });
  }
  return Object.fromEntries(others.map(({ name }) => [name, Object.hasOwn(places, name) ? places[name] : 0]));
}

function outside({ name }: ImageSource, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "range", at: name, expected, found });
}
