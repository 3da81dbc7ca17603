import { expect, test } from "vitest";
import { requiredNames, requirement } from "./support/require.ts";

test("VITRINE_REQUIRE names what must not be skipped; all stands for what CI installs", () => {
  expect([...requiredNames()]).toEqual([]);
  expect([...requiredNames("gpu, slurm")]).toEqual(["gpu", "slurm"]);
  expect([...requiredNames("all,gpu")]).toEqual([
    "chromium",
    "slurm",
    "slurm-accounts",
    "postgres",
    "readers",
    "gpu",
  ]);
  expect(() => requiredNames("chrome")).toThrowErrorMatchingInlineSnapshot(
    `[Error: VITRINE_REQUIRE: expected all or some of chromium, slurm, slurm-accounts, postgres, readers, shared-real, torch-peers, gpu, found chrome.]`,
  );
});

test.each(["chromium", "slurm", "postgres", "readers", "shared-real", "torch-peers", "gpu"] as const)(
  "%s is there, or a reason is given, or its name makes it a failure",
  (name) => {
    const isRequired = requiredNames(process.env.VITRINE_REQUIRE).has(name);
    const { available, reason } = requirement(name);
    expect(available || !isRequired).toBe(true);
    expect(reason === "").toBe(available);
  },
);
