import type { Axes } from "../../core/index.ts";
import { formatJson, parseJson } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import { malformed } from "./format.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });
const latin1 = new TextDecoder("latin1");
const encoder = new TextEncoder();

/** JSON as UTF-8, with NaN and infinity as Python writes them. */
export function encodeJson(value: unknown): Uint8Array {
  return encoder.encode(formatJson(value));
}

/**
 * A JSON object of a file. Bytes that are no UTF-8 are read as Latin-1, as versions before 3.1 wrote some metadata; NaN and
 * Infinity, which Python writes, are those numbers.
 *
 * @throws {VitrineError} format
 */
export function decodeJsonObject(bytes: Uint8Array, at: string): JsonObject {
  const value = parsedJson(decodeText(bytes), at);
  if (isJsonObject(value)) return value;
  throw malformed(at, "a JSON object", JSON.stringify(value).slice(0, 60));
}

/** An object of JSON that is neither null nor a list. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a value can be axes: names with numbers or texts. */
export function isAxes(value: unknown): value is Axes {
  return (
    isJsonObject(value) &&
    Object.values(value).every((position) => typeof position === "number" || typeof position === "string")
  );
}

function decodeText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes);
  }
}

function parsedJson(text: string, at: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw malformed(at, "JSON", found.slice(0, 120));
  }
}
