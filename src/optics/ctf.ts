import { type OptionKeys, requireKnownOptions, type Shape2 } from "../core/index.ts";
import { type FocusSpread, prepareChromaticEnvelope } from "./chromaticEnvelope.ts";
import { ctfPhases } from "./ctfPhases.ts";
import { DEGREE } from "./degree.ts";
import { electronWavelengthA } from "./electrons.ts";
import { forEachFrequency, requireNumber, requireShape, rfftWidth } from "./frequencies.ts";
import { hasOddPhase, type LaserPhasePlate, laserPhase } from "./laserPhasePlate.ts";
import { type MagnificationMatrix, magnifiedFrequency } from "./magnification.ts";
import { type Mtf, mtfGain, requireMtf } from "./mtf.ts";
import { type EvenZernikes, evenPhase, type OddZernikes, oddPhase } from "./zernikes.ts";

/** What the microscope did to the image. Underfocus is positive. */
export interface OpticsParameters {
  readonly voltageKv: number;
  readonly sphericalAberrationMm: number;
  /** Fraction of amplitude contrast, 0 to 1. */
  readonly amplitudeContrast: number;
  /** One of the two principal defocus values, Å; the larger one lies along `astigmatismAngleDeg`, as in Leopard-EM. */
  readonly defocusUA: number;
  /** Defocus across it, Å. */
  readonly defocusVA: number;
  /** From the x axis towards the y axis. */
  readonly astigmatismAngleDeg: number;
  /** Of a phase plate; 0 where absent. */
  readonly phaseShiftDeg?: number;
  /** Envelope exp(-B k²/4), Å²; 0 where absent. */
  readonly bFactorA2?: number;
  readonly evenZernikes?: EvenZernikes;
  readonly oddZernikes?: OddZernikes;
  /** [x, y] tilt of the beam in RELION's convention (`rlnBeamTiltX`, `rlnBeamTiltY`), mrad. */
  readonly beamTiltMrad?: readonly [x: number, y: number];
  readonly magnificationMatrix?: MagnificationMatrix;
  /** Of the chromatic aberration, with the voltage above. */
  readonly focusSpread?: Omit<FocusSpread, "voltageKv">;
  readonly mtf?: DetectorMtf;
  /** Beside `phaseShiftDeg`. */
  readonly laserPhasePlate?: LaserPhasePlate;
}

/** What a camera leaves of the signal. */
export interface DetectorMtf extends Mtf {
  /** The pixel to which its frequencies refer, where images were binned or cut in Fourier space; the image's own where absent. */
  readonly pixelSizeA?: number;
}

/** Where the CTF is wanted. */
export interface CtfGrid {
  /** [height, width] in real space, even or odd. */
  readonly shape: Shape2;
  readonly pixelSizeA: number;
  /** Added to both defocus values, Å. */
  readonly defocusOffsetsA: ArrayLike<number>;
  /** Added to the pixel size, Å; [0] where absent. */
  readonly pixelSizeOffsetsA?: ArrayLike<number>;
}

const OPTICS_KEYS: OptionKeys<OpticsParameters> = {
  voltageKv: true,
  sphericalAberrationMm: true,
  amplitudeContrast: true,
  defocusUA: true,
  defocusVA: true,
  astigmatismAngleDeg: true,
  phaseShiftDeg: true,
  bFactorA2: true,
  evenZernikes: true,
  oddZernikes: true,
  beamTiltMrad: true,
  magnificationMatrix: true,
  focusSpread: true,
  mtf: true,
  laserPhasePlate: true,
};

const MTF_KEYS: OptionKeys<DetectorMtf> = { frequencies: true, amplitudes: true, pixelSizeA: true };

const EVEN_KEYS: OptionKeys<EvenZernikes> = { Z42c: true, Z42s: true, Z44c: true, Z44s: true, Z60: true };

const ODD_KEYS: OptionKeys<OddZernikes> = { Z31c: true, Z31s: true, Z33c: true, Z33s: true };

const GRID_KEYS: OptionKeys<CtfGrid> = {
  shape: true,
  pixelSizeA: true,
  defocusOffsetsA: true,
  pixelSizeOffsetsA: true,
};

