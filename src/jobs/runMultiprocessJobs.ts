import { type ChildProcess, fork } from "node:child_process";
import { serialize } from "node:v8";
import { builtFile } from "../core/index.node.ts";
import { unpackError, VitrineError } from "../core/index.ts";
import { withoutEval } from "./forkOptions.ts";
import type { Change, FromJob, ToJob } from "./protocol.ts";
import { applyChange } from "./sharedResults.ts";
import { type JobTarget, targetUrl } from "./target.ts";

type Kwargs = Readonly<Record<string, unknown>>;

/**
 * Runs one function in as many processes as there are entries in `kwargsList`, all at once, and gathers what they
 * store in one shared dictionary.
 *
 * Each process calls `target(...extraArgs, results, index, { ...extraKwargs, ...kwargs })`; it may be async, and its
 * return value is not used. `results` takes any string or number as key, none or several a job; the later of two
 * writes to one key stays. A write of another job becomes visible when the event loop turns (at the next await of a
 * timer, file or message). What is shared is the assignment: after changing a stored value inside, assign it again.
 *
 * @param target       `{ module, export }`; a closure cannot travel to another process
 * @param kwargsList   one object of named values per process; values must survive structured clone
 * @param extraArgs    values passed before `results`
 * @param extraKwargs  named values for all processes; those of `kwargsList` go first
 * @returns            the shared dictionary as a plain object, when all processes have ended
 * @throws {VitrineError} names the job, with its error as `cause` and its code where it has one, else `worker`; the
 *   other processes are killed first. type, missing, unsupported: a target or value that cannot be used
 *
 * @example
 * // work.js: export function work(results, index, { a, b }) { results[index] = a + b; }
 * await runMultiprocessJobs({ module: "work.js", export: "work" }, [{ a: 1, b: 2 }, { a: 3, b: 4 }]); // { 0: 3, 1: 7 }
 *
 * Source: Leopard-EM 1.2, utils.run_multiprocess_jobs.
 */
export async function runMultiprocessJobs(
  target: JobTarget,
  kwargsList: readonly Kwargs[],
  extraArgs: readonly unknown[] = [],
  extraKwargs: Kwargs = {},
): Promise<Record<string, unknown>> {
  const module = targetUrl(target);
  const entry = builtFile("#job-process");
  const results: Record<string, unknown> = {};
  const jobs: Job[] = [];
  const passOn = (change: Change, from: Job) => {
    applyChange(results, change);
    from.send({ kind: "receipt", key: change.key });
    for (const job of jobs) if (job !== from) job.send(change);
  };
  try {
    for (const [index, kwargs] of kwargsList.entries()) {
      const label = `runMultiprocessJobs(${target.export}) job ${index}`;
      const job = new Job(entry, label, passOn);
      jobs.push(job);
      const work = { module, export: target.export, index, args: extraArgs };
      job.start({ kind: "start", label, ...work, kwargs: { ...extraKwargs, ...kwargs } });
    }
    await Promise.all(jobs.map((job) => job.ended));
    return results;
  } finally {
    for (const job of jobs) job.kill();
    await Promise.all(jobs.map((job) => job.gone));
  }
}

/** One process: `ended` settles with its work, `gone` when the process is no more. */
class Job {
  readonly ended: Promise<void>;
  readonly gone: Promise<void>;
  readonly #child: ChildProcess;
  readonly #label: string;

  constructor(entry: string, label: string, onChange: (change: Change, from: Job) => void) {
    const child = fork(entry, [], {
      serialization: "advanced", // structured clone: typed arrays, maps, dates, not only JSON
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      execArgv: withoutEval(process.execArgv),
    });
    this.#child = child;
    this.#label = label;
    this.gone = new Promise((resolve) => {
      child.once("close", resolve);
      child.once("error", () => child.pid === undefined && resolve());
    });
    this.ended = new Promise((resolve, reject) => {
      child.on("message", (message: FromJob) => {
        if (message.kind === "end") resolve();
        else if (message.kind === "failure") reject(this.#failure(asError(unpackError(message.error))));
        else onChange(message, this);
      });
      child.on("error", (error) => reject(this.#failure(error)));
      child.once("close", (code, signal) => reject(this.#failure(early(code, signal))));
    });
    this.ended.catch(() => undefined); // also awaited by the caller; a failure while others start is not "unhandled"
  }

  start(message: Extract<ToJob, { kind: "start" }>): void {
    try {
      this.#child.send(message, () => undefined);
    } catch (cause) {
      throw notCloneable(this.#label, message, cause);
    }
  }

  /** Sends if the process still listens; one that has ended needs no news. */
  send(message: ToJob): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  #failure(cause: Error): VitrineError {
    const isFault = cause instanceof VitrineError;
    if (isFault && cause.fault.at.startsWith(this.#label)) return cause; // our own words: the job is named
    const text = isFault || cause.name === "Error" ? cause.message : `${cause.name}: ${cause.message}`;
    const found = text.replace(/\.$/, "");
    const code = isFault ? cause.code : "worker";
    return new VitrineError({ code, at: this.#label, expected: "an end without failure", found }, { cause });
  }
}

function early(code: number | null, signal: string | null): Error {
  return new Error(
    `the process ended early, by ${signal === null ? `exit code ${code}` : `signal ${signal}`}`,
  );
}

function notCloneable(label: string, { args, kwargs }: Extract<ToJob, { kind: "start" }>, cause: unknown) {
  const values = [...args.map((value, i) => [`extraArgs[${i}]`, value] as const), ...Object.entries(kwargs)];
  const culprit = values.find(([, value]) => !isCloneable(value))?.[0] ?? "arguments";
  const fault = {
    code: "type",
    at: `${label} ${culprit}`,
    expected: "a value that can be sent to another process",
    found: cause instanceof Error ? cause.message.replace(/\.$/, "") : String(cause),
    hint: "Pass plain data, typed arrays, maps or sets; no functions or promises",
  } as const;
  return new VitrineError(fault, { cause });
}

function isCloneable(value: unknown): boolean {
  try {
    serialize(value);
    return true;
  } catch {
    return false;
  }
}

/** Whatever a job threw, as an error that can be a cause. */
function asError(thrown: unknown): Error {
  if (thrown instanceof Error) return thrown;
  return Object.assign(new Error(described(thrown)), { name: "thrown value" });
}

function described(thrown: unknown): string {
  if (typeof thrown !== "object" || thrown === null) return String(thrown);
  try {
    return JSON.stringify(thrown) ?? "an object";
  } catch {
    return "an object that has no JSON";
  }
}
