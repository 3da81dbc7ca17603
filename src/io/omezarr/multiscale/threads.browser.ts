/** A page has no folders to write to, and so no threads that would. */
import { VitrineError } from "../../../core/index.ts";
import type { BandThread, BandThreadEvents } from "./worker.ts";

/** None: work is done where it is asked for. */
export function usefulThreads(): number {
  return 0;
}

/** @throws {VitrineError} unsupported, always */
export function startBandThread(_events: BandThreadEvents): BandThread {
  throw new VitrineError({
    code: "unsupported",
    at: "threads of a writer",
    expected: "Node",
    found: "a web page",
    hint: "Leave out `threads`",
  });
}
