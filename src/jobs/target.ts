import { existsSync } from "node:fs";
import { extname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { VitrineError } from "../core/index.ts";

/** The function that every job calls, named so that another process can find it. */
export interface JobTarget {
  /** A file URL, or a path (relative to the working directory), of a .js, .mjs or .cjs module. */
  readonly module: string | URL;
  /** The name under which the module exports the function. */
  readonly export: string;
}

const LOADABLE = [".js", ".mjs", ".cjs"];
const AT = "runMultiprocessJobs(target)";

/**
 * Checks a target before any process starts.
 *
 * @param at  how messages call it
 * @returns   the module's file URL
 * @throws {VitrineError} type: a closure, or not { module, export }; missing: no such file; unsupported: not JavaScript
 */
export function targetUrl(target: unknown, at = AT): string {
  if (!isTarget(target)) {
    throw new VitrineError({
      code: "type",
      at,
      expected: "{ module, export }, which another process can load",
      found: typeof target === "function" ? `the function ${target.name || "(anonymous)"}` : typeof target,
      hint: 'Export the function from a module and pass { module: new URL("./work.js", import.meta.url), export: "work" }',
    });
  }
  const path = modulePath(target.module, at);
  if (!LOADABLE.includes(extname(path))) {
    throw new VitrineError({
      code: "unsupported",
      at: `${at}.module`,
      expected: "a .js, .mjs or .cjs file",
      found: path,
      hint: "Node 20 runs JavaScript only: compile the module first",
    });
  }
  if (!existsSync(path)) {
    throw new VitrineError({ code: "missing", at: `${at}.module`, expected: "a file", found: `no ${path}` });
  }
  return pathToFileURL(path).href;
}

function modulePath(module: string | URL, at: string): string {
  const text = String(module);
  if (text.startsWith("file:")) return fileURLToPath(text);
  if (typeof module === "string" && !/^[a-z][a-z+.-]+:/i.test(text)) return resolve(text);
  throw new VitrineError({
    code: "unsupported",
    at: `${at}.module`,
    expected: "a path or a file: URL",
    found: text,
  });
}

function isTarget(value: unknown): value is JobTarget {
  if (typeof value !== "object" || value === null) return false;
  const { module, export: name } = value as Partial<Record<"module" | "export", unknown>>;
  return (typeof module === "string" || module instanceof URL) && typeof name === "string";
}
