/** Work without a pause for the event loop, ms; a pause costs about 1 ms. */
const BREATH_MS = 25;

/**
 * A function to await between frames: now and then it lets timers, messages and signals in, which frames that are always there
 * would starve.
 */
export function createBreath(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < BREATH_MS) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        last = performance.now();
        resolve();
      }, 0);
    });
  };
}
