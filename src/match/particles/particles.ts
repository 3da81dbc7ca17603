import { elementCount, requireKnownOptions, type Shape2, VitrineError } from "../../core/index.ts";
import type { CsvValue } from "../../io/index.ts";
import type { MatchSettings } from "../config/config.ts";
import type { Peak } from "../peaks/peaks.ts";
import { float32Text, float64Text, jsonText, listText } from "./pythonText.ts";

/** The maps of a search, each (H, W) in C order, of the part where the template lies inside the image. */
export interface ResultMaps {
  readonly shape: Shape2;
  readonly mip: Float32Array;
  readonly scaledMip: Float32Array;
  readonly correlationAverage: Float32Array;
  /** The standard deviation, which Leopard-EM calls variance. */
  readonly correlationVariance: Float32Array;
  readonly orientationPhi: Float32Array;
  readonly orientationTheta: Float32Array;
  readonly orientationPsi: Float32Array;
  readonly relativeDefocus: Float32Array;
  /** Å, where pixel sizes were searched. */
  readonly pixelSizeOffset?: Float32Array;
}

/** The values of `ResultMaps` at the peaks of a table, one of each a peak, in the peaks' order. */
export type ParticleValues = Omit<ResultMaps, "shape">;

/** What a table needs to know of its search beyond the settings. */
export interface SearchFacts {
  /** Per pixel: orientations x defocus values x pixel sizes. */
  readonly totalCorrelations: number;
  /** Voxels along an edge of the template. */
  readonly templateSize: number;
}

/** What a table tells of its search. */
type TableSettings = Pick<MatchSettings, "optics" | "micrographPath" | "templatePath" | "results">;

/** A table of text as Leopard-EM writes it. */
export interface ParticleTable {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, CsvValue>>[];
}

/** Leopard-EM 1.2's 39 columns of a match table, in its order. */
export const PARTICLE_COLUMNS = [
  "particle_index",
  "mip",
  "scaled_mip",
  "correlation_mean",
  "correlation_variance",
  "total_correlations",
  "pos_x",
  "pos_y",
  "pos_x_img",
  "pos_y_img",
  "pos_x_img_angstrom",
  "pos_y_img_angstrom",
  "phi",
  "theta",
  "psi",
  "relative_defocus",
  "defocus_u",
  "defocus_v",
  "astigmatism_angle",
  "pixel_size",
  "refined_pixel_size",
  "voltage",
  "spherical_aberration",
  "amplitude_contrast_ratio",
  "phase_shift",
  "ctf_B_factor",
  "even_zernikes",
  "odd_zernikes",
  "mag_matrix",
  "micrograph_path",
  "template_path",
  "mip_path",
  "scaled_mip_path",
  "psi_path",
  "theta_path",
  "phi_path",
  "defocus_path",
  "correlation_average_path",
  "correlation_variance_path",
] as const;

type ParticleRow = Readonly<Record<(typeof PARTICLE_COLUMNS)[number], CsvValue>>;

/**
 * The particle table of a search with Leopard-EM's columns, one row a peak in the order given.
 *
 * `pos_x`, `pos_y` are pixels of the maps, the top-left corner of the template; `pos_*_img` the particle's centre,
 * half a template further; `pos_*_img_angstrom` the same in Å. `correlation_variance` is the standard deviation, as in
 * the map of that name. `refined_pixel_size` is the pixel size, plus the best offset where pixel sizes were searched.
 * Numbers are the text that pandas gives float32 (maps) and float64 (the rest).
 *
 */
export function particleTable(
  peaks: readonly Peak[],
  values: ParticleValues,
  options: { readonly settings: TableSettings; readonly facts: SearchFacts },
): ParticleTable {
  requireKnownOptions("particleTable", options, { settings: true, facts: true });
  const { settings, facts } = options;
  const shared = { ...opticsCells(settings), ...pathCells(settings) };
  const rows = peaks.map((peak, i): ParticleRow => {
    return {
      particle_index: i,
      ...mapCells(values, i),
      ...positionCells(peak, settings.optics.pixelSizeA, facts.templateSize),
      total_correlations: facts.totalCorrelations,
      refined_pixel_size: float64Text(settings.optics.pixelSizeA + (values.pixelSizeOffset?.[i] ?? 0)),
      ...shared,
    };
  });
  return { columns: PARTICLE_COLUMNS, rows };
}

