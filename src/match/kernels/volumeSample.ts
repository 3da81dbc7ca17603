/** A cube's half spectrum (side, side, side/2+1), natural order: rows of `rowFloats` numbers, re and im interleaved. */
export interface SampledVolume {
  readonly data: Float32Array;
  readonly side: number;
  readonly rowFloats: number;
}

/** Numbers that {@link sampleVolume} writes: the value, then its derivatives by x, y and z, each re and im. */
export const VALUES_A_SAMPLE = 8;

/**
 * Samples a spectrum at a frequency by trilinear interpolation, as `sliceRows` does it with `exact`: negative x are read from
 * the conjugate half, and beyond the sampled cube everything is 0.
 *
 * The derivatives are those of the interpolation itself: constant along each axis of a cell, with a step from cell to cell.
 *
 * @param x,y,z  in samples, of either sign
 */
export function sampleVolume(volume: SampledVolume, place: Float64Array, out: Float64Array): void {
  const { data, side, rowFloats } = volume;
  const half = side >> 1;
  const sign = place[0] < 0 ? -1 : 1;
  const x = sign * place[0];
  const y = sign * place[1] + half;
  const z = sign * place[2] + half;
  if (!(x <= half && y >= 0 && y <= side - 1 && z >= 0 && z <= side - 1)) {
    out.fill(0);
    return;
  }
  const x0 = Math.min(Math.floor(x), half - 1);
  const y0 = Math.floor(y);
  const z0 = Math.floor(z);
  const fx = x - x0;
  const fy = y - y0;
  const fz = z - z0;
  const ya = naturalRow(y0, side);
  const yb = naturalRow(y0 + 1, side);
  const near = naturalRow(z0, side) * side;
  const far = naturalRow(z0 + 1, side) * side;
  const p00 = (near + ya) * rowFloats + 2 * x0;
  const p01 = (near + yb) * rowFloats + 2 * x0;
  const p10 = (far + ya) * rowFloats + 2 * x0;
  const p11 = (far + yb) * rowFloats + 2 * x0;
  for (let part = 0; part < 2; part++) {
    const slope00 = data[p00 + part + 2] - data[p00 + part];
    const slope01 = data[p01 + part + 2] - data[p01 + part];
    const slope10 = data[p10 + part + 2] - data[p10 + part];
    const slope11 = data[p11 + part + 2] - data[p11 + part];
    const a00 = data[p00 + part] + fx * slope00;
    const a01 = data[p01 + part] + fx * slope01;
    const a10 = data[p10 + part] + fx * slope10;
    const a11 = data[p11 + part] + fx * slope11;
    const low = a00 + fy * (a01 - a00);
    const high = a10 + fy * (a11 - a10);
    const slopeLow = slope00 + fy * (slope01 - slope00);
    const slopeHigh = slope10 + fy * (slope11 - slope10);
    // re at -q is that at q, im its negative; derivatives change their sign once more
    const value = part === 0 ? 1 : sign;
    const slope = value * sign;
    out[part] = value * (low + fz * (high - low));
    out[2 + part] = slope * (slopeLow + fz * (slopeHigh - slopeLow));
    out[4 + part] = slope * (a01 - a00 + fz * (a11 - a10 - a01 + a00));
    out[6 + part] = slope * (high - low);
  }
}

/** Where the row of index `i`, frequency 0 being at side/2, lies in natural order. */
function naturalRow(i: number, side: number): number {
  const row = i - (side >> 1);
  return row < 0 ? row + side : row;
}
