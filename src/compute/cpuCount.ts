/** What {@link countCpus} knows of a machine. */
export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Processors that the system lets this process use. */
  readonly available: number;
  /** Text of a file, undefined if there is none. */
  readFile(path: string): string | undefined;
}

/**
 * Processors that this process may use: `SLURM_CPUS_PER_TASK`, else the quota of its control groups (v2 or v1, its own and
 * those above it) rounded down to whole processors, never more than `available`, else `available`. At least 1.
 */
export function countCpus(machine: Machine): number {
  const slurm = Number(machine.env.SLURM_CPUS_PER_TASK);
  if (Number.isInteger(slurm) && slurm > 0) return slurm;
  const quota = Math.min(machine.available, ...quotas(machine));
  return Math.max(1, Math.floor(quota));
}

function quotas(machine: Machine): number[] {
  const lines = (machine.readFile("/proc/self/cgroup") ?? "").split("\n");
  return lines.flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) return [];
    if (controllers === "") return foldersUp(path).map((folder) => quotaV2(machine, folder));
    if (!controllers.split(",").includes("cpu")) return [];
    return foldersUp(path).map((folder) => quotaV1(machine, folder));
  });
}

/** `/a/b` gives `/a/b`, `/a` and the root. In a container the deeper ones may not exist; the root is then the container's. */
function foldersUp(path: string): string[] {
  const parts = path.split("/").filter((part) => part !== "");
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    parts
      .slice(0, parts.length - i)
      .map((part) => `/${part}`)
      .join(""),
  );
}

/** cpu.max: "200000 100000", or "max 100000" where there is no limit. */
function quotaV2(machine: Machine, folder: string): number {
  const [quota, period] = (machine.readFile(`/sys/fs/cgroup${folder}/cpu.max`) ?? "").split(/\s+/);
  return ratio(quota, period);
}

/** cpu.cfs_quota_us: -1 where there is no limit. */
function quotaV1(machine: Machine, folder: string): number {
  const base = `/sys/fs/cgroup/cpu${folder}`;
  return ratio(machine.readFile(`${base}/cpu.cfs_quota_us`), machine.readFile(`${base}/cpu.cfs_period_us`));
}

function ratio(quota: string | undefined, period: string | undefined): number {
  const value = Number(quota) / Number(period);
  return value > 0 ? value : Number.POSITIVE_INFINITY;
}
