import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { formatMrc } from "../src/io/index.ts";
import { filesBelow, vitrine } from "./support/command.ts";
import {
  type Configuration,
  FEW_ORIENTATIONS,
  mapPaths,
  noise,
  scratchFolder,
  smallConfiguration,
  smoothVolume,
  writeConfig,
} from "./support/searchCase.ts";

const scratch = scratchFolder();
let cases = 0;

/** A folder with a small search: `image.mrc`, `volume.mrc`, results into `out`; `change` edits configuration or files. */
function smallSearch(change: (configuration: Configuration, folder: string) => void = () => {}) {
  const folder = join(scratch, String(cases++));
  mkdirSync(join(folder, "out"), { recursive: true });
  const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
  configuration.match_template_result = mapPaths(join(folder, "out"));
  change(configuration, folder);
  const config = writeConfig(folder, configuration);
  const args = ["match", config, "--particles", join(folder, "out", "particles.csv"), "--workers", "1"];
  return { folder, config, args };
}

/** The one line of an error, without the folder. */
function complaint({ stderr }: { stderr: string }, folder: string): string {
  const lines = stderr.split("\n").filter((line) => line !== "" && !line.includes("has no effect here"));
  expect(lines).toHaveLength(1);
  return lines[0].replaceAll(`${folder}/`, "");
}

const OUTPUTS = [
  "correlation_average.mrc",
  "correlation_variance.mrc",
  "mip.mrc",
  "orientation_phi.mrc",
  "orientation_psi.mrc",
  "orientation_theta.mrc",
  "particles.csv",
  "relative_defocus.mrc",
  "scaled_mip.mrc",
].map((name) => `out/${name}`);

