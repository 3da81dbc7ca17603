import { type Progress, progressTeller, VitrineError } from "../core/index.ts";
import { endingOf, fileExists, refuseUnknownKeys } from "../io/index.ts";
import { systemClock } from "./clock.ts";
import { Acquisition } from "./engine/acquisition.ts";
import type { AcquisitionOptions } from "./engine/options.ts";
import type { StageReport } from "./engine/report.ts";
import { DEFAULT_WATCHDOG } from "./engine/watchdog.ts";
import type { AcquisitionEvent } from "./events/event.ts";
import type { MicroscopeCore } from "./microscope.ts";
import { type MicroscopeChoice, openMicroscope } from "./openMicroscope.ts";
import { equalAxesWarning, eventsFor, type PlanFile, planAt, readPlan } from "./planFile.ts";
import { readPositionList } from "./positions.ts";
import type { AcquisitionView, ViewOptions } from "./view/view.ts";

/** What an acquisition from a plan needs. */
export interface PlanOptions
  extends Pick<
    AcquisitionOptions,
    "directory" | "name" | "save" | "format" | "durability" | "tiling" | "onNotification"
  > {
  /** Serve a page on it, as `acquisition.view()` does. */
  readonly view?: ViewOptions;
  /** Told of the page, which stays until whoever called closes it. */
  readonly onView?: (view: AcquisitionView) => void;
  /** After the plan's events, take tiles that a person queues in the page, until somebody stops it there. */
  readonly explore?: boolean;
  readonly microscope: MicroscopeChoice;
  /**
   * A position list of Micro-Manager (`.pos`): the plan, which has no positions, is done at each of them. With `tiling` their rows and
   * columns are the tiles'.
   */
  readonly positions?: string;
  /** A module of JavaScript, or a file of Python (`.py`, `.py:function`). */
  readonly processor?: string;
  /** Threads of a module. */
  readonly workers?: number;
  /** A processor that takes the event queue may let so much time pass, s, before its next event or its null. Default 5. */
  readonly idleS?: number;
  /**
   * Longest time for an image in the processor, s: one that hangs ends the acquisition then, with the images before it saved. Default 600,
   * since a network that segments on a processor without an accelerator takes minutes.
   */
  readonly processorTimeoutS?: number;
  /** Ends the acquisition; images that were taken are saved. */
  readonly signal?: AbortSignal;
  /** Told now and then, and at the end; counts images that are through the last stage. How many there will be nobody knows: Infinity. */
  readonly onProgress?: (progress: Progress) => void;
  /** As often: where images are. */
  readonly onStages?: (stages: readonly StageReport[]) => void;
  /** Gets what was lost, replaced or guessed. */
  readonly onLog?: (message: string, kind: "warning" | "note") => void;
}

/** What an acquisition did. */
export interface PlanReport {
  /** The folder that was written; null where none was. */
  readonly folder: string | null;
  /** Images that were saved, each counted once. */
  readonly images: number;
  /** Images that were saved in the place of an earlier one of equal axes, where any were: the dataset has the last. */
  readonly replaced?: number;
  readonly stages: readonly StageReport[];
  readonly seconds: number;
}

/** Time between two reports of progress. */
const PROGRESS_MS = 500;

const IDLE_S = 5;
/** Time between two looks at whether anything is still under way. */
const IDLE_POLL_MS = 20;

const KEYS: Readonly<Record<keyof PlanOptions, true>> = {
  microscope: true,
  positions: true,
  processor: true,
  workers: true,
  directory: true,
  name: true,
  save: true,
  format: true,
  durability: true,
  tiling: true,
  view: true,
  onView: true,
  explore: true,
  idleS: true,
  processorTimeoutS: true,
  signal: true,
  onNotification: true,
  onProgress: true,
  onStages: true,
  onLog: true,
};

/**
 * Runs the events of a plan file. A processor that takes the event queue goes on with its own events after them, until it puts null or has
 * put nothing for `idleS`.
 *
 * @param path  JSON or YAML: events, the parameters of `multiDAcquisitionEvents`, or a useq sequence
 * @throws {VitrineError} what is wrong with the plan, the microscope or the disk; missing: no such module; unsupported: `workers`
 *   without a module; aborted: by `signal`; whatever a processor throws
 */
export async function runPlan(path: string, options: PlanOptions): Promise<PlanReport> {
  refuseUnknownKeys(options, { known: Object.keys(KEYS), at: "runPlan options" });
  const {
    microscope: choice,
    positions,
    processor,
    workers,
    idleS,
    processorTimeoutS,
    view,
    onView,
    explore = false,
    signal,
    onProgress,
    onStages,
    onLog,
    ...rest
  } = options;
  const planFile = await readPlan(path);
  const isPython = processor !== undefined && /\.py(:\w+)?$/.test(processor);
  const isModule = processor !== undefined && !isPython;
  const isPath = isModule && !processor.startsWith("file:");
  if (isPath && !/\.[cm]?[jt]s$/i.test(processor)) throw noProcessor(processor);
  if (isPath && !(await fileExists(processor))) throw noModule(processor);
  if (workers !== undefined && !isModule) throw noThreads(processor);
  await using opened = await openMicroscope({ ...choice, ...(isPython && { pythonProcessor: processor }) });
  const { microscope } = opened;
  const inModule = isModule ? { module: processor, ...(workers !== undefined && { workers }) } : undefined;
  const imageProcessor = opened.processor ?? inModule;
  const timing = { limitMs: DEFAULT_WATCHDOG.hardware, clock: systemClock };
  const plan = await placedPlan(planFile, microscope.core, {
    positions,
    onLog,
    kind: choice.kind,
    tiling: rest.tiling,
  });
  const events = await eventsFor(plan, microscope.core, timing);
  const equal = equalAxesWarning(events);
  if (equal !== undefined) onLog?.(equal, "warning");
  const acquisition = await Acquisition.open({
    ...rest,
    microscope,
    summaryMetadata: plan.summary,
    ...(processorTimeoutS !== undefined && { watchdogMs: { processor: 1000 * processorTimeoutS } }),
    ...(imageProcessor !== undefined && { imageProcessor }),
  });
  if (view !== undefined) onView?.(await acquisition.view(view));
  const following = { signal, idleS, explore, onProgress, onStages, onLog };
  const report = await followed(acquisition, events, following);
  warnOfLosses(report, onLog);
  return report; // the microscope is closed after it
}

