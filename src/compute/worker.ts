import { type Fault, toFault, VitrineError } from "../core/index.ts";
import { runBoxesJob } from "./boxesJob.ts";
import { claim, controlView, isAborted, lateCallsWord, raiseAbort, report } from "./control.ts";
import { runCorrelateJob } from "./correlateJob.ts";
import { runPhases } from "./phases.ts";
import { runPosesJob } from "./posesJob.ts";
import type { FromWorker, Job, Kernel, Kernels, Seat, ToWorker, WorkerContext } from "./protocol.ts";
import { JobStopped, Team } from "./team.ts";

type Init = Extract<ToWorker, { kind: "init" }>;

/** Makes the function that answers a worker's messages, one by one. The two worker entries connect it to their ports. */
export function createAnswerer(): (message: ToWorker) => Promise<FromWorker> {
  let executor: Executor | undefined;
  return async (message) => {
    try {
      if (message.kind === "run") return requireExecutor(executor).run(message.job, message.seat);
      executor = await openExecutor(message);
      return { kind: "done" };
    } catch (error) {
      const at = message.kind === "init" ? `worker ${message.worker + 1} of ${message.workers}` : "worker";
      return { kind: "failed", fault: toFault(error, at) };
    }
  };
}

interface Executor {
  run(job: Job, seat: Seat): FromWorker;
}

function requireExecutor(executor: Executor | undefined): Executor {
  if (executor !== undefined) return executor;
  throw new VitrineError({ code: "worker", at: "worker", expected: "init before run", found: "run" });
}

async function openExecutor(init: Init): Promise<Executor> {
  const { memory, worker, workers } = init;
  const control = controlView(memory, init.controlAddress, workers);
  const instance = await WebAssembly.instantiate(init.module, { env: { memory } });
  const functions = kernelsOf(instance.exports);
  const kernels = init.countLateCalls ? countLateCalls(functions, control, lateCallsWord(worker)) : functions;
  const shared = {
    kernels,
    memory,
    control,
    claim: (slot: number) => claim(control, slot),
    report: (amount: number) => report(control, amount),
  };
  return {
    run(job, seat) {
      const context = { ...shared, team: new Team(control, seat), teams: seat.teams };
      return runGuarded(context, job, `${job.kind} job, worker ${worker + 1} of ${workers}`);
    },
  };
}

/** Runs a job; a failure raises the abort flag before it is told, so that no teammate waits at a barrier for this worker. */
function runGuarded(context: WorkerContext, job: Job, at: string): FromWorker {
  try {
    runJob(context, job);
    return { kind: "done" };
  } catch (error) {
    if (error instanceof JobStopped) return { kind: "stopped" };
    raiseAbort(context.control, context.teams);
    const fault: Fault = toFault(error, at);
    return { kind: "failed", fault };
  }
}

function runJob(context: WorkerContext, job: Job): void {
  switch (job.kind) {
    case "phases":
      runPhases(context, job);
      break;
    case "correlate":
      runCorrelateJob(context, job);
      break;
    case "boxes":
      runBoxesJob(context, job);
      break;
    case "poses":
      runPosesJob(context, job);
      break;
  }
}

function kernelsOf(exports: WebAssembly.Exports): Kernels {
  const kernels: Record<string, Kernel> = {};
  for (const [name, value] of Object.entries(exports)) {
    if (typeof value === "function") kernels[name] = value as Kernel;
  }
  return kernels;
}

/** The same kernels, each counting its calls that end after the abort flag was raised. */
function countLateCalls(kernels: Kernels, control: Int32Array, word: number): Kernels {
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
