import type { WorkerThread, WorkerThreadEvents } from "../../core/index.ts";
import type { FromProcessor, ToProcessor } from "./protocol.ts";

/** A processor's thread. */
export type Thread = WorkerThread<ToProcessor>;

/** What a processor's thread tells. */
export type ThreadEvents = WorkerThreadEvents<FromProcessor>;