interface Placing extends Pick<MicroscopeChoice, "kind"> {
  readonly positions: string | undefined;
  readonly tiling: PlanOptions["tiling"];
  readonly onLog: PlanOptions["onLog"];
}

/** The plan at the places of the list, where one was given. */
async function placedPlan(
  plan: PlanFile,
  core: MicroscopeCore,
  { positions, tiling, kind, onLog }: Placing,
): Promise<PlanFile> {
  if (positions === undefined) return plan;
  const options = { asTiles: tiling !== undefined, onOwnStages: kind === "demo", ...(onLog && { onLog }) };
  return planAt(plan, await readPositionList(positions, core, options));
}

function noModule(at: string): VitrineError {
  const expected = "a module whose default export is the image processor";
  return new VitrineError({ code: "missing", at, expected, found: "no such file", hint: "Check the path" });
}

function noProcessor(at: string): VitrineError {
  const expected = "a module of JavaScript (.js, .mjs) or a file of Python (.py, .py:function)";
  const found = endingOf(at);
  return new VitrineError({ code: "unsupported", at, expected, found });
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

type Listeners = { readonly [K in "onProgress" | "onStages"]: PlanOptions[K] };
type Following = Listeners & { readonly [K in "signal" | "idleS" | "explore" | "onLog"]: PlanOptions[K] };

/** Runs the events to their end, tells how it goes, and ends them when it is told to. */
async function followed(
  acquisition: Acquisition,
  events: Iterable<AcquisitionEvent>,
  { signal, idleS = IDLE_S, explore = false, onLog, ...listeners }: Following,
): Promise<PlanReport> {
  const start = performance.now();
  const tell = stageTeller(acquisition, listeners);
  const timer = setInterval(tell, PROGRESS_MS);
  const stop = () => acquisition.abort(stopped(signal));
  signal?.addEventListener("abort", stop, { once: true });
  try {
    if (signal?.aborted) stop();
    else acquisition.acquire(events);
    if (explore) await acquisition.untilStopped();
    else await untilIdle(acquisition, { idleS, onLog });
    await acquisition.done();
  } catch (error) {
    throw placed(error, acquisition.failedIn);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", stop);
    tell();
  }
  const { dataset, duplicates: replaced, lateEvents } = acquisition;
  if (lateEvents > 0)
    onLog?.(`the image processor put events after null, ${lateEvents} times: they were not taken`, "warning");
  const images = dataset?.imageCoordinates().length ?? 0;
  const seconds = (performance.now() - start) / 1000;
  const folder = acquisition.folder ?? null;
  return { folder, images, ...(replaced > 0 && { replaced }), stages: acquisition.report(), seconds };
}

/** An error of a processor's own, which says in its last line which image it was about; one that took too long, with the option. */
function placed(error: unknown, what: string | undefined): unknown {
  if (error instanceof VitrineError && error.code === "timeout" && error.fault.at === what) {
    const hint = "Allow more with --processor-timeout (`processorTimeoutS`), or see what holds it up";
    return new VitrineError({ ...error.fault, hint }, { cause: error.cause });
  }
  if (what === undefined || error instanceof VitrineError || !(error instanceof Error)) return error;
  const lines = (error.stack ?? `${error.name}: ${error.message}`).split("\n");
  const own = lines.filter((line) => !/^\s*at .*(node:internal|processors\/worker\.)/.test(line));
  error.stack = [...own, `    in the ${what}`].join("\n");
  return error;
}

/** Waits until the plan's images are through, and those of events that the processor adds. */
async function untilIdle(
  acquisition: Acquisition,
  { idleS, onLog }: { readonly idleS: number; readonly onLog: PlanOptions["onLog"] },
): Promise<void> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  acquisition.finished.then(over, over);
  const patienceMs = acquisition.takesQueue ? idleS * 1000 : 0;
  for (let idleSince: number | undefined; !isOver; ) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_POLL_MS));
    const now = performance.now();
    idleSince = acquisition.isIdle ? (idleSince ?? now) : undefined;
    if (isOver || idleSince === undefined || now - idleSince < patienceMs) continue;
    if (patienceMs > 0)
      onLog?.(`the image processor put neither an event nor null for ${idleS} s: ended`, "warning");
    return;
  }
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

function warnOfLosses({ stages, replaced = 0 }: PlanReport, onLog: PlanOptions["onLog"]): void {
  if (replaced > 0)
    onLog?.(`${replaced} images replaced an earlier one of equal axes: the dataset has the last`, "warning");
  const done = new Map(stages.map((stage) => [stage.stage, stage.done]));
  const processed = done.get("processor") ?? 0;
  if (processed > 0 && done.get("saving") === 0)
    onLog?.(
      `the image processor returned none of ${processed} images, and nothing is saved: it returns the image and its metadata to keep them`,
      "warning",
    );
  for (const { stage, dropped } of stages)
    if (dropped > 0) onLog?.(`${stage}: ${dropped} images were lost`, "warning");
}
