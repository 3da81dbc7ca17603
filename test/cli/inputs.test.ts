import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { formatMrc } from "../../src/io/index.ts";
import { type Change, caseMaker, complaint, filesBelow, vitrineHere } from "../support/command.ts";
import { noise } from "../support/noise.ts";
import { FEW_ORIENTATIONS, mapPaths, scratchFolder, smallConfiguration } from "../support/searchCase.ts";
import { mountSmallDisk } from "../support/smallDisk.ts";

const smallSearch = caseMaker(scratchFolder());

/** Noise as a volume; the thousandth value may be another. */
const writeVolume = (path: string, shape: readonly [number, number, number], value?: number) => {
  const data = noise(shape[0] * shape[1] * shape[2], 9);
  if (value !== undefined) data[1000] = value;
  writeFileSync(path, formatMrc({ data, shape, voxelSizeA: 2 }));
};

const WRONG_INPUTS: [string, Change, RegExp][] = [
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
    /^vitrine: none\.mrc: expected a file or folder, found none/,
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
    "a result in place of the micrograph",
    (configuration, folder) => {
      configuration.match_template_result.mip_path = `${folder}/out/../image.mrc`;
      configuration.match_template_result.allow_file_overwrite = true;
    },
    /^vitrine: out\/\.\.\/image\.mrc: expected one result of this name, found an input/,
  ],
  [
    "a map in place of the table",
    (configuration, folder) => {
      configuration.match_template_result.mip_path = join(folder, "out/particles.csv");
    },
    /^vitrine: out\/particles\.csv: expected one result of this name, found two results/,
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
    const end = await vitrineHere(args);
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
    const end = await vitrineHere(args);
    expect([end.code, end.stdout]).toEqual([1, ""]);
    expect(complaint(end, folder)).toMatch(message);
  });
});

const smallDisk = mountSmallDisk();

describe.skipIf(smallDisk === undefined)(
  "a disk that does not take the results (needs root on Linux)",
  () => {
    const disk = smallDisk ?? "";

    /** Its maps need 2.4 MB. */
    const ontoDisk = (orientation_search_config: object) =>
      smallSearch((configuration, folder) => {
        const larger = smallConfiguration(folder, { image: [300, 280], template: 16 });
        const match_template_result = mapPaths(disk);
        Object.assign(configuration, larger, { match_template_result, orientation_search_config });
      });

    test("since it is full is one clear line and leaves no half of a result, old files as they were", async () => {
      const { folder, args } = ontoDisk({ ...FEW_ORIENTATIONS, psi_step: 150, theta_step: 100 });
      writeFileSync(join(disk, "mip.mrc"), "old");
      const end = await vitrineHere([...args, "--overwrite"]);
      expect([end.code, end.stdout]).toEqual([1, ""]);
      expect(complaint(end, folder)).toMatch(/\.mrc\S*: expected .*ENOSPC/);
      expect(filesBelow(disk)).toEqual(["mip.mrc"]);
      expect(readFileSync(join(disk, "mip.mrc"), "utf8")).toBe("old");
      expect(filesBelow(join(folder, "out"))).toEqual([]);
    });

    test("since it is read-only is told before a search of hours, not after it", async () => {
      const { folder, args } = ontoDisk({ ...FEW_ORIENTATIONS, psi_step: 0.5, theta_step: 0.5 });
      execFileSync("mount", ["-o", "remount,ro", disk]);
      try {
        const end = await vitrineHere([...args, "--overwrite"]);
        expect([end.code, end.stdout]).toEqual([1, ""]);
        expect(complaint(end, folder)).toMatch(/mip\.mrc\S*: expected a complete write, found .*EROFS/);
      } finally {
        execFileSync("mount", ["-o", "remount,rw", disk]);
      }
    });
  },
);

test("whoever reads the output may have seen enough: a closed pipe is no error, and nothing is said of it", () => {
  const { folder } = smallSearch();
  const program = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));
  // more than a pipe holds
  const files = Array.from({ length: 600 }, () => "image.mrc").join(" ");
  const call = `"$0" "$1" info ${files} | head -1; echo "\${PIPESTATUS[0]}"`;
  const options = { cwd: folder, encoding: "utf8", stdio: "pipe" } as const;
  const { stdout, stderr } = spawnSync("bash", ["-c", call, process.execPath, program], options);
  expect([stdout.split("\n").slice(1), stderr]).toEqual([["0", ""], ""]);
  expect(stdout).toMatch(/^image\.mrc/);
});