/** CTFs over a search grid. */
export interface Ctf {
  /** C order; real and imaginary parts interleaved where `isComplex`. */
  readonly data: Float32Array<ArrayBuffer>;
  /** True where {@link hasOddAberrations}. */
  readonly isComplex: boolean;
  /** (pixel sizes, defoci, height, floor(width / 2) + 1); rows not shifted, as an FFT gives them. */
  readonly shape: readonly [number, number, number, number];
}

const ANGSTROM_PER_MM = 1e7;

/**
 * Contrast transfer functions on the half plane, for every pixel size and defocus of a search; float64 inside.
 *
 * With k in Å⁻¹, a its direction from the x axis and dz(a) = (u + v)/2 + offset + |u - v|/2 cos 2(a - angle):
 *
 *     chi = -pi lambda k² dz + pi/2 Cs lambda³ k⁴ - phaseShift - atan(A / sqrt(1 - A²)) + even Zernikes - P₊
 *     ctf = -sin(chi) exp(-B k²/4) chromatic(k) mtf(f) exp(i odd)
 *     odd = odd Zernikes - 2 pi Cs lambda² k² (tilt · k) + P₋
 *
 * P(k) = η(0) - η(k) is the phase of the unscattered beam in a laser's field over that of scattered electrons, P± = (P(k) ± P(-k)) / 2.
 * (torch-ctf puts η(k) in the place of P(k), which is no phase shift where the laser does not reach.)
 *
 * The magnification matrix bends k everywhere but in the B-factor and the MTF. A pixel size offset d divides Cs by
 * ((px + d)/px)⁴, since the defocus was fitted at px; the coma of a tilted beam goes with the third power.
 * The larger of u and v lies along the angle, whichever it is: where u < v they are exchanged, as in Leopard-EM.
 *
 * @returns (pixel sizes, defoci, height, floor(width / 2) + 1), complex where odd aberrations are present
 * @throws {VitrineError} shape or range: what cannot be a grid or a microscope; names the field
 * Source: Wade 1992, Ultramicroscopy 46:145; Zernikes and their order as in Leopard-EM; beam tilt: Glaeser et al.
 * 2011, J Struct Biol 174:1, with the sign that RELION gives a prediction (exp(-i ...) multiplies the transform of
 * the reference, tilts in mrad).
 */
export function computeCtf(optics: OpticsParameters, grid: CtfGrid): Ctf {
  requireKnownOptions("computeCtf", grid, GRID_KEYS);
  requireOptics(optics);
  requireGrid(grid);
  const geometry = prepareGeometry(optics, grid);
  const pixelOffsets = grid.pixelSizeOffsetsA ?? [0];
  const shape = [
    pixelOffsets.length,
    grid.defocusOffsetsA.length,
    grid.shape[0],
    rfftWidth(grid.shape[1]),
  ] as const;
  const isComplex = hasOddAberrations(optics);
  const area = shape[2] * shape[3] * (isComplex ? 2 : 1);
  const data = new Float32Array(shape[0] * shape[1] * area);
  for (let p = 0; p < shape[0]; p++) {
    const pixelScale = 1 + pixelOffsets[p] / grid.pixelSizeA;
    for (let d = 0; d < shape[1]; d++) {
      const start = (p * shape[1] + d) * area;
      const plane = data.subarray(start, start + area);
      const at = { pixelScale, defocusOffsetA: grid.defocusOffsetsA[d] };
      if (isComplex) fillComplex(plane, geometry, at);
      else fillReal(plane, geometry, at);
    }
  }
  return { data, isComplex, shape };
}

/** Phases in radians of every coefficient, split by what a search scales; `phase` sums what it leaves alone. */
interface Geometry {
  readonly phase: Float64Array;
  /** Times the defocus offset in Å. */
  readonly perDefocus: Float64Array;
  readonly spherical: Float64Array;
  readonly odd: Float64Array;
  readonly coma: Float64Array;
  readonly envelope: Float64Array;
}

