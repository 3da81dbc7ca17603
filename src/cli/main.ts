import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { VitrineError } from "../core/index.ts";
import { inCommandWords } from "./argumentNames.ts";
import { COMMANDS } from "./commands.ts";
import { example } from "./options.ts";

/** Exit codes: done, failed, wrong use. */
const DONE = 0;
const FAILED = 1;
const WRONG_USE = 2;

/** What V8 says where an array is larger than it can be, or than the machine gives. */
const OUT_OF_MEMORY =
  /Invalid (typed )?array (buffer )?length|Array buffer allocation failed|WebAssembly\.Memory/;

/** How commander's own command is called. */
const HELP_TERM = "help [command]";

function version(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** The program with the named command alone; where none is named first (help, a misspelt name), with what is said of each. */
async function createCli(args: readonly string[]): Promise<Command> {
  const cli = new Command("vitrine")
    .description("From camera to molecule: acquire, map and match microscopy images.")
    .version(version())
    .addHelpText("after", example("match config.yaml --workers 8"))
    .showHelpAfterError("(vitrine COMMAND --help explains a command)")
    .enablePositionalOptions()
    .exitOverride();
  const [first, second] = args.filter((arg) => arg !== "--");
  const name = first === "help" ? second : first;
  if (name !== undefined && Object.hasOwn(COMMANDS, name)) (await COMMANDS[name].load())(cli);
  else nameAll(cli);
  return cli;
}

/** Commands that say what they are and do nothing. */
function nameAll(cli: Command): void {
  cli.configureHelp({ subcommandTerm: (command) => COMMANDS[command.name()]?.term ?? HELP_TERM });
  for (const [name, { summary }] of Object.entries(COMMANDS)) cli.command(name).description(summary);
}

/** Says what went wrong; returns the exit code. */
function failWith(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? DONE : WRONG_USE;
  if (error instanceof VitrineError) {
    const why = error.code === "aborted" && error.cause instanceof Error ? ` ${error.cause.message}.` : "";
    process.stderr.write(`vitrine: ${inCommandWords(error).message}${why}\n`);
    return FAILED;
  }
  if (error instanceof RangeError && OUT_OF_MEMORY.test(error.message)) {
    const expected = "as much as the work takes at once";
    process.stderr.write(
      `vitrine: memory: expected ${expected}, found less (${error.message}). Take smaller boxes, images or padding, or fewer workers.\n`,
    );
    return FAILED;
  }
  process.stderr.write(
    `vitrine: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return FAILED;
}

/**
 * Runs the command line.
 *
 * @param args  without `node` and the script
 * @returns     exit code: 0 done, 1 failed, 2 wrong use
 */
export async function run(args: readonly string[]): Promise<number> {
  const cli = await createCli(args);
  try {
    if (args.length === 0) {
      cli.outputHelp();
      return WRONG_USE;
    }
    await cli.parseAsync([...args], { from: "user" });
    return DONE;
  } catch (error) {
    return failWith(error);
  }
}
