import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import { processorError } from "./faults.ts";
import { ChildProcessor, type ProcessorHost } from "./processor.ts";

const loadedFunction = z.strictObject({ function: z.string(), takes_queue: z.boolean() });

/** A file of Python that is there, and its function, if one was named. */
export interface PythonFile {
  readonly path: string;
  readonly name: string | undefined;
}

/** Reads `file.py` or `file.py:function`; a Windows path has a colon too. @throws {VitrineError} missing: no such file */
export function pythonFile(processor: string): PythonFile {
  const [, path = processor, name] = /^(.*\.py):(\w+)$/.exec(processor) ?? [];
  return { path: existingPath(path, "an image processor's file"), name };
}

/** The full path of a file. @throws {VitrineError} missing */
export function existingPath(path: string, what: string): string {
  const full = resolve(path);
  if (existsSync(full)) return full;
  throw new VitrineError({
    code: "missing",
    at: path,
    expected: what,
    found: "no such file",
    hint: "Check the path",
  });
}

/** Has a child load the function of a file. @throws {VitrineError} missing: no such function; worker: the file raises; timeout */
export async function loadFunction(
  { path, name }: PythonFile,
  limitMs: number,
  host: ProcessorHost,
): Promise<ChildProcessor> {
  const at = name === undefined ? basename(path) : `${basename(path)}:${name}`;
  const message = { kind: "load", path, function: name ?? null } as const;
  const found = await host.ask({ message, at, limitMs, failure: processorError });
  const { function: chosen, takes_queue: takesQueue } = parseWithSchema(found, loadedFunction, at);
  return new ChildProcessor(`${basename(path)}:${chosen}`, takesQueue, host);
}
