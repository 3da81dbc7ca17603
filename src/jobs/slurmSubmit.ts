/** Leaving batches to a cluster, and knowing which it has. */
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { builtFile } from "../core/index.node.ts";
import { type BatchPlace, heartbeatFile } from "./batchFiles.ts";
import type { EngineOptions, SlurmEngine } from "./engine.ts";
import { batchFile, type PhaseRecord, parseState, type StepFolder } from "./layout.ts";
import { openBatches } from "./openBatches.ts";
import {
  accountedTasks,
  isActive,
  queuedTasks,
  type SlurmConfig,
  type SlurmTask,
  slurm,
  slurmConfig,
} from "./slurmCommands.ts";
import { readStateJson, removeState, storageError, writeState } from "./stateFiles.ts";
import { HEARTBEAT_MS } from "./states.ts";

/** The longest time before a task's limit at which it is told, s. */
const WARNING_S = 60;

/** One array: its task `i` runs the batch `indices[i]`. */
export interface Submission {
  /** Part of the job's name: an array whose submitter died before it learned the number is found by it. */
  readonly token: string;
  readonly phase: string;
  readonly indices: readonly number[];
  readonly job?: string;
}

/** A batch as the cluster has it. */
export interface ClusterTask extends BatchPlace, SlurmTask {}

/** What a run on a cluster takes. */
export interface SlurmRun extends EngineOptions {
  readonly engine: SlurmEngine;
}

const SUBMISSIONS = z.array(
  z.strictObject({
    token: z.string(),
    phase: z.string(),
    indices: z.array(z.int()),
    job: z.string().optional(),
  }),
);

/** The arrays of a step, in their order. @throws {VitrineError} format, storage */
export async function readSubmissions(folder: StepFolder): Promise<Submission[]> {
  const at = join(folder.path, "slurm", "submissions.json");
  const value = await readStateJson(at);
  if (value === undefined) return [];
  return parseState(value, SUBMISSIONS, at).map(({ job, ...rest }) => ({ ...rest, ...(job && { job }) }));
}

async function writeSubmissions(folder: StepFolder, submissions: readonly Submission[]): Promise<void> {
  await writeState(join(folder.path, "slurm", "submissions.json"), JSON.parse(JSON.stringify(submissions)));
}

/** The name of an array's job. */
function jobName(folder: StepFolder, { phase, token }: Submission): string {
  return `vitrine-${folder.record.name}-${phase}-${token}`;
}

/** Batches that the cluster knows of, by `phase/index`: the latest task of each. @throws {VitrineError} missing, device */
export async function clusterTasks(
  folder: StepFolder,
  config: SlurmConfig,
): Promise<Map<string, ClusterTask>> {
  const submissions = await readSubmissions(folder);
  const found = new Map<string, ClusterTask>();
  if (submissions.length === 0) return found;
  const queued = await queuedTasks();
  const seen = new Set(queued.map(({ job }) => job));
  const gone = submissions.flatMap(({ job }) => (job !== undefined && !seen.has(job) ? [job] : []));
  const all = config.hasAccounting && gone.length > 0 ? [...(await accountedTasks(gone)), ...queued] : queued;
  for (const submission of submissions) {
    const name = jobName(folder, submission);
    for (const task of all.filter((one) => one.name === name)) {
      const index = submission.indices[task.task];
      if (index === undefined) continue;
      found.set(`${submission.phase}/${index}`, { ...task, phase: submission.phase, index });
    }
  }
  return found;
}

/**
 * Submits what is neither done nor with the cluster, each phase after the one before.
 *
 * @param givenUp  tasks that count as gone, whatever Slurm says, as `job_task`
 * @returns        the arrays' numbers
 * @throws {VitrineError} missing: no Slurm; device: the cluster refuses, with its words; storage
 */
export async function submitToSlurm(
  folder: StepFolder,
  run: SlurmRun,
  givenUp: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const config = await slurmConfig();
  const tasks = await clusterTasks(folder, config);
  const jobs: string[] = [];
  let after: string[] = [];
  let isAnew = false;
  for (const phase of folder.record.phases) {
    const { missing } = await openBatches(folder, phase);
    const active = missing.flatMap(({ index }) => {
      const task = tasks.get(`${phase.name}/${index}`);
      return task !== undefined && isActive(task) && !givenUp.has(taskId(task)) ? [task] : [];
    });
    // they wait for tasks of an earlier phase that will not succeed
    if (isAnew) await cancelTasks(active);
    const kept = isAnew ? [] : active;
    const indices = missing
      .map(({ index }) => index)
      .filter((index) => !kept.some((task) => task.index === index));
    const added = await submitPhase(folder, phase, { run, indices, after, config });
    isAnew ||= added.length > 0;
    jobs.push(...added);
    after = [...kept.map(taskId), ...added];
  }
  return jobs;
}

