import { VitrineError } from "../../core/index.ts";
import type { CtfOptics, MicrographCtf } from "../particles/micrographCtf.ts";

/** Whether a text is what CTFFIND writes beside its diagnostic image. */
export function isCtffind(text: string): boolean {
  return (
    /^\s*#\s*Output from CTFFind/i.test(text) || /^#\s*Columns:\s*#1\s*-\s*micrograph number/im.test(text)
  );
}

/**
 * The one micrograph of a text of CTFFIND 4 or 5: microscope and pixel size from its comments, then columns of micrograph number, defocus 1 and 2
 * (Å), azimuth of astigmatism (degrees), phase shift (radians).
 *
 * @param at  how messages call the file, whose name stands for the micrograph where the text names none
 * @throws {VitrineError} format: no line of numbers; unsupported: several, of a stack
 *
 * Source: Rohou & Grigorieff 2015, J. Struct. Biol. 192:216; the comment line `# Columns:` of CTFFIND 4.1.
 */
export function parseCtffind(text: string, at: string): MicrographCtf {
  const rows = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (rows.length !== 1) {
    throw new VitrineError({
      code: rows.length === 0 ? "format" : "unsupported",
      at,
      expected: "one line of numbers, of one micrograph",
      found: `${rows.length}`,
    });
  }
  const [, defocusUA, defocusVA, astigmatismAngleDeg, phaseRad] = rows[0].trim().split(/\s+/).map(toNumber);
  if (phaseRad === undefined) {
    const expected = "micrograph number, defocus 1 and 2, azimuth and phase shift";
    throw new VitrineError({ code: "format", at, expected, found: JSON.stringify(rows[0]) });
  }
  const phaseShiftDeg = (phaseRad * 180) / Math.PI;
  const name = /^#\s*Input file:\s*(.*?)\s*(;|$)/im.exec(text)?.[1] ?? at;
  return {
    at,
    name,
    optics: { defocusUA, defocusVA, astigmatismAngleDeg, phaseShiftDeg, ...microscope(text) },
  };
}

/** `inf` is what CTFFIND writes of a fit that failed. */
function toNumber(text: string): number {
  return /^[+-]?inf/i.test(text) ? Number.POSITIVE_INFINITY : Number(text);
}

const COMMENTS = [
  ["pixelSizeA", /Pixel size:\s*([\d.]+)/i],
  ["voltageKv", /acceleration voltage:\s*([\d.]+)/i],
  ["sphericalAberrationMm", /spherical aberration:\s*([\d.]+)/i],
  ["amplitudeContrast", /amplitude contrast:\s*([\d.]+)/i],
] as const;

function microscope(text: string): CtfOptics {
  return Object.fromEntries(
    COMMENTS.flatMap(([field, pattern]) => {
      const value = Number(pattern.exec(text)?.[1] ?? Number.NaN);
      return Number.isFinite(value) ? [[field, value]] : [];
    }),
  );
}
