import { Command } from "commander";
import { expect, test } from "vitest";
import { vitrineHere } from "../../test/support/command.ts";
import { COMMANDS } from "./commands.ts";

test("vitrine --help loads no command and says of each what it says of itself", async () => {
  const { stdout } = await vitrineHere(["--help"]);
  const width = Math.max(...Object.values(COMMANDS).map(({ term }) => term.length));
  for (const [name, { term, summary, load }] of Object.entries(COMMANDS)) {
    const cli = new Command().enablePositionalOptions();
    (await load())(cli);
    const [command] = cli.commands;
    const helper = command.createHelp();
    const own = {
      name: command.name(),
      term: helper.subcommandTerm(command),
      summary: helper.subcommandDescription(command),
    };
    expect(own).toEqual({ name, term, summary });
    expect(stdout).toContain(`\n  ${term.padEnd(width)}  ${summary.slice(0, 20)}`);
  }
});

test("help of one command, and commands behind --, are the command's own", async () => {
  expect(await vitrineHere(["help", "info"])).toEqual(await vitrineHere(["info", "--help"]));
  expect(await vitrineHere(["--", "info", "nowhere"])).toEqual(await vitrineHere(["info", "nowhere"]));
  const wrong = await vitrineHere(["help", "inof"]);
  expect([wrong.code, wrong.stderr.includes("\nCommands:\n")]).toEqual([2, true]);
});