describe("a search that is in order", () => {
  test("prints JSON and nothing else to stdout, the rest to stderr, and writes its files", async () => {
    const { folder, args } = smallSearch((configuration) => {
      configuration.computational_config = { gpu_ids: [0, 1], num_cpus: 4, backend: "streamed" };
    });
    const end = await vitrine([...args, "--json", "--picture", join(folder, "out/all.png")]);
    const log = end.stderr.trim().split("\n");
    expect([end.code, log.length]).toEqual([0, 3]);
    expect(log[0]).toMatch(/computational_config\.gpu_ids has no effect here$/);
    const report = JSON.parse(end.stdout);
    expect(Object.keys(report).sort()).toEqual(["backend", "correlations", "files", "particles", "zCutoff"]);
    expect([report.backend, report.correlations]).toEqual(["wasm", 483]);
    expect(filesBelow(folder)).toEqual(
      ["config.yaml", "image.mrc", "volume.mrc", "out/all.png", ...OUTPUTS].sort(),
    );
    expect(readFileSync(join(folder, "out/all.png")).subarray(1, 4).toString()).toBe("PNG");
    const again = await vitrine(args);
    expect([again.code, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toMatch(
      /out\/mip\.mrc: expected no file of this name, found one\. Allow it with --overwrite/,
    );
    expect((await vitrine([...args, "--overwrite"])).code).toBe(0);
  });

  test("--estimate says correlations, rate, hours and memory, and writes nothing", async () => {
    const { folder, args } = smallSearch();
    const end = await vitrine([...args, "--estimate"]);
    expect(end.code).toBe(0);
    expect(end.stdout).toMatch(
      /^correlations {2}483 \(161 orientations x 3 defocus values x 1 pixel sizes\)\nrate +[\d.]+\/s with 1 threads \(WASM SIMD\)\ntime +\S+ h \(\d+ s\)\nmemory +[\d.]+ GiB\n$/,
    );
    const estimate = JSON.parse((await vitrine([...args, "--estimate", "--json"])).stdout);
    expect(estimate).toMatchObject({ correlations: 483, workers: 1, backend: "wasm", mapShape: [81, 65] });
    expect(estimate.rate * estimate.hours * 3600).toBeCloseTo(483, 6);
    expect(estimate.bytes).toBeGreaterThan(1e5);
    expect(filesBelow(folder)).toEqual(["config.yaml", "image.mrc", "volume.mrc"]);
  });

  test("--compat changes angles and defocus where the peer misreads its last batch, and nothing else", async () => {
    const [right, wrong] = [smallSearch(), smallSearch()];
    await vitrine(right.args);
    expect((await vitrine([...wrong.args, "--compat"])).code).toBe(0);
    const read = (folder: string, map: string) =>
      readFileSync(join(folder, "out", `${map}.mrc`)).subarray(1024);
    const same = (map: string) => read(right.folder, map).equals(read(wrong.folder, map));
    expect(["mip", "scaled_mip", "correlation_average"].map(same)).toEqual([true, true, true]);
    expect(["relative_defocus", "orientation_psi"].map(same)).toEqual([false, false]); // 161 = 10 x 16 + 1
  });
});

/** A file cut, replaced or changed in place. */
const writeVolume = (path: string, shape: readonly [number, number, number], value?: number) => {
  const data = noise(shape[0] * shape[1] * shape[2], 9);
  if (value !== undefined) data[1000] = value;
  writeFileSync(path, formatMrc({ data, shape, voxelSizeA: 2 }));
};

const WRONG_INPUTS: [string, (configuration: Configuration, folder: string) => void, RegExp][] = [
  [
    "a truncated micrograph",
    (_, folder) => truncateSync(join(folder, "image.mrc"), 5000),
    /^vitrine: image\.mrc/,
  ],
  [
    "a header that lies about its size",
    (_, folder) => {
      const path = join(folder, "image.mrc");
      const bytes = readFileSync(path);
      bytes.writeInt32LE(1_000_000, 0);
      bytes.writeInt32LE(1_000_000, 4);
      writeFileSync(path, bytes);
    },
    /^vitrine: image\.mrc: expected 4000000001024 bytes \(1 x 1000000 x 1000000.*found 31744.*header lies about its size/,
  ],
  ["an empty micrograph", (_, folder) => truncateSync(join(folder, "image.mrc"), 0), /^vitrine: image\.mrc/],
  [
    "a micrograph with NaN",
    (_, folder) => {
      const data = noise(96 * 80, 1);
      data[3 * 80 + 5] = Number.NaN;
      writeFileSync(join(folder, "image.mrc"), formatMrc({ data, shape: [96, 80], voxelSizeA: 2 }));
    },
    /^vitrine: image\.mrc pixel \(y 3, x 5\): expected a finite number, found NaN\./,
  ],
  [
    "a constant micrograph",
    (_, folder) => {
      const data = new Float32Array(96 * 80).fill(7);
      writeFileSync(join(folder, "image.mrc"), formatMrc({ data, shape: [96, 80], voxelSizeA: 2 }));
    },
    /^vitrine: image\.mrc: expected pixels that differ, found 7680 times 7\./,
  ],
  [
    "a volume as micrograph",
    (_, folder) => writeVolume(join(folder, "image.mrc"), [2, 40, 40]),
    /^vitrine: image\.mrc: expected one section along z, found 2\./,
  ],
  [
    "a template that is not cubic",
    (_, folder) => writeVolume(join(folder, "volume.mrc"), [12, 16, 16]),
    /^vitrine: volume\.mrc header\.shape: expected a cube, found 12 x 16 x 16\./,
  ],
  [
    "a template larger than the micrograph",
    (_, folder) => writeVolume(join(folder, "volume.mrc"), [82, 82, 82]),
    /^vitrine: volume\.mrc: expected a side from 4 to 80.*found 82\./,
  ],
  [
    "a template with NaN",
    (_, folder) => writeVolume(join(folder, "volume.mrc"), [16, 16, 16], Number.NaN),
    /^vitrine: volume\.mrc .*expected a finite number, found NaN/,
  ],
  [
    "a truncated template",
    (_, folder) => truncateSync(join(folder, "volume.mrc"), 9000),
    /^vitrine: volume\.mrc/,
  ],
  [
    "a value of a wrong type",
    ({ optics_group }) => Object.assign(optics_group, { pixel_size: "two" }),
    /^vitrine: config\.yaml optics_group\.pixel_size: expected a number, found "two"/,
  ],
  [
    "an unknown key",
    ({ optics_group }) => Object.assign(optics_group, { defocus_w: 1 }),
    /^vitrine: config\.yaml optics_group\.defocus_w: expected a known key, found "defocus_w" \(did you mean "defocus_[uv]"\?\)/,
  ],
  [
    "a missing value",
    ({ optics_group }) => {
      delete optics_group.voltage;
    },
    /^vitrine: config\.yaml optics_group\.voltage: expected .*, found nothing/,
  ],
  [
    "a range that runs backwards",
    ({ defocus_search_config }) => Object.assign(defocus_search_config, { defocus_max: -900 }),
    /^vitrine: config\.yaml defocus_search_config\.defocus_max: expected a number of at least -500/,
  ],
  [
    "a micrograph that is not there",
    (configuration, folder) => {
      configuration.micrograph_path = join(folder, "none.mrc");
    },
    /^vitrine: none\.mrc: expected a readable file, found no such file/,
  ],
  [
    "a folder as template",
    (configuration, folder) => {
      configuration.template_volume_path = join(folder, "out");
    },
    /out: expected .*, found a folder/,
  ],
  [
    "results below a file",
    ({ match_template_result }, folder) =>
      Object.assign(match_template_result, { mip_path: join(folder, "image.mrc", "mip.mrc") }),
    /^vitrine: image\.mrc.*: expected/,
  ],
  [
    "two results of one name",
    ({ match_template_result }) =>
      Object.assign(match_template_result, { mip_path: match_template_result.scaled_mip_path }),
    /^vitrine: config\.yaml match_template_result\.\w+: expected a path other than that of/,
  ],
  [
    "a result that is there already",
    (_, folder) => writeFileSync(join(folder, "out/particles.csv"), "mine"),
    /^vitrine: out\/particles\.csv: expected no file of this name, found one/,
  ],
];

describe("what is wrong is one clear line, exit code 1, and no result", () => {
  test.each(WRONG_INPUTS)("%s", async (_, change, message) => {
    const { folder, args } = smallSearch(change);
    const before = filesBelow(folder);
    const end = await vitrine(args);
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, folder)).toMatch(message);
    expect(filesBelow(folder)).toEqual(before);
  });

  test.each([
    ["that is not there", undefined, /no such file/],
    ["that is not YAML", "a: [1, 2", /config\.yaml/],
    ["that is not text", "\u0000\u0001\u0002", /config\.yaml/],
    ["that is empty", "", /config\.yaml/],
  ])("a configuration %s", async (_, text, message) => {
    const { folder, args } = smallSearch();
    if (text === undefined) args[1] = join(folder, "none.yaml");
    else writeFileSync(args[1], text);
    const end = await vitrine(args);
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, folder)).toMatch(message);
  });
});