interface PhaseSubmission {
  readonly run: SlurmRun;
  readonly indices: readonly number[];
  /** Jobs that must succeed before. */
  readonly after: readonly string[];
  readonly config: SlurmConfig;
}

/** Submits batches of a phase in as many arrays as the cluster's limit demands. */
async function submitPhase(
  folder: StepFolder,
  phase: PhaseRecord,
  { run, indices, after, config }: PhaseSubmission,
): Promise<string[]> {
  const arrays = Math.ceil(indices.length / config.maxArraySize);
  const jobs: string[] = [];
  for (let i = 0; i < arrays; i++) {
    const share = indices.slice(i * config.maxArraySize, (i + 1) * config.maxArraySize);
    const submission = { token: randomBytes(5).toString("hex"), phase: phase.name, indices: share };
    const script = await prepare(folder, submission, run);
    // noted before it is sent: should this process end in between, the name finds the job
    await writeSubmissions(folder, [...(await readSubmissions(folder)), submission]);
    const args = sbatchOptions(folder, submission, { engine: run.engine, after, arrays });
    const said = await slurm("sbatch", [...args, script], "a cluster that takes the job");
    const job = said.trim().split(";")[0];
    const before = (await readSubmissions(folder)).filter(({ token }) => token !== submission.token);
    await writeSubmissions(folder, [...before, { ...submission, job }]);
    jobs.push(job);
  }
  return jobs;
}

/** Writes the script of an array and the list of its batches; forgets how these ended before. */
async function prepare(folder: StepFolder, submission: Submission, run: SlurmRun): Promise<string> {
  const { phase, indices } = submission;
  for (const index of indices) {
    await removeState(batchFile(folder.path, "ends", { phase, index }));
    await removeState(heartbeatFile(folder, { phase, index }));
  }
  const base = join(folder.path, "slurm", `${phase}-${submission.token}`);
  await writeState(`${base}.txt`, new TextEncoder().encode(`${indices.join("\n")}\n`));
  const logs = join(folder.path, "logs", phase);
  await mkdir(logs, { recursive: true }).catch((error) => {
    throw storageError(error, logs);
  });
  const { cores = 1 } = run.engine;
  const program = [process.execPath, builtFile("#job-task"), folder.path, phase].map(quoted).join(" ");
  const text = [
    "#!/bin/sh",
    `index=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" ${quoted(`${base}.txt`)})`,
    `[ -n "$index" ] || exit 1`,
    // the program takes the shell's place, so that signals reach it
    `exec ${program} "$index" ${cores} ${run.heartbeatMs ?? HEARTBEAT_MS} >>${quoted(`${logs}/`)}"$index.log" 2>&1`,
  ];
  await writeState(`${base}.sh`, new TextEncoder().encode(`${text.join("\n")}\n`));
  return `${base}.sh`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function sbatchOptions(
  folder: StepFolder,
  submission: Submission,
  {
    engine,
    after,
    arrays,
  }: { readonly engine: SlurmEngine; readonly after: readonly string[]; readonly arrays: number },
): string[] {
  const { tasks, cores = 1, memoryBytes, durationS, partition, account, sbatch = [] } = engine;
  const atOnce = tasks === undefined ? "" : `%${Math.max(1, Math.floor(tasks / arrays))}`;
  const output = `${folder.path.replaceAll("%", "%%")}/slurm/%x_%a.out`;
  const hasWarning = durationS !== undefined && durationS >= 2 * WARNING_S;
  return [
    "--parsable",
    `--array=0-${submission.indices.length - 1}${atOnce}`,
    `--job-name=${jobName(folder, submission)}`,
    `--output=${output}`,
    `--chdir=${folder.path}`,
    "--ntasks=1",
    `--cpus-per-task=${cores}`,
    "--kill-on-invalid-dep=yes",
    ...(after.length > 0 ? [`--dependency=afterok:${after.join(":")}`] : []),
    ...(memoryBytes === undefined ? [] : [`--mem=${Math.ceil(memoryBytes / 2 ** 20)}M`]),
    ...(durationS === undefined ? [] : [`--time=${Math.ceil(durationS / 60)}`]),
    ...(hasWarning ? [`--signal=B:USR2@${WARNING_S}`] : []),
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(account === undefined ? [] : [`--account=${account}`]),
    ...sbatch,
  ];
}

/** How Slurm's commands name a task. */
export function taskId({ job, task }: SlurmTask): string {
  return `${job}_${task}`;
}

/** Ends tasks; those that have ended meanwhile are no error. */
export async function cancelTasks(tasks: readonly SlurmTask[]): Promise<void> {
  const names = tasks.map(taskId);
  for (let i = 0; i < names.length; i += 500)
    await slurm("scancel", ["--quiet", ...names.slice(i, i + 500)], "a cluster that ends its tasks");
}
