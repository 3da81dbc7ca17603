import { VitrineError } from "../../core/index.ts";
import { Molecules } from "../molecules/molecules.ts";
import type { Quaternion, Zyx } from "../molecules/quaternion.ts";
import { DYNAMO, fromRelion, placeOf, toRelion, voxelsOf } from "./convention.ts";
import { requirePixelSize, type TomogramOf } from "./tomograms.ts";

/** Columns of a table of Dynamo, counted from 0. */
const COLUMN = {
  tag: 0,
  aligned: 1,
  averaged: 2,
  shift: 3,
  angles: 6,
  cc: 9,
  tomogram: 19,
  region: 20,
  class: 21,
  place: 23,
  apix: 34,
};
/** Where a molecule lies and how it is turned. */
const NEEDED = [COLUMN.shift, COLUMN.angles, COLUMN.place].flatMap((first) => [first, first + 1, first + 2]);
/** As many as Dynamo's own tables have. */
const COLUMNS = 35;
/** Columns that are features by these names. */
const FEATURES = {
  tag: COLUMN.tag,
  cc: COLUMN.cc,
  tomogram: COLUMN.tomogram,
  region: COLUMN.region,
  class: COLUMN.class,
};

/**
 * Molecules of a table of Dynamo: places are x y z plus dx dy dz, in voxels counted from 1; angles are tdrot, tilt, narot. Features are
 * `tag`, `cc`, `tomogram`, `region` and `class`.
 *
 * @param tomogramOf  the pixel size, where column 35 (apix) does not say
 * @throws {VitrineError} format: no table of numbers, or with fewer columns than places need; missing: a pixel size
 */
export function moleculesFromDynamo(
  text: string,
  { tomogramOf, at }: { tomogramOf: TomogramOf; at: string },
): Molecules {
  const rows = parseRows(text, at);
  const places = rows.map((row, i): Zyx => {
    const tomogram = tomogramOf(`${row[COLUMN.tomogram]}`);
    const apix = row[COLUMN.apix];
    const known = tomogram.pixelSizeA ?? (apix > 0 ? apix : undefined);
    const pixel = requirePixelSize(
      { ...tomogram, ...(known !== undefined && { pixelSizeA: known }) },
      `${at} row ${i + 1}`,
    );
    const voxel = (axis: number) => row[COLUMN.place + axis] + row[COLUMN.shift + axis] - 1;
    return placeOf([voxel(0), voxel(1), voxel(2)], pixel);
  });
  const quaternions = rows.map((row): Quaternion => {
    const [tdrot, tilt, narot] = row.slice(COLUMN.angles);
    return fromRelion(DYNAMO.toRelion([tdrot, tilt, narot]));
  });
  const features = Object.fromEntries(
    Object.entries(FEATURES).map(([name, column]) => [name, rows.map((row) => row[column])]),
  );
  return new Molecules(places, quaternions, {
    ...features,
    tomogram: rows.map((row) => `${row[COLUMN.tomogram]}`),
  });
}

function parseRows(text: string, at: string): number[][] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  return lines.map((line, i) => {
    const cells = line.trim().split(/\s+/);
    const row = cells.map(toNumber);
    const unknown = NEEDED.find((column) => /^[+-]?(nan|inf)/i.test(cells[column] ?? ""));
    if (unknown !== undefined)
      throw new VitrineError({
        code: "format",
        at: `${at} line ${i + 1} column ${unknown + 1}`,
        expected: "a finite number, of a place, a shift or an angle",
        found: cells[unknown],
      });
    const where = `${at} line ${i + 1}`;
    if (row.some(Number.isNaN) || row.length <= COLUMN.place + 2) {
      const expected = `at least ${COLUMN.place + 3} numbers`;
      const found = row.some(Number.isNaN) ? JSON.stringify(line.slice(0, 60)) : `${row.length}`;
      throw new VitrineError({ code: "format", at: where, expected, found });
    }
    return [...row, ...new Array<number>(Math.max(0, COLUMNS - row.length)).fill(0)];
  });
}

/** MATLAB writes what is not known as NaN; it stands for nothing that places and angles need. */
function toNumber(cell: string): number {
  if (/^nan$/i.test(cell)) return 0;
  return cell === "" ? Number.NaN : Number(cell.replace(/^([+-]?)inf$/i, "$1Infinity"));
}

/**
 * A table of Dynamo. Tomograms and tags are numbers there: those of the features where they are, else counted from 1.
 *
 * @throws {VitrineError} missing: a pixel size
 */
export function dynamoFromMolecules(
  molecules: Molecules,
  { tomogramOf, at }: { tomogramOf: TomogramOf; at: string },
): string {
  const { features, count } = molecules;
  const names = Array.from({ length: count }, (_, i) => String(features.tomogram?.[i] ?? ""));
  const numbers = numberNames(names);
  const feature = (name: string, i: number, otherwise: number) => {
    const value = features[name]?.[i];
    return typeof value === "number" ? value : otherwise;
  };
  const lines = Array.from({ length: count }, (_, i) => {
    const pixel = requirePixelSize(tomogramOf(names[i]), at);
    const row = new Array<number>(COLUMNS).fill(0);
    row[COLUMN.tag] = feature("tag", i, i + 1);
    row[COLUMN.aligned] = 1;
    row[COLUMN.averaged] = 1;
    row.splice(COLUMN.angles, 3, ...DYNAMO.fromRelion(toRelion(molecules.rotator[i])));
    row[COLUMN.cc] = feature("cc", i, feature("score", i, 0));
    row[COLUMN.tomogram] = numbers[i];
    row[COLUMN.region] = feature("region", i, 0);
    row[COLUMN.class] = feature("class", i, 0);
    row.splice(COLUMN.place, 3, ...voxelsOf(molecules.place(i), pixel).map((voxel) => voxel + 1));
    row[COLUMN.apix] = pixel;
    return row.map(formatNumber).join(" ");
  });
  return lines.map((line) => `${line}\n`).join("");
}

/** Names that are numbers as they are; if one is not, all are counted in the order in which they come. */
export function numberNames(names: readonly string[]): readonly number[] {
  if (names.every((name) => /^\d+$/.test(name))) return names.map(Number);
  const order = [...new Set(names)];
  return names.map((name) => order.indexOf(name) + 1);
}

const DECIMALS = 4;

function formatNumber(value: number): string {
  return Number.isInteger(value) ? `${value}` : `${Number(value.toFixed(DECIMALS))}`;
}
