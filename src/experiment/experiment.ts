import { AsyncLocalStorage } from "node:async_hooks";
import { basename, resolve } from "node:path";
import { type Kysely, sql, type Transaction } from "kysely";
import { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { parseWithSchema } from "../io/index.ts";
import {
  type Database,
  type ExperimentTable,
  insertRows,
  migrate,
  type NumberedTable,
  openDatabase,
  type RowsOf,
  requireMigrated,
  reserveIds,
  type Tables,
} from "./database/index.ts";
import { makePlace, placeOf } from "./place.ts";

/** Queries, within a transaction or without. */
export type Query = Kysely<Tables> | Transaction<Tables>;

/** What holds for all plates of an experiment; lengths are pixels of full resolution. */
export type ExperimentSettings = Omit<ExperimentTable, "id" | "createdAt">;

/** Options of {@link createExperiment}: all but the folder has a default. */
export interface CreateExperimentOptions extends Partial<ExperimentSettings> {
  /** Address of a PostgreSQL server with PostGIS; default: SQLite in the experiment's folder. */
  readonly databaseUrl?: string;
}

/** Options of {@link openExperiment}. */
export interface OpenExperimentOptions {
  /** Address of the server, where the experiment is on one. */
  readonly databaseUrl?: string;
  /** Refuses every change, and needs tables of this version. */
  readonly isReadOnly?: boolean;
}

/** Whose transaction the caller is in: SQLite has one connection, and what waited for it there would wait for ever. */
const within = new AsyncLocalStorage<Experiment>();

/**
 * An open experiment: a folder with a database, in which images, layers and map objects meet. Several processes may read
 * while one writes; what was acknowledged survives the end of the process that wrote it.
 */
export class Experiment implements AsyncDisposable {
  /** Its folder. */
  readonly directory: string;
  readonly #database: Database;

  /** @internal */
  constructor(directory: string, database: Database) {
    this.directory = directory;
    this.#database = database;
  }

  /** The tables, by Kysely. @throws {VitrineError} busy: within a transaction on SQLite, for whose end it would wait */
  get query(): Kysely<Tables> {
    if (within.getStore() !== this || this.databaseKind !== "sqlite") return this.#database.query;
    throw new VitrineError({
      code: "busy",
      at: this.directory,
      expected: "the transaction's own queries within a transaction",
      found: "others, which would wait for its end",
      hint: "Read what is needed before it, or open the experiment a second time for that",
    });
  }

  /** Which database holds it. */
  get databaseKind(): Database["kind"] {
    return this.#database.kind;
  }

  /** Runs queries that all take effect or none. @throws whatever a query throws, after which none has */
  transaction<T>(task: (query: Transaction<Tables>) => Promise<T>): Promise<T> {
    return this.query.transaction().execute((transaction) => within.run(this, () => task(transaction)));
  }

  /** Writes many rows at once, all with the same keys; as fast as the database takes them. */
  insertRows<T extends keyof Tables>(query: Query, rows: RowsOf<T>): Promise<void> {
    return insertRows(query, this.databaseKind, rows);
  }

  /**
   * Numbers for new rows of a table, none of which any other process gets; within a transaction that writes them.
   *
   * @returns  the first of `count` numbers that follow one another
   */
  async reserveIds(query: Query, table: NumberedTable, count: number): Promise<number> {
    return reserveIds(query, this.databaseKind, { table, count });
  }

  /** What holds for all its plates. */
  async settings(): Promise<ExperimentSettings> {
    const { id, createdAt, ...settings } = await this.query
      .selectFrom("experiments")
      .selectAll()
      .executeTakeFirstOrThrow();
    return settings;
  }

  /** Ends its connections, after the queries before. */
  async close(): Promise<void> {
    await this.#database.query.destroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const pixels = z.int();

/** TissueMAPS' values where nothing else is said. */
const createSchema = z.strictObject({
  name: z.string().min(1).optional(),
  mode: z.enum(["basic", "multiplexing"]).default("basic"),
  wellSpacerSize: pixels.min(0).default(500),
  verticalSiteDisplacement: pixels.default(0),
  horizontalSiteDisplacement: pixels.default(0),
  pixelSizeUm: z.number().positive().nullable().default(null),
  databaseUrl: z.string().optional(),
});

const openSchema = z.strictObject({ databaseUrl: z.string().optional(), isReadOnly: z.boolean().optional() });

/**
 * Makes an experiment.
 *
 * @param directory  its folder, which is made; there may be files in it, but no experiment
 * @throws {VitrineError} exists: there is one; range: a setting outside its limits; storage; format: an unknown option
 */
export async function createExperiment(
  directory: string,
  options: CreateExperimentOptions = {},
): Promise<Experiment> {
  const parsed = parseWithSchema(options, createSchema, "createExperiment options");
  const { databaseUrl, name = basename(resolve(directory)), ...others } = parsed;
  const place = await makePlace(directory, { databaseUrl });
  const database = await openDatabase(place);
  try {
    if (place.kind === "postgres") await makeSchema(database, place.schema);
    await migrate(database);
    const createdAt = new Date().toISOString();
    await database.query
      .insertInto("experiments")
      .values({ id: 1, createdAt, name, ...others })
      .execute();
  } catch (error) {
    await database.query.destroy();
    throw error;
  }
  return new Experiment(resolve(directory), database);
}

/**
 * Opens an experiment. For writing, tables of an earlier version are brought up to date.
 *
 * @throws {VitrineError} missing: no experiment there; format: a file or database that cannot be read; unsupported: one of a
 *   later version; busy: another process is writing; storage
 */
export async function openExperiment(
  directory: string,
  options: OpenExperimentOptions = {},
): Promise<Experiment> {
  const { databaseUrl, isReadOnly = false } = parseWithSchema(options, openSchema, "openExperiment options");
  const place = await placeOf(directory, { databaseUrl, isReadOnly });
  const database = await openDatabase(place);
  try {
    await (isReadOnly ? requireMigrated(database) : migrate(database));
  } catch (error) {
    await database.query.destroy();
    throw error;
  }
  return new Experiment(resolve(directory), database);
}

/** Any number that nobody else takes. */
const EXTENSION_LOCK = 1_986_622_068;

async function makeSchema({ query }: Database, schema: string): Promise<void> {
  await query.transaction().execute(async (transaction) => {
    // two that make the extension at once are told of a double key, "if not exists" or not: the second waits for the first
    await sql`select pg_advisory_xact_lock(${EXTENSION_LOCK})`.execute(transaction);
    await sql`create extension if not exists postgis schema public`.execute(transaction);
    await transaction.schema.createSchema(schema).ifNotExists().execute();
  });
}
