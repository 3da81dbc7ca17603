import {
  type CollectionTag,
  type Document,
  isNode,
  isScalar,
  parseDocument,
  type ScalarTag,
  stringify,
  type Tags,
  visit,
} from "yaml";
import type { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { parseWithSchema } from "./schema.ts";
import { repeatedKey, tooMuch, yamlFault } from "./yamlFaults.ts";

/** Aliases may repeat values this often; more is taken for a text that is small and unfolds to gigabytes. */
const MOST_ALIASES = 100;

/** The words that YAML 1.1, and so Python's reader, takes for truth values besides true and false. */
const PYTHON_BOOLEAN: ScalarTag = {
  tag: "tag:yaml.org,2002:bool",
  identify: (value) => typeof value === "boolean",
  default: true,
  test: /^(?:[Yy]es|YES|[Nn]o|NO|[Oo]n|ON|[Oo]ff|OFF)$/,
  resolve: (text) => /^(?:yes|on)$/i.test(text),
  stringify: ({ value }) => (value === true ? "true" : "false"),
};

/** Numbers with an exponent as Python's reader knows them: it takes 1e-7 for text, 1.0e-7 for a number. */
const PYTHON_EXPONENT: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  identify: (value) => typeof value === "number" && /e/.test(String(value)),
  default: true,
  test: /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)[eE][-+]?[0-9]+$/,
  resolve: (text) => Number.parseFloat(text),
  stringify: ({ value }) => String(value).replace(/^(-?\d+)e/, "$1.0e"),
};

/** Words that Python's reader takes for something else; no value becomes one, but text that looks so is quoted. */
const PYTHON_SPECIAL: ScalarTag = {
  tag: "tag:yaml.org,2002:value",
  identify: () => false,
  default: true,
  test: /^(?:=|<<)$/,
  resolve: (text) => text,
};

/** How PyYAML writes a tuple. */
const PYTHON_TUPLE: CollectionTag = {
  tag: "tag:yaml.org,2002:python/tuple",
  collection: "seq",
  identify: () => false,
  resolve: (value) => value,
};

const OPTIONS = {
  version: "1.2",
  merge: true,
  customTags: (tags: Tags): Tags => [PYTHON_BOOLEAN, PYTHON_EXPONENT, PYTHON_TUPLE, ...tags],
} as const;

/**
 * Reads a YAML text as Python's programs would, and checks it with a schema.
 *
 * It is YAML 1.2 with what PyYAML adds (yes, no, on, off; `<<` merges; `!!python/tuple`); numbers may be written in either way (1e5,
 * 1.0e-5, 1e-05).
 *
 * @param schema  made with `z.strictObject`, so that unknown keys are refused
 * @param at      how messages call the file
 * @throws {VitrineError} format: not YAML (with line and column), a key twice, several documents, too many aliases or
 *   levels; and the errors of {@link parseWithSchema}
 */
export function parseYaml<T>(text: string, schema: z.ZodType<T>, at: string): T {
  const value = readYaml(text, at);
  try {
    return parseWithSchema(value, schema, at);
  } catch (error) {
    throw error instanceof VitrineError && error.fault.at === at ? ofWhole(error, value) : error;
  }
}

/** A fault of the file as a whole: what is empty, or is text without keys, is called so. */
function ofWhole(error: VitrineError, value: unknown): VitrineError {
  if (value === null) return new VitrineError({ ...error.fault, found: "nothing" }, { cause: error });
  if (typeof value !== "string") return error;
  const hint = "A line is KEY: VALUE, with a space after the colon";
  return new VitrineError({ ...error.fault, hint }, { cause: error });
}

/**
 * Writes plain data as YAML that PyYAML and YAML 1.2 read alike.
 *
 * @throws {VitrineError} type: a value that YAML cannot hold (a function, a circle)
 */
export function formatYaml(value: unknown): string {
  const options = { ...OPTIONS, compat: "yaml-1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;
  const customTags = (tags: Tags): Tags => [PYTHON_SPECIAL, ...OPTIONS.customTags(tags)];
  try {
    const text = stringify(value, { ...options, customTags, merge: false });
    if (typeof text === "string") return text;
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new VitrineError(
      { code: "type", at: "formatYaml(value)", expected: "plain data", found },
      { cause },
    );
  }
  throw new VitrineError({
    code: "type",
    at: "formatYaml(value)",
    expected: "plain data",
    found: typeof value,
  });
}

function readYaml(text: string, at: string): unknown {
  try {
    const document = parseDocument(text, {
      ...OPTIONS,
      logLevel: "error",
      prettyErrors: false,
      stringKeys: true,
      uniqueKeys: false,
    });
    checkDocument(document, text, at);
    return document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    throw tooMuch(cause, text, at);
  }
}

/** A tag that is not known (a Python object) is only a warning to the parser; the value behind it would be a guess. */
function checkDocument(document: Document.Parsed, text: string, at: string): void {
  const fault = document.errors[0] ?? document.warnings[0];
  if (fault === undefined) {
    refuseRepeatedKeys(document, text, at);
    return;
  }
  // The parser runs out of stack.
  if (fault.code === "RESOURCE_EXHAUSTION") throw tooMuch(new RangeError(fault.message), text, at);
  throw yamlFault(fault, text, at);
}

/** The parser's own check compares each key with all others: minutes for a hundred thousand. */
function refuseRepeatedKeys(document: Document.Parsed, text: string, at: string): void {
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        const name = isScalar(key) ? key.value : key;
        const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
        if (seen.has(name)) throw repeatedKey(text, offset, at);
        seen.add(name);
      }
    },
  });
}
