import { type OptionKeys, requireKnownOptions } from "../core/index.ts";
import { DEGREE } from "./degree.ts";
import { electronWavelengthA, lorentzFactor } from "./electrons.ts";
import { requireNumber } from "./frequencies.ts";

/** A standing wave of light in the back focal plane, which retards the electrons that cross it. */
export interface LaserPhasePlate {
  /** Phase by which the electrons at the antinode of the focus lag, degrees; of each laser where they are crossed. */
  readonly peakPhaseDeg: number;
  /** Of the light's focus. */
  readonly numericalAperture: number;
  readonly laserWavelengthA: number;
  /** Of the lens that forms the back focal plane, relays included. */
  readonly focalLengthMm: number;
  /** Of the light's axis in the image, from the x axis towards y; 0 where absent. */
  readonly angleDeg?: number;
  /** Of the light's axis out of the plane across the electron beam; 0 where absent. It washes the fringes out. */
  readonly tiltDeg?: number;
  /** From the unscattered beam to the focus, along the light's axis, Å in the back focal plane; 0 where absent. */
  readonly alongOffsetA?: number;
  /** The same, across the light's axis. */
  readonly acrossOffsetA?: number;
  /** Of the light's polarisation from the electron beam; 90 where absent. */
  readonly polarizationDeg?: number;
  /** A second laser, turned by 90°; false where absent. */
  readonly isCrossed?: boolean;
}

const KEYS: OptionKeys<LaserPhasePlate> = {
  peakPhaseDeg: true,
  numericalAperture: true,
  laserWavelengthA: true,
  focalLengthMm: true,
  angleDeg: true,
  tiltDeg: true,
  alongOffsetA: true,
  acrossOffsetA: true,
  polarizationDeg: true,
  isCrossed: true,
};

/**
 * The phase by which a laser phase plate retards the electrons of each spatial frequency, radians.
 *
 * With X = (λ f k·along - alongOffset) / zR and Y = (λ f k·across - acrossOffset) / w, w = λL / (π NA), zR = w / NA:
 *
 *     η = η0/2 exp(-2 Y²/(1+X²)) / √(1+X²) (1 + p q cos(2 X Y²/(1+X²) + 4 X/NA² - 3/2 atan X))
 *     p = 1 - 2 β² cos²(polarisation),  q = exp(-2 tilt²/NA² (1+X²)) (1+X²)^(-1/4)
 *
 * η0 makes the antinode at the focus as high as `peakPhaseDeg`. torch-ctf takes the highest of its grid's samples instead.
 *
 * @returns of a frequency (ky, kx) in 1/Å
 * @throws {VitrineError} range: a value that is not finite; aperture, wavelength, focal length or voltage not above 0
 * Source: Schwartz et al. 2019, Nat. Methods 16:1016; Axelrod et al. 2020, Phys. Rev. Lett. 124:174801 (polarisation); torch-ctf (form of the field).
 */
export function laserPhase(
  plate: LaserPhasePlate,
  voltageKv: number,
): (kyPerA: number, kxPerA: number) => number {
  requireKnownOptions("laserPhasePlate", plate, KEYS);
  requirePlate(plate, voltageKv);
  const one = oneLaser(plate, voltageKv, plate.angleDeg ?? 0);
  if (!plate.isCrossed) return one;
  const other = oneLaser(plate, voltageKv, (plate.angleDeg ?? 0) + 90);
  return (ky, kx) => one(ky, kx) + other(ky, kx);
}

function oneLaser(plate: LaserPhasePlate, voltageKv: number, angleDeg: number) {
  const { numericalAperture: na, laserWavelengthA, polarizationDeg = 90, tiltDeg = 0 } = plate;
  const { alongOffsetA = 0, acrossOffsetA = 0 } = plate;
  const waistA = laserWavelengthA / (Math.PI * na);
  const rayleighA = waistA / na;
  // from 1/Å to Å in the back focal plane
  const scale = electronWavelengthA(voltageKv) * plate.focalLengthMm * 1e7;
  const [cos, sin] = [Math.cos(angleDeg * DEGREE), Math.sin(angleDeg * DEGREE)];
  const betaSquared = 1 - lorentzFactor(voltageKv) ** -2;
  const polarization = 1 - 2 * betaSquared * Math.cos(polarizationDeg * DEGREE) ** 2;
  const washout = 2 * ((tiltDeg * DEGREE) / na) ** 2;
  // where p is negative the highest fringe lies beside the focus, at X = π NA²/4: next to nothing
  const peak = 0.5 * (1 + Math.abs(polarization) * Math.exp(-washout));
  const half = (0.5 * plate.peakPhaseDeg * DEGREE) / peak;
  return (ky: number, kx: number): number => {
    const x = (scale * (kx * cos + ky * sin) - alongOffsetA) / rayleighA;
    const y = (scale * (ky * cos - kx * sin) - acrossOffsetA) / waistA;
    const widening = 1 + x * x;
    const fringe = Math.cos((2 * x * y * y) / widening + (4 * x) / na ** 2 - 1.5 * Math.atan(x));
    const contrast = polarization * Math.exp(-washout * widening) * widening ** -0.25;
    return ((half * Math.exp((-2 * y * y) / widening)) / Math.sqrt(widening)) * (1 + contrast * fringe);
  };
}

function requirePlate(plate: LaserPhasePlate, voltageKv: number): void {
  requireNumber(voltageKv, voltageKv > 0, { at: "laserPhasePlate voltageKv", expected: "kV above 0" });
  for (const name of ["numericalAperture", "laserWavelengthA", "focalLengthMm"] as const) {
    requireNumber(plate[name], plate[name] > 0, {
      at: `laserPhasePlate.${name}`,
      expected: "a number above 0",
    });
  }
  const { peakPhaseDeg, angleDeg, tiltDeg, alongOffsetA, acrossOffsetA, polarizationDeg } = plate;
  const others = { peakPhaseDeg, angleDeg, tiltDeg, alongOffsetA, acrossOffsetA, polarizationDeg };
  for (const [name, value] of Object.entries(others))
    requireNumber(value ?? 0, true, { at: `laserPhasePlate.${name}`, expected: "a finite number" });
}

/** Whether a plate shifts opposite frequencies unlike each other, which makes the CTF complex. */
export function hasOddPhase({ alongOffsetA = 0, acrossOffsetA = 0 }: LaserPhasePlate): boolean {
  return alongOffsetA !== 0 || acrossOffsetA !== 0;
}
