/** The page's side of the painter. */
import type { PaintedPicture, PaintRequest } from "./protocol.ts";

/** Has pictures painted, one after another; of requests that came meanwhile the last one counts. */
export class Painter {
  readonly #worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  #isBusy = false;
  #next: PaintRequest | undefined;

  /** @param onPicture  the newest one, and whether it is the last that was asked for */
  constructor(
    onPicture: (picture: PaintedPicture, isLast: boolean) => void,
    onError: (message: string) => void,
  ) {
    this.#worker.addEventListener("message", ({ data }: MessageEvent<PaintedPicture>) => {
      const isLast = this.#next === undefined;
      this.#isBusy = false;
      this.#send();
      onPicture(data, isLast);
    });
    this.#worker.addEventListener("error", ({ message }) =>
      onError(`Objects could not be drawn: ${message || "their painter could not be loaded"}`),
    );
  }

  /** Asks for a picture. */
  paint(request: PaintRequest): void {
    this.#next = { ...this.#next, ...request };
    this.#send();
  }

  /** Ends the thread. */
  stop(): void {
    this.#worker.terminate();
  }

  #send(): void {
    if (this.#isBusy || this.#next === undefined) return;
    this.#isBusy = true;
    this.#worker.postMessage(this.#next);
    this.#next = undefined;
  }
}
