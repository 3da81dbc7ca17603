export { correctRows } from "./correction";
export { encodeTile } from "./jpeg";
export { halveRows, lookUp, widen } from "./pixels";
export { crossRows, filterRows } from "./registration";
