import { Command } from "commander";
import { refuseIdleDatabase } from "../database.ts";
import { example } from "../options.ts";
import { addAlign } from "./align.ts";
import type { MethodContext } from "./common.ts";
import { addInit } from "./init.ts";
import { addInfo, addLog } from "./look.ts";
import { addRegister } from "./register.ts";
import { addCleanup, addCollect, addRun } from "./run.ts";
import { addStats } from "./stats.ts";
import { addResubmit, addSubmit } from "./submit.ts";

interface Verbosity {
  readonly verbosity: number;
}

/** The methods in the order of the help. */
const METHODS = [
  addStats,
  addAlign,
  addRegister,
  addInit,
  addRun,
  addCollect,
  addSubmit,
  addResubmit,
  addInfo,
  addLog,
  addCleanup,
];

/** Adds `vitrine illuminati EXPERIMENT METHOD`, as TissueMAPS' command line has it. */
export function addIlluminati(cli: Command): void {
  cli
    .command("illuminati")
    .description("make the zoomable layers of an experiment: tiles of all channels, time points and z planes")
    .argument("<experiment>", "the experiment's folder")
    .argument(
      "<method...>",
      "stats, align, register, init, run, collect, submit, resubmit, info, log, cleanup, and its options",
    )
    .option("-v, --verbosity", "say more; again for more still", more, 0)
    .passThroughOptions()
    .addHelpText("after", `\n${methodsText()}\n${example("illuminati screen init --clip --batch-size 50")}`)
    .action(async (directory: string, method: readonly string[], { verbosity }: Verbosity) => {
      await methodsOf({ directory, verbosity }).parseAsync(method, { from: "user" });
    });
}

/** Counts how often an option was given. */
export function more(_: string, before: number): number {
  return before + 1;
}

function methodsOf({ directory, verbosity }: MethodContext): Command {
  const methods = new Command(`vitrine illuminati ${directory}`)
    .usage("METHOD [options]")
    .showHelpAfterError("(vitrine COMMAND --help explains a command)")
    .exitOverride()
    .enablePositionalOptions()
    .option("-v, --verbosity", "say more; again for more still", more, verbosity);
  methods.hook("preAction", (_, method) => refuseIdleDatabase(method, [directory]));
  const context = {
    directory,
    get verbosity(): number {
      return methods.opts<Verbosity>().verbosity;
    },
  };
  for (const add of METHODS) add(methods, context);
  return methods;
}

/** A line a method. */
function methodsText(): string {
  const { commands } = methodsOf({ directory: "EXPERIMENT", verbosity: 0 });
  const lines = commands.map((method) => `  ${method.name().padEnd(10)} ${method.description()}`);
  return ["Methods (each has --help):", ...lines].join("\n");
}
