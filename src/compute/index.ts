export type { Region } from "./memory.ts";
export type { Pool, PoolOptions, RunOptions } from "./pool.ts";
export { createPool, defaultWorkerCount } from "./pool.ts";
