import { VitrineError } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import type { CtfOptics, MicrographCtf } from "../particles/micrographCtf.ts";
import type { ParticleColumns } from "../particles/particlesToStar.ts";
import { toNumber } from "../particles/tableCells.ts";
import { tellUnusedOptics } from "../particles/unusedOptics.ts";

/** Our columns that are alike for all particles of a micrograph. */
const SHARED = [
  ["voltageKv", "voltage"],
  ["sphericalAberrationMm", "spherical_aberration"],
  ["amplitudeContrast", "amplitude_contrast_ratio"],
  ["phaseShiftDeg", "phase_shift"],
  ["pixelSizeA", "pixel_size"],
] as const satisfies readonly (readonly [keyof CtfOptics, string])[];

const RAD = Math.PI / 180;

/**
 * The CTFs of the micrographs of particles: the mean of their defocus, astigmatism as a vector at twice its angle; the rest is that of the first
 * particle.
 *
 * @throws {VitrineError} missing: a table without micrographs or defocus
 */
export function ctfsOfParticles(
  { rows, columns }: ParticleColumns,
  at: string,
  onLog?: Log,
): MicrographCtf[] {
  const absent = ["micrograph_path", "defocus_u", "defocus_v"].find((name) => !columns.has(name));
  if (absent !== undefined) {
    const expected = `particles with their micrographs and defocus (${absent})`;
    throw new VitrineError({ code: "missing", at, expected, found: [...columns.keys()].join(", ") });
  }
  const text = (row: number, name: string) => columns.get(name)?.(row) ?? "";
  tellUnusedOptics([...columns.keys()], { rows, text, at }, onLog);
  const groups = new Map<string, number[]>();
  for (let row = 0; row < rows; row++) {
    const name = columns.get("micrograph_path")?.(row) ?? "";
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [row]);
    else group.push(row);
  }
  onLog?.(`${at}: the defocus of a micrograph is the mean of its particles'`, "note");
  return [...groups].map(([name, group]) => {
    return { at: `${at} particle ${group[0] + 1}`, name, optics: meanOptics(columns, group) };
  });
}

function meanOptics(columns: ParticleColumns["columns"], rows: readonly number[]): CtfOptics {
  const value = (name: string, row: number) => toNumber(columns.get(name)?.(row) ?? "");
  const mean = (of: (row: number) => number) => rows.reduce((sum, row) => sum + of(row), 0) / rows.length;
  const half = (row: number) => (value("defocus_u", row) - value("defocus_v", row)) / 2;
  const angle = (row: number) =>
    2 * RAD * (columns.has("astigmatism_angle") ? value("astigmatism_angle", row) : 0);
  const middle = mean((row) => (value("defocus_u", row) + value("defocus_v", row)) / 2);
  const [x, y] = [
    mean((row) => half(row) * Math.cos(angle(row))),
    mean((row) => half(row) * Math.sin(angle(row))),
  ];
  const shared = SHARED.flatMap(([field, name]) => {
    const first = value(name, rows[0]);
    return Number.isFinite(first) ? [[field, first] as const] : [];
  });
  return {
    defocusUA: plain(middle + Math.hypot(x, y)),
    defocusVA: plain(middle - Math.hypot(x, y)),
    astigmatismAngleDeg: plain(Math.atan2(y, x) / (2 * RAD)),
    ...Object.fromEntries(shared),
  };
}

/** Ten digits: those of a mean beyond are noise. */
function plain(value: number): number {
  return Number(value.toPrecision(10));
}
