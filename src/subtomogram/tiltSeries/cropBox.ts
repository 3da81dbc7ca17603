import type { Shape3 } from "../../core/index.ts";

/** The box out of the padded one, whose molecule lies at voxel 0, divided by what linear interpolation did to it. */
export function cropBox(padded: Float32Array, shape: Shape3, sides: Shape3): Float32Array {
  const axes = sides.map((side, axis) => {
    const n = shape[axis];
    return Array.from({ length: side }, (_, i) => {
      const from = i - Math.floor(side / 2);
      const t = (Math.PI * (i - (side - 1) / 2)) / n;
      return { index: (from + n) % n, gain: t === 0 ? 1 : (t / Math.sin(t)) ** 2 };
    });
  });
  const [zs, ys, xs] = axes;
  const box = new Float32Array(sides[0] * sides[1] * sides[2]);
  let at = 0;
  for (const z of zs)
    for (const y of ys) {
      const row = (z.index * shape[1] + y.index) * shape[2];
      const gain = z.gain * y.gain;
      for (const x of xs) box[at++] = padded[row + x.index] * gain * x.gain;
    }
  return box;
}
