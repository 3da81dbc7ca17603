import { VitrineError } from "../../core/index.ts";

/** Longest waits, ms; what takes longer ends the acquisition with an error that says what was waited for. */
export interface WatchdogTimes {
  /** One command to a device. */
  readonly hardware: number;
  /** One frame, beyond its exposure. */
  readonly camera: number;
  /** One call of a hook. */
  readonly hook: number;
  /** One image through the image processor. */
  readonly processor: number;
  /** One image into the dataset, or one call of `imageSaved`. */
  readonly saving: number;
}

/** Long enough for a slow stage or a network disk, short enough that a person who waits learns why. */
export const DEFAULT_WATCHDOG: WatchdogTimes = {
  hardware: 60_000,
  camera: 60_000,
  hook: 600_000,
  processor: 600_000,
  saving: 120_000,
};

/**
 * Waits for a promise, but not longer than `limitMs`.
 *
 * @throws {VitrineError} timeout: names what was waited for
 */
export async function withTimeout<T>(work: Promise<T> | T, what: string, limitMs: number): Promise<T> {
  if (!(work instanceof Promise)) return work;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expiry = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(expired(what, limitMs)), limitMs);
  });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    clearTimeout(timer);
  }
}

function expired(what: string, limitMs: number): VitrineError {
  return new VitrineError({
    code: "timeout",
    at: what,
    expected: `an end within ${limitMs / 1000} s`,
    found: "none",
    hint: "Allow more with `watchdogMs`, or see what holds it up",
  });
}
