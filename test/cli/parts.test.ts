import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { caseMaker, complaint, filesBelow, OUTPUTS, vitrine, vitrineHere } from "../support/command.ts";
import {
  type Configuration,
  FEW_ORIENTATIONS,
  mapPaths,
  scratchFolder,
  smallConfiguration,
} from "../support/searchCase.ts";

const smallSearch = caseMaker(scratchFolder());

describe("parts", () => {
  const collectArgs = ({ folder, config }: { folder: string; config: string }) => [
    "match-collect",
    config,
    "--particles",
    join(folder, "out/particles.csv"),
  ];
  const parts = (folder: string) => join(folder, "out/mip.mrc.parts");

  test("are collected once all are there; a missing, a second and a foreign one are named", async () => {
    const run = smallSearch();
    expect(complaint(await vitrineHere(collectArgs(run)), run.folder)).toMatch(
      /^vitrine: out\/mip\.mrc\.parts: expected parts of a search, found none/,
    );
    const first = await vitrineHere([...run.args, "--part", "1/2"]);
    expect([first.code, first.stdout]).toEqual([0, "part done; vitrine match-collect joins the parts\n"]);
    expect(filesBelow(join(run.folder, "out"))).toEqual(["mip.mrc.parts/part-1-of-2.state"]);

    const missing = await vitrineHere(collectArgs(run));
    expect([missing.code, complaint(missing, run.folder)]).toEqual([
      1,
      "vitrine: out/mip.mrc.parts: expected parts 1 to 2, found all but 2. Run vitrine match CONFIG.yaml --part I/N for each of them first.",
    ]);
    const twice = await vitrineHere([...run.args, "--part", "1/2"]);
    expect([twice.code, complaint(twice, run.folder)]).toEqual([
      1,
      expect.stringMatching(/part-1-of-2\.state: expected a part that is to be done, found its result/),
    ]);
    expect((await vitrineHere([...run.args, "--part", "2/2"])).code).toBe(0);

    await vitrineHere([...run.args, "--part", "2/3"]);
    expect(complaint(await vitrineHere(collectArgs(run)), run.folder)).toMatch(
      /out\/mip\.mrc\.parts: expected parts of one division, found parts of 2 and of 3/,
    );
    rmSync(join(parts(run.folder), "part-2-of-3.state"));
    const collected = await vitrineHere([...collectArgs(run), "--json"]);
    expect([collected.code, JSON.parse(collected.stdout).correlations]).toEqual([0, 483]);
    expect(filesBelow(join(run.folder, "out")).filter((path) => !path.includes(".parts"))).toEqual(
      OUTPUTS.map((path) => path.slice(4)),
    );
  });

  test("of another configuration or other inputs are refused", async () => {
    const run = smallSearch();
    await vitrineHere([...run.args, "--part", "1/1"]);
    const other = smallSearch((configuration) => {
      configuration.optics_group.defocus_u = 9100;
      configuration.match_template_result = mapPaths(join(run.folder, "out"));
    });
    const micrograph = smallSearch((configuration, folder) => {
      smallConfiguration(folder, { image: [96, 80], template: 16, seed: 5 });
      configuration.match_template_result = mapPaths(join(run.folder, "out"));
    });
    for (const [foreign, changed] of [
      [other, /optics_group\.defocus_u 9100\), found optics_group\.defocus_u \d+\./],
      [micrograph, /pixels of the micrograph \w+/],
    ] as const) {
      const end = await vitrineHere(collectArgs({ ...foreign, folder: run.folder }));
      expect([end.code, end.stdout]).toEqual([1, ""]);
      expect(complaint(end, run.folder)).toMatch(
        /part-1-of-1\.state fingerprint: expected that of this configuration and these inputs .*It belongs to another search/,
      );
      expect(complaint(end, run.folder)).toMatch(changed);
    }
    const exact = await vitrineHere([...collectArgs(run), "--exact-slices"]);
    expect(complaint(exact, run.folder)).toMatch(/\(--exact-slices true\), found --exact-slices false\./);
    expect(filesBelow(join(run.folder, "out"))).toEqual(["mip.mrc.parts/part-1-of-1.state"]);
  });

  test.each([
    ["cut short", (path: string) => truncateSync(path, 5000), /expected \d+ bytes, found 5000/],
    ["empty", (path: string) => truncateSync(path, 0), /expected a search state of this version/],
    [
      "with a damaged header",
      (path: string) => {
        const bytes = readFileSync(path);
        bytes[30] = 0x7d;
        writeFileSync(path, bytes);
      },
      /part-1-of-1\.state header: expected a search state's header/,
    ],
    [
      "not done",
      (path: string) => {
        const text = readFileSync(path).toString("latin1");
        writeFileSync(path, text.replace('"nextBlock":8', '"nextBlock":7'), "latin1");
      },
      /expected blocks 0 to 8, done, found blocks 0 to 8, done to 7\. Run this part again/,
    ],
  ])("that are %s are refused", async (_, damage, message) => {
    const run = smallSearch();
    await vitrineHere([...run.args, "--part", "1/1"]);
    damage(join(parts(run.folder), "part-1-of-1.state"));
    const end = await vitrineHere(collectArgs(run));
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, run.folder)).toMatch(message);
  });

  test("that other kernels computed are refused by name, and never joined", async () => {
    const run = smallSearch();
    await vitrineHere([...run.args, "--part", "1/2"]);
    await vitrineHere([...run.args, "--part", "2/2"]);
    const path = join(parts(run.folder), "part-2-of-2.state");
    const text = readFileSync(path).toString("latin1");
    const [, own] = /"kernels":"([^"]+)"/.exec(text) ?? [];
    const other = own === "wasm simd" ? "wasm relaxed simd" : "wasm simd";
    const padding = other.length - own.length;
    const changed = text
      .replace(`"${own}"`, `"${other}"`)
      .replace(
        padding < 0 ? "\n\0" : `\n${"\0".repeat(padding)}`,
        padding < 0 ? `\n${"\0".repeat(1 - padding)}` : "\n",
      );
    writeFileSync(path, changed, "latin1");
    const end = await vitrineHere(collectArgs(run));
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, run.folder)).toContain(
      `part-2-of-2.state kernels: expected ${own}, found ${other}. They round differently`,
    );
  });

  test("a checkpoint of another configuration is not resumed, nor overrun without --resume or --overwrite", async () => {
    const run = smallSearch();
    await vitrineHere([...run.args, "--part", "1/1"]);
    const state = readFileSync(join(parts(run.folder), "part-1-of-1.state"));
    const results = ({ match_template_result }: Configuration) => {
      match_template_result.mip_path = join(run.folder, "out/second.mrc");
    };
    writeFileSync(join(run.folder, "out/second.mrc.checkpoint"), state);
    const changed = smallSearch((configuration) => {
      results(configuration);
      configuration.optics_group.voltage = 200;
    });
    const resumed = await vitrineHere([...changed.args, "--resume"]);
    expect([resumed.code, complaint(resumed, run.folder)]).toEqual([
      1,
      expect.stringMatching(/second\.mrc\.checkpoint fingerprint: .*It belongs to another search/),
    ]);
    const same = smallSearch(results);
    const careless = await vitrineHere(same.args);
    expect([careless.code, complaint(careless, run.folder)]).toEqual([
      1,
      expect.stringMatching(
        /second\.mrc\.checkpoint: expected no earlier run, found its checkpoint\. Continue with --resume/,
      ),
    ]);
    const done = await vitrineHere([...same.args, "--resume"]);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("continuing at block 8 of 8")]);
  });
});

