/** Waiting for a cluster: progress, what it lost, what failed. */
import { setTimeout as sleep } from "node:timers/promises";
import { VitrineError } from "../core/index.ts";
import { readHeartbeat } from "./batchFiles.ts";
import type { PhaseRecord, StepFolder } from "./layout.ts";
import { interrupted, type OpenBatch, openBatches, requireDone } from "./openBatches.ts";
import { PhaseProgress } from "./phaseProgress.ts";
import { isActive, type SlurmConfig, slurmConfig } from "./slurmCommands.ts";
import {
  type ClusterTask,
  cancelTasks,
  clusterTasks,
  type SlurmRun,
  submitToSlurm,
  taskId,
} from "./slurmSubmit.ts";
import { batchInfo, LOST_AFTER_MS } from "./states.ts";

/** Runs of one batch that the cluster may lose before it counts as failed. */
const MOST_LOSSES = 3;

/** Looks in a row at which a batch must be gone: a network disk may show its result late. */
const LOOKS = 2;

/** Ends of a task that another run would only repeat, or that somebody wanted. */
const FINAL = new Set(["TIMEOUT", "OUT_OF_MEMORY", "CANCELLED", "DEADLINE"]);

/** Submits what is missing of a step and waits until all of it is done. @throws {VitrineError} as `resubmitStep` */
export async function runOnSlurm(folder: StepFolder, run: SlurmRun): Promise<void> {
  const config = await slurmConfig();
  const watch = new Watch(folder, run, config);
  try {
    await submitToSlurm(folder, run);
    for (const phase of folder.record.phases) await watch.phase(phase);
  } catch (error) {
    if (!run.signal?.aborted) throw error;
    await endAll(folder, run, config);
    throw await interrupted(folder, run.signal.reason);
  }
}

/** Ends all tasks, and waits until they are gone: each may write its checkpoint first. */
async function endAll(folder: StepFolder, run: SlurmRun, config: SlurmConfig): Promise<void> {
  const active = async () => [...(await clusterTasks(folder, config)).values()].filter(isActive);
  await cancelTasks(await active());
  const until = Date.now() + 1000 * (config.killWaitS + 10);
  while (Date.now() < until && (await active()).length > 0) await sleep(pollMs(run));
}

function pollMs({ engine: { pollS = 5 } }: SlurmRun): number {
  return 1000 * pollS;
}

/** What one process knows of tasks from looking again and again. */
class Watch {
  readonly #folder: StepFolder;
  readonly #run: SlurmRun;
  readonly #config: SlurmConfig;
  /** By `phase/index`: the last count of its heartbeat, and since when it is that. */
  readonly #beats = new Map<string, { readonly count: number; readonly since: number }>();
  readonly #absences = new Map<string, number>();
  readonly #losses = new Map<string, number>();

  constructor(folder: StepFolder, run: SlurmRun, config: SlurmConfig) {
    this.#folder = folder;
    this.#run = run;
    this.#config = config;
  }

  /** Waits until all batches of a phase are done. */
  async phase(phase: PhaseRecord): Promise<void> {
    let { missing, before } = await openBatches(this.#folder, phase);
    const work = new Map(missing.map((batch) => [batch.index, batch.work]));
    const common = { unit: phase.unit, total: phase.work, before, onProgress: this.#run.onProgress };
    const progress = new PhaseProgress(work, common);
    while (missing.length > 0) {
      const tasks = await this.#tasks();
      const reasons = new Map<number, string>();
      const open: OpenBatch[] = [];
      let isOver = true;
      const lost: OpenBatch[] = [];
      for (const batch of missing) {
        const fate = await this.#fateOf(batch, tasks.get(key(batch)), progress);
        if (fate.kind === "done") continue;
        open.push(batch);
        if (fate.kind === "failed") reasons.set(batch.index, fate.reason);
        else isOver = false;
        if (fate.kind === "lost") lost.push(batch);
      }
      missing = open;
      if (missing.length > 0 && isOver) await requireDone(this.#folder, phase, reasons);
      if (lost.length > 0) await this.#runAgain(lost, tasks);
      if (missing.length > 0) await sleep(pollMs(this.#run), undefined, this.#wait());
    }
  }

  #wait(): { signal?: AbortSignal } {
    return this.#run.signal === undefined ? {} : { signal: this.#run.signal };
  }

  /** A cluster whose controller is away for a moment is asked again. */
  async #tasks(): Promise<Map<string, ClusterTask>> {
    for (let tries = 1; ; tries++) {
      try {
        return await clusterTasks(this.#folder, this.#config);
      } catch (error) {
        const isPassing = error instanceof VitrineError && error.code === "device" && tries < 12;
        if (!isPassing) throw error;
        await sleep(pollMs(this.#run), undefined, this.#wait());
      }
    }
  }

  async #fateOf(batch: OpenBatch, task: ClusterTask | undefined, progress: PhaseProgress): Promise<Fate> {
    const info = await batchInfo(this.#folder, batch, Number.POSITIVE_INFINITY);
    progress.update(batch.index, info.share);
    if (info.state === "done") return { kind: "done" };
    if (task !== undefined && isActive(task)) {
      this.#absences.delete(key(batch));
      return task.state === "RUNNING" && (await this.#isSilent(batch))
        ? { kind: "lost" }
        : { kind: "active" };
    }
    const absences = (this.#absences.get(key(batch)) ?? 0) + 1;
    this.#absences.set(key(batch), absences);
    if (absences < LOOKS) return { kind: "active" };
    const said = task === undefined ? "Slurm knows it no more" : `Slurm ended it as ${task.state}`;
    const isEnded = task !== undefined && FINAL.has(task.state);
    const reason = isEnded ? said : (info.message ?? said); // all that a batch knows is that it was asked to end
    const isFinal = info.message !== undefined || isEnded;
    const losses = this.#losses.get(key(batch)) ?? 0;
    if (isFinal || losses >= MOST_LOSSES) return { kind: "failed", reason };
    return { kind: "lost" };
  }

  /** Whether a batch that Slurm calls running has given no sign of life for too long. */
  async #isSilent(batch: OpenBatch): Promise<boolean> {
    const count = (await readHeartbeat(this.#folder, batch))?.count ?? -1;
    const known = this.#beats.get(key(batch));
    if (known === undefined || known.count !== count) {
      this.#beats.set(key(batch), { count, since: Date.now() });
      return false;
    }
    const { watchdogS = LOST_AFTER_MS / 1000 } = this.#run.engine;
    return Date.now() - known.since > 1000 * watchdogS;
  }

  async #runAgain(lost: readonly OpenBatch[], tasks: ReadonlyMap<string, ClusterTask>): Promise<void> {
    for (const batch of lost) {
      const losses = (this.#losses.get(key(batch)) ?? 0) + 1;
      this.#losses.set(key(batch), losses);
      this.#absences.delete(key(batch));
      this.#beats.delete(key(batch));
      const what = `${batch.phase} ${batch.index}: the cluster lost it`;
      this.#run.onLog?.(`${what}; it runs again (${losses} of ${MOST_LOSSES})`, "warning");
    }
    const ended = lost.flatMap((batch) => tasks.get(key(batch)) ?? []);
    await cancelTasks(ended.filter(isActive));
    await submitToSlurm(this.#folder, this.#run, new Set(ended.map(taskId)));
  }
}

type Fate =
  | { readonly kind: "done" }
  | { readonly kind: "active" }
  | { readonly kind: "lost" }
  | { readonly kind: "failed"; readonly reason: string };

function key({ phase, index }: { readonly phase: string; readonly index: number }): string {
  return `${phase}/${index}`;
}
