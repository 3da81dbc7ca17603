import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { vitrineHere } from "../support/command.ts";
import { ended, holdBatches, processOf } from "../support/killedRun.ts";
import { gridSites, makePlate, scratchFolder } from "../support/plateCase.ts";

const scratch = scratchFolder("illuminati");
const screen = join(scratch.path, "screen");
beforeAll(async () => {
  const experiment = await makePlate(screen, {
    plates: [{ wells: [{ name: "A01", sites: gridSites(2, 2, [60, 80]) }] }],
    channels: [
      { name: "DAPI", bitDepth: 16 },
      { name: "GFP", bitDepth: 16 },
    ],
    pixels: ({ site, height, width }) => new Uint16Array(height * width).fill(500 * (site + 1)),
  });
  await experiment.close();
});
afterAll(() => scratch.remove());

const call = (...args: string[]) => vitrineHere(["illuminati", screen, ...args]);
const lines = (text: string) => text.trimEnd().split("\n");

describe("before init", () => {
  test.each(["submit", "resubmit", "run --job 1", "collect", "info"])(
    "%s is an error that names it",
    async (method) => {
      const { code, stdout, stderr } = await call(...method.split(" "));
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(
        `vitrine: ${screen}: expected batches of illuminati, found none. Make them first: vitrine illuminati ${screen} init.`,
      );
    },
  );

  test("there are no logs", async () => {
    expect((await call("log", "--phase", "init")).stdout).toBe("it has not run\n");
  });
});

describe("wrong use is exit code 2", () => {
  test.each([
    ["run", /required option '-j, --job <id>' not specified/],
    ["collect --job 1", /unknown option '--job'/],
    ["info --phase init", /Allowed choices are collect, run/],
    ["info --phase run", /--phase run needs --job/],
    ["info --phase collect --job 1", /option --job needs --phase run/],
    ["log", /required option '-p, --phase <phase>' not specified/],
    ["log --phase init --job 2", /option --job needs --phase run/],
    ["init --clip-percent 99", /option --clip-percent needs --clip/],
    ["init --clip --clip-percent 101", /a number above 0, at most 100/],
    ["init --clip-value 0", /a whole number from 1 to 65535/],
    ["init --illumcorr-model basic", /needs --illumcorr/],
    ["init --illumcorr-exceptions DAPI", /needs --illumcorr/],
    ["init --feather 30", /--feather needs --blend nearest or --blend linear/],
    ["init --resample cubic", /Allowed choices are round, bilinear, lanczos/],
    ["submit --missing-sites white", /Allowed choices are fail, black/],
    ["init --batch-size 0", /a whole number of at least 1/],
    ["init --batchsize 3", /unknown option '--batchsize'.*\n\(Did you mean --batch-size\?\)/],
    ["submit --duration 6h", /a time above 0 as HH:MM:SS/],
    ["submit --duration 00:61:00", /HH:MM:SS/],
    ["submit --depth -1", /a number of at least 0/],
    ["frobnicate", /unknown command 'frobnicate'/],
  ])("%s", async (args, message) => {
    const { code, stdout, stderr } = await call(...args.split(" "));
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });

  test("neither experiment nor method", async () => {
    const { code, stderr } = await vitrineHere(["illuminati"]);
    expect(code).toBe(2);
    expect(stderr).toContain("missing required argument 'experiment'");
    expect((await vitrineHere(["illuminati", screen])).code).toBe(2);
  });
});

test("helps name the methods, every default and short form, and what the seed says of the percentile", async () => {
  const all = (await vitrineHere(["illuminati", "--help"])).stdout;
  for (const method of ["init", "run", "collect", "submit", "resubmit", "info", "log", "cleanup"])
    expect(all).toMatch(new RegExp(`^ {2}${method} {2,}\\S`, "m"));
  const init = (await call("init", "--help")).stdout.replace(/\s+/g, " ");
  for (const part of [
    "-b, --batch-size <number> image files that are processed per job (default: 100)",
    "-a, --align",
    "-i, --illumcorr",
    "-c, --clip",
    "(defaults to 99.99th percentile; the set value overwrites calculated percentile)",
    "(default: 99.9)",
  ])
    expect(init).toContain(part);
  const submit = (await call("submit", "--help")).stdout.replace(/\s+/g, " ");
  for (const part of [
    "-d, --depth <index>",
    "(default: 1)",
    "-i, --interval <seconds>",
    "(default: 10)",
    "06:00:00",
    "2147",
  ])
    expect(submit).toContain(part);
});

