import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { PolarGrid } from "../grid/polarGrid.ts";

const POLAR_CTF_KEYS: OptionKeys<PolarCtfOptions> = {
  grid: true,
  boxSizeA: true,
  anisotropy: true,
  csCorrected: true,
  envelope: true,
  anglesFrom: true,
  compat: true,
};

// CryoLike's digits, of which that of the charge is one short of CODATA 2018: CTFs are then its own to the last digit.
const PLANCK = 6.62607015e-34;
const CHARGE = 1.60217663e-19;
const LIGHT_SPEED = 2.99792458e8;
const ELECTRON_MASS = 9.1093837015e-31;

/** Relativistic, Å. */
function wavelengthA(voltageKv: number): number {
  const energy = CHARGE * voltageKv * 1e3;
  const slow = PLANCK / Math.sqrt(2 * ELECTRON_MASS * energy);
  return (slow / Math.sqrt(1 + energy / (2 * ELECTRON_MASS * LIGHT_SPEED ** 2))) * 1e10;
}

/** Of the microscope and, [images] each, of the images: files' units. */
export interface Lens {
  /** Underfocus is positive. */
  readonly defocusUA: ArrayLike<number>;
  readonly defocusVA: ArrayLike<number>;
  /** Of the axis of defocus u, radians. */
  readonly defocusAngleRad: ArrayLike<number>;
  /** Radians. */
  readonly phaseShiftRad: ArrayLike<number>;
  readonly csMm: number;
  readonly voltageKv: number;
  readonly amplitudeContrast: number;
  /** Å², of all images or of each. */
  readonly bFactorA2?: number | ArrayLike<number> | null;
  readonly scale?: number | ArrayLike<number> | null;
}

/** Where defocus angles begin: axis 0 of images, or axis 1. */
export type AnglesFrom = "rows" | "columns";

/** How a CTF is made. */
export interface PolarCtfOptions {
  readonly grid: PolarGrid;
  readonly boxSizeA: number;
  /** Default true; without it the mean defocus is that of all directions. */
  readonly anisotropy?: boolean;
  /** Images from a corrector: Cs counts as 0. */
  readonly csCorrected?: boolean;
  /** Multiply with exp(-B s² / 4) and the scale of the lens, which CryoLike reads and does not use; default false. */
  readonly envelope?: boolean;
  /**
   * Where defocus angles begin: `rows` (default, as CryoLike) from axis 0 of images; `columns` from axis 1 towards axis 0, as RELION and
   * cryoSPARC mean them in images of MRC files.
   */
  readonly anglesFrom?: AnglesFrom;
  /** Take |U - V| as CryoLike does, which turns astigmatism by 90° where V is larger than U. */
  readonly compat?: boolean;
}

/** CTFs of images: real, [images, shells, inplanes]; inplanes is 1 without anisotropy. */
export interface PolarCtf {
  readonly shape: readonly [count: number, shells: number, inplanes: number];
  readonly data: Float64Array;
}

/**
 * The contrast transfer functions of images on a polar grid: -√(1 - A²) sin γ + A cos γ with
 * γ = -π λ s² Δf(θ) + π/2 Cs λ³ s⁴ - phase shift.
 *
 * @throws {VitrineError} shape: lists of different lengths; range: values that are no numbers, amplitude contrast beyond 1
 *
 * Source: Rohou & Grigorieff 2015, J. Struct. Biol. 192:216; signs as in CryoLike 0.0.1.
 */
export function polarCtf(lens: Lens, options: PolarCtfOptions): PolarCtf {
  requireKnownOptions("polarCtf", options, POLAR_CTF_KEYS);
  const count = checkLens(lens);
  if (options.envelope) requireEnvelope(lens, count);
  const { grid, anisotropy = true } = options;
  const inplanes = anisotropy ? grid.nInplanes : 1;
  const data = new Float64Array(count * grid.nShells * inplanes);
  for (let m = 0, at = 0; m < count; m++) {
    const defocus = defociOf(lens, m, options);
    const shell = shellOf(lens, m, options);
    for (let n = 0; n < grid.nShells; n++) {
      const s2 = ((2 * grid.radii[n]) / options.boxSizeA) ** 2;
      for (let w = 0; w < inplanes; w++) data[at++] = shell(s2, defocus[w]);
    }
  }
  return { shape: [count, grid.nShells, inplanes], data };
}

