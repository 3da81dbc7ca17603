import { VitrineError } from "../../core/index.ts";
import type { MatchTemplateYaml } from "./configSchema.ts";

/** Where the eight maps go. */
export interface MapPaths {
  readonly mip: string;
  readonly scaledMip: string;
  readonly correlationAverage: string;
  /** Leopard-EM calls the standard deviation variance. */
  readonly correlationVariance: string;
  readonly orientationPsi: string;
  readonly orientationTheta: string;
  readonly orientationPhi: string;
  readonly relativeDefocus: string;
}

/** The maps with a path, by their names in Leopard-EM's HDF5 files. */
export const MAP_NAMES = {
  mip: "mip",
  scaledMip: "scaled_mip",
  correlationAverage: "correlation_average",
  correlationVariance: "correlation_variance",
  orientationPsi: "orientation_psi",
  orientationTheta: "orientation_theta",
  orientationPhi: "orientation_phi",
  relativeDefocus: "relative_defocus",
} as const satisfies Record<keyof MapPaths, string>;

/** Where the results of a search go. */
export interface ResultPaths extends MapPaths {
  readonly allowFileOverwrite: boolean;
  /** All maps lie in one HDF5 file, whose path each of them has, packed or not; absent: each is an MRC file. */
  readonly hdf5?: { readonly compress: boolean };
  /** HDF5 file of all correlations above a threshold; absent: none. */
  readonly correlationTable?: string;
}

/** The eight maps and their paths. */
export function mapPaths(results: ResultPaths): [keyof MapPaths, string][] {
  return (Object.keys(MAP_NAMES) as (keyof MapPaths)[]).map((map) => [map, results[map]]);
}

type ResultYaml = MatchTemplateYaml["match_template_result"];

/** Paths in our own names. @throws {VitrineError} exists: two results of the same path */
export function toResults(result: ResultYaml, at: string): ResultPaths {
  requireDistinct(result, at);
  const { allow_file_overwrite: allowFileOverwrite, correlation_table_path: correlationTable } = result;
  const shared = { allowFileOverwrite, ...(correlationTable && { correlationTable }) };
  if ("hdf5_path" in result) {
    const maps = Object.keys(MAP_NAMES).map((map) => [map, result.hdf5_path]);
    return { ...(Object.fromEntries(maps) as MapPaths), ...shared, hdf5: { compress: result.compress } };
  }
  return {
    ...shared,
    mip: result.mip_path,
    scaledMip: result.scaled_mip_path,
    correlationAverage: result.correlation_average_path,
    correlationVariance: result.correlation_variance_path,
    orientationPsi: result.orientation_psi_path,
    orientationTheta: result.orientation_theta_path,
    orientationPhi: result.orientation_phi_path,
    relativeDefocus: result.relative_defocus_path,
  };
}

function requireDistinct(result: ResultYaml, at: string): void {
  const paths = Object.entries(result).filter(([key, path]) => key.endsWith("_path") && path);
  paths.forEach(([key, path], i) => {
    const twin = paths.slice(0, i).find(([, other]) => other === path);
    if (twin === undefined) return;
    const expected = `a path other than that of ${twin[0]}`;
    throw new VitrineError({ code: "exists", at: `${at}.${key}`, expected, found: String(path) });
  });
}
