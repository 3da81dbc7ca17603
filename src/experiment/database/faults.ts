import { type ErrorCode, VitrineError } from "../../core/index.ts";

/** Why a statement failed, by the database's own name of it. */
export class StatementError extends Error {
  override readonly name = "StatementError";
  /** `SQLITE_BUSY`, or one of PostgreSQL's five characters. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Kind {
  readonly code: ErrorCode;
  readonly expected: string;
  readonly hint?: string;
}

const BUSY: Kind = {
  code: "busy",
  expected: "an experiment that nobody else is writing to",
  hint: "Wait until the other program is done, then run this again",
};
const CORRUPT: Kind = {
  code: "format",
  expected: "a database that can be read",
  hint: "Restore it from a copy; images and layers in the experiment's folder are not touched by this",
};
const STORAGE: Kind = {
  code: "storage",
  expected: "room and leave to write",
  hint: "See that the disk is not full and that the folder may be written to",
};
const DOUBLE: Kind = {
  code: "exists",
  expected: "what is not there yet",
  hint: "Choose another name; vitrine experiment show DIR lists what is there",
};
const OTHER: Kind = { code: "worker", expected: "a statement that the database takes" };

/** SQLite's names by how they begin: extended codes go on (`SQLITE_BUSY_SNAPSHOT`). */
const SQLITE: readonly (readonly [string, Kind])[] = [
  ["SQLITE_BUSY", BUSY],
  ["SQLITE_LOCKED", BUSY],
  ["SQLITE_CORRUPT", CORRUPT],
  ["SQLITE_NOTADB", CORRUPT],
  ["SQLITE_FULL", STORAGE],
  ["SQLITE_IOERR", STORAGE],
  ["SQLITE_READONLY", STORAGE],
  ["SQLITE_CANTOPEN", STORAGE],
  ["SQLITE_PERM", STORAGE],
  ["SQLITE_CONSTRAINT_UNIQUE", DOUBLE],
  ["SQLITE_CONSTRAINT_PRIMARYKEY", DOUBLE],
];

/** PostgreSQL's classes and codes (its manual, appendix A), and what a connection says that never came to be. */
const POSTGRES: readonly (readonly [string, Kind])[] = [
  ["55P03", BUSY],
  ["40", BUSY],
  ["XX001", CORRUPT],
  ["XX002", CORRUPT],
  ["53100", STORAGE],
  ["25006", STORAGE],
  ["23505", DOUBLE],
];

/** What a user is told of a statement that SQLite refused; `at` is the database's file. */
export function sqliteFault(at: string, error: StatementError): VitrineError {
  return faultOf(at, error, SQLITE);
}

const UNREACHABLE: Kind = {
  code: "storage",
  expected: "a PostgreSQL server that answers",
  hint: "See that it runs and that DATABASE_URL names its host, port, user and database",
};

/** What a user is told of a statement that PostgreSQL refused; `at` names the server, without a password. */
export function postgresFault(at: string, error: unknown): VitrineError {
  if (error instanceof VitrineError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const found = error instanceof Error ? error.message || code : String(error);
  const isUnreachable = /^(E[A-Z]+|08|28|3D|57)/.test(code) || code === "";
  if (isUnreachable) return thrown(at, UNREACHABLE, { found, cause: error });
  return faultOf(at, new StatementError(code, found), POSTGRES);
}

function faultOf(
  at: string,
  error: StatementError,
  kinds: readonly (readonly [string, Kind])[],
): VitrineError {
  const kind = kinds.find(([start]) => error.code.startsWith(start))?.[1] ?? OTHER;
  const found = kind === DOUBLE ? doubleWords(error.message) : error.message;
  return thrown(at, kind, { found, cause: error });
}

/** SQLite lists the columns, PostgreSQL the index: "UNIQUE constraint failed: plates.name". */
function doubleWords(message: string): string {
  const columns = /^UNIQUE constraint failed: (.+)$/.exec(message)?.[1].split(", ");
  const [table, first] = columns?.[0]?.split(".") ?? [];
  if (columns === undefined || first === undefined) return message;
  const names = columns.map((column) => column.split(".")[1]).join(", ");
  return `one in ${table} with the same ${names}`;
}

function thrown(
  at: string,
  kind: Kind,
  { found, cause }: { readonly found: string; readonly cause: unknown },
) {
  return new VitrineError({ ...kind, at, found }, { cause });
}
