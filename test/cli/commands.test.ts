import { mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { vitrine, vitrineHere } from "../support/command.ts";
import { COMMAND_ROWS } from "../support/commandRows.ts";
import { scratchFolder } from "../support/searchCase.ts";

const scratch = scratchFolder();
const newFolder = () => mkdtempSync(join(scratch, "command-"));
const ADVICE = "(vitrine COMMAND --help explains a command)";

/** Runs a command when it is first asked for, and never again. */
function vitrineOnce(args: readonly string[]) {
  let end: ReturnType<typeof vitrineHere> | undefined;
  return () => {
    end ??= vitrineHere(args);
    return end;
  };
}

/** Commands that only hold others, which have tests of their own. */
const GROUPS = ["help", "experiment", "objects", "illuminati", "jobs"];

test("every command of vitrine --help has its row", async () => {
  const end = await vitrineHere(["--help"]);
  const list = end.stdout.split(/\nCommands:\n|\nExample:\n/)[1];
  const names = [...list.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
  expect([end.code, end.stderr, names.filter((name) => !GROUPS.includes(name))]).toEqual([
    0,
    "",
    COMMAND_ROWS.map(({ name }) => name),
  ]);
});

describe.each(COMMAND_ROWS)(
  "vitrine $name",
  ({ name, prepare, before, results, after, computes, isBuilt, failing, timeoutMs = 180_000 }) => {
    const help = vitrineOnce([name, "--help"]);
    const example = async () =>
      (await help()).stdout.trimEnd().split("\n").at(-1)!.trim().split(" ").slice(1);

    test("--help explains arguments and options, and shows an example", async () => {
      const { code, stdout, stderr } = await help();
      expect([code, stderr]).toEqual([0, ""]);
      const [usage, ...words] = stdout.split("\n")[0].split(" ").slice(2);
      expect(usage).toBe(name);
      for (const word of words.filter((argument) => argument.startsWith("<")))
        expect(stdout).toMatch(new RegExp(`^ {2}${word.slice(1, -1).replace("...", "")} {2,}\\S`, "m"));
      expect(stdout).toMatch(/^ {2}--json {2,}print \S/m);
      expect(stdout).toMatch(new RegExp(`\nExample:\n {2}vitrine ${name} \\S.*\n$`));
    });

    test("wrong use, as of the example of its help, is exit code 2, what is wrong and where to look on stderr, nothing on stdout", async () => {
      const wrong: [call: string[], message: RegExp][] = [
        // parsed to its end, and not run
        [[...(await example()), "--no-such-option"], /^error: unknown option '--no-such-option'\n/],
        name === "tour"
          ? [["tour", "here"], /^error: too many arguments for 'tour'/]
          : name === "serve" // it takes this folder
            ? [["serve", "--port", "x"], /^error: option '--port <port>' argument 'x' is invalid/]
            : [[name], /^error: (missing required argument '\S+'|required option '.+' not specified)\n/],
      ];
      for (const [call, message] of wrong) {
        const { code, stdout, stderr } = await vitrineHere(call);
        expect([code, stdout]).toEqual([2, ""]);
        expect(stderr).toMatch(message);
        expect(stderr.trimEnd().split("\n").at(-1)).toBe(ADVICE);
      }
    });

    test("a failure is exit code 1 and one line that says where, what was expected and what found", async () => {
      const folder = newFolder();
      const [input, ...options] = failing === undefined ? await prepare(folder) : [];
      const extension = input === undefined ? "" : extname(input);
      const [none, broken] = [`none${extension}`, `broken${extension}`].map((file) => join(folder, file));
      writeFileSync(broken, "\u0000\u0001 neither this nor that\n");
      const calls =
        failing === undefined ? [none, broken].map((file) => [file, ...options]) : [failing(folder)];
      for (const args of calls) {
        const before = readdirSync(folder);
        const { code, stdout, stderr } = await vitrineHere([name, ...args, "--json"]);
        expect([code, stdout]).toEqual([1, ""]);
        expect(stderr).toMatch(/^vitrine: \S.*: expected .+, found .+\.\n$/);
        expect(stderr).not.toMatch(/\b(ZodError|SyntaxError|TypeError|at \S+\.[jt]s:\d+)/);
        expect(stderr).toContain(folder);
        expect(readdirSync(folder)).toEqual(before);
      }
    });

    test("--json is one object on one line of stdout: results, warnings, backend, seconds", {
      timeout: timeoutMs,
    }, async () => {
      const args = await prepare(newFolder());
      for (const call of before?.(args) ?? []) await vitrineHere(call);
      const call = [name, ...args, "--json"];
      const { code, stdout, stderr } = await (isBuilt ? vitrine(call, { timeoutMs }) : vitrineHere(call));
      expect([code, stdout.split("\n").length]).toEqual([0, 2]);
      const report = JSON.parse(stdout);
      expect(Object.keys(report.results)).toEqual(expect.arrayContaining([...results]));
      const own = { warnings: report.warnings, backend: report.backend, seconds: report.seconds };
      expect(report).toEqual({ ...report.results, results: report.results, ...own });
      expect(report.backend).toMatch(computes ? /^wasm (relaxed )?simd, 2 workers$/ : /^main thread$/);
      expect(report.seconds).toBeGreaterThan(0);
      for (const warning of report.warnings) expect(stderr).toContain(`vitrine: ${warning}\n`);
      const said = stderr.split("\n").filter((line) => line.endsWith("has no effect here"));
      expect(report.warnings.filter((text: string) => text.endsWith("has no effect here")).length).toBe(
        said.length,
      );
      await after?.(args, report.results as never);
    });
  },
);
