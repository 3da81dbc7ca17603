import type { EulerZyz } from "../../core/index.ts";
import type { CsvValue } from "../../io/index.ts";
import type { CorrelationTable } from "../search/correlationTable.ts";
import { decodeGlobalIndex } from "../search/searchIndex.ts";

/** One row of a correlation table in words of the specimen. x and y are the left and top edge of the template. */
export interface Detection extends EulerZyz {
  readonly x: number;
  readonly y: number;
  readonly relativeDefocusA: number;
  readonly pixelSizeOffsetA: number;
  readonly correlation: number;
  readonly zScore: number;
}

/**
 * Says what row `row` of a table found.
 *
 * The z-score is (correlation - mean) / deviation of all correlations at its place, 0 where these do not vary, as Leopard-EM's.
 */
export function detectionAt(table: CorrelationTable, row: number): Detection {
  const { eulerAnglesDeg, defocusOffsetsA, pixelSizeOffsetsA } = table;
  const index = decodeGlobalIndex(table.searchIndex[row], {
    orientations: eulerAnglesDeg.length / 3,
    defocusValues: defocusOffsetsA.length,
    pixelSizes: pixelSizeOffsetsA.length,
  });
  const [phiDeg, thetaDeg, psiDeg] = eulerAnglesDeg.subarray(
    3 * index.orientation,
    3 * index.orientation + 3,
  );
  return {
    x: table.x[row],
    y: table.y[row],
    ...{ phiDeg, thetaDeg, psiDeg },
    relativeDefocusA: defocusOffsetsA[index.defocus],
    pixelSizeOffsetA: pixelSizeOffsetsA[index.pixelSize],
    correlation: table.correlation[row],
    zScore: zScoreAt(table, row),
  };
}

/** As {@link detectionAt} says it. */
export function zScoreAt({ correlation, mean, deviation }: CorrelationTable, row: number): number {
  return deviation[row] === 0 ? 0 : (correlation[row] - mean[row]) / deviation[row];
}

/** The columns of Leopard-EM's table of detections. */
export const DETECTION_COLUMNS = [
  ...["search_index", "x", "y", "phi", "theta", "psi", "relative_defocus"],
  ...["correlation_value", "correlation_mean", "correlation_variance", "z_score"],
] as const;

/** A row of Leopard-EM's table of detections; `correlation_variance` is the standard deviation, as there. */
export function detectionRow(table: CorrelationTable, row: number): Record<string, CsvValue> {
  const found = detectionAt(table, row);
  return {
    search_index: table.searchIndex[row],
    ...{ x: found.x, y: found.y, phi: found.phiDeg, theta: found.thetaDeg, psi: found.psiDeg },
    relative_defocus: found.relativeDefocusA,
    correlation_value: found.correlation,
    correlation_mean: table.mean[row],
    correlation_variance: table.deviation[row],
    z_score: found.zScore,
    ...(table.pixelSizeOffsetsA.length > 1 && { pixel_size_offset: found.pixelSizeOffsetA }),
  };
}