test("init, submit, info, log, run, collect, cleanup", async () => {
  const made = await call("init", "-b", "2", "--clip-value", "2000", "--clip-percent", "99", "-v", "--json");
  expect([made.code, JSON.parse(made.stdout)]).toMatchObject([
    0,
    {
      layers: ["DAPI, t 0, z 0", "GFP, t 0, z 0"],
      phases: [{ name: "levels-0-1", jobs: 2 }],
      warnings: ["--clip-percent has no effect: --clip-value overrides it"],
    },
  ]);
  expect((await call("info")).stdout).toBe("levels-0-1: 2 pending\n");
  const described = await call("info", "--phase", "run", "-j", "2");
  expect(described.stdout).toContain("channel: GFP\n");
  expect(described.stdout).toContain("maxIntensity: 2000\n");
  expect((await call("info", "-p", "collect")).stdout).toBe(
    "kind: collect\nlayers:\n  - DAPI, t 0, z 0\n  - GFP, t 0, z 0\n",
  );
  const done = await call("submit", "-i", "60", "--memory", "300");
  expect([done.code, lines(done.stdout)]).toEqual([
    0,
    [
      "DAPI, t 0, z 0: 2 tiles, layers/1-DAPI_t0_z0.pmtiles",
      "GFP, t 0, z 0: 2 tiles, layers/2-GFP_t0_z0.pmtiles",
    ],
  ]);
  expect((await call("info")).stdout).toMatch(/^levels-0-1: 2 done\n/);
  expect((await call("log", "-p", "run", "-j", "1")).stdout).toMatch(/ begins on .*\n.* done after/);
  expect((await call("log", "-p", "init")).stdout).toMatch(/warning: --clip-percent.*\n.* done: 2 layers/);
  expect((await call("log", "-p", "collect")).stdout).toMatch(/ done: DAPI/);
  const archive = join(screen, "layers/1-DAPI_t0_z0.pmtiles");
  const bytes = readFileSync(archive);
  rmSync(archive);
  expect((await call("run", "--job", "1")).stdout).toMatch(/^job 1: done, \d+\.\d s\n$/);
  expect((await call("collect")).code).toBe(0);
  expect(readFileSync(archive)).toEqual(bytes);
  rmSync(archive);
  for (const file of readdirSync(join(screen, "jobs/illuminati/results/levels-0-1")))
    rmSync(join(screen, "jobs/illuminati/results/levels-0-1", file));
  const watched = await call("submit", "-i", "0.02", "--depth", "2", "--memory", "300");
  expect(watched.stderr).toMatch(/vitrine: levels-0-1: .*(pending|running|done)/);
  expect(readFileSync(archive)).toEqual(bytes);
  expect((await call("run", "--job", "7")).stderr).toContain(
    "expected a job from 1 to 2, found none of this number",
  );
  expect((await call("cleanup")).code).toBe(0);
  expect([existsSync(archive), existsSync(join(screen, "jobs/illuminati"))]).toEqual([false, false]);
});

test("resubmit finishes what a killed submit has begun, as it was submitted", async () => {
  await call("init", "-b", "2");
  const program = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));
  const submit = ["illuminati", screen, "submit", "--memory", "300", "--tasks", "1", "-i", "60"];
  const path = join(screen, "jobs/illuminati");
  const batch = { phase: "levels-0-1", index: 0 };
  const release = holdBatches(path, [batch]);
  const submitter = spawn(process.execPath, [program, ...submit], { stdio: "ignore" });
  const closed = once(submitter, "close");
  const pid = await processOf(path, batch);
  submitter.kill("SIGKILL");
  await Promise.all([closed, ended(pid)]);
  release();
  expect(existsSync(join(screen, "layers/1-DAPI_t0_z0.pmtiles"))).toBe(false);
  const done = await call("resubmit", "-v");
  expect([done.code, lines(done.stdout)]).toEqual([
    0,
    [
      "DAPI, t 0, z 0: 2 tiles, layers/1-DAPI_t0_z0.pmtiles",
      "GFP, t 0, z 0: 2 tiles, layers/2-GFP_t0_z0.pmtiles",
    ],
  ]);
  const kept = JSON.parse(readFileSync(join(screen, "jobs/illuminati.submission.json"), "utf8"));
  expect(kept).toEqual({ args: { memory: 300 }, engine: { tasks: 1 } });
  expect((await call("info")).stdout).toMatch(/^levels-0-1: 2 done\n/);
});

test("more memory than a core has its share of takes more cores, or is refused, and is said", async () => {
  await call("init");
  const { stderr } = await call("submit", "--memory", "100000000");
  expect(stderr).toMatch(
    /100000000 MB of memory exceed the share of one core \(\d+ MB each\): each job gets \d+ cores/,
  );
  expect(stderr).toMatch(/cores of a batch: expected at most \d+, what this machine has, found \d+/);
});

test("a clip that needs statistics, and an exception that is no channel, name what is missing", async () => {
  expect((await call("init", "--clip")).stderr).toContain(
    "channel DAPI: expected percentiles of its intensities, found none. Make it first: vitrine illuminati EXPERIMENT stats.",
  );
  expect((await call("init", "--illumcorr", "--illumcorr-exceptions", "DAPi")).stderr).toContain(
    'illumcorrExceptions: expected names of channels (DAPI, GFP), found "DAPi".',
  );
  expect((await call("log", "-p", "init")).stdout).toContain("failed: illumcorrExceptions");
});
