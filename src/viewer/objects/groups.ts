/** Groups of objects that the server makes of their features. */
import { askColumns } from "../scene/columns.ts";
import { formatNames, parseNames } from "./brush.ts";
import { GROUP_COLORS } from "./colors.ts";
import type { ObjectClass, ObjectsOf, ObjectTable } from "./objectTable.ts";

/** How groups are made, as the address keeps it. */
export interface GroupsBy {
  readonly method: "clusters" | "classes";
  /** Clusters, or neighbours that vote. */
  readonly count: number;
  readonly features: readonly string[];
}

/** Groups by rows. */
export interface ObjectGroups {
  readonly by: GroupsBy;
  readonly table: ObjectTable;
  readonly groups: readonly ObjectClass[];
  /** -1: an object without one of the features. */
  readonly groupOf: Int32Array;
  /** What is said of them. */
  readonly note: string;
}

interface ClusterFacts {
  readonly clusters: readonly { readonly objects: number }[];
  readonly leftOut: number;
}

interface ClassFacts {
  readonly classes: readonly ObjectClass[];
  readonly examples: number;
  readonly accuracy: number;
  readonly leftOut: number;
}

/** Asks for groups. @throws {Error} with what the server says */
export async function readGroups(
  { at, type, places }: ObjectsOf,
  by: GroupsBy,
  { table, signal }: { readonly table: ObjectTable; readonly signal: AbortSignal },
): Promise<ObjectGroups> {
  const { method, count } = by;
  const features = by.features.map(encodeURIComponent).join(",");
  const query = { at, type, features, timepoint: places.time ?? 0 };
  if (method === "clusters") {
    const read = await askColumns<ClusterFacts>(
      "experiment/objects/clusters",
      { ...query, clusters: count },
      signal,
    );
    const { clusters, leftOut } = read.facts;
    const groups = clusters.map((_, i) => ({
      name: `cluster ${i + 1}`,
      color: GROUP_COLORS[i % GROUP_COLORS.length],
    }));
    return { by, table, groups, groupOf: rowsOf(table, read.columns), note: leftOutText(leftOut) };
  }
  const read = await askColumns<ClassFacts>(
    "experiment/objects/predicted",
    { ...query, neighbours: count },
    signal,
  );
  const { classes, examples, accuracy, leftOut } = read.facts;
  const note = `Learned from ${examples} examples; the others tell ${Math.round(100 * accuracy)} % of them right. ${leftOutText(leftOut)}`;
  return { by, table, groups: classes, groupOf: rowsOf(table, read.columns), note };
}

function rowsOf(table: ObjectTable, columns: Readonly<Record<string, ArrayLike<number>>>): Int32Array {
  const groupOf = new Int32Array(table.ids.length).fill(-1);
  for (let i = 0; i < columns.ids.length; i++) {
    const row = table.rowOf.get(columns.ids[i]);
    if (row !== undefined) groupOf[row] = columns.groupOf[i];
  }
  return groupOf;
}

function leftOutText(count: number): string {
  return count === 0 ? "" : `${count} objects lack one of the features.`;
}

/** As the address has it: `clusters:4:area:mean`. */
export function formatGroups(by: GroupsBy | undefined): string {
  return by === undefined ? "" : `${by.method}:${by.count}:${formatNames(by.features)}`;
}

/** What an address says; undefined: nothing that can be made. */
export function parseGroups(text: string): GroupsBy | undefined {
  const [method, count, ...names] = text.split(":");
  const features = parseNames(names.join(":"));
  if ((method !== "clusters" && method !== "classes") || features.length === 0) return undefined;
  const number = Number(count);
  return Number.isSafeInteger(number) && number >= 1 && number <= 50
    ? { method, count: number, features }
    : undefined;
}
