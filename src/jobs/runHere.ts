import { progressTeller, requireKnownOptions, requireNotAborted, VitrineError } from "../core/index.ts";
import { hashOf } from "./identity.ts";
import { KeptThings } from "./keptThings.ts";
import type {
  BatchContext,
  BatchFunction,
  BatchResult,
  IdentityParts,
  Json,
  Step,
  StoredResult,
} from "./step.ts";

/** What {@link runStepHere} takes. */
export interface RunHereOptions<Batch extends Json, Result extends Json> {
  /** The functions of the phases, by name. */
  readonly run: Readonly<Record<string, BatchFunction<Batch, Result>>>;
  readonly options?: Json;
  readonly identity?: IdentityParts;
  readonly cores?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: BatchContext["onProgress"];
  readonly onLog?: BatchContext["onLog"];
}

/**
 * Runs a step in this very thread, one batch after the other, results in memory: for a page, and for what is too small for processes. It
 * gives the same outcome as every engine.
 *
 * @throws {VitrineError} aborted; missing: no function of a phase, or a batch wrote a file, for which there is no disk; whatever a batch throws
 */
export async function runStepHere<Batch extends Json, Result extends Json, Outcome>(
  step: Step<Batch, Result, Outcome>,
  options: RunHereOptions<Batch, Result>,
): Promise<Outcome> {
  requireKnownOptions("runStepHere", options, {
    run: true,
    options: true,
    identity: true,
    cores: true,
    signal: true,
    onProgress: true,
    onLog: true,
  });
  const results: StoredResult<Batch, Result>[] = [];
  await using kept = new KeptThings();
  for (const phase of step.phases) {
    const batches: Batch[] = [];
    for await (const batch of step.init(phase.name)) batches.push(batch);
    const run = options.run[phase.name];
    if (run === undefined) throw absent(`${step.name} ${phase.name}`, "a function of this phase", "none");
    const tell = progressTeller(options.onProgress, { unit: phase.unit });
    const sizes = batches.map((batch) => phase.work?.(batch) ?? 1);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    let before = 0;
    for (const [index, batch] of batches.entries()) {
      requireNotAborted(options.signal, step.name);
      const onProgress: BatchContext["onProgress"] = ({ done, total: all }) =>
        tell(before + (Number.isFinite(all) && all > 0 ? (sizes[index] * done) / all : 0), total);
      const context = contextHere(options, { phase: phase.name, index, results, kept, onProgress });
      results.push(stored(batch, { phase: phase.name, index, result: await run(batch, context) }));
      before += sizes[index];
      tell(before, total);
    }
  }
  const { options: shared = null, onLog = () => {} } = options;
  return step.collect(inOrder(results), { options: shared, onLog });
}

async function* inOrder<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

interface Place {
  readonly phase: string;
  readonly index: number;
  readonly results: readonly StoredResult[];
  readonly kept: KeptThings;
  readonly onProgress: BatchContext["onProgress"];
}

function contextHere<B extends Json, R extends Json>(
  { options = null, identity = {}, cores = 1, signal, onLog }: RunHereOptions<B, R>,
  { phase, index, results, kept, onProgress }: Place,
): BatchContext {
  const at = `${phase} ${index}`;
  let written: Uint8Array | undefined;
  return {
    phase,
    index,
    options,
    cores,
    signal: signal ?? new AbortController().signal,
    onProgress,
    onLog: onLog ?? (() => {}),
    checkpoint: {
      read: async () => written?.slice(),
      write: async (bytes) => {
        written = bytes.slice();
      },
    },
    scratch: () => {
      throw absent(at, "a disk for files of its own", "results in memory");
    },
    async resultOf(of, place) {
      const result = results.find((one) => one.phase === of && one.index === place);
      if (result === undefined) throw absent(at, `the result of ${of} ${place}`, "none");
      return result;
    },
    keep: (name, make) => kept.get(name, make),
    async requireSame(part, value) {
      const expected = identity[part];
      if (expected === undefined || (await hashOf(expected)) === (await hashOf(value))) return;
      throw differs(at, part, { expected, found: value });
    },
  };
}

function stored<Batch extends Json, Result extends Json>(
  batch: Batch,
  { phase, index, result }: { phase: string; index: number; result: BatchResult<Result> },
): StoredResult<Batch, Result> {
  const files = result.files ?? {};
  return {
    phase,
    index,
    batch,
    value: result.value,
    files: Object.keys(files).sort(),
    async read(name) {
      const file = files[name];
      if (file instanceof Uint8Array) return file;
      throw absent(`${phase} ${index} ${name}`, "a file that the batch gave", "none");
    },
    path: () => undefined,
  };
}

/** The error of a batch that finds another value of a part of the identity than its step has. */
export function differs(
  at: string,
  part: string,
  { expected, found }: { readonly expected: Json; readonly found: Json },
): VitrineError {
  const text = (value: Json) => (typeof value === "string" ? value : JSON.stringify(value));
  return new VitrineError({
    code: "unsupported",
    at: `${at} ${part}`,
    expected: `${text(expected)}, as the other batches have`,
    found: text(found),
    hint: "Run all batches on machines that have the same",
  });
}

function absent(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "missing", at, expected, found });
}
