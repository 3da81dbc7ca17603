import { type OptionKeys, type Progress, requireKnownOptions, VitrineError } from "../core/index.ts";

/** What each batch gets, whoever runs it. */
interface Resources {
  /** Batches at a time; default as many as fit. */
  readonly tasks?: number;
  /** Threads of each; default 1. On this machine more, where fewer batches run at once than might. */
  readonly cores?: number;
  /** Of each, bytes. */
  readonly memoryBytes?: number;
  /** After which each is ended. */
  readonly durationS?: number;
}

/** Processes of this machine. */
export interface LocalEngine extends Resources {
  readonly kind: "local";
  /** What there is in all; default what the system says. */
  readonly totalCores?: number;
  readonly totalMemoryBytes?: number;
}

/** Tasks of a Slurm cluster that shares the directory of jobs. */
export interface SlurmEngine extends Resources {
  readonly kind: "slurm";
  readonly partition?: string;
  readonly account?: string;
  /** Further options of sbatch, each as `--name=value`. */
  readonly sbatch?: readonly string[];
  /** Between two looks at the states; default 5. */
  readonly pollS?: number;
  /** A task without sign of life for so long is given up, whatever Slurm says; default 120. */
  readonly watchdogS?: number;
}

/** Who runs batches. */
export type Engine = LocalEngine | SlurmEngine;

/** What every run takes. */
export interface EngineOptions {
  /** Default: this machine. */
  readonly engine?: Engine;
  /** Ends all batches, each after its checkpoint. */
  readonly signal?: AbortSignal;
  /** Of all batches of a phase together, in its unit. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
  /** How long a batch may take to write its checkpoint before it is killed; default 30. */
  readonly graceS?: number;
  /** Between two signs of life of a batch, ms; default 10,000. */
  readonly heartbeatMs?: number;
}

/** Keys of {@link EngineOptions}, for those who take them with others of their own. */
export const ENGINE_KEYS: OptionKeys<EngineOptions> = {
  engine: true,
  signal: true,
  onProgress: true,
  onLog: true,
  graceS: true,
  heartbeatMs: true,
};

const RESOURCE_KEYS: OptionKeys<Resources> = {
  tasks: true,
  cores: true,
  memoryBytes: true,
  durationS: true,
};

const KEYS: { readonly [Kind in Engine["kind"]]: OptionKeys<Extract<Engine, { kind: Kind }>> } = {
  local: { ...RESOURCE_KEYS, kind: true, totalCores: true, totalMemoryBytes: true },
  slurm: {
    ...RESOURCE_KEYS,
    kind: true,
    partition: true,
    account: true,
    sbatch: true,
    pollS: true,
    watchdogS: true,
  },
};

/** @throws {VitrineError} format: no such kind of engine, or a key that it does not have */
export function requireKnownEngine(engine: Engine | undefined): void {
  if (engine === undefined) return;
  const { kind }: { kind: string } = engine;
  if (!Object.hasOwn(KEYS, kind)) {
    requireKnownOptions<object>("engine", engine, { ...KEYS.local, ...KEYS.slurm });
    throw new VitrineError({
      code: "format",
      at: "engine kind",
      expected: Object.keys(KEYS).join(" or "),
      found: JSON.stringify(kind) ?? "none",
    });
  }
  if (engine.kind === "local") requireKnownOptions("engine", engine, KEYS.local);
  else requireKnownOptions("engine", engine, KEYS.slurm);
}
