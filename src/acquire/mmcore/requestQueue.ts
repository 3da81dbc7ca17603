import { VitrineError } from "../../core/index.ts";
import type { JsonValue } from "../../io/index.ts";
import type { PythonFault, ToChild } from "./protocol.ts";

/** Something that the child is asked for. */
export interface Request {
  readonly message: ToChild;
  /** How errors call it: `getProperty("Camera", "Gain")`. */
  readonly at: string;
  /** Longest time for the answer, ms; endless if left out. */
  readonly limitMs?: number;
  /** Makes an error of what Python says. */
  readonly failure: (fault: PythonFault, at: string) => VitrineError;
}

interface Waiting extends Request {
  readonly id: number;
  readonly resolve: (result: JsonValue) => void;
  readonly reject: (error: VitrineError) => void;
}

/**
 * Requests that one thread of the child answers in order. A request is sent when the one `depth` before it is answered, so that
 * nothing is left in the child when a device hangs: those that wait are refused, and none is carried out later.
 */
export class RequestQueue {
  readonly #send: (id: number, message: ToChild) => void;
  readonly #depth: number;
  readonly #sent = new Map<number, Waiting>();
  #queue: Waiting[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stuck: Waiting | undefined;

  constructor(send: (id: number, message: ToChild) => void, depth: number) {
    this.#send = send;
    this.#depth = depth;
  }

  /** @throws {VitrineError} timeout: no answer in time, or an earlier request still has none; else what Python says */
  ask(id: number, request: Request): Promise<JsonValue> {
    if (this.#stuck !== undefined) return Promise.reject(stillBusy(request.at, this.#stuck));
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...request, id, resolve, reject });
      this.#advance();
    });
  }

  /** Takes an answer; whether the request was one of this queue. */
  answer(id: number, { result, error }: { result?: JsonValue; error?: PythonFault }): boolean {
    if (this.#stuck?.id === id) {
      this.#stuck = undefined; // late: the one who asked knows already that it hangs
      return true;
    }
    const waiting = this.#sent.get(id);
    if (waiting === undefined) return false;
    this.#sent.delete(id);
    clearTimeout(this.#timer);
    if (error === undefined) waiting.resolve(result ?? null);
    else waiting.reject(waiting.failure(error, waiting.at));
    this.#advance();
    return true;
  }

  /** Gives a request so much more time from now on than its limit. */
  extend(id: number, ms: number): void {
    const waiting = this.#sent.get(id);
    if (waiting !== undefined) this.#watch(waiting, ms);
  }

  /** Refuses everything. */
  end(reason: VitrineError): void {
    clearTimeout(this.#timer);
    const all = [...this.#sent.values(), ...this.#queue];
    this.#sent.clear();
    this.#queue = [];
    for (const { reject } of all) reject(reason);
  }

  #advance(): void {
    while (this.#sent.size < this.#depth) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#sent.set(next.id, next);
      this.#watch(next, 0);
      this.#send(next.id, next.message);
    }
  }

  #watch(waiting: Waiting, moreMs: number): void {
    clearTimeout(this.#timer);
    const { limitMs } = waiting;
    if (limitMs === undefined) return;
    this.#timer = setTimeout(() => this.#giveUp(waiting), Math.min(limitMs + moreMs, 2 ** 31 - 1));
  }

  #giveUp(waiting: Waiting): void {
    this.#sent.delete(waiting.id);
    this.#stuck = waiting;
    const queued = this.#queue;
    this.#queue = [];
    waiting.reject(
      new VitrineError({
        code: "timeout",
        at: waiting.at,
        expected: `an answer within ${waiting.limitMs} ms`,
        found: "none",
        hint: "Check the device, or raise commandTimeoutMs",
      }),
    );
    for (const { reject, at } of queued) reject(stillBusy(at, waiting));
  }
}

function stillBusy(at: string, { at: busy }: Request): VitrineError {
  return new VitrineError({
    code: "timeout",
    at,
    expected: "devices that are ready for a command",
    found: `${busy}, which has not ended`,
    hint: "Close the microscope and open it again",
  });
}