/** Mounts a disk of 1 MiB; undefined, with one visible line, where that is not allowed. */
function mountSmallDisk(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    writeSync(2, "skipped a search onto a full disk: mounting a small tmpfs needs root on Linux\n");
    return undefined;
  }
  const path = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", path], { stdio: "pipe" });
    return path;
  } catch (error) {
    writeSync(2, `skipped a search onto a full disk: ${String(error).split("\n")[0]}\n`);
    return undefined;
  }
}

const smallDisk = mountSmallDisk();
afterAll(() => {
  if (smallDisk !== undefined) execFileSync("umount", [smallDisk]);
});

test.skipIf(smallDisk === undefined)(
  "a full disk is one clear line and leaves no half of a result, old files as they were (needs root on Linux)",
  async () => {
    const disk = smallDisk ?? "";
    const { folder, args } = smallSearch((configuration, where) => {
      Object.assign(
        configuration,
        smallConfiguration(where, { image: [300, 280], template: 16 }),
        { match_template_result: mapPaths(disk) },
        { orientation_search_config: { ...FEW_ORIENTATIONS, psi_step: 150, theta_step: 100 } },
      );
    });
    writeFileSync(join(disk, "mip.mrc"), "old");
    const end = await vitrine([...args, "--overwrite"]);
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, folder)).toMatch(/\.mrc\S*: expected .*ENOSPC/);
    expect(filesBelow(disk)).toEqual(["mip.mrc"]);
    expect(readFileSync(join(disk, "mip.mrc"), "utf8")).toBe("old");
    expect(filesBelow(join(folder, "out"))).toEqual([]);
  },
);

