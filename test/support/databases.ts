import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe } from "vitest";
import { createExperiment, type Experiment } from "../../src/experiment/index.ts";
import { type PostgresServer, startPostgres } from "./postgres.ts";
import { requirement } from "./require.ts";

/** What tests of one database are given. */
export interface DatabaseCase {
  /** Whether it is not here. */
  readonly isSkipped: boolean;
  readonly isPostgres: boolean;
  /** What the experiment's options name the database by. */
  readonly where: () => { readonly databaseUrl?: string };
  /** Makes an experiment in a new folder. */
  readonly create: (directory?: string) => Promise<Experiment>;
  /** A new path in a temporary folder. */
  readonly path: (name: string) => string;
}

/** Runs tests on SQLite and on PostgreSQL, each with a temporary folder. */
export function describeDatabases(what: string, tests: (database: DatabaseCase) => void): void {
  const { available } = requirement("postgres");
  const scratch = mkdtempSync(join(tmpdir(), "vitrine-databases-"));
  let server: PostgresServer | undefined;
  let made = 0;
  beforeAll(async () => {
    if (available) server = await startPostgres();
  });
  afterAll(() => {
    server?.[Symbol.dispose]();
    rmSync(scratch, { recursive: true, force: true });
  });
  const path = (name: string) => join(scratch, `${made++}-${name}`);
  describe.each(["SQLite", "PostgreSQL"])(`${what} on %s`, (name) => {
    const isPostgres = name === "PostgreSQL";
    const where = () => (isPostgres && server ? { databaseUrl: server.url } : {});
    const create = (directory = path("screen")) => createExperiment(directory, where());
    tests({ isSkipped: isPostgres && !available, isPostgres, where, create, path });
  });
}
