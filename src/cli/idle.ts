import type { Command } from "commander";
import type { Log } from "../program/index.ts";

/** Options that do something only with another one, or without it. */
export interface IdleRule<Args> {
  /** Their names in the parsed arguments. */
  readonly options: readonly (keyof Args & string)[];
  readonly isIdle: (args: Args) => boolean;
  /** What is missing, or in the way: "without --compat". */
  readonly why: string;
}

/**
 * Says of each option that was given and has no effect, once, why: what a user asked for is never left out in silence.
 *
 * @param command  that was parsed
 */
export function tellIdle<Args>(
  command: Command,
  rules: readonly IdleRule<Args>[],
  { args, onLog }: { readonly args: Args; readonly onLog: Log },
): void {
  const said = new Set<string>();
  for (const { options, isIdle, why } of rules) {
    const given = options.filter(
      (name) => command.getOptionValueSource(name) === "cli" && !said.has(name) && isIdle(args),
    );
    for (const name of given) {
      said.add(name);
      onLog(`${flagOf(command, name)} has no effect here ${why}`, "warning");
    }
  }
}

/** The option as it is typed. */
function flagOf(command: Command, name: string): string {
  return command.options.find((option) => option.attributeName() === name)?.long ?? `--${name}`;
}
