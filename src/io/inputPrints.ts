import { openFile } from "#files";
import { VitrineError } from "../core/index.ts";

/** Bytes that are hashed of a file's beginning, middle and end. */
const PIECE = 1 << 20;

/**
 * What tells inputs apart without reading all of them, by their paths: the length and a hash (SHA-256, 16 hexadecimal digits) of a MiB at the
 * beginning, in the middle and at the end. Whatever makes an image or a table again changes one of them.
 *
 * @throws {VitrineError} missing, storage: a file
 */
export async function inputPrints(paths: readonly string[]): Promise<Record<string, string>> {
  const prints: [string, string][] = [];
  for (const path of [...new Set(paths)].sort()) prints.push([path, await printOf(path)]);
  return Object.fromEntries(prints);
}

async function printOf(path: string): Promise<string> {
  const file = await openFile(path);
  try {
    const { size } = file;
    const places = size <= 3 * PIECE ? [0] : [0, Math.floor((size - PIECE) / 2), size - PIECE];
    const length = size <= 3 * PIECE ? size : PIECE;
    const bytes = new Uint8Array(places.length * length);
    for (const [i, place] of places.entries()) bytes.set(await file.read(place, length), i * length);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const hash = [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${size} bytes, ${hash}`;
  } finally {
    await file.close();
  }
}

/** Refuses to join batches with inputs that have changed since they began. @throws {VitrineError} format: names the first file */
export function requireSameInputs(
  then: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): void {
  const path = Object.keys({ ...then, ...now }).find((one) => then[one] !== now[one]);
  if (path === undefined) return;
  const hint = "Restore it, or begin again with --overwrite";
  const expected = `what it was when the work began (${then[path] ?? "not read"})`;
  throw new VitrineError({ code: "format", at: path, expected, found: now[path] ?? "not read now", hint });
}
