import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openNdtiff, openOmeZarr } from "../src/io/index.ts";
import { vitrine } from "./support/command.ts";
import { scratchFolder } from "./support/mmcore.ts";
import { python, requirement } from "./support/require.ts";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const page = readFileSync(here("../docs/fromPlanToOmeZarr.md"), "utf8");

/** A part of the page: a file to write, commands to run, or what the commands before it print. */
const parts = [...page.matchAll(/^```(\w+) ?(\S*)\n(.*?)^```/gms)].map(([, kind, file, text]) => ({
  kind,
  file,
  text,
}));
const folder = scratchFolder();
const { available } = requirement("readers");

/** What is the same on every machine: times and rates are not. */
const steady = (text: string) =>
  text.replaceAll(/ \([^)]*\/s\)/g, "").replaceAll(/, \d+(\.\d+)? s$/gm, ", # s");

/** Runs a line of the page. @returns what it prints */
async function run(line: string): Promise<string> {
  const [program, ...args] = line.replace("npx vitrine", "vitrine").split(" ");
  if (program === "python") return execFileSync(python, args, { cwd: folder, encoding: "utf8" });
  expect(program).toBe("vitrine");
  const isPython = args.some((each) => each.endsWith(".py"));
  const end = await vitrine(isPython ? [...args, "--python", python] : args, { cwd: folder });
  expect([line, end.code]).toEqual([line, 0]);
  return end.stdout;
}

test.skipIf(!available)(
  "the commands of docs/fromPlanToOmeZarr.md do what the page says (needs readers)",
  async () => {
    let printed = "";
    for (const { kind, file, text } of parts) {
      if (file !== "") writeFileSync(join(folder, file), text);
      else if (kind === "sh") for (const line of text.trim().split("\n")) printed += await run(line);
      else {
        expect(steady(printed)).toBe(steady(text));
        printed = "";
      }
    }
    expect(printed).toBe("");
    // beyond what the page prints: the same pixels and the processor's word by every way
    await using direct = await openOmeZarr(join(folder, "data", "run_1"));
    await using tiff = await openNdtiff(join(folder, "data", "run_2"));
    await using converted = await openOmeZarr(join(folder, "run.zarr"));
    const axes = { time: 0, position: 1, channel: 1, z: 2 };
    for (const dataset of [direct, tiff, converted]) {
      expect(dataset.imageCoordinates()).toHaveLength(24);
      expect(await dataset.readImage(axes)).toMatchObject({ width: 512, height: 512 });
      expect((await dataset.readMetadata(axes)).Mean).toEqual(expect.any(Number));
    }
    expect(await converted.readImage(axes)).toEqual(await tiff.readImage(axes));
  },
  120_000,
);

test("the page names files that are there", () => {
  const targets = [...page.matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target);
  expect(targets.length).toBeGreaterThan(1);
  expect(targets.filter((target) => !existsSync(here(`../docs/${target}`)))).toEqual([]);
});
