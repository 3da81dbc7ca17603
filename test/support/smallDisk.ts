import { execFileSync } from "node:child_process";
import { rmSync, writeSync } from "node:fs";
import { afterAll } from "vitest";

/**
 * A disk of 1 MiB, or of another size, in memory, gone when the tests of the file have ended; undefined, with one visible line, where it cannot
 * be mounted. Call it at the top of the file.
 */
export function mountSmallDisk(mebibytes = 1): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    writeSync(2, "skipped the full disk: mounting a small tmpfs needs root on Linux\n");
    return undefined;
  }
  const path = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path], { stdio: "pipe" });
  } catch (error) {
    writeSync(2, `skipped the full disk: a tmpfs cannot be mounted here (${String(error).split("\n")[0]})\n`);
    return undefined;
  }
  afterAll(() => {
    execFileSync("umount", [path]);
    rmSync(path, { recursive: true });
  });
  return path;
}
