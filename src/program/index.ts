export type { Log, ProgramNeeds, ProgramOptions, ProgramTools } from "./program.ts";
export { runProgram, withPool } from "./program.ts";
