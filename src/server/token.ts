/** The token of a server, which may outlive it. */
import { chmod, open, readFile, stat } from "node:fs/promises";
import { VitrineError } from "../core/index.ts";
import { newToken } from "./guard.ts";

/** What {@link newToken} makes: 256 bits. */
const TOKEN = /^[\w-]{43,128}$/;
/** Bits of a mode by which others than its owner have any right. */
const OTHERS = 0o077;

/**
 * The token of a file, which is made (mode 600) where there is none: with it open pages go on after the server was started anew.
 *
 * @throws {VitrineError} storage: a file that others may read or write; format: no token in it
 */
export async function keptToken(path: string): Promise<string> {
  const token = newToken();
  try {
    await using file = await open(path, "wx", 0o600);
    await chmod(path, 0o600);
    await file.writeFile(`${token}\n`);
    return token;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw notMade(path, error);
  }
  const { mode } = await stat(path);
  if (process.platform !== "win32" && (mode & OTHERS) !== 0)
    throw new VitrineError({
      code: "storage",
      at: path,
      expected: "a file that its owner alone may read",
      found: `mode ${(mode & 0o777).toString(8)}`,
      hint: `chmod 600 ${path}, and leave the token to nobody who read it`,
    });
  return checkedToken((await readFile(path, "utf8")).trim(), path);
}

/** @throws {VitrineError} format: a token that can be guessed, or that no address takes */
export function checkedToken(token: string, at: string): string {
  if (TOKEN.test(token)) return token;
  const expected = "a token of 43 to 128 letters, digits, - and _";
  const hint = "Remove the file: the next start makes another";
  throw new VitrineError({ code: "format", at, expected, found: `${token.length} characters`, hint });
}

function notMade(at: string, cause: unknown): VitrineError {
  const found = cause instanceof Error ? cause.message : String(cause);
  return new VitrineError({ code: "storage", at, expected: "a file for the token", found }, { cause });
}
