/**
 * Around a run of tests: all temporary folders, those of started programs and of the browser too, lie in one of the run's own, which goes with it.
 * What is in it at the end was left behind by a test, or by the program: it is named.
 */
import { chmodSync, mkdtempSync, readdirSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { removePatiently } from "./patiently.ts";

/** Made by Node and by the browser for their next start. */
const NO_LEFTOVERS = /^(node-compile-cache|\.org\.chromium\..*)$/;

/** Each project of the runner asks for it; they share nothing else. */
const MADE = "VITRINE_RUN_FOLDER";

/** Made anew by each build: threads, tasks and commands of tests that run meanwhile lack their files. */
const BUILT = fileURLToPath(new URL("../../dist", import.meta.url));
const builtAt = () => statSync(BUILT, { throwIfNoEntry: false })?.birthtimeMs;

export default function setup(): (() => void) | undefined {
  if (process.env[MADE] !== undefined) return undefined;
  process.env[MADE] = "1";
  const before = process.env.TMPDIR;
  const built = builtAt();
  // short: sockets lie in it, whose paths have 107 bytes
  const folder = mkdtempSync(join(tmpdir(), "vt-"));
  chmodSync(folder, 0o1777); // as /tmp: servers that refuse root work in it as others
  process.env.TMPDIR = folder;
  return () => {
    delete process.env[MADE];
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    const left = readdirSync(folder).filter((name) => !NO_LEFTOVERS.test(name));
    // Not console: the runner would fold it
    if (left.length > 0) writeSync(2, `left behind by the tests, and removed: ${left.join(", ")}\n`);
    if (builtAt() !== built)
      writeSync(
        2,
        "dist was built anew while tests ran: those that ran meanwhile may have failed by that alone\n",
      );
    removePatiently(folder);
  };
}
