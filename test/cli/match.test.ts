import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatMrc } from "../../src/io/index.ts";
import { caseMaker, filesBelow, OUTPUTS, vitrine, vitrineHere } from "../support/command.ts";
import { noise } from "../support/noise.ts";
import { FEW_ORIENTATIONS, scratchFolder, smoothVolume } from "../support/searchCase.ts";

const smallSearch = caseMaker(scratchFolder());

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
    const { results, warnings, backend, seconds, ...beside } = report;
    expect(Object.keys(results).sort()).toEqual(["correlations", "files", "particles", "zCutoff"]);
    expect([beside, results.correlations, warnings.length, seconds > 0]).toEqual([results, 483, 3, true]);
    expect(backend).toMatch(/^wasm (relaxed )?simd, 1 worker$/);
    expect(filesBelow(folder)).toEqual(
      ["config.yaml", "image.mrc", "volume.mrc", "out/all.png", ...OUTPUTS].sort(),
    );
    expect(readFileSync(join(folder, "out/all.png")).subarray(1, 4).toString()).toBe("PNG");
    const again = await vitrineHere(args);
    expect([again.code, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toMatch(
      /out\/mip\.mrc: expected no file of this name, found one\. Allow it with --overwrite/,
    );
    expect((await vitrineHere([...args, "--overwrite"])).code).toBe(0);
  });

  test("--estimate says correlations, rate, hours and memory, and writes nothing", async () => {
    const { folder, args } = smallSearch();
    const end = await vitrineHere([...args, "--estimate"]);
    expect(end.code).toBe(0);
    expect(end.stdout).toMatch(
      /^correlations {2}483 \(161 orientations x 3 defocus values x 1 pixel sizes\)\nrate +[\d.]+\/s with 1 threads \(WASM SIMD\)\ntime +\S+ h \(\d+ s\)\nmemory +[\d.]+ GiB\n$/,
    );
    const estimate = JSON.parse((await vitrineHere([...args, "--estimate", "--json"])).stdout);
    expect(estimate).toMatchObject({ correlations: 483, workers: 1, mapShape: [81, 65] });
    expect(estimate.backend).toMatch(/^wasm (relaxed )?simd, 1 worker$/);
    expect(estimate.rate * estimate.hours * 3600).toBeCloseTo(483, 6);
    expect(estimate.bytes).toBeGreaterThan(1e5);
    expect(filesBelow(folder)).toEqual(["config.yaml", "image.mrc", "volume.mrc"]);
  });

  test("--compat changes angles and defocus where the peer misreads its last batch, and nothing else", async () => {
    const [right, wrong] = [smallSearch(), smallSearch()];
    await vitrineHere(right.args);
    expect((await vitrineHere([...wrong.args, "--compat"])).code).toBe(0);
    const read = (folder: string, map: string) =>
      readFileSync(join(folder, "out", `${map}.mrc`)).subarray(1024);
    const same = (map: string) => read(right.folder, map).equals(read(wrong.folder, map));
    expect(["mip", "scaled_mip", "correlation_average"].map(same)).toEqual([true, true, true]);
    expect(["relative_defocus", "orientation_psi"].map(same)).toEqual([false, false]); // 161 = 10 x 16 + 1
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
  const end = await vitrineHere([...args, "--json"]);
  expect(end.code).toBe(0);
  const map = readFileSync(join(folder, "out/scaled_mip.mrc"));
  expect([map.readInt32LE(0), map.readInt32LE(4), map.length]).toEqual([107, 76, 1024 + 4 * 107 * 76]);
});

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
    const end = await vitrineHere(args);
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
      const end = await vitrineHere([...command, "--help"]);
      expect([end.code, end.stderr]).toEqual([0, ""]);
      expect(end.stdout).toContain(`Usage: vitrine${command.map((word) => ` ${word}`).join("")}`);
    },
  );

  test("--version is the package's", async () => {
    const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
    expect((await vitrineHere(["--version"])).stdout).toBe(`${version}\n`);
  });
});
