import { z } from "zod";

type Schema = z.core.$ZodType;

/** The keys that a schema knows at a path of a value: those of every alternative there. */
export function knownKeys(schema: Schema, path: readonly PropertyKey[]): string[] {
  const there = path.reduce(
    (schemas, key) => schemas.flatMap((inner) => memberOf(inner, key)),
    objectsOf(schema),
  );
  const keys = there.flatMap((inner) => (inner instanceof z.ZodObject ? Object.keys(inner.shape) : []));
  return [...new Set(keys)];
}

function memberOf(schema: Schema, key: PropertyKey): Schema[] {
  if (schema instanceof z.ZodObject && typeof key === "string" && Object.hasOwn(schema.shape, key)) {
    return objectsOf(schema.shape[key]);
  }
  if (schema instanceof z.ZodArray) return objectsOf(schema.def.element);
  if (schema instanceof z.ZodRecord) return objectsOf(schema.def.valueType);
  if (schema instanceof z.ZodTuple && typeof key === "number")
    return schema.def.items.slice(key, key + 1).flatMap(objectsOf);
  return [];
}

/** Looks through what wraps a schema (optional, default, union ...) at those that hold members. */
function objectsOf(schema: Schema): Schema[] {
  if (schema instanceof z.ZodUnion) return schema.def.options.flatMap(objectsOf);
  if (schema instanceof z.ZodIntersection) return [schema.def.left, schema.def.right].flatMap(objectsOf);
  if (schema instanceof z.ZodPipe) return [schema.def.in, schema.def.out].flatMap(objectsOf);
  if (schema instanceof z.ZodLazy) return objectsOf(schema.def.getter());
  if (isWrapper(schema)) return objectsOf(schema.def.innerType);
  return [schema];
}

function isWrapper(schema: Schema) {
  return (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodReadonly ||
    schema instanceof z.ZodCatch ||
    schema instanceof z.ZodNonOptional
  );
}
