import type { MatchOptics } from "../config/config.ts";

/** What programs that fit CTFs tell of a micrograph: Å, degrees, kV, mm. What is absent is the configuration's. */
export type CtfOptics = Partial<
  Pick<
    MatchOptics,
    | "defocusUA"
    | "defocusVA"
    | "astigmatismAngleDeg"
    | "phaseShiftDeg"
    | "voltageKv"
    | "sphericalAberrationMm"
    | "amplitudeContrast"
    | "pixelSizeA"
  >
>;

/** A micrograph as a table of CTFs calls it, and its CTF. */
export interface MicrographCtf {
  /** How messages call it: file and row. */
  readonly at: string;
  /** The path that the table gives, relative to whatever its program was run in. */
  readonly name: string;
  readonly optics: CtfOptics;
}
