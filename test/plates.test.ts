import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { vitrine } from "./support/command.ts";
import { scratchFolder } from "./support/plateCase.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const page = readFileSync(here("../docs/plates.md"), "utf8");

/** A part of the page: a file to write, commands to run, or what the commands before it print. */
const parts = [...page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```/gms)].map(([, kind, file, text]) => ({
  kind,
  file,
  text,
}));
const scratch = scratchFolder("plates");
afterAll(() => scratch.remove());

/** What is the same on every machine: times and the folder are not. */
const steady = (text: string) =>
  text
    .replaceAll(/\([^)\n]*\/screen, /g, "(screen, ")
    .replaceAll(/^.+ of work in all$/gm, "# of work in all");

async function run(line: string): Promise<string> {
  const [program, ...args] = line.replace("npx vitrine", "vitrine").split(" ");
  if (program === "node")
    return execFileSync(process.execPath, args, { cwd: scratch.path, encoding: "utf8" });
  const end = await vitrine(args, { cwd: scratch.path });
  expect([line, end.code, end.code === 0 ? "" : end.stderr]).toEqual([line, 0, ""]);
  return end.stdout;
}

test("the commands of docs/plates.md do what the page says", async () => {
  mkdirSync(join(scratch.path, "node_modules"));
  symlinkSync(here(".."), join(scratch.path, "node_modules", "vitrine"));
  let printed = "";
  for (const { kind, file, text } of parts) {
    if (file !== "") writeFileSync(join(scratch.path, file), text);
    else if (kind === "sh") for (const line of text.trim().split("\n")) printed += await run(line);
    else {
      expect(steady(printed)).toBe(steady(text));
      printed = "";
    }
  }
  expect(printed).toBe("");
}, 120_000);

test("the page names files that are there", () => {
  const targets = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target]) => target);
  expect(targets.filter((target) => !existsSync(here(`../docs/${target}`)))).toEqual([]);
});
