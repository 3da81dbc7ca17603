import { criticalExposure, electronWavelengthA } from "../../optics/index.ts";
import type { Slice } from "./insert.ts";
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

/** Added to the square of the function, so that its zeros do not blow up noise. */
const WIENER = 0.1;

/** Gain and weight of frequencies (y, x), cycles/pixel, of a tilt's image, for a molecule at a depth along the beam. */
export function tiltFilter(
  series: TiltSeries,
  index: number,
  { ctf, doseWeighting, imageScale, depthNm }: TiltFilterOptions & { readonly depthNm: number },
): Slice["filter"] {
  const tilt = series.tilts[index];
  const dose = doseWeighting ? (tilt.preExposurePerA2 ?? 0) : 0;
  const voltage = series.optics?.voltageKv ?? 300;
  const perA = 1 / (10 * imageScale);
  const left = (fy: number, fx: number) =>
    dose === 0
      ? 1
      : Math.exp(-dose / (2 * criticalExposure(Math.max(1e-9, Math.hypot(fy, fx) * perA), voltage)));
  const value = ctf === "none" ? undefined : ctfOf(series, index, { imageScale, depthNm });
  return (fy, fx) => {
    const share = left(fy, fx);
    if (value === undefined) return { gain: share, weight: share };
    const c = value(fy, fx);
    if (ctf === "flip") return { gain: share * Math.sign(c), weight: share };
    return { gain: share * c, weight: share * (c * c + WIENER) };
  };
}

/**
 * The contrast transfer function of a tilt's image at frequencies (y, x), cycles/pixel: sin(π λ Δ f² - π/2 Cs λ³ f⁴ + asin(a)), Δ the underfocus
 * along the frequency.
 *
 * @param depthNm  along the beam: the underfocus changes by hand times the depth
 * @returns        undefined where optics or defocus are not known
 * Source: Rohou & Grigorieff 2015, J. Struct. Biol. 192:216.
 */
export function ctfOf(
  series: TiltSeries,
  index: number,
  { imageScale, depthNm }: { readonly imageScale: number; readonly depthNm: number },
): ((fy: number, fx: number) => number) | undefined {
  const { optics, hand } = series;
  const { defocus } = series.tilts[index];
  if (optics === undefined || defocus === undefined) return undefined;
  const wavelength = electronWavelengthA(optics.voltageKv) / 10;
  const change = hand * depthNm;
  const mean = -500 * (defocus.uUm + defocus.vUm) + change;
  const half = -500 * (defocus.uUm - defocus.vUm);
  const angle = (2 * defocus.angleDeg * Math.PI) / 180;
  const [cosine, sine] = [half * Math.cos(angle), half * Math.sin(angle)];
  const spherical = (Math.PI / 2) * optics.csMm * 1e6 * wavelength ** 3;
  const offset = Math.asin(optics.amplitudeContrast);
  return (fy, fx) => {
    const [y, x] = [fy / imageScale, fx / imageScale];
    const square = y * y + x * x;
    const focus = mean * square + cosine * (x * x - y * y) + 2 * sine * x * y;
    return Math.sin(Math.PI * wavelength * focus - spherical * square * square + offset);
  };
}
