/** An abort signal that Ctrl-C and a scheduler's SIGTERM raise; disposing of it gives the signals back. */
export function abortOnSignals(): { signal: AbortSignal } & Disposable {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => controller.abort(new Error(`received ${name}`));
  const names = ["SIGINT", "SIGTERM"] as const;
  for (const name of names) process.once(name, stop);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, stop);
    },
  };
}

/** Longest time between two turns of a program that waits, ms. */
const TURN_MS = 60_000;

/** Waits for a signal to be raised. The program goes on as long: a process that serves for it keeps it running no more than a signal does. */
export function raised(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setInterval(() => {}, TURN_MS);
    const end = () => {
      clearInterval(timer);
      resolve();
    };
    signal.addEventListener("abort", end, { once: true });
  });
}
