import type { RawMapobject } from "../mapobject.ts";

/** Joins outlines of one object at several planes, as files have them one after the other: of one id, each plane once. */
export async function* joinPlanes(objects: AsyncIterable<RawMapobject>): AsyncGenerator<RawMapobject> {
  let last: RawMapobject | undefined;
  for await (const object of objects) {
    if (last !== undefined && isOther(last, object)) {
      yield last;
      last = undefined;
    }
    last =
      last === undefined
        ? object
        : {
            ...last,
            outlines: [...last.outlines, ...object.outlines],
            features: [...(last.features ?? []), ...(object.features ?? [])],
          };
  }
  if (last !== undefined) yield last;
}

function isOther(one: RawMapobject, next: RawMapobject): boolean {
  if (one.externalId === undefined || one.externalId !== next.externalId) return true;
  const [outline] = next.outlines;
  if (outline.timepoint === undefined && outline.zplane === undefined) return true;
  const isThere = one.outlines.some(
    ({ timepoint, zplane }) => timepoint === outline.timepoint && zplane === outline.zplane,
  );
  return isThere || (one.features ?? []).some(({ timepoint }) => timepoint === outline.timepoint);
}