describe("wrong use is exit code 2, with the usage and nothing on stdout", () => {
  test.each([
    [[], /^$/],
    [["match"], /missing required argument 'config\.yaml'/],
    [["macth", "a.yaml"], /unknown command 'macth'/],
    [["match", "a.yaml", "--worker", "2"], /unknown option '--worker'\s*\(Did you mean --workers\?\)/],
    [["match", "a.yaml", "--workers", "0"], /--workers.*Expected a whole number of at least 1/],
    [["match", "a.yaml", "--workers", "two"], /--workers.*Expected a whole number of at least 1/],
    [["match", "a.yaml", "--mask-radius", "-1"], /--mask-radius.*Expected a number of at least 0/],
    [["match", "a.yaml", "--false-positives", "0"], /--false-positives.*Expected a number above 0/],
    [["match", "a.yaml", "--z-cutoff", "x"], /--z-cutoff.*Expected a number above 0/],
    [["match", "a.yaml", "--checkpoint", ""], /--checkpoint.*Expected a number of at least 0/],
    [["match", "a.yaml", "--part", "3/2"], /--part.*expected I\/N with I from 1 to N, as 2\/8, found "3\/2"/],
    [["match", "a.yaml", "--part", "0/2"], /--part.*expected I\/N/],
    [["match", "a.yaml", "--part", "1"], /--part.*expected I\/N/],
    [["match-collect"], /missing required argument/],
    [["match-collect", "a.yaml", "--part", "1/2"], /unknown option '--part'/],
  ] as [string[], RegExp][])("vitrine %j", async (args, message) => {
    const end = await vitrine(args);
    expect(end.code).toBe(2);
    if (args.length > 0) {
      expect(end.stderr).toMatch(message);
      expect(end.stderr).not.toMatch(/\n\s+at /);
      expect(end.stdout).toBe("");
    } else expect(end.stdout + end.stderr).toMatch(/Usage: vitrine/);
  });

  test.each([[[]], [["match"]], [["match-collect"]], [["tour"]]])(
    "vitrine %j --help explains itself",
    async (command) => {
      const end = await vitrine([...command, "--help"]);
      expect([end.code, end.stderr]).toEqual([0, ""]);
      expect(end.stdout).toContain(`Usage: vitrine${command.map((word) => ` ${word}`).join("")}`);
    },
  );

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
    expect((await vitrine(["--version"])).stdout).toBe(`${version}\n`);
  });
});

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
    expect(complaint(await vitrine(collectArgs(run)), run.folder)).toMatch(
      /^vitrine: out\/mip\.mrc\.parts: expected parts of a search, found none/,
    );
    const first = await vitrine([...run.args, "--part", "1/2"]);
    expect([first.code, first.stdout]).toEqual([0, "part done; vitrine match-collect joins the parts\n"]);
    expect(filesBelow(join(run.folder, "out"))).toEqual(["mip.mrc.parts/part-1-of-2.state"]);

    const missing = await vitrine(collectArgs(run));
    expect([missing.code, complaint(missing, run.folder)]).toEqual([
      1,
      "vitrine: out/mip.mrc.parts: expected parts 1 to 2, found all but 2. Run vitrine match CONFIG.yaml --part I/N for each of them first.",
    ]);
    const twice = await vitrine([...run.args, "--part", "1/2"]);
    expect([twice.code, complaint(twice, run.folder)]).toEqual([
      1,
      expect.stringMatching(/part-1-of-2\.state: expected a part that is to be done, found its result/),
    ]);
    expect((await vitrine([...run.args, "--part", "2/2"])).code).toBe(0);

    await vitrine([...run.args, "--part", "2/3"]);
    expect(complaint(await vitrine(collectArgs(run)), run.folder)).toMatch(
      /out\/mip\.mrc\.parts: expected parts of one division, found parts of 2 and of 3/,
    );
    execFileSync("rm", [join(parts(run.folder), "part-2-of-3.state")]);
    const collected = await vitrine([...collectArgs(run), "--json"]);
    expect([collected.code, JSON.parse(collected.stdout).correlations]).toEqual([0, 483]);
    expect(filesBelow(join(run.folder, "out")).filter((path) => !path.includes(".parts"))).toEqual(
      OUTPUTS.map((path) => path.slice(4)),
    );
  });

  test("of another configuration or other inputs are refused", async () => {
    const run = smallSearch();
    await vitrine([...run.args, "--part", "1/1"]);
    const other = smallSearch((configuration) => {
      configuration.optics_group.defocus_u = 9100;
      configuration.match_template_result = mapPaths(join(run.folder, "out"));
    });
    const micrograph = smallSearch((configuration, folder) => {
      smallConfiguration(folder, { image: [96, 80], template: 16, seed: 5 });
      configuration.match_template_result = mapPaths(join(run.folder, "out"));
    });
    for (const foreign of [other, micrograph]) {
      const end = await vitrine(collectArgs({ ...foreign, folder: run.folder }));
      expect([end.code, end.stdout]).toEqual([1, ""]);
      expect(complaint(end, run.folder)).toMatch(
        /part-1-of-1\.state fingerprint: expected that of this configuration and these inputs .*It belongs to another search/,
      );
    }
    const exact = await vitrine([...collectArgs(run), "--exact-slices"]);
    expect(complaint(exact, run.folder)).toMatch(/fingerprint/);
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
    await vitrine([...run.args, "--part", "1/1"]);
    damage(join(parts(run.folder), "part-1-of-1.state"));
    const end = await vitrine(collectArgs(run));
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, run.folder)).toMatch(message);
  });

  test("a checkpoint of another configuration is not resumed, nor overrun without --resume or --overwrite", async () => {
    const run = smallSearch();
    await vitrine([...run.args, "--part", "1/1"]);
    const state = readFileSync(join(parts(run.folder), "part-1-of-1.state"));
    const results = ({ match_template_result }: Configuration) => {
      match_template_result.mip_path = join(run.folder, "out/second.mrc");
    };
    writeFileSync(join(run.folder, "out/second.mrc.checkpoint"), state);
    const changed = smallSearch((configuration) => {
      results(configuration);
      configuration.optics_group.voltage = 200;
    });
    const resumed = await vitrine([...changed.args, "--resume"]);
    expect([resumed.code, complaint(resumed, run.folder)]).toEqual([
      1,
      expect.stringMatching(/second\.mrc\.checkpoint fingerprint: .*It belongs to another search/),
    ]);
    const same = smallSearch(results);
    const careless = await vitrine(same.args);
    expect([careless.code, complaint(careless, run.folder)]).toEqual([
      1,
      expect.stringMatching(
        /second\.mrc\.checkpoint: expected no earlier run, found its checkpoint\. Continue with --resume/,
      ),
    ]);
    const done = await vitrine([...same.args, "--resume"]);
    expect([done.code, done.stderr]).toEqual([0, expect.stringContaining("continuing at block 8 of 8")]);
  });
});

