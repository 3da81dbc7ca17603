/** The accounts of a cluster of the tests: MariaDB and slurmdbd, in the cluster's own folder. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { patiently } from "./patiently.ts";

/** Where a cluster's accounts are kept. */
export interface SlurmAccounts {
  /** Lines of slurm.conf. */
  readonly lines: string;
  stop(): void;
}

/** Starts a database and the daemon that keeps accounts in it; `slurm.conf` must be there already. It needs root. */
export function startAccounts(
  root: string,
  {
    ports: [databasePort, port],
    mungeSocket,
    environment,
  }: {
    readonly ports: readonly number[];
    readonly mungeSocket: string;
    readonly environment: NodeJS.ProcessEnv;
  },
): SlurmAccounts {
  const stopDatabase = startDatabase(root, databasePort);
  const pid = join(root, "run/slurmdbd.pid");
  const path = join(root, "slurmdbd.conf");
  writeFileSync(path, daemonConfiguration(root, { databasePort, port, pid, mungeSocket }));
  chmodSync(path, 0o600); // the daemon insists
  execFileSync("slurmdbd", { env: environment });
  return {
    lines: `AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=127.0.0.1
AccountingStoragePort=${port}
AccountingStoragePass=${mungeSocket}`,
    stop() {
      process.kill(Number(readFileSync(pid, "utf8")), "SIGKILL");
      stopDatabase();
    },
  };
}

function startDatabase(root: string, port: number): () => void {
  const [data, socket] = [join(root, "mysql"), join(root, "mysql/s.sock")];
  mkdirSync(data);
  execFileSync("chown", ["mysql:mysql", data]);
  const common = ["--no-defaults", "--user=mysql", `--datadir=${data}`];
  const install = ["--auth-root-authentication-method=normal", "--skip-test-db"];
  execFileSync("mariadb-install-db", [...common, ...install], { stdio: "ignore" });
  const log = openSync(join(root, "log/mariadb.log"), "w");
  const options = [
    ...common,
    `--socket=${socket}`,
    `--port=${port}`,
    "--bind-address=127.0.0.1",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-lock-wait-timeout=900",
  ];
  const daemon = spawn("mariadbd", options, { stdio: ["ignore", log, log] });
  const client = ["--no-defaults", "-uroot", "-S", socket];
  patiently(() => execFileSync("mariadb-admin", [...client, "ping"], { stdio: "ignore" }));
  const users = ["127.0.0.1", "localhost"].map(
    (host) =>
      `create user slurm@'${host}' identified by 'slurm'; grant all on slurm_acct_db.* to slurm@'${host}';`,
  );
  execFileSync("mariadb", [...client, "-e", users.join(" ")]);
  return () => void daemon.kill("SIGKILL");
}

function daemonConfiguration(
  root: string,
  {
    databasePort,
    port,
    pid,
    mungeSocket,
  }: {
    readonly databasePort: number;
    readonly port: number;
    readonly pid: string;
    readonly mungeSocket: string;
  },
): string {
  return `AuthType=auth/munge
AuthInfo=socket=${mungeSocket}
DbdHost=${hostname().split(".")[0]}
DbdAddr=127.0.0.1
DbdPort=${port}
SlurmUser=root
LogFile=${root}/log/slurmdbd.log
PidFile=${pid}
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort=${databasePort}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm_acct_db
`;
}
