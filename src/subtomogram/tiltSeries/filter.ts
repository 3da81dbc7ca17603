import { criticalExposure, ctfPhases } from "../../optics/index.ts";
import type { SliceFilter, Transfer } from "../kernels/index.ts";
import type { TiltSeries } from "./tiltSeries.ts";

/**
 * What is done about the contrast transfer function at each molecule's own defocus: `flip` turns the signs of phases, `wiener` weighs by the
 * function and divides by its square, `none` nothing.
 */
export type CtfCorrection = "flip" | "wiener" | "none";

/** How images are weighed by frequency. */
export interface TiltFilterOptions {
  readonly ctf: CtfCorrection;
  /** Weigh each frequency by what is left of it after the dose before, exp(-dose / (2 Nc)). */
  readonly doseWeighting: boolean;
  /** nm/pixel of the images. */
  readonly imageScale: number;
}

/** How a tilt's frequencies count, for a molecule at a depth along the beam. @param depthNm  the underfocus changes by hand times the depth */
export function tiltFilter(
  series: TiltSeries,
  index: number,
  { ctf, doseWeighting, imageScale, depthNm }: TiltFilterOptions & { readonly depthNm: number },
): SliceFilter {
  const dosePerA2 = doseWeighting ? (series.tilts[index].preExposurePerA2 ?? 0) : 0;
  const transfer = ctf === "none" ? undefined : transferOf(series, index, { imageScale, depthNm });
  return transfer === undefined
    ? { dosePerA2 }
    : { dosePerA2, ctf: { ...transfer, correction: ctf === "flip" ? "flip" : "wiener" } };
}

/** The contrast transfer function of a tilt's image, for a molecule at a depth along the beam; undefined where optics or defocus are not known. */
export function transferOf(
  series: TiltSeries,
  index: number,
  { imageScale, depthNm }: { readonly imageScale: number; readonly depthNm: number },
): Transfer | undefined {
  const { optics, hand } = series;
  const { defocus } = series.tilts[index];
  if (optics === undefined || defocus === undefined) return undefined;
  const { perDefocus, spherical, offset } = ctfPhases({
    voltageKv: optics.voltageKv,
    sphericalAberrationMm: optics.csMm,
    amplitudeContrast: optics.amplitudeContrast,
  });
  const mean = -500 * (defocus.uUm + defocus.vUm) + hand * depthNm;
  const half = -500 * (defocus.uUm - defocus.vUm);
  const angle = (2 * defocus.angleDeg * Math.PI) / 180;
  return {
    // From Å to nm.
    perDefocus: perDefocus / 10,
    spherical: spherical / 1e4,
    offset,
    mean,
    cosine: half * Math.cos(angle),
    sine: half * Math.sin(angle),
    imageScale,
  };
}

/** Voltage that doses are weighed for where nobody says one. */
export const DOSE_KV = 300;

/** How fast each frequency of a patch fades, Å² per electron: 1 / (2 Nc). (side, side / 2 + 1). @param imageScale  nm/pixel */
export function fadingRates(series: TiltSeries, side: number, imageScale: number): Float64Array {
  const voltage = series.optics?.voltageKv ?? DOSE_KV;
  const columns = Math.floor(side / 2) + 1;
  const perA = 1 / (10 * imageScale);
  return Float64Array.from({ length: side * columns }, (_, i) => {
    const row = Math.floor(i / columns);
    const fy = (2 * row < side ? row : row - side) / side;
    const fx = (i - row * columns) / side;
    return 0.5 / criticalExposure(Math.max(1e-9, Math.hypot(fy, fx) * perA), voltage);
  });
}
