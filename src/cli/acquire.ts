import { type Command, InvalidArgumentError, Option } from "commander";
import { type AcquisitionView, type PlanReport, runPlan, type StageReport } from "../acquire/index.ts";
import { VitrineError } from "../core/index.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import { abortOnSignals, raised } from "./interrupt.ts";
import { count, example, notNegative, portNumber, positive } from "./options.ts";
import { type CommandTools, log, report } from "./report.ts";

interface AcquireArguments {
  readonly microscope: "demo" | "mmcore";
  readonly config?: string;
  readonly python?: string;
  readonly dir?: string;
  readonly name?: string;
  readonly memory?: boolean;
  readonly durability: "power" | "process";
  readonly adapters?: string;
  readonly idle?: number;
  readonly processorTimeout?: number;
  readonly format: "ndtiff" | "ome-zarr";
  readonly positions?: string;
  readonly processor?: string;
  readonly workers?: number;
  readonly tileOverlap?: number | { readonly x: number; readonly y: number };
  readonly view?: boolean;
  readonly explore?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly json?: boolean;
}

/** Adds `vitrine acquire PLAN.json`. */
export function addAcquire(cli: Command): void {
  const command = cli
    .command("acquire")
    .addHelpText("after", example("acquire plan.json --dir data --name run --processor count.mjs"))
    .description("run an acquisition: events through hardware, an image processor and into a dataset")
    .argument(
      "<plan.json>",
      "JSON or YAML: events, parameters of multi_d_acquisition_events, or a useq sequence",
    )
    .addOption(
      new Option("--microscope <kind>", "simulated, or Micro-Manager's devices through pymmcore")
        .choices(["demo", "mmcore"])
        .default("demo"),
    )
    .option("--config <file>", "demo: its options (JSON or YAML); mmcore: Micro-Manager's configuration")
    .option(
      "--adapters <folder>",
      "mmcore: of the device adapters; default: MICROMANAGER_PATH, else the folder of --config",
    )
    .option(
      "--python <program>",
      "the Python with numpy and, for mmcore, pymmcore; default: VITRINE_PYTHON, else python3",
    )
    .option("--dir <folder>", "where the folder NAME_1, NAME_2 … is made; with --name")
    .option("--name <name>", "of the acquisition; without --dir, and without --memory, nothing is saved")
    .option(
      "--memory",
      "keep the images in memory until the command ends: to try a plan, or for the processor",
    )
    .addOption(
      new Option("--durability <what>", "what saved images outlive: a power cut, or the end of the program")
        .choices(["power", "process"])
        .default("power"),
    )
    .addOption(
      new Option("--format <format>", "of the dataset").choices(["ndtiff", "ome-zarr"]).default("ndtiff"),
    )
    .option(
      "--positions <file.pos>",
      "position list of Micro-Manager 1.4 or 2: the plan, which has no positions, is done at each",
    )
    .option("--processor <file>", "image processor: a module (.js, .mjs) or file.py[:function]")
    .option(
      "--idle <seconds>",
      "how long a processor that takes the event queue may put neither an event nor null; default 5",
      notNegative,
    )
    .option(
      "--processor-timeout <seconds>",
      "longest time for an image in the processor, which ends an acquisition that hangs; default 600",
      positive,
    )
    .option("--workers <number>", "threads of a module that exports stateless = true", count)
    .option("--tile-overlap <pixels>", "tiles, by the axes row and column, to a pyramid: N or X,Y", overlap)
    .option("--view", "serve a page on it, at the address that is printed, until Ctrl-C")
    .option(
      "--explore",
      "with --view: after the plan, take tiles that are queued in the page, until Stop there",
    )
    .option(
      "--host <name>",
      "with --view: listen on; default 127.0.0.1, any other demands the token in the address",
    )
    .option("--port <port>", "with --view: default one that is free", portNumber)
    .option("--json", "print the result as JSON")
    .action(async (plan: string, args: AcquireArguments) => {
      const { json = false } = args;
      requirePair(args);
      await withPages(args.view === true, (onView) =>
        report({ json, text: acquiredText }, ({ signal, onProgress, onLog }) => {
          tellIdle(command, RULES, { args, onLog });
          const told = { signal, onProgress, onStages: stageLines(onLog), onView };
          return runPlan(plan, { ...toPlanOptions(args), ...told, onLog });
        }),
      );
    });
}

/** Runs a task that may open a page, which is served after its end as well, until Ctrl-C. */
async function withPages(
  hasPage: boolean,
  task: (onView: (view: AcquisitionView) => void) => Promise<void>,
): Promise<void> {
  if (!hasPage) return task(() => {});
  using interrupt = abortOnSignals();
  const views: AcquisitionView[] = [];
  try {
    await task((view) => {
      const { address } = view;
      views.push(view);
      log(`live at ${address}`);
    });
    if (!interrupt.signal.aborted) log("the page is served until Ctrl-C");
    await raised(interrupt.signal);
  } finally {
    for (const view of views) await view.close();
  }
}