/** A search of some seconds. */
function longSearch() {
  return smallSearch((configuration, folder) => {
    Object.assign(configuration, smallConfiguration(folder, { image: [300, 280], template: 40 }), {
      match_template_result: mapPaths(join(folder, "out")),
      orientation_search_config: { ...FEW_ORIENTATIONS, theta_step: 5, psi_step: 5 },
      computational_config: { num_cpus: 1 },
    });
  });
}

describe("a search that is stopped", () => {
  test.each(["SIGTERM", "SIGINT"] as const)(
    "by %s ends with one line, exit code 1 and no result",
    async (signal) => {
      const { folder, args } = longSearch();
      let sent = false;
      const end = await vitrine(args, {
        onStderr: (text, kill) => {
          if (sent || !text.includes("has no effect here")) return;
          sent = true;
          setTimeout(() => kill(signal), 700);
        },
      });
      expect([end.code, end.stdout]).toEqual([1, ""]);
      expect(complaint(end, folder)).toMatch(/^vitrine: .*: expected to finish, found an abort/);
      expect(filesBelow(join(folder, "out"))).toEqual([]);
    },
  );

  test("by the death of a worker thread does not hang", async () => {
    const { folder, args } = longSearch();
    const killer = join(folder, "killer.mjs");
    writeFileSync(
      killer,
      `import threads from "node:worker_threads";
import { syncBuiltinESMExports } from "node:module";
threads.Worker = class extends threads.Worker {
  constructor(...args) {
    super(...args);
    setTimeout(() => this.terminate(), 900);
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

test("a K3-like frame, not square and with sides of large prime factors, gives maps of the right size", async () => {
  const { folder, args } = smallSearch((configuration, where) => {
    const [height, width, n] = [93, 124, 18];
    const image = { data: noise(height * width, 3), shape: [height, width] as const, voxelSizeA: 2 };
    writeFileSync(join(where, "image.mrc"), formatMrc(image));
    const volume = { data: smoothVolume(n, 3), shape: [n, n, n] as const, voxelSizeA: 2 };
    writeFileSync(join(where, "volume.mrc"), formatMrc(volume));
    configuration.orientation_search_config = { ...FEW_ORIENTATIONS, psi_step: 100 };
  });
  const end = await vitrine([...args, "--json"]);
  expect(end.code).toBe(0);
  const map = readFileSync(join(folder, "out/scaled_mip.mrc"));
  expect([map.readInt32LE(0), map.readInt32LE(4), map.length]).toEqual([107, 76, 1024 + 4 * 107 * 76]);
});
