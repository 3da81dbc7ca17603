/** The engine's garbage collector, on demand. A page has none: collect.browser.ts. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

let collector: (() => void) | undefined;

/** Collects garbage now, so that memory that nobody refers to any more is known to be free. */
export function collectGarbage(): boolean {
  if (collector === undefined) {
    // V8 hands its collector to contexts that are made after the flag
    setFlagsFromString("--expose-gc");
    const found: unknown = runInNewContext("gc");
    collector = typeof found === "function" ? () => void found() : () => {};
  }
  collector();
  return true;
}
