import type { JsonObject, JsonValue, PixelType } from "../../io/index.ts";

/** What Node sends to the child, one JSON object a line. Those with an `id` are answered. */
export type ToChild =
  | {
      readonly kind: "open";
      readonly config: string | null;
      readonly adapterPaths: readonly string[];
      readonly bufferMb: number | null;
    }
  | { readonly kind: "call" | "command"; readonly method: string; readonly args: readonly unknown[] }
  | { readonly kind: "ring"; readonly number: number; readonly ring: RingShape }
  | {
      readonly kind: "expose";
      readonly exposure: number;
      readonly frames: number;
      readonly intervalMs: number;
      readonly cameras: readonly string[];
      readonly timeoutMs: number;
    }
  | { readonly kind: "load"; readonly path: string; readonly function: string | null }
  | {
      readonly kind: "process";
      /** Outputs carry it. */
      readonly job: number;
      readonly ring: number;
      readonly slot: number;
      readonly shape: readonly [height: number, width: number, channels: number];
      readonly dtype: PixelType;
      readonly metadata: JsonObject;
    }
  | { readonly kind: "pull" | "forget"; readonly generator: number };

/** What has no answer. */
export type Notice =
  | { readonly kind: "free"; readonly ring: number; readonly slots: readonly number[] }
  | { readonly kind: "drop"; readonly ring: number }
  | { readonly kind: "stop"; readonly exposure: number; readonly discard: boolean };

/** A ring file as the child opens it: slots of the camera, then slots for outputs of the image processor. */
export interface RingShape {
  readonly path: string;
  readonly slots: number;
  readonly outputs: number;
  readonly slot_bytes: number;
}

/** A frame in its slot. */
export type FrameNote = readonly [
  slot: number,
  camera: string,
  index: number,
  width: number,
  height: number,
  channels: number,
  dtype: PixelType,
  bitDepth: number,
  tags: Readonly<Record<string, string>>,
];

/** One image that the image processor returned: in a slot for outputs, or in a file of its own. */
export interface OutputNote {
  readonly kind: "output";
  readonly job: number;
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly dtype: PixelType;
  readonly metadata: JsonObject;
  readonly slot?: number;
  readonly ring?: number;
  readonly file?: string;
}

/** What the child sends. */
export type FromChild =
  | { readonly kind: "hello"; readonly versions: Readonly<Record<string, string>> }
  | { readonly kind: "failed"; readonly module: string; readonly message: string }
  | { readonly kind: "reply"; readonly id: number; readonly result?: JsonValue; readonly error?: PythonFault }
  /** This request may take so much longer. */
  | { readonly kind: "slow"; readonly id: number; readonly ms: number }
  | {
      readonly kind: "frames";
      readonly exposure: number;
      readonly ring: number;
      readonly frames: readonly FrameNote[];
    }
  | { readonly kind: "stopped"; readonly exposure: number }
  | { readonly kind: "end"; readonly exposure: number; readonly error?: PythonFault }
  | OutputNote
  | { readonly kind: "put"; readonly generator: number }
  | { readonly kind: "put"; readonly events: JsonValue };

/** An exception of Python, and what our own side of the child says of it. */
export interface PythonFault {
  readonly type: string;
  readonly message: string;
  readonly traceback?: string;
  /** Where the user's code failed: `file.py, line 3`. */
  readonly place?: string | null;
  /** What was asked for and is not there: "device", "property", ... with the names that are. */
  readonly missing?: string;
  readonly name?: string;
  readonly known?: readonly string[];
  /** A configuration file that could not be loaded. */
  readonly config?: string;
  /** What would have been possible. */
  readonly unsupported?: string;
  /** What was waited for, and how long. */
  readonly timeout?: string;
  readonly ms?: number;
  /** A sequence ended early: whether MMCore's buffer overflowed. */
  readonly overflow?: boolean;
}
