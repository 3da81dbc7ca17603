import type { Axes } from "../../core/index.ts";
import { abortError } from "../../core/index.ts";

type Answer = Axes | null;

/** Those who wait for the next image of a dataset. */
export class ImageWaiters {
  readonly #waiting = new Set<(answer: Answer) => void>();

  /**
   * Resolves at the next {@link wake}.
   *
   * @throws {VitrineError} aborted: the signal came first
   */
  wait(signal?: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted(signal));
      const settle = (answer: Answer) => {
        signal?.removeEventListener("abort", stop);
        resolve(answer);
      };
      const stop = () => {
        this.#waiting.delete(settle);
        if (signal !== undefined) reject(aborted(signal));
      };
      signal?.addEventListener("abort", stop, { once: true });
      this.#waiting.add(settle);
    });
  }

  /** Answers all who wait: with the axes of the image, or null when none will come. */
  wake(answer: Answer): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const settle of waiting) settle(answer);
  }
}

function aborted({ reason }: AbortSignal) {
  return abortError("awaitNewImage", reason, "a new image");
}
