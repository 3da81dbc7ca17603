/** A list that is made anew, item by item, each time it is iterated. */
export function lazyIterable<T>(make: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: make };
}

/** A list that is made when it is first iterated, then kept. */
export function cachedIterable<T>(make: () => readonly T[]): Iterable<T> {
  let made: readonly T[] | undefined;
  return lazyIterable(() => {
    made ??= make();
    return made[Symbol.iterator]();
  });
}