/** Å of every direction. */
function defociOf(
  { defocusUA, defocusVA, defocusAngleRad }: Lens,
  m: number,
  { grid, anisotropy = true, anglesFrom = "rows", compat = false }: PolarCtfOptions,
): Float64Array {
  const mean = (defocusUA[m] + defocusVA[m]) / 2;
  if (!anisotropy) return Float64Array.of(mean);
  const half = (defocusUA[m] - defocusVA[m]) / 2;
  const amplitude = compat ? Math.abs(half) : half;
  const axis = anglesFrom === "rows" ? defocusAngleRad[m] : Math.PI / 2 - defocusAngleRad[m];
  return grid.thetas.map((theta) => mean + amplitude * Math.cos(2 * (theta - axis)));
}

/** The CTF of an image at s² (1/Å²) and defocus (Å). */
function shellOf(lens: Lens, m: number, { csCorrected = false, envelope = false }: PolarCtfOptions) {
  const wavelength = wavelengthA(lens.voltageKv);
  const spherical = csCorrected ? 0 : (Math.PI / 2) * lens.csMm * 1e7 * wavelength ** 3;
  const [amplitude, phase] = [lens.amplitudeContrast, lens.phaseShiftRad[m]];
  const contrast = Math.sqrt(1 - amplitude * amplitude);
  const bFactor = envelope ? numberOf(lens.bFactorA2, m, 0) : 0;
  const scale = envelope ? numberOf(lens.scale, m, 1) : 1;
  return (s2: number, defocusA: number) => {
    const gamma = -Math.PI * wavelength * s2 * defocusA + spherical * s2 * s2 - phase;
    const value = -contrast * Math.sin(gamma) + amplitude * Math.cos(gamma);
    return envelope ? value * scale * Math.exp((-bFactor * s2) / 4) : value;
  };
}

function numberOf(values: number | ArrayLike<number> | null | undefined, m: number, none: number): number {
  if (values === null || values === undefined) return none;
  return typeof values === "number" ? values : values[m];
}

function checkLens(lens: Lens): number {
  const count = lens.defocusUA.length;
  for (const name of ["defocusUA", "defocusVA", "defocusAngleRad", "phaseShiftRad"] as const) {
    const values = Array.from(lens[name]);
    if (values.length !== count || count === 0)
      throw wrong("shape", name, `${count || "at least 1"} values`, `${values.length}`);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) throw wrong("range", `${name}[${bad}]`, "a number", `${values[bad]}`);
  }
  const { csMm, voltageKv, amplitudeContrast } = lens;
  if (!Number.isFinite(csMm)) throw wrong("range", "csMm", "a number", `${csMm}`);
  if (!(voltageKv > 0)) throw wrong("range", "voltageKv", "a number above 0", `${voltageKv}`);
  if (!(Math.abs(amplitudeContrast) <= 1))
    throw wrong("range", "amplitudeContrast", "a number from -1 to 1", `${amplitudeContrast}`);
  return count;
}

/** Lists of a whole table, as CryoLike keeps them in the files of its stacks, are of no use. */
function requireEnvelope(lens: Lens, count: number): void {
  for (const name of ["bFactorA2", "scale"] as const) {
    const values = lens[name];
    if (typeof values === "object" && values !== null && values.length !== count)
      throw wrong("shape", name, `${count} values, one an image`, `${values.length}`);
  }
}

function wrong(code: "shape" | "range", name: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code, at: `lens ${name}`, expected, found });
}
