import { VitrineError } from "./error.ts";

/**
 * The error of work that was aborted, with the reason as its cause: whoever aborts gets one kind of error.
 *
 * @param at        the work, for the message
 * @param expected  what it was to do
 */
export function abortError(at: string, reason: unknown, expected = "to finish"): VitrineError {
  return new VitrineError({ code: "aborted", at, expected, found: "an abort" }, { cause: reason });
}

/** @throws {VitrineError} aborted: the signal is, with its reason as cause */
export function requireNotAborted(signal: AbortSignal | undefined, at: string): void {
  if (signal?.aborted) throw abortError(at, signal.reason);
}

/**
 * Waits for work, or for the signal, whichever comes first.
 *
 * @param onAbort  gives what it resolves with when the signal comes first, or throws; called at most once. Work that goes on is
 *   nobody's then: its failure is not told
 */
export async function raceAbort<T, Aborted>(
  work: Promise<T>,
  signal: AbortSignal | undefined,
  onAbort: (reason: unknown) => Aborted | Promise<Aborted>,
): Promise<T | Aborted> {
  if (signal === undefined) return work;
  let stop: () => void = () => {};
  const aborted = new Promise<typeof ABORTED>((resolve) => {
    stop = () => resolve(ABORTED);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    const first = await Promise.race([aborted, work]);
    return first === ABORTED ? await onAbort(signal.reason) : first;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

const ABORTED = Symbol("aborted");
