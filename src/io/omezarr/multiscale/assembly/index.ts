export { packBlosc } from "./blosc";
export { halveShorts, isZero } from "./pixels";
