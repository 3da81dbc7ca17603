import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** An example of a page. */
export interface Example {
  /** Page and number. */
  readonly name: string;
  readonly code: string;
}

/** The blocks of `js` in a page; one may hold several files, each begun by a comment with its name; the last one runs. */
export function examplesOf(page: string, text: string): Example[] {
  return [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, code], i) => ({
    name: `${page} ${i + 1}`,
    code,
  }));
}

/** What the comments behind an example's `console.log(…);` say that it prints. */
export function promisedLines({ code }: Example): string[] {
  return [...code.matchAll(/^console\.log\([\s\S]*?\); \/\/ (.*)$/gm)].map(([, text]) => text);
}

/** Writes an example's files into `folder`, runs the last one in `cwd`, and gives the lines that it prints. */
export async function runExample(
  { code }: Example,
  { folder, cwd = folder }: { readonly folder: string; readonly cwd?: string },
): Promise<string[]> {
  mkdirSync(folder, { recursive: true });
  const parts = code.split(/^\/\/ (\w+\.js)\n/m);
  const files = parts.length === 1 ? [["main.js", code]] : [];
  for (let i = 1; i < parts.length; i += 2) files.push([parts[i], parts[i + 1]]);
  for (const [file, content] of files) writeFileSync(join(folder, file), content);
  const last = files[files.length - 1][0];
  const { stdout } = await execute(process.execPath, [join(folder, last)], { cwd });
  return stdout === "" ? [] : stdout.trim().split("\n");
}
