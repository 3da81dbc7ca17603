import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Example, examplesOf, promisedLines } from "./support/examples.ts";
import { manifest, type Packed, packPackage, unpack } from "./support/packed.ts";
import { openProgramPage, type ProgramPage } from "./support/page.ts";
import { requirement } from "./support/require.ts";

const { available } = requirement("chromium");

/** An example as a function of a page that gives the lines it prints; its pool has two workers. */
function programOf({ code }: Example): string {
  const imports = /^import .*;$/gm;
  const body = code.replaceAll(imports, "").replace("createPool()", "createPool({ workers: 2 })");
  return `${code.match(imports)?.join("\n")}
window.run = async () => {
  const lines = [];
  const console = { log: (line) => lines.push(line) };
  ${body}
  return lines;
};`;
}

describe.skipIf(!available)("a page built with Vite from the tarball", () => {
  let packed: Packed;
  let program: ProgramPage;
  let example: Example;

  beforeAll(async () => {
    packed = await packPackage();
    await unpack(packed);
    const installed = join(packed.folder, "node_modules", manifest.name);
    [example] = examplesOf("README.md", readFileSync(join(installed, "README.md"), "utf8"));
    const folder = join(packed.folder, "page");
    mkdirSync(folder);
    program = await openProgramPage({ folder, program: programOf(example), package: installed });
  });
  afterAll(async () => {
    await program?.[Symbol.asyncDispose]();
    packed?.[Symbol.dispose]();
  });

  test("searches with two workers and finds what was planted", async () => {
    const { page, errors } = await program.open();
    const workers: string[] = [];
    page.on("worker", (worker) => workers.push(worker.url()));
    const lines = await page.evaluate("run()");
    expect(errors).toEqual([]);
    expect(lines).toEqual(promisedLines(example));
    expect(workers).toHaveLength(2);
  });
});