function prepareGeometry(optics: OpticsParameters, { shape, pixelSizeA }: CtfGrid): Geometry {
  const count = shape[0] * rfftWidth(shape[1]);
  const empty = () => new Float64Array(count);
  const geometry = {
    phase: empty(),
    perDefocus: empty(),
    spherical: empty(),
    odd: empty(),
    coma: empty(),
    envelope: empty(),
  };
  const lambda = electronWavelengthA(optics.voltageKv);
  const csA = optics.sphericalAberrationMm * ANGSTROM_PER_MM;
  const { perDefocus, spherical, offset } = ctfPhases(optics);
  const [meanA, halfA] = [
    (optics.defocusUA + optics.defocusVA) / 2,
    Math.abs(optics.defocusUA - optics.defocusVA) / 2,
  ];
  const constantPhase = -(optics.phaseShiftDeg ?? 0) * DEGREE - offset;
  const [tiltX, tiltY] = (optics.beamTiltMrad ?? [0, 0]).map((mrad) => mrad * 1e-3);
  const laser = laserShifts(optics);
  const envelope = envelopeOf(optics, pixelSizeA);
  forEachFrequency(shape, (i, fy, fx) => {
    const [ky, kx] = magnifiedFrequency(optics.magnificationMatrix, fy / pixelSizeA, fx / pixelSizeA);
    const k2 = ky * ky + kx * kx;
    const direction = Math.atan2(ky, kx);
    const dzA = meanA + halfA * Math.cos(2 * (direction - optics.astigmatismAngleDeg * DEGREE));
    geometry.perDefocus[i] = -perDefocus * k2;
    const shift = laser(ky, kx);
    geometry.phase[i] =
      geometry.perDefocus[i] * dzA +
      constantPhase +
      evenPhase(optics.evenZernikes, k2, direction) -
      shift.even;
    geometry.spherical[i] = spherical * k2 * k2;
    geometry.odd[i] = oddPhase(optics.oddZernikes, k2, direction) + shift.odd;
    geometry.coma[i] = -2 * Math.PI * csA * lambda * lambda * k2 * (tiltX * kx + tiltY * ky);
    geometry.envelope[i] = envelope(fy * fy + fx * fx, k2);
  });
  return geometry;
}

/** Phase shift of a laser phase plate at a frequency: P₊ and P₋. */
function laserShifts({ laserPhasePlate, voltageKv }: OpticsParameters) {
  if (laserPhasePlate === undefined) return () => ({ even: 0, odd: 0 });
  const eta = laserPhase(laserPhasePlate, voltageKv);
  const unscattered = eta(0, 0);
  return (ky: number, kx: number) => {
    const [one, other] = [eta(ky, kx), eta(-ky, -kx)];
    return { even: unscattered - (one + other) / 2, odd: (other - one) / 2 };
  };
}

/** What is left of the signal at f² in (cycles/pixel)², k² in Å⁻²: B-factor, chromatic aberration and camera. */
function envelopeOf(optics: OpticsParameters, pixelSizeA: number): (f2: number, k2: number) => number {
  const { bFactorA2 = 0, focusSpread, mtf, voltageKv } = optics;
  const decay = -bFactorA2 / 4 / pixelSizeA ** 2;
  const chromatic = focusSpread && prepareChromaticEnvelope({ ...focusSpread, voltageKv });
  // from cycles per pixel of the image to those of the camera
  const binning = (mtf?.pixelSizeA ?? pixelSizeA) / pixelSizeA;
  return (f2, k2) =>
    Math.exp(decay * f2) *
    (chromatic === undefined ? 1 : chromatic(Math.sqrt(k2))) *
    (mtf === undefined ? 1 : mtfGain(mtf, Math.sqrt(f2) * binning));
}

interface SearchPoint {
  /** (px + offset) / px */
  readonly pixelScale: number;
  readonly defocusOffsetA: number;
}

function fillReal(
  plane: Float32Array,
  geometry: Geometry,
  { pixelScale, defocusOffsetA }: SearchPoint,
): void {
  const { phase, perDefocus, spherical, envelope } = geometry;
  const csScale = pixelScale ** -4;
  for (let i = 0; i < phase.length; i++) {
    const chi = phase[i] + perDefocus[i] * defocusOffsetA + spherical[i] * csScale;
    plane[i] = -Math.sin(chi) * envelope[i];
  }
}

