/** Starts the step of an experiment in a process of its own, which goes on when the server ends, and cancels it. */
import { spawn } from "node:child_process";
import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { openPath, openPathOrNone } from "../../core/index.node.ts";
import { VitrineError } from "../../core/index.ts";
import { fileExists } from "../../io/index.ts";
import { stepInfo } from "../../jobs/index.ts";
import type { Roots } from "../roots.ts";
import { type Start, type StartOptions, startArguments } from "./options.ts";
import { STEP, saidFile } from "./read.ts";

const PROGRAM = fileURLToPath(new URL("../../../bin/vitrine.js", import.meta.url));

/** What was started last, for a server that is started anew. */
const STARTED = z.strictObject({ pid: z.int().min(2), args: z.array(z.string()) });
type Started = z.output<typeof STARTED>;

/** Starts steps, one at a time of each experiment. */
export class JobStarter {
  readonly #roots: Roots;
  readonly #databaseUrl: string | undefined;
  readonly #onError: (error: unknown) => void;
  /** Processes by their experiments. */
  readonly #running = new Map<string, number>();

  constructor(
    roots: Roots,
    options: { readonly databaseUrl?: string; readonly onError: (error: unknown) => void },
  ) {
    this.#roots = roots;
    this.#databaseUrl = options.databaseUrl;
    this.#onError = options.onError;
  }

  /**
   * Runs `vitrine illuminati EXPERIMENT init`, `submit` or `resubmit`; what it says is kept beside the step.
   *
   * @param at  an experiment within what is served
   * @throws {VitrineError} missing: no experiment there; busy: its step runs; range: an option that it does not have
   */
  async start(at: string, what: Start, options: StartOptions = {}): Promise<void> {
    const path = await this.#experiment(at);
    const args = [PROGRAM, STEP, path, what, ...startArguments(what, options)];
    if ((await this.process(path)) !== undefined || (await isRunning(join(path, "jobs", STEP))))
      throw isBusy(at);
    // two pages that start it at once
    if (this.#running.has(path)) throw isBusy(at);
    this.#running.set(path, 0);
    try {
      await this.#spawn(path, args);
    } catch (error) {
      this.#running.delete(path);
      throw error;
    }
  }

  /**
   * Ends what was started from a page of this machine, as Ctrl-C ends the command: what is done stays, `resubmit` goes on.
   *
   * @throws {VitrineError} missing: no experiment there, or nothing that was started here
   */
  async cancel(at: string): Promise<void> {
    const pid = await this.process(await this.#experiment(at));
    if (pid === undefined) throw nothingRuns(at);
    process.kill(pid, "SIGINT");
  }

  /** The process that runs the step of an experiment, if a server of this machine started it; of one that ended meanwhile, too. */
  async process(path: string): Promise<number | undefined> {
    const own = this.#running.get(path);
    if (own !== undefined && own > 0) return own;
    const file = await openPathOrNone(startedFile(path));
    if (file === undefined) return undefined;
    const started = await readStarted(file);
    if (started === undefined || !isOf(path, started)) return undefined;
    return (await isSame(started)) ? started.pid : undefined;
  }

  async #experiment(at: string): Promise<string> {
    const path = await this.#roots.resolve(at);
    if (await fileExists(join(path, "experiment.json"))) return path;
    throw noExperiment(at);
  }

  async #spawn(path: string, args: readonly string[]): Promise<void> {
    const said = await openPath(saidFile(path));
    await mkdir(dirname(said), { recursive: true });
    await using file = await open(said, "w");
    const env = {
      ...process.env,
      ...(this.#databaseUrl !== undefined && { DATABASE_URL: this.#databaseUrl }),
    };
    const child = spawn(process.execPath, [...args], {
      detached: true,
      stdio: ["ignore", file.fd, file.fd],
      env,
    });
    child.once("exit", () => this.#running.delete(path));
    child.once("error", (error) => {
      this.#running.delete(path);
      this.#onError(error);
    });
    child.unref();
    if (child.pid === undefined) return;
    this.#running.set(path, child.pid);
    await writeFile(await openPath(startedFile(path)), JSON.stringify({ pid: child.pid, args }));
  }
}

function startedFile(experiment: string): string {
  return join(experiment, "jobs", `${STEP}.started.json`);
}

/** What a file says was started; nothing where it is damaged, or somebody else's. */
async function readStarted(file: string): Promise<Started | undefined> {
  try {
    return STARTED.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return undefined;
  }
}

/** Whether it says of this experiment's step: the file lies where others may write. */
function isOf(path: string, { args: [program, step, experiment] }: Started): boolean {
  return program === PROGRAM && step === STEP && experiment === path;
}

/** Whether a process is still what it was: numbers are given anew. Where the system does not tell, it is taken for another. */
async function isSame({ pid, args }: Started): Promise<boolean> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return line.split("\0").slice(1, -1).join("\0") === args.join("\0");
}

/** Of a server that was started anew, too: batches give signs of life. */
async function isRunning(step: string): Promise<boolean> {
  if (!(await fileExists(join(step, "step.json")))) return false;
  const { batches } = await stepInfo(step);
  return batches.some(({ state }) => state === "running");
}

function noExperiment(at: string): VitrineError {
  return new VitrineError({ code: "missing", at, expected: "an experiment", found: "none" });
}

function isBusy(at: string): VitrineError {
  const fault = { code: "busy", at, expected: "a step that is at rest", found: "one that runs" } as const;
  return new VitrineError({ ...fault, hint: "Wait until it has ended, or cancel it" });
}

function nothingRuns(at: string): VitrineError {
  const fault = { code: "missing", at, expected: "a step that was started from a page here" } as const;
  return new VitrineError({ ...fault, found: "none", hint: "End others where they were started" });
}
