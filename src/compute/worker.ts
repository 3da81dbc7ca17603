import { type Fault, toFault, VitrineError } from "../core/index.ts";
import { claim, controlView, isAborted, lateCallsWord, raiseAbort, report } from "./control.ts";
import type { Domains, Job, Kernel, Kernels, WorkerContext } from "./job.ts";
import type { FromWorker, Member, ToWorker } from "./protocol.ts";
import { JobStopped, Team } from "./team.ts";

type Init = Extract<ToWorker, { kind: "init" }>;
type Run = Extract<ToWorker, { kind: "run" }>;

/** Compiles a WASM module; each platform has its own way to a file. */
export type Compile = (file: URL) => Promise<WebAssembly.Module>;

/** Makes the function that answers a worker's messages, one by one. `serveJobs` connects it to the thread's port. */
export function createAnswerer(
  domains: Domains,
  compile: Compile,
): (message: ToWorker) => Promise<FromWorker> {
  let executor: Executor | undefined;
  return async (message) => {
    try {
      if (message.kind === "run") return await requireExecutor(executor).run(message);
      executor = new Executor(message, domains, compile);
      executor.prepare();
      return { kind: "done" };
    } catch (error) {
      const at = message.kind === "init" ? `worker ${message.worker + 1} of ${message.workers}` : "worker";
      return { kind: "failed", fault: toFault(error, at) };
    }
  };
}

function requireExecutor(executor: Executor | undefined): Executor {
  if (executor !== undefined) return executor;
  throw new VitrineError({ code: "worker", at: "worker", expected: "init before run", found: "run" });
}

/** A domain's jobs by name, and its kernels on the shared memory. */
interface LoadedDomain {
  readonly jobs: ReadonlyMap<string, Job<never>>;
  readonly kernels: Kernels;
}

/** Runs jobs in one worker; a domain is loaded when its first job comes. */
class Executor {
  readonly #init: Init;
  readonly #domains: Domains;
  readonly #compile: Compile;
  readonly #control: Int32Array;
  readonly #loaded = new Map<string, Promise<LoadedDomain>>();

  constructor(init: Init, domains: Domains, compile: Compile) {
    this.#init = init;
    this.#domains = domains;
    this.#compile = compile;
    this.#control = controlView(init.memory, init.controlAddress, init.workers);
  }

  /** Loads the domains that the owner names, while it has no job yet. What goes wrong is told by the first job, which tries again. */
  prepare(): void {
    for (const name of this.#init.domains) this.#domainOf(`${name}/`).catch(() => undefined);
  }

  /** Runs a job; a failure raises the abort flag before it is told, so that no teammate waits at a barrier for this worker. */
  async run({ job: name, parameters, member }: Run): Promise<FromWorker> {
    try {
      const { jobs, kernels } = await this.#domainOf(name);
      const job = jobs.get(name);
      if (job === undefined) throw unknownJob(name, [...jobs.keys()]);
      job.run(this.#context(kernels, member), parameters as never);
      return { kind: "done" };
    } catch (error) {
      if (error instanceof JobStopped) return { kind: "stopped" };
      raiseAbort(this.#control, member.teams);
      const { worker, workers } = this.#init;
      const fault: Fault = toFault(error, `${name} job, worker ${worker + 1} of ${workers}`);
      return { kind: "failed", fault };
    }
  }

  #context(kernels: Kernels, member: Member): WorkerContext {
    const control = this.#control;
    return {
      kernels,
      memory: this.#init.memory,
      team: new Team(control, member),
      teams: member.teams,
      claim: (slot) => claim(control, slot),
      report: (amount) => report(control, amount),
    };
  }

  async #domainOf(job: string): Promise<LoadedDomain> {
    const name = job.split("/")[0];
    const loaded = this.#loaded.get(name) ?? this.#load(name, job);
    this.#loaded.set(name, loaded);
    try {
      return await loaded;
    } catch (error) {
      this.#loaded.delete(name);
      throw error;
    }
  }

  async #load(name: string, job: string): Promise<LoadedDomain> {
    if (!Object.hasOwn(this.#domains, name)) throw unknownJob(job, Object.keys(this.#domains));
    const { jobs, kernels } = await this.#domains[name]();
    const module = await this.#compile(this.#init.relaxedSimd ? kernels.relaxed : kernels.plain);
    return {
      jobs: new Map(jobs.map((each) => [each.name, each])),
      kernels: await this.#instantiate(module),
    };
  }

  async #instantiate(module: WebAssembly.Module): Promise<Kernels> {
    const { memory, worker, countLateCalls } = this.#init;
    const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
    const kernels = kernelsOf(exports);
    return countLateCalls ? countingLateCalls(kernels, this.#control, lateCallsWord(worker)) : kernels;
  }
}

function unknownJob(found: string, known: readonly string[]): VitrineError {
  return new VitrineError({
    code: "missing",
    at: "worker",
    expected: `one of ${known.join(", ")}`,
    found: `the job ${found}`,
    hint: "List it in its domain and the domain in the worker's entry, then run `npm run build`",
  });
}

function kernelsOf(exports: WebAssembly.Exports): Kernels {
  const kernels: Record<string, Kernel> = {};
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === "function") kernels[name] = value as Kernel;
  }
  return kernels;
}

/** The same kernels, each counting its calls that end after the abort flag was raised. */
function countingLateCalls(kernels: Kernels, control: Int32Array, word: number): Kernels {
  const counted: Record<string, Kernel> = {};
  for (const [name, kernel] of Object.entries(kernels)) {
    counted[name] = (...args) => {
      const result = kernel(...args);
      if (isAborted(control)) Atomics.add(control, word, 1);
      return result;
    };
  }
  return counted;
}
