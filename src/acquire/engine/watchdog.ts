import { VitrineError } from "../../core/index.ts";

/** Longest waits, ms; what takes longer ends the acquisition with an error that says what was waited for. */
export interface WatchdogTimes {
  /** One command to a device. */
  readonly hardware: number;
  /** One frame, beyond its exposure. */
  readonly camera: number;
  /** One call of a hook. */
  readonly hook: number;
  /** One image through the image processor, counted from the end of the one before it. */
  readonly processor: number;
  /** One image into the dataset, or one call of `imageSaved`. */
  readonly saving: number;
}

/**
 * Long enough for a slow stage or a network disk, short enough that a person who waits learns why. A processor gets longest: a network
 * that segments a large image on a processor without an accelerator takes minutes, and its first image loads the model.
 */
export const DEFAULT_WATCHDOG: WatchdogTimes = {
  hardware: 60_000,
  camera: 60_000,
  hook: 600_000,
  processor: 600_000,
  saving: 120_000,
};

/** Timers of more fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** How long something may take, and what allows more. */
export interface Limit {
  readonly ms: number;
  /** The option, as messages call it. */
  readonly option: string;
}

/**
 * Waits for a promise, but not longer than the limit (ms where it is a number).
 *
 * @throws {VitrineError} timeout: names what was waited for
 */
export async function withTimeout<T>(work: Promise<T> | T, what: string, limit: number | Limit): Promise<T> {
  const { ms, option } = typeof limit === "number" ? { ms: limit, option: "watchdogMs" } : limit;
  if (!(work instanceof Promise)) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(expired(what, { ms, option })), Math.min(ms, LONGEST_TIMER_MS));
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

function expired(what: string, { ms, option }: Limit): VitrineError {
  return new VitrineError({
    code: "timeout",
    at: what,
    expected: `an end within ${ms / 1000} s`,
    found: "none",
    hint: `Allow more with \`${option}\`, or see what holds it up`,
  });
}
