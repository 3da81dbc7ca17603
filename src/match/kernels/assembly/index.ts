export { clearStatistics, correlateColumns, correlateRows, flushStatistics } from "./correlate";
export { magnifyRows, sliceRows } from "./slices";
export { imageColumns, imageRows, templateColumns, templatePad, templateRows } from "./templates";
