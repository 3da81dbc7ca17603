export { countLines, scanBlanks, scanCommas } from "./cells";
