export { complexColumns, complexRows, realRows, realRowsInverse, resampleSpectrum } from "./transforms";
