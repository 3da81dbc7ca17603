export { sampleRows } from "./sample";
export { cutRegion, fillMargin, regionMean, splineAlongZ, splineInPlanes } from "./spline";
export {
  clearVectors, correlateColumns, productColumns, seriesColumns, seriesRows, shellColumns, shellFactors, shellPowers, spectraColumns,
  weightedColumns,
} from "./columns";
export { maskedPlanes, normalizeResponses, paddedPlanes, shiftPlanes, windowEntries } from "./planes";
export { nyquistSeries, oneSidedColumns, powers, realParts } from "./nyquist";
export { turnPlanes, wedgeColumns } from "./prepare";
export { regionPeak } from "./region";
