/** For what others still do: processes that start, files that are written while their folder goes. */
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";

/** Tries again for a minute and a half. @throws what the last try throws */
export function patiently(work: () => void): void {
  for (let tries = 1; ; tries++) {
    try {
      work();
      return;
    } catch (error) {
      if (tries === 900) throw error;
      execFileSync("sleep", ["0.1"]);
    }
  }
}

/** Removes a folder in which somebody may still end a write; Node's own tries again do not look at what is new in it. */
export function removePatiently(folder: string): void {
  patiently(() => rmSync(folder, { recursive: true, force: true }));
}
