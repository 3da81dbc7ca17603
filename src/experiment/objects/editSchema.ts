/** What an edit may hold. */
import { z } from "zod";
import { objectSchema, segmentationSchema } from "./add.ts";
import type { NewMapobject, NewSegmentation } from "./mapobject.ts";

/** An object to add; with a number, where it had one before it was removed. */
export interface NumberedMapobject extends NewMapobject {
  readonly id?: number;
}

/** A class that objects get. */
export interface ClassAssignment {
  /** Null: none. */
  readonly className: string | null;
  /** Six hexadecimal digits; left out or null: none. */
  readonly classColor?: string | null;
  readonly ids: readonly number[];
}

/** Changes of objects of one type. */
export interface MapobjectEdit {
  readonly type: string;
  readonly add?: readonly NumberedMapobject[];
  /** Outlines in the place of those that the objects had, at all time points and z planes. */
  readonly change?: readonly { readonly id: number; readonly segmentations: readonly NewSegmentation[] }[];
  /** Numbers of objects. */
  readonly remove?: readonly number[];
  readonly classify?: readonly ClassAssignment[];
}

const id = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** Most objects that one edit adds, changes or removes; classes are given to any number. */
const MOST = 10_000;

/** Parses a {@link MapobjectEdit}; outlines are looked at later. */
export const editSchema = z.strictObject({
  type: z.string().min(1).max(200),
  add: z
    .array(objectSchema.extend({ id: id.optional() }))
    .max(MOST)
    .optional(),
  change: z
    .array(z.strictObject({ id, segmentations: z.array(segmentationSchema).min(1) }))
    .max(MOST)
    .optional(),
  remove: z.array(id).max(MOST).optional(),
  classify: z
    .array(
      z.strictObject({
        className: z.string().min(1).max(200).nullable(),
        classColor: z
          .string()
          .regex(/^[0-9A-Fa-f]{6}$/, "six hexadecimal digits")
          .nullable()
          .optional(),
        ids: z.array(id),
      }),
    )
    .max(1000)
    .optional(),
});
