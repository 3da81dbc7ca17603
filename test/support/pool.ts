/** Pools as tests see them: with their memory and jobs, and on threads of a test's own. */

/** The platform's threads. */
export * as platform from "#threads";
export { createThreadPool, type ThreadPool } from "../../src/compute/pool.ts";
export type { Thread, Threads } from "../../src/compute/threads.ts";
