/** Starts the step of an experiment in a process of its own, which goes on when the server ends. */
import { spawn } from "node:child_process";
import { mkdir, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { openPath } from "../../core/index.node.ts";
import { VitrineError } from "../../core/index.ts";
import { fileExists } from "../../io/index.ts";
import { stepInfo } from "../../jobs/index.ts";
import type { Roots } from "../roots.ts";
import { STEP, saidFile } from "./read.ts";

/** Ways to start it, as the command line has them: `submit` after `init`, `resubmit` for what is missing. */
export const STARTS = ["init", "submit", "resubmit"] as const;

const PROGRAM = fileURLToPath(new URL("../../../bin/vitrine.js", import.meta.url));

/** Starts steps, one at a time of each experiment. */
export class JobStarter {
  readonly #roots: Roots;
  readonly #databaseUrl: string | undefined;
  readonly #onError: (error: unknown) => void;
  readonly #running = new Set<string>();

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
   * @throws {VitrineError} missing: no experiment there; busy: its step runs
   */
  async start(at: string, what: (typeof STARTS)[number]): Promise<void> {
    const path = await this.#roots.resolve(at);
    if (!(await fileExists(join(path, "experiment.json")))) throw noExperiment(at);
    if (this.#running.has(path) || (await isRunning(join(path, "jobs", STEP)))) throw isBusy(at);
    this.#running.add(path);
    try {
      await this.#spawn(path, what);
    } catch (error) {
      this.#running.delete(path);
      throw error;
    }
  }

  async #spawn(path: string, what: string): Promise<void> {
    const said = await openPath(saidFile(path));
    await mkdir(dirname(said), { recursive: true });
    await using file = await open(said, "w");
    const env = {
      ...process.env,
      ...(this.#databaseUrl !== undefined && { DATABASE_URL: this.#databaseUrl }),
    };
    const child = spawn(process.execPath, [PROGRAM, STEP, path, what], {
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
  }
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
  return new VitrineError({ ...fault, hint: "Wait until it has ended" });
}
