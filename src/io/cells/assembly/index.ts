export { countLines, passed, reason, scanBlanks, scanCommas } from "./cells";
