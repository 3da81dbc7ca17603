import { type Fault, VitrineError } from "../core/index.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import type { Thread, ThreadEvents } from "./threads.ts";

/** How a question to all workers ended. `stopped`: the abort flag made at least one leave early. */
export type Outcome = "done" | "stopped";

/** One question put to all workers. */
interface Question {
  waiting: number;
  outcome: Outcome;
  fault?: Fault;
  settle(result: Outcome | VitrineError): void;
}

/** The threads of a pool: asks them all and gathers their answers. The death of one ends all, so that none waits for it. */
export class WorkerGroup {
  readonly #threads: Thread[] = [];
  #question: Question | undefined;
  #end: VitrineError | undefined;
  readonly #onEnd: () => void;

  /**
   * Starts `size` threads, which know nothing until they are asked to init.
   *
   * @param onEnd  called before the threads are ended
   */
  constructor(
    start: (events: ThreadEvents, worker: number) => Thread,
    { size, onEnd }: { readonly size: number; readonly onEnd: () => void },
  ) {
    this.#onEnd = onEnd;
    for (let i = 0; i < size; i++) {
      this.#threads.push(
        start(
          {
            onMessage: (message) => this.#answer(message),
            onFailure: (found, cause) => this.#lose(`worker ${i + 1} of ${size}`, found, cause),
          },
          i,
        ),
      );
    }
  }

  /** Why the group can no longer work, once it cannot. */
  get end(): VitrineError | undefined {
    return this.#end;
  }

  /**
   * Sends `message(worker)` to every worker and waits for all answers; one question at a time. The threads keep the
   * process alive meanwhile.
   *
   * @throws {VitrineError} the first fault that a worker tells; worker: one died; aborted: `close` was called meanwhile
   */
  async ask(message: (worker: number) => ToWorker): Promise<Outcome> {
    if (this.#end !== undefined) throw this.#end;
    // Posting comes first: what cannot be posted throws here and leaves nothing behind. Answers come later in any case.
    this.#threads.forEach((thread, worker) => {
      thread.post(message(worker));
      thread.hold(true);
    });
    return new Promise<Outcome>((resolve, reject) => {
      const settle = (result: Outcome | VitrineError) =>
        result instanceof VitrineError ? reject(result) : resolve(result);
      this.#question = { waiting: this.#threads.length, outcome: "done", settle };
    });
  }

  /** Ends all threads. Work in progress is rejected with `reason`, when no thread can touch the memory any more. */
  async close(reason: VitrineError): Promise<void> {
    this.#end ??= reason;
    this.#onEnd();
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
    this.#settle(this.#end);
  }

  #answer(message: FromWorker): void {
    const question = this.#question;
    if (question === undefined || this.#end !== undefined) return;
    if (message.kind === "failed") question.fault ??= message.fault;
    if (message.kind === "stopped") question.outcome = "stopped";
    if (--question.waiting > 0) return;
    for (const thread of this.#threads) thread.hold(false);
    this.#settle(question.fault === undefined ? question.outcome : new VitrineError(question.fault));
  }

  #lose(at: string, found: string, cause: unknown): void {
    if (this.#end !== undefined) return;
    const hint = "The pool is of no further use; create another";
    const reason = new VitrineError(
      { code: "worker", at, expected: "a live thread", found, hint },
      { cause },
    );
    void this.close(reason);
  }

  #settle(result: Outcome | VitrineError): void {
    const question = this.#question;
    this.#question = undefined;
    question?.settle(result);
  }
}
