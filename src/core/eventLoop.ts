/** Work without a pause for the event loop, ms; a pause costs 0.1 ms. */
const PAUSE_AFTER_MS = 5;

/**
 * A function to await between pieces of work that never wait: now and then it lets timers, messages and signals in, which they
 * would starve.
 */
export function createYield(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < PAUSE_AFTER_MS) return undefined;
    return yieldToEventLoop().then(() => {
      last = performance.now();
    });
  };
}

/** Resolves in the next turn of the event loop; unlike a timer, it does not wait for a millisecond. */
export function yieldToEventLoop(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
