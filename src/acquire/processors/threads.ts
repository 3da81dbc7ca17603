import type { FromProcessor, ToProcessor } from "./protocol.ts";

/** What the owner of a processor's thread is told. */
export interface ThreadEvents {
  readonly onMessage: (message: FromProcessor) => void;
  /** The thread failed or ended. `found` is in words. */
  readonly onFailure: (found: string, cause: unknown) => void;
}

/** A processor's thread, of Node or of a page. */
export interface Thread {
  readonly post: (message: ToProcessor) => void;
  readonly terminate: () => Promise<void>;
}
