/** A route as a plain description: what requests are parsed by, and what the OpenAPI description is made of. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { parseWithSchema } from "../io/index.ts";
import { BadRequest } from "./faults.ts";

/** What a route answers. */
export interface Answer {
  /** With its character set. */
  readonly type: string;
  /** What is answered; where its tag is known beforehand, a function that is called only if the browser does not have it. */
  readonly body: string | Uint8Array | (() => Promise<Uint8Array>);
  /** Of the content; default made of it. */
  readonly etag?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A route; those that change something are of method post, and their query comes as JSON in the body. */
export interface Route<Query> {
  /** Default get: it reads. */
  readonly method?: "post";
  /** Of method post: whether it changes nothing, or looks itself whether it may. Others are refused by a server that changes nothing. */
  readonly isSafe?: true;
  /** Of method post: bytes of its body at most; default 64 KiB. */
  readonly bodyBytes?: number;
  /** Below `/api/`. */
  readonly path: string;
  readonly summary: string;
  readonly query: z.ZodObject & z.ZodType<Query>;
  /** Media types of what is answered. */
  readonly gives: readonly string[];
  readonly answer: (query: Query, signal: AbortSignal) => Promise<Answer>;
}

/** A route that takes what a request brings, whatever it is. */
export interface AnyRoute extends Omit<Route<unknown>, "query"> {
  readonly query: z.ZodObject;
}

/** Makes a route that parses its query before anything else. */
export function route<Query>({ query, answer, ...rest }: Route<Query>): AnyRoute {
  return {
    ...rest,
    query,
    answer: async (given, signal) => answer(parseQuery(given, query, `/api/${rest.path}`), signal),
  };
}

/** @throws {BadRequest} says which parameter is wrong, and how */
function parseQuery<Query>(given: unknown, schema: z.ZodType<Query>, at: string): Query {
  try {
    // Fastify's object has no prototype
    return parseWithSchema({ ...Object(given) }, schema, at);
  } catch (error) {
    if (error instanceof VitrineError) throw new BadRequest(error.message, { cause: error });
    throw error;
  }
}

/** JSON, as an answer. */
export function json(value: unknown): Answer {
  return { type: "application/json; charset=utf-8", body: JSON.stringify(value) };
}

/** What an answer holds, made where it is not yet. @throws whatever making it throws */
export async function answerBody({ body }: Answer): Promise<string | Buffer> {
  const bytes = typeof body === "function" ? await body() : body;
  return typeof bytes === "string" ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The tag of a content, by which a browser asks whether it is still the same. */
export function etagOf(body: string | Uint8Array): string {
  return `"${createHash("sha1").update(body).digest("base64url")}"`;
}

/** Without what is undefined: the library's options have no such values. */
export function given<T extends object>(values: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}

/** An address below a root. */
export const AT = z.string().min(1).max(4096).describe("what is looked at: ROOT/folder/file");

/** A whole number written in digits. */
export function integer({ min = 0, max = 2 ** 31 }: { readonly min?: number; readonly max?: number } = {}) {
  return z
    .string()
    .regex(/^-?\d{1,15}$/, "a whole number")
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .meta({ override: { type: "integer", minimum: min, maximum: max } });
}

/** A number written in digits. */
export function decimal() {
  return z
    .string()
    .regex(/^-?\d{1,15}(\.\d{1,15})?(e[+-]?\d{1,3})?$/i, "a number")
    .transform(Number)
    .pipe(z.number())
    .meta({ override: { type: "number" } });
}

/** From the first of some indices up to the one behind the last: `0-256`. */
export function span() {
  return z
    .string()
    .regex(/^\d{1,9}-\d{1,9}$/, "a range, as 0-256")
    .transform((text) => text.split("-").map(Number) as [number, number])
    .meta({ override: { type: "string", example: "0-256" } });
}

/** Indices by the names of axes: `time:0,z:4`. */
export function places() {
  return z
    .string()
    .max(1000)
    .regex(/^([^:,]{1,60}:\d{1,9})(,[^:,]{1,60}:\d{1,9})*$/, "indices by axes, as time:0,z:4")
    .transform((text) => Object.fromEntries(text.split(",").map(placeOf)))
    .meta({ override: { type: "string", example: "time:0,z:4" } });
}

function placeOf(pair: string): [string, number] {
  const [name, index] = pair.split(":");
  return [name, Number(index)];
}

/** Names, each percent-encoded, separated by commas: `area,Mean%3A DAPI`. */
export function names() {
  return z
    .string()
    .min(1)
    .max(4000)
    .transform((text, context) => {
      try {
        return text.split(",").map(decodeURIComponent);
      } catch {
        context.addIssue({ code: "custom", message: "expected names, percent-encoded, separated by commas" });
        return z.NEVER;
      }
    })
    .meta({ override: { type: "string", example: "area,Mean%3A%20DAPI" } });
}
