import { Command } from "commander";
import { expect, test } from "vitest";
import { addEngineOptions, toEngine } from "./engineOptions.ts";

function parsed(args: readonly string[]) {
  const command = addEngineOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return toEngine(command.parse([...args], { from: "user" }).opts());
}

test("options say where batches run and with what", () => {
  expect(parsed([])).toEqual({ kind: "local" });
  expect(parsed("--tasks 3 --cores 2 --memory 1.5G --duration 90s".split(" "))).toEqual({
    kind: "local",
    tasks: 3,
    cores: 2,
    memoryBytes: 1.5 * 2 ** 30,
    durationS: 90,
  });
  expect(
    parsed(
      "--engine slurm --duration 2d --partition gpu --account lab --sbatch=--qos=long --sbatch=-v".split(" "),
    ),
  ).toEqual({
    kind: "slurm",
    durationS: 172_800,
    partition: "gpu",
    account: "lab",
    sbatch: ["--qos=long", "-v"],
  });
  expect(parsed(["--duration", "01:30:05", "--memory", "500"])).toMatchObject({
    durationS: 5405,
    memoryBytes: 500 * 2 ** 20,
  });
});

test.each([
  ["--memory", "much"],
  ["--duration", "long"],
  ["--engine", "pbs"],
  ["--tasks", "0"],
])("%s %s is refused", (name, value) => {
  expect(() => parsed([name, value])).toThrow(/Expected|Allowed/);
});