function fillComplex(
  plane: Float32Array,
  geometry: Geometry,
  { pixelScale, defocusOffsetA }: SearchPoint,
): void {
  const { phase, perDefocus, spherical, envelope, odd, coma } = geometry;
  const [csScale, comaScale] = [pixelScale ** -4, pixelScale ** -3];
  for (let i = 0; i < phase.length; i++) {
    const chi = phase[i] + perDefocus[i] * defocusOffsetA + spherical[i] * csScale;
    const modulus = -Math.sin(chi) * envelope[i];
    const oddPhases = odd[i] + coma[i] * comaScale;
    plane[2 * i] = modulus * Math.cos(oddPhases);
    plane[2 * i + 1] = modulus * Math.sin(oddPhases);
  }
}

/** Whether something shifts opposite frequencies unlike each other, so that a CTF is complex: odd Zernikes, a beam tilt, a laser beside the beam. */
export function hasOddAberrations({ oddZernikes, beamTiltMrad, laserPhasePlate }: OpticsParameters): boolean {
  const isTilted = beamTiltMrad?.some((tilt) => tilt !== 0) ?? false;
  return (
    oddZernikes !== undefined || isTilted || (laserPhasePlate !== undefined && hasOddPhase(laserPhasePlate))
  );
}

function requireOptics(optics: OpticsParameters): void {
  requireKnownOptions("optics", optics, OPTICS_KEYS);
  requireKnownOptions("optics.mtf", optics.mtf, MTF_KEYS);
  const { voltageKv, amplitudeContrast } = optics;
  requireNumber(voltageKv, voltageKv > 0, { at: "optics.voltageKv", expected: "kV above 0" });
  const at = { at: "optics.amplitudeContrast", expected: "a fraction from 0 to 1" };
  requireNumber(amplitudeContrast, amplitudeContrast >= 0 && amplitudeContrast <= 1, at);
  const { sphericalAberrationMm, defocusUA, defocusVA, astigmatismAngleDeg, phaseShiftDeg, bFactorA2 } =
    optics;
  const named = {
    sphericalAberrationMm,
    defocusUA,
    defocusVA,
    astigmatismAngleDeg,
    phaseShiftDeg,
    bFactorA2,
  };
  requireKnownOptions("optics.evenZernikes", optics.evenZernikes, EVEN_KEYS);
  requireKnownOptions("optics.oddZernikes", optics.oddZernikes, ODD_KEYS);
  const zernikes = { ...optics.evenZernikes, ...optics.oddZernikes };
  const tilts = { "beamTiltMrad.x": optics.beamTiltMrad?.[0], "beamTiltMrad.y": optics.beamTiltMrad?.[1] };
  for (const [name, value] of Object.entries({ ...named, ...zernikes, ...tilts })) {
    requireNumber(value ?? 0, true, { at: `optics.${name}`, expected: "a finite number" });
  }
  if (optics.mtf === undefined) return;
  const { pixelSizeA = 1 } = requireMtf(optics.mtf, "optics.mtf");
  requireNumber(pixelSizeA, pixelSizeA > 0, { at: "optics.mtf.pixelSizeA", expected: "Å above 0" });
}

function requireGrid({ shape, pixelSizeA, defocusOffsetsA, pixelSizeOffsetsA = [0] }: CtfGrid): void {
  requireShape(shape, "grid.shape");
  requireNumber(pixelSizeA, pixelSizeA > 0, { at: "grid.pixelSizeA", expected: "Å above 0" });
  for (const [i, offset] of Array.from(defocusOffsetsA).entries()) {
    requireNumber(offset, true, { at: `grid.defocusOffsetsA[${i}]`, expected: "a finite number" });
  }
  for (const [i, offset] of Array.from(pixelSizeOffsetsA).entries()) {
    const expected = `Å above -${pixelSizeA}`;
    requireNumber(offset, pixelSizeA + offset > 0, { at: `grid.pixelSizeOffsetsA[${i}]`, expected });
  }
}
