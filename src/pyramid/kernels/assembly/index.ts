export { encodeTile } from "./jpeg";
export { halveRows, lookUp } from "./pixels";
