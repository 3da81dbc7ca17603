import { electronWavelengthA, magnifiedFrequency, type RadialCurve } from "../../optics/index.ts";
import type { MatchFilters, MatchOptics } from "../config/config.ts";
import type { PoseFilters } from "../kernels/index.ts";
import { opticalSize } from "../search/search.ts";
import { templateFilters } from "../search/searchFilters.ts";

/** What a template is seen through, at its optics' own defocus. */
export interface PoseOptics {
  readonly filters: MatchFilters;
  readonly optics: MatchOptics;
  readonly pixelSizeOffsetA: number;
  /** Side of the template. */
  readonly size: number;
  readonly whitening: RadialCurve | null;
}

/**
 * The filters of a template for every defocus: a defocus d adds -pi lambda k² d to the phase of the CTF, so that its sine at d is a sum
 * of sine and cosine without it. The cosine is the CTF of a phase plate a quarter period on.
 */
export function poseFilters(what: PoseOptics): PoseFilters {
  const { optics, size } = what;
  const quarter = { ...optics, phaseShiftDeg: (optics.phaseShiftDeg ?? 0) + 90 };
  return {
    inPhase: filtersAt(what, optics),
    quadrature: filtersAt(what, quarter),
    perDefocus: phasePerDefocus(optics, size),
    isComplex: opticalSize(optics).complexFilters ?? false,
  };
}

function filtersAt(
  { filters, pixelSizeOffsetA, size, whitening }: PoseOptics,
  optics: MatchOptics,
): Float32Array {
  const space = {
    defocusOffsetsA: Float64Array.of(0),
    pixelSizeOffsetsA: Float64Array.of(pixelSizeOffsetA),
  };
  return templateFilters({ settings: { filters, optics }, space, size, whitening });
}

/** (n, n/2+1): radians per Å. */
function phasePerDefocus(
  { voltageKv, pixelSizeA, magnificationMatrix }: MatchOptics,
  n: number,
): Float32Array {
  const columns = Math.floor(n / 2) + 1;
  const lambda = electronWavelengthA(voltageKv);
  return Float32Array.from({ length: n * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    const fy = (2 * row < n ? row : row - n) / n;
    const fx = (i % columns) / n;
    const [ky, kx] = magnifiedFrequency(magnificationMatrix, fy / pixelSizeA, fx / pixelSizeA);
    return -Math.PI * lambda * (ky * ky + kx * kx);
  });
}
