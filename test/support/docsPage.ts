/** A page of docs that a test runs: files to write, commands to run, and what they print. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { vitrine } from "./command.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** How a page is run. */
export interface DocsPageOptions {
  /** Where; empty. */
  readonly folder: string;
  /** What is the same on every machine of what is printed, and of the page. Default: all of it. */
  readonly steady?: (text: string) => string;
  /** Numbers may differ by this share; default 0: the text is the same. */
  readonly tolerance?: number;
  /** The program that stands for `python`, and which commands with a file of Python are told. */
  readonly python?: string;
}

/** Runs the blocks of a page one after the other; a block of `text` is what those before it print. */
export async function runDocsPage(name: string, options: DocsPageOptions): Promise<void> {
  const { folder, steady = (text) => text, tolerance = 0 } = options;
  const page = readFileSync(join(root, "docs", name), "utf8");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "vitrine"));
  let printed = "";
  for (const [, kind, file, text] of page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```/gms)) {
    if (file !== "") writeFileSync(join(folder, file), text);
    else if (kind === "sh") for (const line of text.trim().split("\n")) printed += await run(line, options);
    else {
      expectSame(steady(printed), steady(text), tolerance);
      printed = "";
    }
  }
  expect(printed).toBe("");
}

/** Files that a page names and that are not there; and how many it names. */
export function linksOf(name: string): { readonly targets: number; readonly lost: readonly string[] } {
  const page = readFileSync(join(root, "docs", name), "utf8");
  const targets = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => target);
  return {
    targets: targets.length,
    lost: targets.filter((target) => !existsSync(join(root, "docs", target))),
  };
}

async function run(line: string, { folder: cwd, python }: DocsPageOptions): Promise<string> {
  const [program, ...args] = line.replace("npx vitrine", "vitrine").split(" ");
  if (program === "node") return execFileSync(process.execPath, args, { cwd, encoding: "utf8" });
  if (program === "python") return execFileSync(python!, args, { cwd, encoding: "utf8" });
  expect(program).toBe("vitrine");
  const isPython = python !== undefined && args.some((each) => each.endsWith(".py"));
  const end = await vitrine(isPython ? [...args, "--python", python] : args, { cwd, timeoutMs: 120_000 });
  expect([line, end.code, end.code === 0 ? "" : end.stderr]).toEqual([line, 0, ""]);
  return end.stdout;
}

const NUMBER = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;
/** Below it a number says no more than that it is nothing. */
const NOTHING = 1e-9;

/** Numbers differ a little between processors that fuse multiplications and additions and those that do not. */
function expectSame(found: string, expected: string, tolerance: number): void {
  if (tolerance === 0) {
    expect(found).toBe(expected);
    return;
  }
  expect(found.replaceAll(NUMBER, "#")).toBe(expected.replaceAll(NUMBER, "#"));
  const numbers = (text: string) => [...text.matchAll(NUMBER)].map(([number]) => Number(number));
  const wished = numbers(expected);
  numbers(found).forEach((value, i) => {
    if (Math.max(Math.abs(value), Math.abs(wished[i])) > NOTHING)
      expect(Math.abs(value - wished[i])).toBeLessThanOrEqual(tolerance * Math.abs(wished[i]));
  });
}
