import { expect, test } from "vitest";
import { countCpus } from "./cpuCount.ts";

function count(files: Record<string, string>, env: Record<string, string> = {}): number {
  return countCpus({ env, available: 8, readFile: (path) => files[path] });
}

test("Slurm's number comes first, and is ignored where it is none", () => {
  expect(count({}, { SLURM_CPUS_PER_TASK: "12" })).toBe(12);
  for (const none of ["", "0", "-2", "two", "1.5"]) expect(count({}, { SLURM_CPUS_PER_TASK: none })).toBe(8);
});

test("control groups v2: the smallest quota on the way up counts, in whole processors", () => {
  const proc = { "/proc/self/cgroup": "0::/user.slice/job\n" };
  const max = (path: string, text: string) => ({ [`/sys/fs/cgroup${path}/cpu.max`]: text });
  expect(count(proc)).toBe(8);
  expect(count({ ...proc, ...max("/user.slice/job", "max 100000\n") })).toBe(8);
  expect(count({ ...proc, ...max("/user.slice/job", "250000 100000\n") })).toBe(2);
  expect(
    count({ ...proc, ...max("/user.slice/job", "max 100000"), ...max("/user.slice", "300000 100000") }),
  ).toBe(3);
  expect(count({ ...proc, ...max("/user.slice", "300000 100000"), ...max("", "50000 100000") })).toBe(1);
  expect(count({ ...proc, ...max("", "6400000 100000") })).toBe(8);
});

test("control groups v1: the quota of the cpu controller", () => {
  const files = (quota: string) => ({
    "/proc/self/cgroup": "5:memory:/docker/m\n4:cpu,cpuacct:/docker/a\n1:name=systemd:/x\n",
    "/sys/fs/cgroup/cpu/docker/a/cpu.cfs_quota_us": quota,
    "/sys/fs/cgroup/cpu/docker/a/cpu.cfs_period_us": "100000\n",
  });
  expect(count(files("-1\n"))).toBe(8);
  expect(count(files("400000\n"))).toBe(4);
});

test("a system without control groups has its processors", () => {
  expect(count({})).toBe(8);
});
