/** Time as an acquisition sees it: the system's, or a simulated one that never waits. */
export interface Clock {
  /** ms since an arbitrary start; never goes back. */
  now(): number;
  /** Waits; returns early, without an error, when `signal` is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The system's time. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted || ms <= 0) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", end);
        resolve();
      };
      // a longer wait would overflow the timer, which then fires at once
      const timer = setTimeout(end, Math.min(ms, 2 ** 31 - 1));
      signal?.addEventListener("abort", end, { once: true });
    }),
};

/** A clock for simulations: a sleep moves it on and returns. Hours of acquisition pass in seconds. */
export function createSimulatedClock(): Clock {
  let time = 0;
  return {
    now: () => time,
    sleep: async (ms) => {
      time += Math.max(0, ms);
    },
  };
}
