/** A list that is made anew, item by item, each time it is iterated. */
export function lazily<T>(make: () => Iterator<T>): Iterable<T> {
  return { [Symbol.iterator]: make };
}

/** A list that is made when it is first iterated, then kept. */
export function onceNeeded<T>(make: () => readonly T[]): Iterable<T> {
  let made: readonly T[] | undefined;
  return lazily(() => {
    made ??= make();
    return made[Symbol.iterator]();
  });
}
