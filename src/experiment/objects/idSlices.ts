/** Many numbers of objects in queries, some at a time: databases take so many values and no more. */
import { VitrineError } from "../../core/index.ts";
import type { Query } from "../experiment.ts";

/** Numbers in one query. */
const SLICE = 5000;

/** The numbers in parts, each once. */
export function* idSlices(ids: readonly number[]): Generator<number[]> {
  const all = [...new Set(ids)];
  for (let at = 0; at < all.length; at += SLICE) yield all.slice(at, at + SLICE);
}

/** @throws {VitrineError} missing: one of the numbers is not that of an object of the type */
export async function requireObjects(
  query: Query,
  { typeId, ids }: { readonly typeId: number; readonly ids: readonly number[] },
): Promise<void> {
  for (const slice of idSlices(ids)) {
    const rows = await query
      .selectFrom("mapobjects")
      .select("id")
      .where("mapobjectTypeId", "=", typeId)
      .where("id", "in", slice)
      .execute();
    if (rows.length === slice.length) continue;
    const found = new Set(rows.map(({ id }) => id));
    const missing = slice.find((id) => !found.has(id));
    throw new VitrineError({
      code: "missing",
      at: "map objects",
      expected: "objects of the type",
      found: `${missing}`,
    });
  }
}
