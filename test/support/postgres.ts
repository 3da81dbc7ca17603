import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./freePorts.ts";
import { postgresBin } from "./require.ts";

/** A PostgreSQL server of a test's own. */
export interface PostgresServer extends Disposable {
  /** For `databaseUrl` and DATABASE_URL. */
  readonly url: string;
}

/** As whom it runs: it refuses root. */
const USER = "postgres";

/** Starts a server with an empty database in a temporary folder; ends and removes it when it is disposed of. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-postgres-"));
  const data = join(folder, "data");
  const [port] = await freePorts(1);
  const run = runner(folder);
  mkdirSync(data);
  run.prepare();
  run.program("initdb", [
    "-D",
    data,
    "-U",
    USER,
    "-A",
    "trust",
    "-E",
    "UTF8",
    "--locale=C.UTF-8",
    "--no-sync",
  ]);
  const settings = ["listen_addresses='127.0.0.1'", `port=${port}`, `unix_socket_directories='${folder}'`];
  appendFileSync(
    join(data, "postgresql.conf"),
    [...settings, "fsync=off", "full_page_writes=off", ""].join("\n"),
  );
  run.program("pg_ctl", ["-D", data, "-l", join(folder, "log"), "-w", "-t", "150", "start"]);
  return {
    url: `postgresql://${USER}@127.0.0.1:${port}/postgres`,
    [Symbol.dispose]() {
      run.program("pg_ctl", ["-D", data, "-m", "immediate", "stop"]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Programs of the server as a user who is not root. */
function runner(folder: string) {
  const isRoot = process.getuid?.() === 0;
  const options = { cwd: folder, stdio: ["ignore", "ignore", "pipe"] as const, timeout: 180_000 };
  return {
    prepare() {
      if (isRoot) execFileSync("chown", ["-R", USER, folder]);
    },
    program(name: string, args: readonly string[]) {
      const whole = [join(postgresBin, name), ...args];
      if (!isRoot) execFileSync(whole[0], whole.slice(1), { ...options, stdio: [...options.stdio] });
      else {
        const as = [`--reuid=${USER}`, `--regid=${USER}`, "--init-groups", "--"];
        execFileSync("setpriv", [...as, ...whole], { ...options, stdio: [...options.stdio] });
      }
    },
  };
}
