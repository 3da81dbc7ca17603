/** A promise whose failure is told to whoever waits for it later, and to nobody before. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
