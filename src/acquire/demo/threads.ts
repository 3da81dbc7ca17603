import type { FromCamera, ToCamera } from "./cameraProtocol.ts";

/** A camera's thread, the same in Node and in a page. */
export interface CameraThread {
  post(message: ToCamera): void;
  /** Whether the thread keeps the process alive. Always so, and without meaning, in a page. */
  hold(held: boolean): void;
  /** Ends the thread wherever it is. */
  terminate(): Promise<void>;
}

/** What a thread tells its microscope. */
export interface CameraEvents {
  onMessage(message: FromCamera): void;
  /** The thread is dead or unusable. May come more than once. */
  onFailure(found: string, cause: unknown): void;
}
