import type { Shape3 } from "../../core/index.ts";

/** Complex values of a real volume's transform: depth x height x (width / 2 + 1). */
export function halfSpectrumCount([depth, height, width]: Shape3): number {
  return depth * height * (Math.floor(width / 2) + 1);
}
