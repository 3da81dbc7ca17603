import { VitrineError } from "../../core/index.ts";
import { type LaserPhasePlate, type OpticsParameters, requireMtf } from "../../optics/index.ts";
import type { FieldConventions } from "../leopard/fields.ts";
import type { OpticsEffectsYaml } from "./configSchema.ts";
import type { MtfFile } from "./mtfFile.ts";

/** What a file says of the optics that tables of particles have no columns for. `readMtfFile` puts the MTF in the place of its path. */
export interface OpticsEffects
  extends Pick<OpticsParameters, "beamTiltMrad" | "focusSpread" | "mtf" | "laserPhasePlate"> {
  readonly mtfFile?: MtfFile;
}

/** Those of a field emission gun and its supplies, as torch-fourier-filter has them: full width in eV, ΔV/V, ΔI/I. */
const DEFAULTS = { energySpreadEv: 0.7, voltageRipple: 0.06e-6, currentRipple: 0.01e-6 };

/** Full width at half maximum of a Gaussian of standard deviation 1. */
const FULL_WIDTH = 2 * Math.sqrt(2 * Math.LN2);

/** How {@link toOpticsEffects} reads. */
interface EffectOptions {
  readonly fields: FieldConventions;
  /** Of the camera where the file does not say; the image's own where absent. */
  readonly pixelSizeA?: number;
}

/**
 * Beam tilt, chromatic aberration, MTF and laser phase plate of an `optics_group`.
 *
 * @param at  how messages call the section
 * @throws {VitrineError} format: an MTF both as a file and as values; range: fewer than two values, or none above 0
 */
export function toOpticsEffects(
  group: OpticsEffectsYaml | undefined,
  at: string,
  { fields, pixelSizeA }: EffectOptions,
): OpticsEffects {
  if (group === undefined || !fields.opticsEffects) return {};
  const tilt = [group.beam_tilt_x ?? 0, group.beam_tilt_y ?? 0] as const;
  const cameraA = group.mtf_pixel_size ?? pixelSizeA;
  return {
    ...(tilt.some((value) => value !== 0) && { beamTiltMrad: tilt }),
    ...(group.chromatic_aberration && { focusSpread: toFocusSpread(group, group.chromatic_aberration) }),
    ...toMtf(group, at, cameraA === undefined ? {} : { pixelSizeA: cameraA }),
    ...(group.laser_phase_plate && { laserPhasePlate: toLaser(group.laser_phase_plate) }),
  };
}

/** Fields of an `optics_group` that are set and have no effect. */
export function ignoredEffects(group: OpticsEffectsYaml | undefined, fields: FieldConventions): string[] {
  if (group === undefined) return [];
  const isSet = (key: keyof OpticsEffectsYaml) => group[key] !== undefined && group[key] !== null;
  const acts = (key: "chromatic_aberration" | "beam_tilt_x" | "beam_tilt_y") => (group[key] ? [key] : []);
  const effects = [
    ...acts("chromatic_aberration"),
    ...(["mtf_reference", "mtf_values"] as const).filter(isSet),
    ...acts("beam_tilt_x"),
    ...acts("beam_tilt_y"),
    ...(["laser_phase_plate"] as const).filter(isSet),
  ];
  const spread = (["energy_spread", "voltage_ripple", "current_ripple"] as const).filter(isSet);
  const camera = (["mtf_pixel_size"] as const).filter(isSet);
  const hasMtf = isSet("mtf_reference") || isSet("mtf_values");
  const unused = [
    ...(fields.opticsEffects ? [] : effects),
    ...(fields.opticsEffects && group.chromatic_aberration ? [] : spread),
    ...(fields.opticsEffects && hasMtf ? [] : camera),
  ];
  return unused.map((key) => `optics_group.${key}`);
}

function toFocusSpread(group: OpticsEffectsYaml, chromaticAberrationMm: number) {
  return {
    chromaticAberrationMm,
    energySpreadEv: (group.energy_spread ?? DEFAULTS.energySpreadEv) / FULL_WIDTH,
    voltageRipple: group.voltage_ripple ?? DEFAULTS.voltageRipple,
    currentRipple: group.current_ripple ?? DEFAULTS.currentRipple,
  };
}

/** Values lie evenly from frequency 0 to Nyquist. */
function toMtf(
  { mtf_reference: path, mtf_values: amplitudes }: OpticsEffectsYaml,
  at: string,
  camera: { readonly pixelSizeA?: number },
): Pick<OpticsEffects, "mtf" | "mtfFile"> {
  if (path !== null && amplitudes !== null) {
    const expected = "either a file of an MTF or its values (mtf_values)";
    throw new VitrineError({ code: "format", at: `${at}.mtf_reference`, expected, found: "both" });
  }
  if (path !== null) return { mtfFile: { path, ...camera } };
  if (amplitudes === null) return {};
  const last = amplitudes.length - 1;
  if (last < 1) {
    const expected = "two values or more, evenly from frequency 0 to Nyquist";
    throw new VitrineError({ code: "range", at: `${at}.mtf_values`, expected, found: String(last + 1) });
  }
  const frequencies = amplitudes.map((_, i) => (0.5 * i) / last);
  return { mtf: requireMtf({ frequencies, amplitudes, ...camera }, `${at}.mtf_values`) };
}

function toLaser(plate: NonNullable<OpticsEffectsYaml["laser_phase_plate"]>): LaserPhasePlate {
  return {
    peakPhaseDeg: plate.peak_phase,
    numericalAperture: plate.numerical_aperture,
    laserWavelengthA: plate.wavelength,
    focalLengthMm: plate.focal_length,
    angleDeg: plate.angle,
    tiltDeg: plate.tilt,
    alongOffsetA: plate.along_offset,
    acrossOffsetA: plate.across_offset,
    polarizationDeg: plate.polarization,
    isCrossed: plate.crossed,
  };
}
