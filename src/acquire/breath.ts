/**
 * Work without a pause for the event loop, ms. A pause costs 0.1 ms; until it comes, the engine believes that every image is
 * in use whose memory was lent since the last one.
 */
const BREATH_MS = 5;

/**
 * A function to await between frames: now and then it lets timers, messages and signals in, which frames that are always there
 * would starve.
 */
export function createBreath(): () => Promise<void> | undefined {
  let last = performance.now();
  return () => {
    if (performance.now() - last < BREATH_MS) return undefined;
    return nextTurn().then(() => {
      last = performance.now();
    });
  };
}

/** The next turn of the event loop; unlike a timer, it does not wait for a millisecond. */
function nextTurn(): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
