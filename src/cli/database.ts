/** `--database`: where an experiment is that is not in a file of its folder. */
import { type Command, Option } from "commander";
import { VitrineError } from "../core/index.ts";
import { databaseKindOf } from "../experiment/index.ts";

/** The server of an experiment that is on one; its address may come from the environment. */
export function databaseOption(): Option {
  return new Option(
    "--database <url>",
    "PostgreSQL server with PostGIS: postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
  ).env("DATABASE_URL");
}

/**
 * Refuses a `--database` that was typed though every experiment named has its database in its folder. The environment's address is for those that need
 * one, and means nothing to others.
 *
 * @throws {VitrineError} unsupported
 */
export async function refuseIdleDatabase(command: Command, directories: readonly string[]): Promise<void> {
  if (command.getOptionValueSource("database") !== "cli") return;
  const kinds = await Promise.all(directories.map((directory) => databaseKindOf(directory)));
  if (kinds.length === 0 || kinds.some((kind) => kind !== "sqlite")) return;
  throw new VitrineError({
    code: "unsupported",
    at: directories[0],
    expected: "an experiment on a PostgreSQL server",
    found: "one in a file of its folder (SQLite)",
    hint: "Leave --database out",
  });
}
