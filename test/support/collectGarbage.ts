import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects garbage now, so that what is in use can be measured. */
export function collectGarbage(): void {
  // V8 hands its collector to contexts that are made after the flag
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
