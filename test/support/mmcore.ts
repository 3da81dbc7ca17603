import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { python } from "./require.ts";

/** The demonstration configuration of mm-test-adapters; its device adapters lie beside it. */
export function demoConfig(): string {
  const code =
    "import mm_test_adapters as m, os; print(os.path.join(m.__path__[0], 'libs', 'MMConfig_demo.cfg'))";
  return execFileSync(python, ["-c", code], { encoding: "utf8" }).trim();
}

/** A folder, in memory where the system has that, which is removed when the test file has ended. */
export function scratchFolder(): string {
  const parent = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const folder = mkdtempSync(join(parent, "vitrine-mmcore-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes a file of Python and gives its path. */
export function writePython(folder: string, name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(path, source);
  return path;
}
