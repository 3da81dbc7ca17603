import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { vitrineHere } from "./support/command.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folders = readdirSync(join(root, "src")).map((folder) => `src/${folder}/README.md`);
const pages = [
  ...["README.md", "CONTRIBUTING.md", "examples/README.md", ...folders].filter((page) =>
    existsSync(join(root, page)),
  ),
  ...readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : [])),
];

interface Call {
  readonly page: string;
  readonly line: string;
}

/** Lines of code blocks that call `vitrine`; a line that ends with \ goes on. */
const calls: readonly Call[] = pages.flatMap((page) => {
  const blocks = readFileSync(join(root, page), "utf8").matchAll(/^```(?:sh|bash)\n(.*?)^```/gms);
  const lines = [...blocks].flatMap(([, text]) => text.replaceAll(/\\\n\s*/g, "").split("\n"));
  return lines.flatMap((line) => {
    const [, call] = /^\s*(?:\$ )?(?:npx )?vitrine (.*)$/.exec(line) ?? [];
    return call === undefined ? [] : [{ page, line: call }];
  });
});

/** Calls within sentences, whose values may be names of values: `vitrine match --part I/N`. */
const mentions: readonly Call[] = pages.flatMap((page) => {
  const text = readFileSync(join(root, page), "utf8").replaceAll(/^```.*?^```/gms, "");
  return [...text.matchAll(/`(?:npx )?vitrine ([a-z][^`]*)`/g)].map(([, line]) => ({ page, line }));
});

/** The words of a command line, without its comment. */
function wordsOf(line: string): string[] {
  const words = [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c);
  const comment = words.findIndex((word) => word.startsWith("#") || word === "|" || word === ">");
  return comment < 0 ? words : words.slice(0, comment);
}

/** Commands that hold others. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  experiment: ["create", "add", "show"],
  illuminati: "stats align register init run collect submit resubmit info log cleanup".split(" "),
  jobs: ["info", "log", "resubmit", "collect", "cleanup"],
  objects: [
    "import",
    "export",
    "query",
    "list",
    "rename",
    "delete",
    "cluster",
    "classify",
    "assign",
    "remove",
    "edit",
  ],
};

const helps = new Map<string, Promise<string>>();
/** What the help of a command says; of one that holds others, with the first of these that is named. */
async function helpOf(words: readonly string[]): Promise<string> {
  const [first, ...more] = words;
  const held = more.find((word) => Object.hasOwn(GROUPS, first) && GROUPS[first].includes(word));
  // The experiment comes before what is done with it.
  const name = held === undefined ? [first] : first === "illuminati" ? [first, "DIR", held] : [first, held];
  const key = name.join(" ");
  const help = helps.get(key) ?? vitrineHere([...name, "--help"]).then(({ stdout }) => stdout);
  helps.set(key, help);
  return help;
}

test("pages call vitrine", () => {
  expect(calls.length).toBeGreaterThan(30);
  expect(mentions.length).toBeGreaterThan(10);
});

describe("a command of a page is one of the program, to its last option and value", () => {
  test.each(calls)("$page: vitrine $line", async ({ line }) => {
    // parsed to its end, and not run
    const { code, stderr } = await vitrineHere([...wordsOf(line), "--no-such-option"]);
    expect([code, stderr.split("\n")[0]]).toEqual([2, "error: unknown option '--no-such-option'"]);
  });

  test.each(mentions)("$page: `vitrine $line`", async ({ line }) => {
    const words = wordsOf(line.replaceAll(/[[\]|]/g, " "));
    const help = await helpOf(words);
    expect(help).toMatch(new RegExp(`^Usage: vitrine ${words[0]}\\b`));
    for (const option of words.filter((word) => word.startsWith("--")))
      expect([line, help]).toEqual([
        line,
        expect.stringMatching(new RegExp(`^ {2}(-h, )?${option}\\b`, "m")),
      ]);
  });
});

test("options that pages name are options of some command", async () => {
  const { stdout } = await vitrineHere(["--help"]);
  const list = stdout.split(/\nCommands:\n|\nExample:\n/)[1];
  const names = [...list.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
  const held = Object.entries(GROUPS).flatMap(([group, own]) => own.map((name) => [group, name]));
  const all = [...names.filter((name) => name !== "help").map((name) => [name]), ...held];
  const helpTexts = await Promise.all(all.map((words) => helpOf(words)));
  const known = new Set(helpTexts.flatMap((text) => text.match(/--[a-z][a-z-]+/g) ?? []));
  // of Slurm
  const others = /^--(version|help|cpus-per-task|mem|time|kill-on-invalid-dep)$/;
  const unknown = pages.flatMap((page) =>
    [...readFileSync(join(root, page), "utf8").matchAll(/`(--[a-z][a-z-]+)\b/g)]
      .map(([, option]) => option)
      .filter((option) => !known.has(option) && !others.test(option))
      .map((option) => `${page} ${option}`),
  );
  expect(unknown).toEqual([]);
});
