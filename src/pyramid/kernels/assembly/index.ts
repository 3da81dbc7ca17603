export { correctRows } from "./correction";
export { encodeTile } from "./jpeg";
export { halveRows, lookUp } from "./pixels";
export { crossRows, filterRows } from "./registration";
