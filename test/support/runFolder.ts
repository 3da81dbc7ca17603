/**
 * Around a run of tests: all temporary folders, those of started programs and of the browser too, lie in one of the run's own, which goes with it.
 * What is in it at the end was left behind by a test, or by the program: it is named.
 */
import { chmodSync, mkdtempSync, readdirSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removePatiently } from "./patiently.ts";

/** Made by Node and by the browser for their next start. */
const NO_LEFTOVERS = /^(node-compile-cache|\.org\.chromium\..*)$/;

/** Each project of the runner asks for it; they share nothing else. */
const MADE = "VITRINE_RUN_FOLDER";

export default function setup(): (() => void) | undefined {
  if (process.env[MADE] !== undefined) return undefined;
  process.env[MADE] = "1";
  const before = process.env.TMPDIR;
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
    removePatiently(folder);
  };
}
