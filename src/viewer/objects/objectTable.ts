/** All map objects of a type as rows: what the table lists, plots show, brushes and lassos choose from. */
import { askColumns } from "../scene/columns.ts";
import type { Places } from "../scene/scene.ts";

/** A class that objects have: a name and a colour of six hexadecimal digits. */
export interface ObjectClass {
  readonly name: string;
  readonly color: string | null;
}

/** Objects as columns; a row is an object. */
export interface ObjectTable {
  readonly ids: Uint32Array;
  /** Values in the label image that they came from; 0: none. */
  readonly labels: Uint32Array;
  /** Centres of gravity, pixels of full resolution. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  /** Longer side of the box, pixels. */
  readonly size: Float32Array;
  readonly classes: readonly ObjectClass[];
  /** Index of the class; -1: none. */
  readonly classOf: Int32Array;
  readonly names: Readonly<Record<number, string>>;
  /** The row of an object's number. */
  readonly rowOf: { get(id: number): number | undefined };
}

/** Which objects. */
export interface ObjectsOf {
  readonly at: string;
  readonly type: string;
  readonly places: Places;
}

/** Asks for all objects at a time point and z plane. @throws {Error} with what the server says */
export async function readObjectTable(
  { at, type, places }: ObjectsOf,
  signal?: AbortSignal,
): Promise<ObjectTable> {
  const query = { at, type, timepoint: places.time ?? 0, zplane: places.z ?? 0 };
  const { facts, columns } = await askColumns<Pick<ObjectTable, "classes" | "names">>(
    "experiment/objects/columns",
    query,
    signal,
  );
  const { ids, labels, x, y, size, classOf } = columns as unknown as Omit<
    ObjectTable,
    "classes" | "names" | "rowOf"
  >;
  return { ...facts, ids, labels, x, y, size, classOf, rowOf: rowFinder(ids) };
}

/**
 * Rows are in the order of their objects' numbers, so that a search by halves finds them without the memory of a map; who asks for one after
 * another gets them without a search.
 */
function rowFinder(ids: Uint32Array): ObjectTable["rowOf"] {
  let last = 0;
  return {
    get(id) {
      if (ids[last] === id) return last;
      if (ids[last + 1] === id) return ++last;
      let [from, to] = [0, ids.length - 1];
      while (from <= to) {
        const middle = (from + to) >> 1;
        if (ids[middle] === id) {
          last = middle;
          return middle;
        }
        if (ids[middle] < id) from = middle + 1;
        else to = middle - 1;
      }
      return undefined;
    },
  };
}

/** A feature of each row; NaN where there is none. @throws {Error} with what the server says */
export async function readFeatureValues(
  { at, type, places }: ObjectsOf,
  { feature, table }: { readonly feature: string; readonly table: ObjectTable },
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { columns } = await askColumns(
    "experiment/features",
    { at, type, feature, timepoint: places.time ?? 0 },
    signal,
  );
  const values = new Float32Array(table.ids.length).fill(Number.NaN);
  for (let i = 0; i < columns.ids.length; i++) {
    const row = table.rowOf.get(columns.ids[i]);
    if (row !== undefined) values[row] = columns.values[i];
  }
  return values;
}
