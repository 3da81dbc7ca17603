/** Three whole numbers, indices of a transform. */
type Index = readonly [kz: number, ky: number, kx: number];

/** Relative to its summands a sum so small is rounding. */
const ROUNDING = 1e-12;
/** 2^27 + 1: parts a number into two of half as many bits (Veltkamp). */
const SPLITTER = 134_217_729;

/**
 * On which side of a plane through 0 a frequency lies: the product with the plane's normal. On the plane itself the last bit decides, and it is that of
 * products that are added without being rounded before, as acryo's (numpy's) are, so that a wedge of ±45° has the same frequencies.
 */
export function planeSide([kz, ky, kx]: Index, normal: ArrayLike<number>): number {
  const [z, y, x] = [kz * normal[0], ky * normal[1], kx * normal[2]];
  const sum = z + y + x;
  if (Math.abs(sum) > ROUNDING * (Math.abs(z) + Math.abs(y) + Math.abs(x))) return sum;
  return addedProduct(kx, normal[2], addedProduct(ky, normal[1], z));
}

/** k value + more, rounded once; k is a whole number of a few digits. */
function addedProduct(k: number, value: number, more: number): number {
  const product = k * value;
  const split = SPLITTER * value;
  const high = split - (split - value);
  const lost = k * high - product + k * (value - high);
  const sum = product + more;
  const part = sum - product;
  return sum + (product - (sum - part) + (more - part) + lost);
}
