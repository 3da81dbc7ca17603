/** Closed lines in the plane, as flat x and y; whether they end where they began makes no difference. */

/** Whether a place lies within a ring: a ray to the right crosses it an odd number of times. */
export function isWithinRing(ring: ArrayLike<number>, x: number, y: number): boolean {
  let isInside = false;
  for (let i = 0, before = ring.length - 2; i + 1 < ring.length; before = i, i += 2) {
    const [x1, y1, x2, y2] = [ring[before], ring[before + 1], ring[i], ring[i + 1]];
    if (y1 > y !== y2 > y && x < x1 + ((y - y1) * (x2 - x1)) / (y2 - y1)) isInside = !isInside;
  }
  return isInside;
}

/** The corners of a rectangle, as a ring. */
export function rectangleRing(x1: number, y1: number, x2: number, y2: number): number[] {
  return [x1, y1, x2, y1, x2, y2, x1, y2];
}

/** The numbers of those of `count` places that lie within a ring. */
export function placesWithin(
  ring: readonly number[],
  count: number,
  placeOf: (index: number) => readonly [x: number, y: number],
): Uint32Array {
  const xs = ring.filter((_, i) => i % 2 === 0);
  const ys = ring.filter((_, i) => i % 2 === 1);
  const [minX, maxX, minY, maxY] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found: number[] = [];
  for (let i = 0; i < count; i++) {
    const [x, y] = placeOf(i);
    if (x < minX || x > maxX || y < minY || y > maxY) continue;
    if (isWithinRing(ring, x, y)) found.push(i);
  }
  return Uint32Array.from(found);
}
