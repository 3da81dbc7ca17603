/** The page on an acquisition is served by a process of its own: where that ends, the acquisition goes on, and another takes its place. */
import { type ChildProcess, fork } from "node:child_process";
import { builtFile } from "../../core/index.node.ts";
import { VitrineError } from "../../core/index.ts";
import type { AcquisitionView, FromView, ToView, ViewOptions, ViewSource } from "./view.ts";
import { type OpenedView, Watcher } from "./watcher.ts";

/** Time between two states, ms. */
const STATE_MS = 250;
/** Time between two images that the server gets for pages that open later, ms: one copy of 2 ms at most. */
const KEEP_MS = 2000;
/** Time after which a server that ended is started anew, ms. */
const AGAIN_MS = 300;
/** Starts that may fail one after the other. */
const MOST_STARTS = 5;

/** Serves the page. @throws {VitrineError} busy: a port that is taken; storage: no address of this machine; worker: the server does not start */
export async function openView(
  source: ViewSource,
  { host = "127.0.0.1", port = 0 }: ViewOptions,
): Promise<OpenedView> {
  const server = new ViewServer(source, host, port);
  await server.start();
  return { view: server, watcher: server.watcher };
}

class ViewServer implements AcquisitionView {
  readonly watcher: Watcher;
  readonly #source: ViewSource;
  readonly #host: string;
  readonly #timers: readonly ReturnType<typeof setInterval>[];
  #port: number;
  #address = "";
  #token: string | undefined;
  #child: ChildProcess | undefined;
  #isClosed = false;
  #failedStarts = 0;

  constructor(source: ViewSource, host: string, port: number) {
    this.#source = source;
    this.#host = host;
    this.#port = port;
    this.watcher = new Watcher(({ frame, data }) => this.#tell({ kind: "frame", frame, data }));
    this.watcher.free();
    this.#timers = [
      setInterval(() => this.#tell({ kind: "state", state: source.state() }), STATE_MS),
      setInterval(() => this.watcher.free(), KEEP_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  get address(): string {
    return this.#address;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  /** Starts the server, and waits until it serves. */
  async start(): Promise<void> {
    const child = fork(builtFile("#live-server"), [], {
      serialization: "advanced",
      execArgv: [],
      detached: true,
    });
    this.#child = child;
    try {
      await new Promise<void>((resolve, reject) => {
        child.once("error", (cause) => reject(notStarted(String(cause))));
        child.once("exit", (code, signal) => reject(notStarted(`its end with ${signal ?? code}`)));
        child.on("message", (message: FromView) => {
          if (message.kind === "failed") reject(notStarted(message.message));
          if (message.kind === "serving") resolve();
          this.#take(message);
        });
        this.#tell({
          ...{ kind: "serve", host: this.#host, port: this.#port, folder: this.#source.folder },
          ...(this.#token !== undefined && { token: this.#token }),
        });
      });
    } catch (error) {
      child.kill();
      throw error;
    }
    this.#failedStarts = 0;
    child.once("exit", () => this.#restart());
    // the page alone keeps no program running
    child.unref();
    child.channel?.unref();
    this.#tell({ kind: "state", state: this.#source.state() });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#tell({ kind: "state", state: this.#source.state() });
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.disconnect();
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #restart(): void {
    if (this.#isClosed || ++this.#failedStarts > MOST_STARTS) return;
    // whoever waits for the page is the one who has it open; one that cannot be served any more is seen there
    setTimeout(() => {
      if (!this.#isClosed) this.start().catch(() => this.#restart());
    }, AGAIN_MS).unref();
  }

  #tell(message: ToView): void {
    // one that ends meanwhile is told nothing; the next gets the state anew
    if (this.#child?.connected) this.#child.send(message, () => {});
  }

  #take(message: FromView): void {
    if (message.kind === "serving") {
      [this.#address, this.#port, this.#token] = [message.address, message.port, message.token];
    } else if (message.kind === "free") this.watcher.free();
    else if (message.kind === "stop") this.#source.stop();
    else if (message.kind === "queue") this.#queue(message.id, () => this.#source.queue(message.tiles));
    else if (message.kind === "run") this.#queue(message.id, () => this.#source.run(message.plan));
  }

  #queue(id: number, add: () => number): void {
    try {
      this.#tell({ kind: "queued", id, events: add() });
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      this.#tell({ kind: "queued", id, events: 0, error: text });
    }
  }
}

function notStarted(found: string): VitrineError {
  return new VitrineError({
    code: "worker",
    at: "acquisition.view()",
    expected: "a server of the page",
    found,
  });
}
