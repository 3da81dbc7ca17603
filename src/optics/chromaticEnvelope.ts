import { type OptionKeys, requireKnownOptions } from "../core/index.ts";
import { electronWavelengthA, lorentzFactor } from "./electrons.ts";
import { requireNumber } from "./frequencies.ts";

/** What blurs the focus; spreads are standard deviations. */
export interface FocusSpread {
  readonly voltageKv: number;
  /** Cc. */
  readonly chromaticAberrationMm: number;
  /** Of the electrons; a full width at half maximum is 2.355 times as much. */
  readonly energySpreadEv: number;
  /** ΔV / V of the high tension; 0 where absent. */
  readonly voltageRipple?: number;
  /** ΔI / I of the objective lens; 0 where absent. */
  readonly currentRipple?: number;
}

const KEYS: OptionKeys<FocusSpread> = {
  voltageKv: true,
  chromaticAberrationMm: true,
  energySpreadEv: true,
  voltageRipple: true,
  currentRipple: true,
};

/**
 * Standard deviation of the defocus, Å: Cc f √((ΔE/E)² + (ΔV/V)²) and 2 Cc ΔI/I, added in squares, with the relativistic factor
 * f = (1 + E/mc²) / (1 + E/2mc²).
 *
 * @throws {VitrineError} range: a voltage not above 0, another value below 0
 * Source: Reimer & Kohl 2008, Transmission Electron Microscopy, chapter 2 (chromatic aberration).
 */
export function focusSpreadA(spread: FocusSpread): number {
  requireKnownOptions("focusSpread", spread, KEYS);
  const { voltageKv, chromaticAberrationMm, energySpreadEv, voltageRipple = 0, currentRipple = 0 } = spread;
  requireNumber(voltageKv, voltageKv > 0, { at: "focusSpread voltageKv", expected: "kV above 0" });
  const parts = { chromaticAberrationMm, energySpreadEv, voltageRipple, currentRipple };
  for (const [name, value] of Object.entries(parts))
    requireNumber(value, value >= 0, { at: `focusSpread ${name}`, expected: "0 or more" });
  const lorentz = lorentzFactor(voltageKv);
  const relative =
    ((2 * lorentz) / (1 + lorentz)) * Math.hypot(energySpreadEv / (1000 * voltageKv), voltageRipple);
  return 1e7 * chromaticAberrationMm * Math.hypot(relative, 2 * currentRipple);
}

/**
 * What a spread of focus leaves of the contrast transfer: exp(-(π λ Δ k²)² / 2), the mean of the CTF over defoci of standard
 * deviation Δ = {@link focusSpreadA}. `computeCtf` applies it where `focusSpread` is given.
 *
 * @param frequencyPerA k, 1/Å
 * @returns             1 at k = 0, falling
 * Source: Wade 1992, Ultramicroscopy 46:145 (temporal coherence).
 */
export function chromaticEnvelope(frequencyPerA: number, spread: FocusSpread): number {
  return prepareChromaticEnvelope(spread)(frequencyPerA);
}

/** {@link chromaticEnvelope} of one spread for many frequencies. */
export function prepareChromaticEnvelope(spread: FocusSpread): (frequencyPerA: number) => number {
  const scale = Math.PI * electronWavelengthA(spread.voltageKv) * focusSpreadA(spread);
  return (frequencyPerA) => Math.exp(-0.5 * (scale * frequencyPerA ** 2) ** 2);
}
