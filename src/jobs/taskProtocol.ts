import type { Progress } from "../core/index.ts";

/** Asks a batch to end. */
export interface StopTask {
  readonly kind: "stop";
  readonly reason: string;
  /** How its end counts: stopped by a person, or failed because its time was over. */
  readonly as: "stopped" | "failed";
}

/** The next batch of a process that stayed, and where its log goes. */
export interface NextTask {
  readonly kind: "next";
  readonly phase: string;
  readonly index: number;
  readonly cores: number;
  readonly log: string;
}

/** What a parent tells the process of a batch. A parent that disconnects has nothing more to do. */
export type ToTask = StopTask | NextTask;

/** What the process of a batch tells a parent that listens. After an `end` that does not stay nothing follows. */
export type FromTask =
  | { readonly kind: "progress"; readonly progress: Progress }
  | { readonly kind: "warning"; readonly message: string }
  | {
      readonly kind: "end";
      readonly state: "done" | "failed" | "stopped";
      readonly message: string;
      /** The process waits for the next batch. */
      readonly stays: boolean;
    };

/** What a heartbeat is started with. */
export interface HeartbeatData {
  readonly everyMs: number;
  /** Of the process without which this one has no purpose; it ends with it, even in the midst of work that never pauses. */
  readonly parentPid?: number;
}

/** What a heartbeat is told: a batch begins, how far it is, and its end, which is answered once nothing more is written. */
export type ToHeartbeat =
  | { readonly kind: "begin"; readonly path: string }
  | { readonly kind: "share"; readonly share: number }
  | { readonly kind: "end" };
