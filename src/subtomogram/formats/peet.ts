import { VitrineError } from "../../core/index.ts";
import { Molecules } from "../molecules/molecules.ts";
import type { Quaternion, Zyx } from "../molecules/quaternion.ts";
import { AV3, fromRelion, numberOf, placeOf, toRelion, voxelsOf } from "./convention.ts";
import { formatImodModel, type ModelPoint, parseImodModel } from "./imodModel.ts";
import { requireOne } from "./leftOut.ts";
import { requirePixelSize, type TomogramOf } from "./tomograms.ts";

/** Columns of PEET's motive list, counted from 0; their names vary and are not looked at. */
const COLUMN = { ccc: 0, point: 3, adjusted: 5, offset: 10, phi: 16, psi: 17, theta: 18, class: 19 };
const COLUMNS = 20;

const HEADER =
  "CCC,reserved,reserved,pIndex,wedgeWT,adjCCC,NA,NA,NA,NA,xOffset,yOffset,zOffset,NA,NA,oldClass,EulerZ(1),EulerZ(3),EulerX(2),class";

/** What else reading and writing need. */
export interface PeetContext {
  readonly tomogramOf: TomogramOf;
  readonly at: string;
  readonly onLog?: ((message: string, kind: "warning") => void) | undefined;
}

/**
 * Molecules of PEET: places are a model's points plus the offsets of the motive list; its angles are AV3's phi, psi, theta. Without a list
 * nothing is turned. Features are `score` and `class`.
 *
 * @param list  the text of the motive list, and how messages call it
 * @throws {VitrineError} format: a damaged model or list, or a list of another number of particles; missing: a pixel size
 */
export function moleculesFromPeet(
  model: Uint8Array,
  list: { readonly text: string; readonly at: string } | undefined,
  { tomogramOf, at, onLog }: PeetContext,
): Molecules {
  if (list === undefined)
    onLog?.(
      `${at}: no motive list (the .csv beside it, or --motive-list): molecules are taken as they are not turned`,
      "warning",
    );
  const points = parseImodModel(model, at);
  const pixel = requirePixelSize(tomogramOf(""), at);
  const rows = list === undefined ? undefined : parseList(list.text, list.at, points.length);
  const pointOf = (i: number): ModelPoint => points[rows === undefined ? i : rows[i][COLUMN.point] - 1];
  const count = rows?.length ?? points.length;
  const offset = (i: number, axis: number) => rows?.[i][COLUMN.offset + axis] ?? 0;
  const places = Array.from({ length: count }, (_, i): Zyx => {
    const [x, y, z] = pointOf(i);
    return placeOf([x - 0.5 + offset(i, 0), y - 0.5 + offset(i, 1), z + offset(i, 2)], pixel);
  });
  if (rows === undefined)
    return new Molecules(
      places,
      places.map((): Quaternion => [0, 0, 0, 1]),
    );
  const quaternions = rows.map((row) =>
    fromRelion(AV3.toRelion([row[COLUMN.phi], row[COLUMN.psi], row[COLUMN.theta]])),
  );
  return new Molecules(places, quaternions, {
    score: rows.map((row) => row[COLUMN.ccc]),
    class: rows.map((row) => row[COLUMN.class]),
  });
}

function parseList(text: string, at: string, points: number): readonly (readonly number[])[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const rows = lines
    .slice(/^\s*"?CCC/i.test(lines[0] ?? "") ? 1 : 0)
    .map((line) => line.split(/[,;\t]/).map(Number));
  rows.forEach((row, i) => {
    const wanted = [
      COLUMN.point,
      COLUMN.offset,
      COLUMN.offset + 1,
      COLUMN.offset + 2,
      COLUMN.phi,
      COLUMN.psi,
      COLUMN.theta,
    ];
    const point = row[COLUMN.point];
    if (
      row.length >= COLUMN.class + 1 &&
      wanted.every((k) => Number.isFinite(row[k])) &&
      point >= 1 &&
      point <= points
    )
      return;
    const expected = `${COLUMNS} numbers, the fourth that of a point, 1 to ${points}`;
    throw new VitrineError({
      code: "format",
      at: `${at} row ${i + 1}`,
      expected,
      found: row.slice(0, COLUMNS).join(","),
    });
  });
  return rows;
}

/** A model and its motive list, without offsets. @throws {VitrineError} missing: a pixel size; range: molecules of several tomograms */
export function peetFromMolecules(
  molecules: Molecules,
  { tomogramOf, at }: PeetContext,
): { readonly model: Uint8Array; readonly list: string } {
  const { features, count } = molecules;
  requireOne(molecules, { at, whose: "a model of PEET has" });
  const pixel = requirePixelSize(tomogramOf(String(features.tomogram?.[0] ?? "")), at);
  const number = (name: string, i: number) => numberOf(features[name]?.[i], 0);
  const points = Array.from({ length: count }, (_, i): ModelPoint => {
    const [x, y, z] = voxelsOf(molecules.place(i), pixel);
    return [x + 0.5, y + 0.5, z];
  });
  const lines = molecules.rotator.map((q, i) => {
    const row = new Array<number>(COLUMNS).fill(0);
    row[COLUMN.ccc] = number("score", i);
    row[COLUMN.adjusted] = row[COLUMN.ccc];
    row[COLUMN.point] = i + 1;
    row.splice(COLUMN.phi, 3, ...AV3.fromRelion(toRelion(q)).map((angle) => Number(angle.toFixed(DECIMALS))));
    row[COLUMN.class] = number("class", i);
    return row.join(",");
  });
  return { model: formatImodModel(points), list: `${[HEADER, ...lines].join("\n")}\n` };
}

const DECIMALS = 5;
