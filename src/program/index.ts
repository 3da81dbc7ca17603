export { PROGRAM_KEYS } from "./optionKeys.ts";
export type { Log, ProgramNeeds, ProgramOptions, ProgramTools } from "./program.ts";
export { runProgram, withPool } from "./program.ts";
