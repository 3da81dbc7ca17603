import { electronWavelengthA } from "./electrons.ts";

/** What the phase of a contrast transfer function has besides the defocus. */
export interface CtfMicroscope {
  readonly voltageKv: number;
  readonly sphericalAberrationMm: number;
  /** Share of amplitude contrast, 0 to 1. */
  readonly amplitudeContrast: number;
}

/** Coefficients of the phase of a contrast transfer function, sin(perDefocus Δ k² - spherical k⁴ + offset), underfocus Δ in Å, k in 1/Å. */
export interface CtfPhases {
  /** π λ, Å. */
  readonly perDefocus: number;
  /** π/2 Cs λ³, Å⁴. */
  readonly spherical: number;
  /** asin of the amplitude contrast. */
  readonly offset: number;
}

const ANGSTROM_PER_MM = 1e7;

/**
 * Coefficients that every contrast transfer function here shares; units and signs of others are changed where they come in.
 *
 * Source: Wade 1992, Ultramicroscopy 46:145.
 */
export function ctfPhases({ voltageKv, sphericalAberrationMm, amplitudeContrast }: CtfMicroscope): CtfPhases {
  const lambda = electronWavelengthA(voltageKv);
  return {
    perDefocus: Math.PI * lambda,
    spherical: (Math.PI / 2) * (sphericalAberrationMm * ANGSTROM_PER_MM) * lambda ** 3,
    offset: Math.asin(amplitudeContrast),
  };
}
