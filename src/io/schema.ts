import type { z } from "zod";
import {
  didYouMean,
  keyPlace,
  listedNames,
  nearestName,
  shortenedName,
  VitrineError,
} from "../core/index.ts";
import { knownKeys } from "./schemaKeys.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/**
 * Checks a value that came from outside and gives it the type of the schema. Use `z.strictObject`, so that a misspelt key
 * is refused.
 *
 * @param at  how messages call the file or value
 * @throws {VitrineError} of the first thing that is wrong, with its path: format: a key that the schema does not know, with
 *   the nearest one that it does; missing: a value that it demands; type: a value of another type; range: a number or
 *   length outside its limits; format: anything else
 */
export function parseWithSchema<T>(value: unknown, schema: z.ZodType<T>, at: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => closestBranch(issue, [], value));
  // A misspelt key is unknown and leaves another missing: the former explains the latter.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  throw toError(issue, { value, schema, at });
}

interface Context {
  readonly value: unknown;
  readonly schema: z.ZodType;
  readonly at: string;
}

function toError(issue: Issue, { value, schema, at }: Context): VitrineError {
  const found = valueAt(value, issue.path);
  if (issue.code === "unrecognized_keys") return unknownKey(issue.path, issue.keys[0], { value, schema, at });
  const where = keyPlace(at, issue.path);
  const expected = expectedOf(issue);
  if (found === undefined) {
    return new VitrineError({ code: "missing", at: where, expected, found: "nothing", hint: "Add it" });
  }
  return new VitrineError({ code: codeOf(issue), at: where, expected, found: describe(found) });
}

function unknownKey(path: Path, key: string, { schema, at }: Context): VitrineError {
  const known = knownKeys(schema, path);
  // It may belong to another kind of group.
  const isMisplaced = known.includes(key);
  const nearest = isMisplaced ? undefined : nearestName(key, known);
  return new VitrineError({
    code: "format",
    at: keyPlace(at, [...path, key]),
    expected: isMisplaced ? "a key that goes with the others" : "a known key",
    found: `${JSON.stringify(shortenedName(key))}${didYouMean(nearest)}`,
    hint: `Known keys: ${listedNames(known)}`,
  });
}

function codeOf(issue: Issue): "type" | "range" | "format" {
  if (issue.code === "invalid_type" || issue.code === "invalid_union") return "type";
  if (issue.code === "too_small" || issue.code === "too_big" || issue.code === "not_multiple_of")
    return "range";
  return "format";
}

function expectedOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case "too_small":
      return limit(issue.origin, issue.inclusive === false ? "above" : "of at least", issue.minimum);
    case "too_big":
      return limit(issue.origin, issue.inclusive === false ? "below" : "of at most", issue.maximum);
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_value":
      return `${issue.values.length > 1 ? "one of " : ""}${listedNames(issue.values.map((value) => describe(value)))}`;
    case "invalid_union":
      return alternatives(issue);
    default:
      return issue.message;
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  number: "a number",
  int: "a whole number",
  string: "text",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a group of keys",
  record: "a group of keys",
  null: "nothing (null)",
};

function limit(origin: string, relation: string, bound: number | bigint): string {
  if (origin === "number" || origin === "int" || origin === "bigint") return `a number ${relation} ${bound}`;
  const what = origin === "string" ? "text" : "a list";
  return `${what} with a length ${relation} ${bound}`;
}

function alternatives(issue: z.core.$ZodIssueInvalidUnion): string {
  const words = issue.errors.flatMap((branch) => branch.slice(0, 1).map((first) => expectedOf(first)));
  return words.length > 0 ? [...new Set(words)].join(" or ") : issue.message;
}

/**
 * Of a union, the alternative that the value comes closest to: one whose fault lies deeper than the value's own kind, with
 * the fewest faults. Where all fail at once, the union itself says what it expects.
 */
function closestBranch(issue: Issue, above: Path, value: unknown): Issue {
  const path = [...above, ...issue.path];
  if (issue.code !== "invalid_union") return { ...issue, path };
  const deeper = issue.errors.filter(
    (branch) => branch.length > 0 && !branch.some(({ code, path }) => isWholesale(code) && path.length === 0),
  );
  const [best] = [...deeper].sort((a, b) => faults(a) - faults(b));
  if (best === undefined) return { ...issue, path };
  return closestBranch(best.find(({ code }) => code === "unrecognized_keys") ?? best[0], path, value);
}

function isWholesale(code: Issue["code"]): boolean {
  return code === "invalid_type" || code === "invalid_value";
}

function faults(branch: readonly Issue[]): number {
  return branch.reduce((sum, issue) => sum + (issue.code === "unrecognized_keys" ? issue.keys.length : 1), 0);
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => {
    if (typeof inner !== "object" || inner === null || !Object.hasOwn(inner, key)) return undefined;
    return Reflect.get(inner, key);
  }, value);
}

function describe(value: unknown): string {
  if (value === null) return "nothing (null)";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object") return `a group of the keys ${listedNames(Object.keys(value)) || "(none)"}`;
  if (typeof value !== "string") return String(value);
  return JSON.stringify(shortenedName(value));
}
