import type { Progress } from "../core/index.ts";

/** What a parent tells the process of a batch. */
export interface ToTask {
  readonly kind: "stop";
  readonly reason: string;
  /** How its end counts: stopped by a person, or failed because its time was over. */
  readonly as: "stopped" | "failed";
}

/** What the process of a batch tells a parent that listens; after `end` nothing follows. */
export type FromTask =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "warning"; readonly message: string }
  | { readonly kind: "end"; readonly state: "done" | "failed" | "stopped"; readonly message: string };

/** What a heartbeat is started with. */
export interface HeartbeatData {
  readonly path: string;
  readonly everyMs: number;
  /** Of the process without which this one has no purpose; it ends with it, even in the midst of work that never pauses. */
  readonly parentPid?: number;
}
