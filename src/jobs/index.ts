export { runMultiprocessJobs } from "./runMultiprocessJobs.ts";
export type { JobTarget } from "./target.ts";
