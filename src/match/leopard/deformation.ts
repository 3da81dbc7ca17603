import { type DeformationField, deformationAt, type MoviePoint } from "../../optics/index.ts";

/** Points of the finer grid on which Leopard-EM interpolates the field, for each of the field's own. */
const FINER = 10;

/** Sharpness of PyTorch's bicubic interpolation. */
const A = -0.75;

/**
 * The shift at a position as Leopard-EM 1.2 finds it: the splines are evaluated on a grid with ten points a point of the field, and
 * between those by cubic convolution, mirrored at the ends. It differs from {@link deformationAt} where the field bends.
 *
 * @returns (y, x) in Å
 * Source: torch-motion-correction 0.0.5, `get_pixel_shifts`; Keys 1981, IEEE Trans ASSP 29:1153 (cubic convolution).
 */
export function leopardDeformationAt(
  field: DeformationField,
  [time, y, x]: MoviePoint,
): readonly [yA: number, xA: number] {
  const rows = taps(y, FINER * field.shape[1]);
  const columns = taps(x, FINER * field.shape[2]);
  let [sumY, sumX] = [0, 0];
  for (const row of rows) {
    for (const column of columns) {
      const [yA, xA] = deformationAt(field, [time, row.at, column.at]);
      sumY += row.weight * column.weight * yA;
      sumX += row.weight * column.weight * xA;
    }
  }
  return [sumY, sumX];
}

/** The four grid points around a point at a fraction from 0 to 1 of an axis, and their weights. */
function taps(fraction: number, count: number): { readonly at: number; readonly weight: number }[] {
  const position = fraction * (count - 1);
  const left = Math.floor(position);
  return [-1, 0, 1, 2].map((step) => {
    const index = mirrored(left + step, count - 1);
    return { at: index / (count - 1), weight: kernel(Math.abs(position - left - step)) };
  });
}

function mirrored(index: number, last: number): number {
  const within = ((index % (2 * last)) + 2 * last) % (2 * last);
  return within <= last ? within : 2 * last - within;
}

function kernel(distance: number): number {
  if (distance <= 1) return ((A + 2) * distance - (A + 3)) * distance * distance + 1;
  return ((A * distance - 5 * A) * distance + 8 * A) * distance - 4 * A;
}
