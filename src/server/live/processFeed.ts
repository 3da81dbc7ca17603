/** An acquisition in another process, by its messages. */
import type { FromView, LiveFrame, LiveState, ToView, WantedTile } from "../../acquire/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { LiveFeed } from "./feed.ts";

type Frame = { readonly frame: LiveFrame; readonly data: Uint8Array };

/** Whoever waits for the next of something. */
class Waiting<T> {
  readonly #resolvers = new Set<(value: T | undefined) => void>();

  /** @returns undefined once the signal is aborted */
  next(signal: AbortSignal): Promise<T | undefined> {
    return new Promise((resolve) => {
      const end = (value: T | undefined) => {
        signal.removeEventListener("abort", stop);
        this.#resolvers.delete(end);
        resolve(value);
      };
      const stop = () => end(undefined);
      if (signal.aborted) return resolve(undefined);
      signal.addEventListener("abort", stop, { once: true });
      this.#resolvers.add(end);
    });
  }

  give(value: T): void {
    for (const resolve of [...this.#resolvers]) resolve(value);
  }
}

/** Takes messages of the acquisition's process, and asks for a frame only when a page waits for one. */
export class ProcessFeed implements LiveFeed {
  readonly #tell: (message: FromView) => void;
  readonly #states = new Waiting<LiveState>();
  readonly #frames = new Waiting<Frame>();
  readonly #queued = new Map<number, (message: Extract<ToView, { kind: "queued" }>) => void>();
  #state: LiveState | undefined;
  /** The last one of each channel, for pages that come later. */
  readonly #last = new Map<string, Frame>();
  #nextId = 1;

  constructor(tell: (message: FromView) => void) {
    this.#tell = tell;
  }

  /** A message has come. */
  take(message: ToView): void {
    if (message.kind === "frame") {
      const frame = { frame: message.frame, data: message.data };
      this.#last.set(message.frame.channel, frame);
      this.#frames.give(frame);
    } else if (message.kind === "queued") {
      this.#queued.get(message.id)?.(message);
      this.#queued.delete(message.id);
    } else if (message.kind === "state" && JSON.stringify(message.state) !== JSON.stringify(this.#state)) {
      this.#state = message.state;
      this.#states.give(message.state);
    }
  }

  async *states(signal: AbortSignal): AsyncGenerator<LiveState> {
    for (let state = this.#state ?? (await this.#states.next(signal)); state !== undefined; ) {
      yield state;
      state = this.#state === state ? await this.#states.next(signal) : this.#state;
    }
  }

  async *frames(signal: AbortSignal): AsyncGenerator<Frame> {
    yield* [...this.#last.values()];
    while (!signal.aborted) {
      this.#tell({ kind: "free" });
      const frame = await this.#frames.next(signal);
      if (frame !== undefined) yield frame;
    }
  }

  stop(): void {
    this.#tell({ kind: "stop" });
  }

  async queue(tiles: readonly WantedTile[]): Promise<number> {
    return this.#add((id) => ({ kind: "queue", id, tiles }), "an acquisition that takes events");
  }

  async run(plan: unknown): Promise<number> {
    return this.#add(
      (id) => ({ kind: "run", id, plan }),
      "a plan that can run, and an acquisition that takes it",
    );
  }

  async #add(message: (id: number) => FromView, expected: string): Promise<number> {
    const id = this.#nextId++;
    const answer = await new Promise<Extract<ToView, { kind: "queued" }>>((resolve) => {
      this.#queued.set(id, resolve);
      this.#tell(message(id));
    });
    if (answer.error === undefined) return answer.events;
    throw new VitrineError({ code: "unsupported", at: "acquisition", expected, found: answer.error });
  }
}
