import { VitrineError } from "../core/index.ts";
import { readFileBytes } from "../io/index.ts";

/** The value of a file of JSON. @throws {VitrineError} missing, storage: no such file; format: no JSON, with where it goes wrong */
export async function readJsonFile(path: string): Promise<unknown> {
  const text = new TextDecoder().decode(await readFileBytes(path));
  try {
    return JSON.parse(text);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : "something else";
    throw new VitrineError({ code: "format", at: path, expected: "JSON", found }, { cause });
  }
}
