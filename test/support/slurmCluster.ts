/** A throw-away Slurm cluster of four nodes on this host, without systemd and without control groups. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "./freePorts.ts";
import { patiently, removePatiently } from "./patiently.ts";
import { startAccounts } from "./slurmAccounts.ts";

/** A cluster that runs; commands find it by `SLURM_CONF` in the environment. */
export interface SlurmCluster {
  /**
   * Kills a node's daemon and its tasks' managers, as a machine that loses its power, without the tasks. The cluster gives it no further ones, and
   * goes on to call those that it has running.
   */
  killNode(node: string): void;
  /** Starts the daemon of a node that was killed. */
  startNode(node: string): void;
  stop(): void;
}

const NODES = ["n1", "n2", "n3", "n4"];

/** How a cluster is made. */
export interface ClusterOptions {
  readonly maxArraySize: number;
  /** Whether `sacct` knows of ended jobs, which `squeue` then forgets after two seconds; default false. */
  readonly hasAccounts?: boolean;
}

/** Starts a cluster and sets `SLURM_CONF`. It needs root: so do the daemons of its nodes. @throws what a daemon says */
export async function startSlurm({
  maxArraySize,
  hasAccounts = false,
}: ClusterOptions): Promise<SlurmCluster> {
  const root = mkdtempSync(join(tmpdir(), "vitrine-slurm-"));
  chmodSync(root, 0o755); // munge and the accounts' database ask for it
  for (const folder of ["state", "log", "run", ...NODES]) mkdirSync(join(root, folder));
  const munge = startMunge(root);
  const conf = join(root, "slurm.conf");
  const [first, second, ...ports] = await freePorts(7);
  const write = (accounts?: string) =>
    writeFileSync(conf, configuration(root, ports, { maxArraySize, accounts, mungeSocket: munge.socket }));
  write();
  process.env.SLURM_CONF = conf;
  const accounts = hasAccounts
    ? startAccounts(root, { ports: [first, second], mungeSocket: munge.socket, environment: withSbin() })
    : undefined;
  if (accounts !== undefined) {
    write(accounts.lines);
    patiently(() => execFileSync("sacctmgr", ["-n", "-i", "list", "cluster"], { stdio: "ignore" }));
    execFileSync("sacctmgr", ["-i", "add", "cluster", "test"], { stdio: "ignore" });
  }
  execFileSync("slurmctld", ["-f", conf], { env: withSbin() });
  const startNode = (node: string) =>
    void execFileSync("slurmd", ["-f", conf, "-N", node], { env: withSbin() });
  NODES.forEach(startNode);
  await idle();
  const pid = (name: string) => Number(readFileSync(join(root, "run", `${name}.pid`), "utf8"));
  return {
    killNode(node) {
      update(node, "state=drain", "reason=killed");
      killIfThere(pid(node));
      for (const manager of managersOf(root, node)) killIfThere(manager);
    },
    startNode(node) {
      startNode(node);
      update(node, "state=resume");
    },
    stop() {
      for (const name of [...NODES, "slurmctld"])
        if (existsSync(join(root, "run", `${name}.pid`))) quietly(() => process.kill(pid(name), "SIGKILL"));
      for (const node of NODES)
        for (const one of managersOf(root, node)) quietly(() => process.kill(one, "SIGKILL"));
      quietly(() => accounts?.stop());
      munge.stop();
      delete process.env.SLURM_CONF;
      removePatiently(root); // what was killed may still end a write
    },
  };
}

function update(node: string, ...changes: string[]): void {
  execFileSync("scontrol", ["update", `nodename=${node}`, ...changes]);
}

function withSbin(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
}

/** Kills what may have ended by itself, as a task does whose manager is gone. */
export function killIfThere(pid: number): void {
  quietly(() => process.kill(pid, "SIGKILL"));
}

/** The node on which a cluster runs a process. */
export function nodeOf(pid: number): string {
  const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  return environment.find((line) => line.startsWith("SLURMD_NODENAME="))?.split("=")[1] ?? "";
}

function quietly(work: () => void): void {
  try {
    work();
  } catch {
    // it has ended by itself
  }
}

/** Each cluster has a munge of its own: clusters of two test files live side by side, and the first to end takes its own away. */
function startMunge(root: string): { readonly socket: string; stop(): void } {
  const place = (name: string) => join(root, "munge", name);
  const [key, socket] = [place("key"), place("socket")];
  mkdirSync(place(""), { mode: 0o755 });
  writeFileSync(key, randomBytes(128), { mode: 0o400 });
  const options = [
    "--foreground",
    `--key-file=${key}`,
    `--socket=${socket}`,
    `--pid-file=${place("pid")}`,
    `--log-file=${place("log")}`,
    `--seed-file=${place("seed")}`,
  ];
  const daemon = spawn("munged", options, { stdio: "ignore", env: withSbin() });
  patiently(() => execFileSync("munge", ["-n", `--socket=${socket}`], { stdio: "ignore" }));
  // not SIGTERM: a daemon that is asked to end writes its seed, into a folder that is being removed
  return { socket, stop: () => void daemon.kill("SIGKILL") };
}

/** Processes of the tasks of a node: they name its spool folder's configuration or node in their titles. */
function managersOf(root: string, node: string): number[] {
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  const ours = lines.filter((line) => line.includes("slurmstepd") && spoolOf(line.trim(), root, node));
  return ours.map((line) => Number.parseInt(line, 10));
}

/** A manager keeps its node's log open. */
function spoolOf(line: string, root: string, node: string): boolean {
  const pid = Number.parseInt(line, 10);
  try {
    const files = `/proc/${pid}/fd`;
    return readdirSync(files).some(
      (name) => readlinkSync(join(files, name)) === join(root, "log", `${node}.log`),
    );
  } catch {
    return false;
  }
}

async function idle(): Promise<void> {
  for (let tries = 0; tries < 900; tries++) {
    // it fails while the controller does not listen yet
    const args = ["-h", "-N", "-t", "idle", "-o", "%N"];
    const { stdout } = spawnSync("sinfo", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    if (stdout.trim().split("\n").length === NODES.length) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("not all nodes of the cluster became idle");
}

function configuration(
  root: string,
  [controller, ...ports]: readonly number[],
  {
    maxArraySize,
    mungeSocket,
    accounts = "AccountingStorageType=accounting_storage/none",
  }: { readonly maxArraySize: number; readonly mungeSocket: string; readonly accounts?: string | undefined },
): string {
  const host = hostname().split(".")[0];
  const nodes = NODES.map(
    (node, i) =>
      `NodeName=${node} NodeHostname=${host} NodeAddr=127.0.0.1 Port=${ports[i]} CPUs=4 RealMemory=4000 State=UNKNOWN`,
  );
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${mungeSocket},cred_expire=10
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
${accounts}
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
SlurmctldPort=${controller}
StateSaveLocation=${root}/state
SlurmdSpoolDir=${root}/%n
SlurmctldPidFile=${root}/run/slurmctld.pid
SlurmdPidFile=${root}/run/%n.pid
SlurmctldLogFile=${root}/log/slurmctld.log
SlurmdLogFile=${root}/log/%n.log
SlurmctldTimeout=30
SlurmdTimeout=20
KillWait=2
MinJobAge=${accounts.includes("none") ? 3600 : 2}
MaxArraySize=${maxArraySize}
JobRequeue=1
SlurmdParameters=config_overrides
${nodes.join("\n")}
PartitionName=main Nodes=n[1-4] Default=YES MaxTime=INFINITE State=UP
`;
}