const RULES: readonly IdleRule<AcquireArguments>[] = [
  {
    options: ["format", "durability"],
    isIdle: ({ dir, memory }) => dir === undefined && !memory,
    why: "without --dir and --name: nothing is saved",
  },
  {
    options: ["name"],
    isIdle: ({ dir, memory }) => dir === undefined && !memory,
    why: "without --dir: nothing is saved (--memory keeps the images until the command ends)",
  },
  { options: ["format", "durability"], isIdle: ({ memory }) => memory === true, why: "with --memory" },
  {
    options: ["adapters"],
    isIdle: ({ microscope }) => microscope !== "mmcore",
    why: "without --microscope mmcore",
  },
  {
    options: ["python"],
    isIdle: ({ microscope, processor = "" }) => microscope !== "mmcore" && !/\.py(:\w+)?$/.test(processor),
    why: "without --microscope mmcore or a processor of Python",
  },
  { options: ["explore", "host", "port"], isIdle: ({ view }) => view !== true, why: "without --view" },
  {
    options: ["idle", "processorTimeout"],
    isIdle: ({ processor }) => processor === undefined,
    why: "without --processor",
  },
];

function requirePair({ dir, name, memory }: AcquireArguments): void {
  const isHalf = dir !== undefined && name === undefined;
  if (!isHalf && !(memory && dir !== undefined)) return;
  const expected = isHalf ? "--name with --dir" : "--memory, or --dir and --name";
  const found = isHalf ? "--dir alone" : "all of them";
  const hint = isHalf ? "Name both, or leave --dir out" : "Leave out one of them";
  throw new VitrineError({ code: "missing", at: "acquire", expected, found, hint });
}

function toPlanOptions({ memory: inMemory, ...args }: AcquireArguments) {
  return {
    microscope: {
      kind: args.microscope,
      ...(args.config !== undefined && { config: args.config }),
      ...(args.adapters !== undefined && { adapterPaths: [args.adapters] }),
      ...(args.python !== undefined && { python: args.python }),
      onOutput: log,
    },
    format: args.format,
    durability: args.durability,
    ...(args.view && {
      view: {
        ...(args.host !== undefined && { host: args.host }),
        ...(args.port !== undefined && { port: args.port }),
      },
      explore: args.explore ?? false,
    }),
    ...(inMemory && { save: "memory" as const }),
    ...(args.idle !== undefined && { idleS: args.idle }),
    ...(args.processorTimeout !== undefined && { processorTimeoutS: args.processorTimeout }),
    ...(args.dir !== undefined && { directory: args.dir }),
    ...(args.name !== undefined && { name: args.name }),
    ...(args.positions !== undefined && { positions: args.positions }),
    ...(args.processor !== undefined && { processor: args.processor }),
    ...(args.workers !== undefined && { workers: args.workers }),
    ...(args.tileOverlap !== undefined && { tiling: { overlapPx: args.tileOverlap } }),
  };
}

/** Reads `N` or `X,Y`. */
function overlap(text: string): number | { x: number; y: number } {
  const parts = text.split(",");
  if (parts.length > 2) throw new InvalidArgumentError("Expected N or X,Y.");
  const [x, y] = parts.map(notNegative);
  return y === undefined ? x! : { x: x!, y };
}

/** Time between two lines of stages, ms. */
const LINE_MS = 5_000;

/** Writes a line now and then that says where images are. */
function stageLines(onLog: CommandTools["onLog"]): (stages: readonly StageReport[]) => void {
  let last = performance.now();
  return (stages) => {
    const now = performance.now();
    if (now - last < LINE_MS) return;
    last = now;
    onLog(stages.map(stageText).join(", "), "note");
  };
}

function stageText({ stage, done, queued, dropped, perSecond }: StageReport): string {
  const notes = [
    ...(queued > 0 ? [`${queued} wait`] : []),
    ...(dropped > 0 ? [`${dropped} dropped`] : []),
    ...(perSecond > 0 ? [`${perSecond.toFixed(1)}/s`] : []),
  ];
  return `${stage} ${done}${notes.length > 0 ? ` (${notes.join(", ")})` : ""}`;
}

const NOTHING_SAVED = "nothing was saved, since there was neither --dir with --name nor --memory";

function acquiredText({ folder, images, replaced = 0, stages, seconds }: PlanReport): string {
  const kept = folder ?? (images > 0 ? "memory" : undefined);
  const lost = replaced > 0 ? `, ${replaced} replaced by later ones of equal axes` : "";
  const saved = kept === undefined ? NOTHING_SAVED : `${images} images in ${kept}${lost}`;
  const lines = stages.map((stage) => `  ${stageText(stage)}`);
  return [`${saved}, ${seconds.toFixed(1)} s`, ...lines, ""].join("\n");
}