/**
 * The values of one map at peaks, so that a table needs no more than one map at a time.
 *
 * @throws {VitrineError} shape: a map that does not fill the shape; range: a peak outside it
 */
export function valuesAtPeaks(
  peaks: readonly Peak[],
  map: { readonly data: Float32Array; readonly shape: Shape2 },
): Float32Array {
  if (map.data.length !== elementCount(map.shape)) {
    const expected = `${elementCount(map.shape)} values for (${map.shape.join(", ")})`;
    throw new VitrineError({
      code: "shape",
      at: "valuesAtPeaks().map",
      expected,
      found: `${map.data.length}`,
    });
  }
  return Float32Array.from(peaks, (peak) => map.data[pixelOf(peak, map.shape)]);
}

function mapCells(maps: ParticleValues, pixel: number) {
  return {
    mip: float32Text(maps.mip[pixel]),
    scaled_mip: float32Text(maps.scaledMip[pixel]),
    correlation_mean: float32Text(maps.correlationAverage[pixel]),
    correlation_variance: float32Text(maps.correlationVariance[pixel]),
    phi: float32Text(maps.orientationPhi[pixel]),
    theta: float32Text(maps.orientationTheta[pixel]),
    psi: float32Text(maps.orientationPsi[pixel]),
    relative_defocus: float32Text(maps.relativeDefocus[pixel]),
  };
}

function positionCells({ x, y }: Peak, pixelSizeA: number, templateSize: number) {
  const half = Math.floor(templateSize / 2);
  return {
    pos_x: x,
    pos_y: y,
    pos_x_img: x + half,
    pos_y_img: y + half,
    pos_x_img_angstrom: float64Text((x + half) * pixelSizeA),
    pos_y_img_angstrom: float64Text((y + half) * pixelSizeA),
  };
}

function opticsCells({ optics }: TableSettings) {
  const { evenZernikes, oddZernikes, magnificationMatrix } = optics;
  return {
    defocus_u: float64Text(optics.defocusUA),
    defocus_v: float64Text(optics.defocusVA),
    astigmatism_angle: float64Text(optics.astigmatismAngleDeg),
    pixel_size: float64Text(optics.pixelSizeA),
    voltage: float64Text(optics.voltageKv),
    spherical_aberration: float64Text(optics.sphericalAberrationMm),
    amplitude_contrast_ratio: float64Text(optics.amplitudeContrast),
    phase_shift: float64Text(optics.phaseShiftDeg ?? 0),
    ctf_B_factor: float64Text(optics.bFactorA2 ?? 0),
    even_zernikes: evenZernikes === undefined ? null : jsonText({ ...evenZernikes }),
    odd_zernikes: oddZernikes === undefined ? null : jsonText({ ...oddZernikes }),
    mag_matrix: magnificationMatrix === undefined ? null : listText(magnificationMatrix),
  };
}

function pathCells({ micrographPath, templatePath, results }: TableSettings) {
  return {
    micrograph_path: micrographPath,
    template_path: templatePath,
    mip_path: results.mip,
    scaled_mip_path: results.scaledMip,
    psi_path: results.orientationPsi,
    theta_path: results.orientationTheta,
    phi_path: results.orientationPhi,
    defocus_path: results.relativeDefocus,
    correlation_average_path: results.correlationAverage,
    correlation_variance_path: results.correlationVariance,
  };
}

function pixelOf({ x, y }: Peak, [height, width]: Shape2): number {
  if (x >= 0 && y >= 0 && x < width && y < height) return y * width + x;
  const expected = `a peak inside (${height}, ${width})`;
  throw new VitrineError({ code: "range", at: "valuesAtPeaks().peaks", expected, found: `y ${y}, x ${x}` });
}
