import type { Shape3 } from "../core/index.ts";
import type { MrcHeader } from "./mrc.ts";

type Stored = Pick<MrcHeader, "shape" | "axes">;

/** The shape along z, y and x of a file whose columns, rows and sections may run along any of them. */
export function zyxShape({ shape, axes }: Stored): Shape3 {
  const lengths = [shape[2], shape[1], shape[0]];
  const along = (axis: number) => lengths[axes.indexOf(axis)];
  return [along(3), along(2), along(1)];
}

/** Brings real values as stored to (z, y, x); the same array where they are in that order already. */
export function toZyx(stored: Float32Array, header: Stored): Float32Array {
  if (header.axes.every((axis, i) => axis === i + 1)) return stored;
  const [depth, height, width] = zyxShape(header);
  const strides = [1, header.shape[2], header.shape[2] * header.shape[1]];
  const [dx, dy, dz] = [1, 2, 3].map((axis) => strides[header.axes.indexOf(axis)]);
  const out = new Float32Array(stored.length);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) out[i] = stored[z * dz + y * dy + x * dx];
    }
  }
  return out;
}