/** A search of minutes: nobody waits for its end. */
function longSearch() {
  return smallSearch((configuration, folder) => {
    Object.assign(configuration, smallConfiguration(folder, { image: [300, 280], template: 40 }), {
      match_template_result: mapPaths(join(folder, "out")),
      orientation_search_config: { ...FEW_ORIENTATIONS, theta_step: 2, psi_step: 2 },
      computational_config: { num_cpus: 1 },
    });
  });
}

describe("a search that is stopped", () => {
  test("by Ctrl-C ends with one line, exit code 1 and no result, but a checkpoint that --resume continues", async () => {
    const { folder, args } = longSearch();
    const end = await vitrine([...args, "--checkpoint", "0"], {
      onStart: (kill) => {
        const timer = setInterval(() => {
          if (!existsSync(join(folder, "out/mip.mrc.checkpoint"))) return;
          clearInterval(timer);
          kill("SIGINT");
        }, 50);
      },
    });
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, folder)).toMatch(
      /^vitrine: template search: expected to finish, found an abort\. --resume continues from out\/mip\.mrc\.checkpoint\. received SIG/,
    );
    expect(filesBelow(join(folder, "out"))).toEqual(["mip.mrc.checkpoint"]);
  });

  test("by the death of a worker thread does not hang", async () => {
    const { folder, args } = longSearch();
    const killer = join(folder, "killer.mjs");
    writeFileSync(
      killer,
      `import threads from "node:worker_threads";
import { syncBuiltinESMExports } from "node:module";
threads.Worker = class extends threads.Worker {
  #asked = 0;
  postMessage(...args) {
    super.postMessage(...args);
    if (++this.#asked === 5) void this.terminate();
  }
};
syncBuiltinESMExports();`,
    );
    const end = await vitrine([...args.slice(0, -1), "2"], { nodeArgs: ["--import", killer] });
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, folder)).toMatch(
      /^vitrine: worker \d of 2: expected a live thread, found the end of its thread/,
    );
    expect(filesBelow(join(folder, "out"))).toEqual([]);
  });
});
