import { spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { run } from "../../src/cli/main.ts";
import { type Configuration, mapPaths, smallConfiguration, writeConfig } from "./searchCase.ts";

const program = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));

/** How a run of the command line ended. */
export interface CommandEnd {
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Options of {@link vitrine}. */
export interface CommandOptions {
  /** Flags of Node, before the program. */
  readonly nodeArgs?: readonly string[];
  readonly cwd?: string;
  /** Gets all that was written to stderr so far, and may send a signal. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Time after which it is ended; default 150,000, ms. */
  readonly timeoutMs?: number;
  /** Called when it runs; may send a signal at any time. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void;
}

/** Runs `vitrine` as a user would. */
export function vitrine(args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const { nodeArgs = [], cwd, timeoutMs = 150_000, onStderr, onStart } = options;
  const child = spawn(process.execPath, [...nodeArgs, program, ...args], {
    ...(cwd !== undefined && { cwd }),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: timeoutMs,
  });
  onStart?.((signal) => child.kill(signal));
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    onStderr?.(stderr, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** Flags of Node with which a program kills itself, as `kill -9` does, once a file whose path ends so has been written so many times. */
export function dyingAt(ending: string, times = 1): string[] {
  const choices = new URLSearchParams({ ending, times: String(times) });
  return ["--import", `${new URL("dieAt.mjs", import.meta.url).href}?${choices}`];
}

/** Runs `vitrine` in this process, from the sources: several times as fast, deaf to signals. */
export async function vitrineHere(
  args: readonly string[],
  { cwd }: Pick<CommandOptions, "cwd"> = {},
): Promise<CommandEnd> {
  const before = process.cwd();
  if (cwd !== undefined) process.chdir(cwd);
  const texts = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((chunk) => {
      texts[name] += String(chunk);
      return true;
    }),
  );
  try {
    const code = await run(args);
    return { code, ...texts };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.chdir(before);
  }
}

/** Every file below a folder, by its path in it. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(folder.length + 1))
    .sort();
}

/** A search for the command line: its folder, its configuration and the arguments of `match`. */
export interface CommandCase {
  readonly folder: string;
  readonly config: string;
  readonly args: string[];
}

/** What a test changes of a case: the configuration, or files of the folder. */
export type Change = (configuration: Configuration, folder: string) => void;

/** Makes searches of 483 correlations, each in a folder of its own: `image.mrc`, `volume.mrc`, results into `out`. */
export function caseMaker(scratch: string): (change?: Change) => CommandCase {
  let cases = 0;
  return (change = () => {}) => {
    const folder = join(scratch, String(cases++));
    mkdirSync(join(folder, "out"), { recursive: true });
    const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
    configuration.match_template_result = mapPaths(join(folder, "out"));
    change(configuration, folder);
    const config = writeConfig(folder, configuration);
    const args = ["match", config, "--particles", join(folder, "out", "particles.csv"), "--workers", "1"];
    return { folder, config, args };
  };
}

/** The one line of an error, without the folder; what is logged before it, and progress, do not count. */
export function complaint({ stderr }: CommandEnd, folder: string): string {
  const isLog = (line: string) => line.includes("has no effect here") || / left$/.test(line);
  const lines = stderr.split("\n").filter((line) => line !== "" && !isLog(line));
  if (lines.length !== 1) throw new Error(`${lines.length} lines: ${stderr}`);
  return lines[0].replaceAll(`${folder}/`, "");
}

/** What `match` writes. */
export const OUTPUTS = [
  "correlation_average.mrc",
  "correlation_variance.mrc",
  "mip.mrc",
  "orientation_phi.mrc",
  "orientation_psi.mrc",
  "orientation_theta.mrc",
  "particles.csv",
  "relative_defocus.mrc",
  "scaled_mip.mrc",
].map((name) => `out/${name}`);
