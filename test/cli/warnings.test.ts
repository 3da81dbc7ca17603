import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";
import { WARNING_ROWS } from "../support/warningRows.ts";

const scratch = scratchFolder();

describe("what is dropped, guessed, cut, unknown or implausible is said once, on stderr and in --json", () => {
  test.each(WARNING_ROWS)("$name", async ({ call, says }) => {
    const folder = mkdtempSync(join(scratch, "row-"));
    const end = await vitrineHere([...(await call(folder)), "--json"]);
    expect([end.code, end.stderr]).toEqual([0, expect.any(String)]);
    const lines = end.stderr.split("\n").map((line) => line.replace(/^vitrine: /, ""));
    const { warnings }: { warnings: string[] } = JSON.parse(end.stdout);
    expect(
      [lines.filter((line) => says.test(line)).length, warnings.filter((line) => says.test(line)).length],
      end.stderr,
    ).toEqual([1, 1]);
    // nothing is said twice, and nothing in one of the two places alone
    expect(new Set(warnings).size).toBe(warnings.length);
    for (const warning of warnings) expect(lines.filter((line) => line === warning)).toEqual([warning]);
  });
});
