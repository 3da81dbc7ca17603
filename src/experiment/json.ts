import { parseJsonText, readText } from "../io/index.ts";

/** The value of a file of JSON. @throws {VitrineError} missing, storage: no such file; format: no JSON, with where it goes wrong */
export async function readJsonFile(path: string): Promise<unknown> {
  return parseJsonText(await readText(path), path);
}
