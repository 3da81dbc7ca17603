/** What the form of a search holds. */

/** Å, kV, mm, degrees. */
export interface SearchFields {
  readonly pixelSizeA: number;
  readonly voltageKv: number;
  readonly sphericalAberrationMm: number;
  readonly amplitudeContrast: number;
  readonly phaseShiftDeg: number;
  readonly defocusUA: number;
  readonly defocusVA: number;
  readonly astigmatismAngleDeg: number;
  /** Searched so far to either side; 0: not at all. */
  readonly defocusSpreadA: number;
  readonly defocusStepA: number;
  readonly thetaStepDeg: number;
  readonly psiStepDeg: number;
  /** Empty where the configuration names ranges of angles. */
  readonly symmetry: string;
}

/** A field as the form shows it. */
export interface FieldFacts {
  readonly key: Exclude<keyof SearchFields, "symmetry">;
  readonly label: string;
  readonly unit: string;
  /** Smallest value. */
  readonly min?: number;
}

/** Of the microscope, and of what is searched. */
export const OPTICS: readonly FieldFacts[] = [
  { key: "pixelSizeA", label: "Pixel size", unit: "Å", min: 0 },
  { key: "defocusUA", label: "Defocus U", unit: "Å" },
  { key: "defocusVA", label: "Defocus V", unit: "Å" },
  { key: "astigmatismAngleDeg", label: "Astigmatism angle", unit: "°" },
  { key: "voltageKv", label: "Voltage", unit: "kV", min: 0 },
  { key: "sphericalAberrationMm", label: "Cs", unit: "mm", min: 0 },
  { key: "amplitudeContrast", label: "Amplitude contrast", unit: "", min: 0 },
  { key: "phaseShiftDeg", label: "Phase shift", unit: "°" },
];
export const SPACE: readonly FieldFacts[] = [
  { key: "thetaStepDeg", label: "Out-of-plane step", unit: "°", min: 0 },
  { key: "psiStepDeg", label: "In-plane step", unit: "°", min: 0 },
  { key: "defocusSpreadA", label: "Defocus searched ±", unit: "Å", min: 0 },
  { key: "defocusStepA", label: "Defocus step", unit: "Å", min: 0 },
];

/** Before any file said otherwise: a microscope of 300 kV, Leopard-EM's steps. */
export const DEFAULT_FIELDS: SearchFields = {
  pixelSizeA: 0,
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.07,
  phaseShiftDeg: 0,
  defocusUA: 10_000,
  defocusVA: 10_000,
  astigmatismAngleDeg: 0,
  defocusSpreadA: 0,
  defocusStepA: 200,
  thetaStepDeg: 2.5,
  psiStepDeg: 1.5,
  symmetry: "C1",
};
