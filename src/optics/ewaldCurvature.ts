import { electronWavelengthA } from "./electrons.ts";
import { requireNumber } from "./frequencies.ts";

/** A particle as a ball. */
export interface Ball {
  readonly voltageKv: number;
  readonly diameterA: number;
}

/**
 * Resolution at which the curvature of the Ewald sphere puts matter at the top or bottom of a particle 90° out of phase with its projection: √(λ D), Å.
 * An image shows a projection only to a resolution coarser than that.
 *
 * @throws {VitrineError} range: a voltage or diameter not above 0
 * Source: DeRosier 2000, Ultramicroscopy 81:83 (phase π λ k² z at the height z).
 */
export function projectionLimitA({ voltageKv, diameterA }: Ball): number {
  requireBall({ voltageKv, diameterA });
  return Math.sqrt(electronWavelengthA(voltageKv) * diameterA);
}

/**
 * Share of a projection's amplitude that the curvature of the Ewald sphere leaves to matter spread evenly over a ball: the mean of
 * cos(π λ k² z) over it, 3 (sin x - x cos x) / x³ with x = π λ k² D / 2.
 *
 * @param frequencyPerA k, 1/Å
 * @returns             1 at k = 0, falling; 0.77 at 1 / {@link projectionLimitA}
 * @throws {VitrineError} as {@link projectionLimitA}
 */
export function projectionShare(frequencyPerA: number, { voltageKv, diameterA }: Ball): number {
  requireBall({ voltageKv, diameterA });
  const x = (Math.PI / 2) * electronWavelengthA(voltageKv) * frequencyPerA ** 2 * diameterA;
  // below, the difference loses its digits: the next term of the series is 2e-14
  return x < 1e-3 ? 1 - (x * x) / 10 : (3 * (Math.sin(x) - x * Math.cos(x))) / x ** 3;
}

function requireBall({ voltageKv, diameterA }: Ball): void {
  requireNumber(voltageKv, voltageKv > 0, { at: "ball voltageKv", expected: "kV above 0" });
  requireNumber(diameterA, diameterA > 0, { at: "ball diameterA", expected: "Å above 0" });
}
