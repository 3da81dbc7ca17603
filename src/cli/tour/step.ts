import { join } from "node:path";
import { makeFolder } from "../../io/index.ts";
import type { TourStep } from "../../server/index.ts";
import type { CommandTools } from "../report.ts";

/** What the steps of the tour are given. */
export interface TourTools extends CommandTools {
  /** Where everything lies. */
  readonly dir: string;
  readonly workers?: number;
}

/** What a step made, against what was planted. */
export interface TourResult extends TourStep {
  readonly planted: number;
  readonly found: number;
  /** Found where nothing was planted. */
  readonly others: number;
  /** Whether it is near enough to what was planted. */
  readonly isRight: boolean;
}

/** The paths of a step, and the commands that do what it does. */
export interface TourDesk {
  /** A file of the tour, by its name below the tour's folder. */
  readonly path: (name: string) => string;
  /** Says the command that does what follows, and keeps it. */
  readonly tell: (command: string) => void;
  readonly commands: readonly string[];
  /** What every program takes. */
  readonly program: Pick<CommandTools, "signal" | "onProgress" | "onLog" | "onBackend"> & {
    readonly workers?: number;
  };
}

/** A desk for one step. @param folder  of its files, below that of the tour; others are named with their folder */
export async function openDesk(
  { dir, workers, signal, onProgress, onLog, onBackend }: TourTools,
  folder?: string,
): Promise<TourDesk> {
  if (folder !== undefined) await makeFolder(join(dir, folder));
  const commands: string[] = [];
  return {
    path: (name) => join(dir, name),
    tell(command) {
      const whole = `npx vitrine ${command}`;
      commands.push(whole);
      onLog(whole, "note");
    },
    commands,
    program: { signal, onProgress, onLog, onBackend, ...(workers !== undefined && { workers }) },
  };
}

/** A path as a shell takes it. */
export function quoted(path: string): string {
  return /^[\w./:@%+=,-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** The one in the middle; of an even number the lower one. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}
