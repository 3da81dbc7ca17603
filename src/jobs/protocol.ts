import type { PackedError } from "../core/index.ts";

/** One change of the shared results. */
export type Change =
  | { readonly kind: "write"; readonly key: string; readonly value: unknown }
  | { readonly kind: "delete"; readonly key: string };

/** What the parent sends to a job: its work once, then other jobs' changes, and receipts of its own ones. */
export type ToJob =
  | {
      readonly kind: "start";
      readonly label: string;
      readonly module: string;
      readonly export: string;
      readonly index: number;
      readonly args: readonly unknown[];
      readonly kwargs: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: "receipt"; readonly key: string }
  | Change;

/** What a job sends to the parent. After `end` or `failure` nothing follows. */
export type FromJob =
  | Change
  | { readonly kind: "end" }
  | { readonly kind: "failure"; readonly error: PackedError };
