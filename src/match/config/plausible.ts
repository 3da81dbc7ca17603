import type { OpticsParameters } from "../../optics/index.ts";
import type { Log } from "../../program/index.ts";
import type { MatchSettings } from "./config.ts";

/** What a number of a microscope or an experiment is. */
export type Quantity = keyof typeof USUAL;

/** A number that was given, and how messages call it. */
export interface GivenValue {
  /** Where it stands: file and field, or option. */
  readonly at: string;
  readonly quantity: Quantity;
  /** Absent: not given. */
  readonly value: number | undefined;
}

/** Where a quantity lies in practice, both ends included. */
interface UsualRange {
  readonly from: number;
  readonly to: number;
  readonly unit: string;
  /** Whether 0 means that there is none. */
  readonly allowsZero?: boolean;
  readonly hint: string;
}

/**
 * Wide enough for what microscopes do, and narrow enough for a value in another unit to fall outside: micrographs are taken 0.1 to 5 µm
 * from focus, with µm or nm in the place of Å the number is a thousand or ten times less; columns run at 60 kV to 1.25 MV; lenses have
 * 0.5 to 5 mm of spherical aberration, those with a corrector some µm.
 */
const USUAL = {
  defocus: { from: 1000, to: 50_000, unit: "Å", hint: "1.2 µm are 12000 Å; underfocus is positive" },
  voltage: { from: 60, to: 1250, unit: "kV", hint: "300000 V are 300 kV" },
  sphericalAberration: {
    ...{ from: 0.001, to: 10, unit: "mm", allowsZero: true },
    hint: "2.7 mm are 2700 µm or 2.7e7 Å",
  },
  chromaticAberration: { from: 0.01, to: 10, unit: "mm", allowsZero: true, hint: "2.7 mm are 2700 µm" },
  amplitudeContrast: {
    ...{ from: 0.005, to: 0.5, unit: "of 1", allowsZero: true },
    hint: "7 per cent are 0.07",
  },
  phaseShift: { from: -180, to: 180, unit: "°", hint: "it is in degrees" },
  bFactor: { from: 0, to: 1000, unit: "Å²", hint: "it falls off as exp(-B k²/4)" },
  beamTilt: { from: -20, to: 20, unit: "mrad", hint: "1 mrad are 1000 µrad" },
  pixelSize: { from: 0.2, to: 50, unit: "Å", hint: "0.1 nm are 1 Å" },
  defocusStep: { from: 5, to: 10_000, unit: "Å", hint: "0.02 µm are 200 Å" },
  dose: { from: 0.01, to: 1000, unit: "electrons/Å²", allowsZero: true, hint: "100 a nm² are 1 a Å²" },
} as const satisfies Record<string, UsualRange>;

/** What is to be said of a value; undefined where it is a usual one. */
export function implausible({ at, quantity, value }: GivenValue): string | undefined {
  const { from, to, unit, hint, ...range }: UsualRange = USUAL[quantity];
  if (value === undefined || Number.isNaN(value) || (value >= from && value <= to)) return undefined;
  if (value === 0 && range.allowsZero) return undefined;
  return `${at}: ${value} ${unit} is not between ${from} and ${to} ${unit}: is the unit right (${hint})? It is used as it is`;
}

/** Says once of each value that lies where no microscope does that its unit may be another. Nothing is refused. */
export function warnOfImplausible(values: readonly GivenValue[], onLog: Log | undefined): void {
  const said = values.map(implausible).filter((text) => text !== undefined);
  for (const text of new Set(said)) onLog?.(text, "warning");
}

/**
 * As {@link warnOfImplausible} of rows that have the same values in the same order: a word for each value, about the first row in which
 * it is odd, with how many others are so.
 */
export function warnOfRows(rows: Iterable<readonly GivenValue[]>, onLog: Log | undefined): void {
  const odd = new Map<number, { readonly text: string; more: number }>();
  for (const row of rows) {
    row.forEach((given, i) => {
      const text = implausible(given);
      if (text === undefined) return;
      const first = odd.get(i);
      if (first === undefined) odd.set(i, { text, more: 0 });
      else first.more++;
    });
  }
  for (const { text, more } of odd.values())
    onLog?.(
      more === 0 ? text : `${text}; so ${more === 1 ? "is 1 more row" : `are ${more} more rows`}`,
      "warning",
    );
}

/** The optics of one image. @param nameOf  how messages call a field of an `optics_group` */
export function opticsValues(
  optics: Partial<OpticsParameters> & { readonly pixelSizeA?: number },
  nameOf: (field: string) => string,
): GivenValue[] {
  const value = (field: string, quantity: Quantity, given: number | undefined) => ({
    at: nameOf(field),
    quantity,
    value: given,
  });
  return [
    value("pixel_size", "pixelSize", optics.pixelSizeA),
    value("voltage", "voltage", optics.voltageKv),
    value("spherical_aberration", "sphericalAberration", optics.sphericalAberrationMm),
    value("amplitude_contrast_ratio", "amplitudeContrast", optics.amplitudeContrast),
    value("phase_shift", "phaseShift", optics.phaseShiftDeg),
    value("defocus_u", "defocus", optics.defocusUA),
    value("defocus_v", "defocus", optics.defocusVA),
    value("ctf_B_factor", "bFactor", optics.bFactorA2),
    value("chromatic_aberration", "chromaticAberration", optics.focusSpread?.chromaticAberrationMm),
    value("beam_tilt_x", "beamTilt", optics.beamTiltMrad?.[0]),
    value("beam_tilt_y", "beamTilt", optics.beamTiltMrad?.[1]),
  ];
}

/** Columns of a table of particles that hold quantities. */
export const TABLE_QUANTITIES = [
  ["pixel_size", "pixelSize"],
  ["voltage", "voltage"],
  ["spherical_aberration", "sphericalAberration"],
  ["amplitude_contrast_ratio", "amplitudeContrast"],
  ["phase_shift", "phaseShift"],
  ["defocus_u", "defocus"],
  ["defocus_v", "defocus"],
  ["ctf_B_factor", "bFactor"],
] as const satisfies readonly (readonly [string, Quantity])[];

/** What a search is told in numbers. @param at  how messages call its file */
export function searchValues(
  { optics, defocus }: Pick<MatchSettings, "defocus"> & { readonly optics: Partial<MatchSettings["optics"]> },
  at: string,
): GivenValue[] {
  return [
    ...opticsValues(optics, (field) => `${at} optics_group.${field}`),
    { at: `${at} defocus_search_config.defocus_step`, quantity: "defocusStep", value: stepOf(defocus) },
  ];
}

/** Of optics that a configuration tells beside those of a table of particles. @param at  how messages call its file */
export function effectsValues(effects: Partial<OpticsParameters>, at: string): GivenValue[] {
  return opticsValues(effects, (field) => `${at} optics_group.${field}`);
}

/** A range of one value has no step. */
function stepOf(search: MatchSettings["defocus"]): number | undefined {
  return search === null || search.max === search.min ? undefined : search.step;
}
