// CODATA 2018, SI units; the first three are exact by definition.
const PLANCK = 6.62607015e-34;
const LIGHT_SPEED = 299792458;
const ELEMENTARY_CHARGE = 1.602176634e-19;
const ELECTRON_MASS = 9.1093837015e-31;

/** m c², J. */
const REST_ENERGY = ELECTRON_MASS * LIGHT_SPEED ** 2;

/**
 * Relativistic electron wavelength in Å: hc / sqrt(eV (2 m c² + eV)).
 *
 * Source: Kirkland 2020, Advanced Computing in Electron Microscopy; constants CODATA 2018.
 */
export function electronWavelengthA(voltageKv: number): number {
  const energy = ELEMENTARY_CHARGE * voltageKv * 1e3;
  return ((PLANCK * LIGHT_SPEED) / Math.sqrt(energy * (2 * REST_ENERGY + energy))) * 1e10;
}

/** γ = 1 + eV / m c² of electrons that a voltage has accelerated. */
export function lorentzFactor(voltageKv: number): number {
  return 1 + (ELEMENTARY_CHARGE * voltageKv * 1e3) / REST_ENERGY;
}
