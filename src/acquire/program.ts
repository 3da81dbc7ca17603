import { type Progress, progressTeller, VitrineError } from "../core/index.ts";
import { fileExists, readText } from "../io/index.ts";
import { Acquisition } from "./engine/acquisition.ts";
import type { AcquisitionOptions } from "./engine/options.ts";
import type { StageReport } from "./engine/report.ts";
import { parsePlan } from "./events/parsePlan.ts";
import { type MicroscopeChoice, openMicroscope } from "./openMicroscope.ts";

/** What an acquisition from a plan needs. */
export interface PlanOptions
  extends Pick<AcquisitionOptions, "directory" | "name" | "save" | "format" | "tiling" | "onNotification"> {
  readonly microscope: MicroscopeChoice;
  /** A module of JavaScript, or, with the microscope mmcore, a file of Python (`.py`, `.py:function`). */
  readonly processor?: string;
  /** Threads of a module. */
  readonly workers?: number;
  /** Ends the acquisition; images that were taken are saved. */
  readonly signal?: AbortSignal;
  /** Told now and then, and at the end; counts images that are through the last stage. How many there will be nobody knows: Infinity. */
  readonly onProgress?: (progress: Progress) => void;
  /** As often: where images are. */
  readonly onStages?: (stages: readonly StageReport[]) => void;
  /** Gets what was lost. */
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
}

/** What an acquisition did. */
export interface PlanReport {
  /** The folder that was written; null where none was. */
  readonly folder: string | null;
  /** Images that were saved, each counted once. */
  readonly images: number;
  readonly stages: readonly StageReport[];
  readonly seconds: number;
}

/** Time between two reports of progress. */
const PROGRESS_MS = 500;

/**
 * Runs the events of a plan file.
 *
 * @param path  JSON: events, the parameters of `multiDAcquisitionEvents`, or a useq sequence
 * @throws {VitrineError} what is wrong with the plan, the microscope or the disk; missing: no such module; unsupported: `workers`
 *   without a module; aborted: by `signal`; whatever a processor throws
 */
export async function runPlan(path: string, options: PlanOptions): Promise<PlanReport> {
  const { microscope: choice, processor, workers, signal, onProgress, onStages, onLog, ...rest } = options;
  const plan = parsePlan(await readPlan(path), path);
  const isPython = processor !== undefined && /\.py(:\w+)?$/.test(processor);
  const isModule = processor !== undefined && !isPython;
  const isPath = isModule && !processor.startsWith("file:");
  if (isPath && !(await fileExists(processor))) throw noModule(processor);
  if (workers !== undefined && !isModule) throw noThreads(processor);
  const opened = await openMicroscope({ ...choice, ...(isPython && { pythonProcessor: processor }) });
  await using microscope = opened.microscope;
  const inModule = isModule ? { module: processor, ...(workers !== undefined && { workers }) } : undefined;
  const imageProcessor = opened.processor ?? inModule;
  const acquisition = await Acquisition.open({
    ...rest,
    microscope,
    ...(imageProcessor !== undefined && { imageProcessor }),
  });
  const report = await followed(acquisition, plan, { signal, onProgress, onStages });
  warnOfLosses(report.stages, onLog);
  return report; // the microscope is closed after it
}

async function readPlan(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw notJson(path, cause);
  }
}

function notJson(at: string, cause: unknown): VitrineError {
  const found = cause instanceof Error ? cause.message : String(cause);
  return new VitrineError({ code: "format", at, expected: "a plan in JSON", found }, { cause });
}

function noModule(at: string): VitrineError {
  const expected = "a module whose default export is the image processor";
  return new VitrineError({ code: "missing", at, expected, found: "no such file", hint: "Check the path" });
}

function noThreads(processor: string | undefined): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: "workers",
    expected: "a processor that is a module of JavaScript",
    found: processor ?? "no processor",
  });
}

function stopped(signal: AbortSignal | undefined): VitrineError {
  const reason: unknown = signal?.reason;
  return new VitrineError({
    code: "aborted",
    at: "acquisition",
    expected: "to run to its end",
    found: reason instanceof Error ? reason.message : "that it was stopped",
    hint: "Images that were taken before are saved",
  });
}

interface Listeners {
  readonly onProgress: PlanOptions["onProgress"];
  readonly onStages: PlanOptions["onStages"];
}

/** Runs the events to their end, tells how it goes, and ends them when it is told to. */
async function followed(
  acquisition: Acquisition,
  plan: Parameters<Acquisition["acquire"]>[0],
  { signal, ...listeners }: Listeners & { readonly signal: AbortSignal | undefined },
): Promise<PlanReport> {
  const start = performance.now();
  const tell = stageTeller(acquisition, listeners);
  const timer = setInterval(tell, PROGRESS_MS);
  const stop = () => acquisition.abort(stopped(signal));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (signal?.aborted) stop();
    else acquisition.acquire(plan);
    await acquisition.done();
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", stop);
    tell();
  }
  const { dataset } = acquisition;
  const images = dataset?.imageCoordinates().length ?? 0;
  const seconds = (performance.now() - start) / 1000;
  return { folder: dataset?.name ?? null, images, stages: acquisition.report(), seconds };
}

/** Tells of the images that are saved, or, where none are, processed; and of all stages. */
function stageTeller(acquisition: Acquisition, { onProgress, onStages }: Listeners): () => void {
  const tell = progressTeller(onProgress, { unit: "images" });
  return () => {
    const stages = acquisition.report();
    const last = stages.findLast(({ stage }) => stage === "saving" || stage === "processor");
    tell(last?.done ?? 0, Number.POSITIVE_INFINITY);
    onStages?.(stages);
  };
}

function warnOfLosses(stages: readonly StageReport[], onLog: PlanOptions["onLog"]): void {
  for (const { stage, dropped } of stages)
    if (dropped > 0) onLog?.(`${stage}: ${dropped} images were lost`, "warning");
}
