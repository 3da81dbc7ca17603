/** Where an experiment is: its folder, the file that says what it is, and its database. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { VitrineError } from "../core/index.ts";
import { fileExists, makeFolder, parseWithSchema, writeFileAtomic } from "../io/index.ts";
import type { DatabasePlace } from "./database/index.ts";
import { readJsonFile } from "./json.ts";

const FILE = "experiment.json";
const SQLITE_FILE = "experiment.db";

const placeSchema = z.strictObject({
  format: z.literal("vitrine-experiment"),
  version: z.literal(1),
  id: z.uuid(),
  database: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sqlite") }),
    z.strictObject({ kind: z.literal("postgres"), schema: z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/) }),
  ]),
});

type Place = z.infer<typeof placeSchema>;

/** Options of {@link placeOf}. */
export interface PlaceOptions {
  /** Address of the PostgreSQL server; never kept in a file, since it may hold a password. */
  readonly databaseUrl?: string | undefined;
  readonly isReadOnly?: boolean;
}

/**
 * Makes the folder of a new experiment and writes what it is.
 *
 * @throws {VitrineError} exists: there is an experiment; storage
 */
export async function makePlace(directory: string, options: PlaceOptions = {}): Promise<DatabasePlace> {
  const path = join(directory, FILE);
  if (await fileExists(path))
    throw new VitrineError({
      code: "exists",
      at: path,
      expected: "a folder without an experiment",
      found: "one",
      hint: "Choose another folder, or remove this one",
    });
  const id = randomUUID();
  const database: Place["database"] =
    options.databaseUrl === undefined
      ? { kind: "sqlite" }
      : { kind: "postgres", schema: `vitrine_${id.replaceAll("-", "")}` };
  const place: Place = { format: "vitrine-experiment", version: 1, id, database };
  await makeFolder(directory);
  await writeFileAtomic(path, new TextEncoder().encode(`${JSON.stringify(place, null, 2)}\n`));
  return databaseOf(directory, place, options);
}

/**
 * Where the database of an experiment is.
 *
 * @throws {VitrineError} missing: no experiment in the folder, or no address of its server; format: a file that is not one
 */
export async function placeOf(directory: string, options: PlaceOptions = {}): Promise<DatabasePlace> {
  const path = join(directory, FILE);
  if (!(await fileExists(path)))
    throw new VitrineError({
      code: "missing",
      at: directory,
      expected: `an experiment (${FILE})`,
      found: "none",
      hint: `Make one: vitrine experiment create ${directory}`,
    });
  return databaseOf(directory, parseWithSchema(await readJsonFile(path), placeSchema, path), options);
}

/** What database the experiment of a folder has; undefined: no experiment is there. @throws {VitrineError} format: a file that is not one */
export async function databaseKindOf(directory: string): Promise<"sqlite" | "postgres" | undefined> {
  const path = join(directory, FILE);
  if (!(await fileExists(path))) return undefined;
  return parseWithSchema(await readJsonFile(path), placeSchema, path).database.kind;
}

function databaseOf(directory: string, { database }: Place, options: PlaceOptions): DatabasePlace {
  const { databaseUrl, isReadOnly = false } = options;
  if (database.kind === "sqlite") return { kind: "sqlite", path: join(directory, SQLITE_FILE), isReadOnly };
  if (databaseUrl === undefined)
    throw new VitrineError({
      code: "missing",
      at: directory,
      expected: "the address of the PostgreSQL server that the experiment is on",
      found: "none",
      hint: "Set DATABASE_URL, or give --database",
    });
  return { kind: "postgres", url: requireUrl(databaseUrl), schema: database.schema, isReadOnly };
}

function requireUrl(url: string): string {
  if (/^postgres(ql)?:\/\//.test(url)) return url;
  throw new VitrineError({
    code: "format",
    at: "DATABASE_URL",
    expected: "postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
    found: url.replace(/^(\w+:\/\/)?.*@/, "$1…@"), // who and the password are nobody else's
  });
}
