import { VitrineError } from "../core/index.ts";
import { type FileSource, sourceName } from "./files.ts";
import { readUnpacked } from "./gzip.ts";
import { kindOfContent, kindWords } from "./kindWords.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const windows = new TextDecoder("windows-1252", { ignoreBOM: true });
/** By the byte order mark. */
const utf16 = new Map([
  ["255 254", new TextDecoder("utf-16le", { fatal: true })],
  ["254 255", new TextDecoder("utf-16be", { fatal: true })],
]);

/** Where a NUL shows that bytes are no text. */
const HEAD_BYTES = 4096;

/**
 * The text of a file that says nothing of its encoding: UTF-8 if it is that, else Windows-1252, of which Latin-1 is a part and in which
 * every byte is a letter. Titles and paths of older programs are so; nothing else depends on such a byte.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} format: UTF-16, or bytes that are no text
 */
export function decodeText(bytes: Uint8Array, at: string): string {
  // a small archive may be UTF-8 by chance
  const found = bytes.subarray(0, HEAD_BYTES).includes(0) ? kindText(bytes) : "";
  if (found !== "") throw noText(at, `other bytes${found}`);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    if (!hasUtf16Mark(bytes) && !bytes.includes(0)) return windows.decode(bytes);
    throw noText(at, hasUtf16Mark(bytes) ? "UTF-16" : `other bytes${kindText(bytes)}`, cause);
  }
}

function noText(at: string, found: string, cause?: unknown): VitrineError {
  const hint = found === "UTF-16" ? { hint: "Save it as UTF-8" } : {};
  return new VitrineError({ code: "format", at, expected: "UTF-8 text", found, ...hint }, { cause });
}

/** Whose bytes they are, where the first ones tell. */
function kindText(bytes: Uint8Array): string {
  const kind = kindOfContent(bytes);
  return kind === "unknown" || kind === "text" ? "" : `, those of ${kindWords(kind)}`;
}

/**
 * Reads a text file, unpacked if gzip packed it; a byte order mark does not count. UTF-16 is known by its mark: metadata of microscopes
 * and texts of spreadsheets are so.
 *
 * @throws {VitrineError} as `decodeText` and `readUnpacked`
 */
export async function readText(source: FileSource): Promise<string> {
  const bytes = await readUnpacked(source);
  return decodeUtf16(bytes) ?? decodeText(bytes, sourceName(source)).replace(/^\ufeff/, "");
}

/** Whether the first bytes are a mark of UTF-16. */
export function hasUtf16Mark(bytes: Uint8Array): boolean {
  return utf16.has(bytes.subarray(0, 2).join(" "));
}

/** The text of bytes whose mark says that they are UTF-16; undefined where there is no mark, or they are none for all that. */
export function decodeUtf16(bytes: Uint8Array): string | undefined {
  try {
    const decoder = utf16.get(bytes.subarray(0, 2).join(" "));
    // shared memory must be copied
    return decoder?.decode(bytes.slice());
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
