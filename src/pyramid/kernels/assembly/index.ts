export { correctionLines, correctRows, flattenRows } from "./correction";
export { encodeTile } from "./jpeg";
export { clear, halveRows, lookUp, widen } from "./pixels";
export { crossRows, filterRows } from "./registration";
