/** What a cluster's commands are asked and say. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { VitrineError } from "../core/index.ts";

const execute = promisify(execFile);

/** One task of an array as Slurm has it. */
export interface SlurmTask {
  /** Of the array. */
  readonly job: string;
  readonly task: number;
  /** The job's name. */
  readonly name: string;
  /** `PENDING`, `RUNNING`, `FAILED`, ... */
  readonly state: string;
}

/** What of a cluster's configuration matters. */
export interface SlurmConfig {
  /** Array indices are below. */
  readonly maxArraySize: number;
  /** Whether `sacct` knows what `squeue` has forgotten. */
  readonly hasAccounting: boolean;
  /** Between SIGTERM and SIGKILL. */
  readonly killWaitS: number;
}

/** States in which a task still has something before it. */
const ACTIVE = new Set(
  ["PENDING", "RUNNING", "CONFIGURING", "COMPLETING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED"].concat([
    "RESIZING",
    "SUSPENDED",
    "STOPPED",
    "STAGE_OUT",
    "SIGNALING",
    "SPECIAL_EXIT",
    "RESV_DEL_HOLD",
  ]),
);

/** Whether Slurm means to run a task, or runs it. */
export function isActive({ state }: SlurmTask): boolean {
  return ACTIVE.has(state);
}

/**
 * Runs a command of Slurm.
 *
 * @throws {VitrineError} missing: there is no such command; device: it refuses, with its own words
 */
export async function slurm(command: string, args: readonly string[], what: string): Promise<string> {
  try {
    return (await execute(command, [...args], { maxBuffer: 2 ** 30 })).stdout;
  } catch (cause) {
    throw refusal(command, what, cause);
  }
}

function refusal(command: string, what: string, cause: unknown): VitrineError {
  const details: { code?: unknown; stderr?: unknown } = Object(cause);
  if (details.code === "ENOENT") {
    const fault = {
      code: "missing",
      at: command,
      expected: "the commands of Slurm on PATH",
      found: "no such command",
      hint: "Run it where the cluster's jobs are submitted, or take the engine local",
    } as const;
    return new VitrineError(fault, { cause });
  }
  const words = String(details.stderr ?? "").trim() || String(cause);
  const found = words.replaceAll(/\s*\n\s*/g, "; ").replace(/\.$/, "");
  return new VitrineError({ code: "device", at: command, expected: what, found }, { cause });
}

/** Asks for the cluster's limits. @throws {VitrineError} missing, device */
export async function slurmConfig(): Promise<SlurmConfig> {
  const text = await slurm("scontrol", ["show", "config"], "a cluster that answers");
  const value = (name: string) => new RegExp(`^${name}\\s*= *(.*)$`, "m").exec(text)?.[1]?.trim() ?? "";
  return {
    maxArraySize: Math.max(1, Number.parseInt(value("MaxArraySize"), 10) || 1001),
    hasAccounting: value("AccountingStorageType") !== "" && !/none/i.test(value("AccountingStorageType")),
    killWaitS: Number.parseInt(value("KillWait"), 10) || 30,
  };
}

/** A number as versions of Slurm write it: plain, or with a word whether there is one. */
const NUMBER = z
  .union([
    z.number().nullable(),
    z.object({ set: z.boolean(), number: z.number() }).transform(({ set, number }) => (set ? number : null)),
  ])
  .optional();
const QUEUE = z.object({
  jobs: z.array(
    z.object({
      name: z.string().nullable(),
      array_job_id: NUMBER,
      array_task_id: NUMBER,
      array_task_string: z.string().nullable().optional(),
      job_state: z.union([z.string(), z.array(z.string())]),
    }),
  ),
});

/** All tasks of arrays in the queue, those that wait in one record taken apart. @throws {VitrineError} missing, device, format */
export async function queuedTasks(): Promise<SlurmTask[]> {
  const text = await slurm("squeue", ["--json", "--states=all"], "the states of jobs");
  return parseQueue(text);
}

/** What `squeue --json` says of arrays. @throws {VitrineError} format: something else */
export function parseQueue(text: string): SlurmTask[] {
  const result = QUEUE.safeParse(parseJson(text));
  if (!result.success)
    throw new VitrineError({
      code: "format",
      at: "squeue --json",
      expected: "jobs with names, arrays and states",
      found: result.error.issues[0].message,
    });
  return result.data.jobs.flatMap(({ name, array_job_id, array_task_id, array_task_string, job_state }) => {
    if (!array_job_id) return [];
    const state = typeof job_state === "string" ? job_state : (job_state[0] ?? "");
    const listed = array_task_string ? parseTasks(array_task_string) : [];
    const tasks = listed.length > 0 ? listed : [array_task_id ?? 0];
    return tasks.map((task) => ({ job: String(array_job_id), task, name: name ?? "", state }));
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The numbers of `3,5-9,12-20:2%4`; one that is cut with `...` gives those that it names. */
export function parseTasks(text: string): number[] {
  return text
    .replace(/%\d+$/, "")
    .split(",")
    .flatMap((part) => {
      const match = /^(\d+)(?:-(\d+)(?::(\d+))?)?$/.exec(part.trim());
      if (match === null) return [];
      const [first, last, step] = [Number(match[1]), Number(match[2] ?? match[1]), Number(match[3] ?? 1)];
      return Array.from(
        { length: Math.max(0, Math.floor((last - first) / step) + 1) },
        (_, i) => first + i * step,
      );
    });
}

/** What accounting remembers of tasks of some arrays. @throws {VitrineError} missing, device */
export async function accountedTasks(jobs: readonly string[]): Promise<SlurmTask[]> {
  const args = ["-n", "-P", "-X", `--jobs=${jobs.join(",")}`, "--format=JobID,JobName,State"];
  return parseAccounts(await slurm("sacct", args, "the states of earlier jobs"));
}

/** What `sacct -n -P --format=JobID,JobName,State` says of tasks of arrays. */
export function parseAccounts(text: string): SlurmTask[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(\d+)_(\d+)\|(.*)\|([A-Z_]+)[^|]*$/.exec(line.trim());
    return match === null ? [] : [{ job: match[1], task: Number(match[2]), name: match[3], state: match[4] }];
  });
}
