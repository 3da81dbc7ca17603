import { VitrineError } from "../../core/index.ts";
import type { OffsetSearch, OrientationGrid } from "../../optics/index.ts";
import type { Log } from "../../program/index.ts";
import type { MatchTemplateYaml, OrientationSearchYaml } from "./configSchema.ts";

/** Defocus offsets to search; null where not enabled. Throws range where max is below min. */
export function toDefocusSearch(
  search: MatchTemplateYaml["defocus_search_config"],
  at: string,
  section = "defocus_search_config",
): OffsetSearch | null {
  if (!search.enabled) return null;
  const {
    defocus_min: min,
    defocus_max: max,
    defocus_step: step,
    skip_enforce_zero: skipEnforceZero,
  } = search;
  requireAscending({ min, max }, `${at} ${section}.defocus_max`);
  return { min, max, step, skipEnforceZero };
}

/** Pixel size offsets to search; null where not enabled. Throws range where max is below min, or the step is 0. */
export function toPixelSizeSearch(
  search: MatchTemplateYaml["pixel_size_search_config"],
  at: string,
  section = "pixel_size_search_config",
): OffsetSearch | null {
  if (!search?.enabled) return null;
  const { pixel_size_min: min, pixel_size_max: max, pixel_size_step: step } = search;
  requireAscending({ min, max }, `${at} ${section}.pixel_size_max`);
  if (step === 0) {
    const where = `${at} ${section}.pixel_size_step`;
    throw new VitrineError({ code: "range", at: where, expected: "a number above 0", found: "0" });
  }
  return { min, max, step, skipEnforceZero: search.skip_enforce_zero };
}

/** @throws {VitrineError} range: a maximum below its minimum */
export function requireAscending({ min, max }: { min: number; max: number }, at: string): void {
  if (max >= min) return;
  throw new VitrineError({ code: "range", at, expected: `a number of at least ${min}`, found: String(max) });
}

/**
 * The orientation grids, one after the other.
 *
 * @throws {VitrineError} format: both or neither of symmetry and ranges, or a symmetry that is none; range: a range that
 *   runs backwards
 */
export function toOrientations(
  search: MatchTemplateYaml["orientation_search_config"],
  at: string,
): readonly OrientationGrid[] {
  const where = `${at} orientation_search_config`;
  if (!("orientation_configs" in search)) return [toGrid(search, where)];
  return search.orientation_configs.map((grid, i) => toGrid(grid, `${where}.orientation_configs[${i}]`));
}

function toGrid(search: OrientationSearchYaml, at: string): OrientationGrid {
  const steps = {
    psiStepDeg: search.psi_step,
    thetaStepDeg: search.theta_step,
    ...(search.base_grid_method !== "uniform" && { baseGrid: search.base_grid_method }),
  };
  const { phi_min, phi_max, theta_min, theta_max, psi_min, psi_max } = search;
  const hasRanges = [phi_min, phi_max, theta_min, theta_max, psi_min, psi_max].some(
    (angle) => angle !== null,
  );
  if (Boolean(search.symmetry) === hasRanges) throw symmetryOrRanges(at, hasRanges);
  if (search.symmetry) return { ...steps, symmetry: toSymmetry(search.symmetry, `${at}.symmetry`) };
  const ranges = {
    phi: [phi_min ?? 0, phi_max ?? 360] as const,
    theta: [theta_min ?? 0, theta_max ?? 180] as const,
    psi: [psi_min ?? 0, psi_max ?? 360] as const,
  };
  for (const [name, [min, max]] of Object.entries(ranges))
    requireAscending({ min, max }, `${at}.${name}_max`);
  return { ...steps, phiRangeDeg: ranges.phi, thetaRangeDeg: ranges.theta, psiRangeDeg: ranges.psi };
}

function symmetryOrRanges(at: string, hasRanges: boolean): VitrineError {
  return new VitrineError({
    code: "format",
    at: `${at}.symmetry`,
    expected: "either a symmetry or angle ranges",
    found: hasRanges ? "both" : "neither",
    hint: hasRanges
      ? "Set symmetry: null to search the ranges, or every phi, theta and psi limit to null to search the symmetry"
      : 'Set symmetry: "C1", or the phi, theta and psi limits',
  });
}

/**
 * A symmetry as the grids call it: of every program that takes one.
 *
 * @throws {VitrineError} format: none
 *
 * Leopard-EM takes either case, a missing order for 1, and no notice of an order after T, O or I.
 */
export function toSymmetry(symmetry: string, at: string): string {
  const [, group, order] = /^([CDTOI])(\d*)$/.exec(symmetry.toUpperCase()) ?? [];
  if (group === undefined || (/[CD]/.test(group) && order !== "" && Number(order) === 0)) {
    const expected = "C or D with its order, T, O or I";
    throw new VitrineError({ code: "format", at, expected, found: JSON.stringify(symmetry) });
  }
  return /[CD]/.test(group) ? `${group}${Number(order || 1)}` : group;
}

/** As {@link toSymmetry}, of an option; what of it has no effect is said. @throws {VitrineError} format: none */
export function symmetryOption(symmetry: string, at: string, onLog: Log | undefined): string {
  const known = toSymmetry(symmetry, at);
  const order = idleOrder(symmetry);
  if (order !== "") onLog?.(`${at}: the ${order} of ${symmetry} has no effect: ${FIXED_AXES}`, "warning");
  return known;
}

/** Numbers of symmetries that have no effect, as fields of a configuration. */
export function idleOrders(search: MatchTemplateYaml["orientation_search_config"]): string[] {
  const grids = "orientation_configs" in search ? search.orientation_configs : [search];
  return grids.flatMap(({ symmetry }) => {
    const order = idleOrder(symmetry ?? "");
    const at = "orientation_search_config.symmetry";
    return order === "" ? [] : [`${at}: the ${order} of ${symmetry} (${FIXED_AXES})`];
  });
}

const FIXED_AXES =
  "two-fold axes (O: four-fold) lie along x, y and z, five-fold ones of I in the plane of x and z";

/** The number behind T, O or I, by which other programs tell how their axes lie: "2" of "I2"; empty where there is none. */
function idleOrder(symmetry: string): string {
  return /^[TOI](\d+)$/i.exec(symmetry)?.[1] ?? "";
}
