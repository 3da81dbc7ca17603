export { clearStatistics, correlateColumns, correlateRows, flushStatistics } from "./correlate";
export { productRows, productScores } from "./products";
export { magnifyRows, sliceRows } from "./slices";
export { imageColumns, imageRows, templateColumns, templatePad, templateRows } from "./templates";
export { packWindows, windowImages } from "./windows";
export { complexColumns, realRows } from "../../../compute/assembly/transforms";
