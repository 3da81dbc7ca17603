/** Classes of objects: a name and a colour, as QuPath has them. */
import type { Query } from "../experiment.ts";
import type { ClassAssignment } from "./editSchema.ts";
import { idSlices, requireObjects } from "./idSlices.ts";

/** The classes of objects as they are. @throws {VitrineError} missing: no object of the type */
export async function classesOf(
  query: Query,
  typeId: number,
  ids: readonly number[],
): Promise<ClassAssignment[]> {
  await requireObjects(query, { typeId, ids });
  const classes = new Map<string, { className: string | null; classColor: string | null; ids: number[] }>();
  for (const slice of idSlices(ids)) {
    const rows = await query
      .selectFrom("mapobjects")
      .select(["id", "className", "classColor"])
      .where("id", "in", slice)
      .execute();
    for (const { id, className, classColor } of rows) {
      const key = JSON.stringify([className, classColor]);
      const found = classes.get(key) ?? { className, classColor, ids: [] };
      classes.set(key, found);
      found.ids.push(id);
    }
  }
  return [...classes.values()];
}

/** Gives objects their classes. */
export async function setClasses(
  query: Query,
  typeId: number,
  classes: readonly ClassAssignment[],
): Promise<void> {
  for (const { className, classColor = null, ids } of classes)
    for (const slice of idSlices(ids))
      await query
        .updateTable("mapobjects")
        .set({ className, classColor: className === null ? null : classColor })
        .where("mapobjectTypeId", "=", typeId)
        .where("id", "in", slice)
        .execute();
}
