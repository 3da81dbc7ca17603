import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { formatMrc, parseCsv } from "../../src/io/index.ts";
import { PARTICLE_COLUMNS } from "../../src/match/index.ts";
import { caseMaker, complaint, filesBelow, vitrineHere } from "../support/command.ts";
import { MAPS, scratchFolder, smoothVolume } from "../support/searchCase.ts";

const smallSearch = caseMaker(scratchFolder());

/** Low enough for peaks in noise. */
const PEAKS = ["--z-cutoff", "2.5", "--exact-slices"];

const rows = (path: string) => parseCsv(readFileSync(path, "utf8"), path).rows;

describe("vitrine match --coarse", () => {
  test("prints JSON, says what it did, and writes the table, two maps and those of the coarse pass", async () => {
    const { folder, args } = smallSearch();
    const coarse = ["--coarse", "2", "--coarse-candidates", "40", "--coarse-samples", "50"];
    const end = await vitrineHere([
      ...args,
      ...PEAKS,
      ...coarse,
      "--picture",
      join(folder, "out/a.png"),
      "--json",
    ]);
    expect([end.code, end.stderr]).toEqual([
      0,
      expect.stringMatching(/^vitrine: \d+ candidates above a coarse z-score of \d/),
    ]);
    const report = JSON.parse(end.stdout);
    expect(report.correlations).toBe(483);
    expect(report.coarse).toMatchObject([{ factor: 2, sampled: 50 }]);
    const maps = [
      ...MAPS.map((map) => `${map}_coarse2.mrc`),
      "correlation_average.mrc",
      "correlation_variance.mrc",
    ];
    const written = [...maps, "a.png", "particles.csv"].map((name) => `out/${name}`);
    expect(filesBelow(folder)).toEqual([...written, "config.yaml", "image.mrc", "volume.mrc"].sort());
    expect([...report.files].sort()).toEqual(written.map((name) => join(folder, name)).sort());
    expect(report.particles.length).toBeGreaterThan(0);
    expect(rows(join(folder, "out/particles.csv")).length).toBe(report.particles.length);
    const again = await vitrineHere([...args, ...coarse]);
    expect([again.code, complaint(again, folder)]).toEqual([
      1,
      expect.stringMatching(/expected no file of this name/),
    ]);
    const text = await vitrineHere([...args, ...PEAKS, ...coarse, "--overwrite"]);
    expect(text.stdout).toMatch(
      /^\d+ particles above z 2\.50 .*\n {2}of \d+ candidates above z \d+\.\d+ at 2 times the pixel size; deviations from 50 orientations\n/,
    );
  });

  test.each([
    [["--coarse", "1"], 2, /--coarse.*Expected a whole number of at least 2/],
    [["--coarse", "2", "--part", "1/2"], 2, /'--coarse <factor>' cannot be used with option '--part <I\/N>'/],
    [["--coarse", "2", "--compat"], 2, /cannot be used with option '--compat'/],
    [["--coarse-samples", "100"], 2, /--coarse-candidates and --coarse-samples need --coarse <factor>/],
    [
      ["--coarse", "3"],
      1,
      /--coarse: expected a whole number from 2 to 2, an eighth of the template, found 3/,
    ],
    [["--coarse", "2", "--peaks", "gev"], 1, /coarse search: expected peaks by z-score, found peaks by gev/],
    [
      ["--coarse", "2", "--coarse-samples", "5"],
      1,
      /--coarse-samples: expected at least 30 orientations, found 5/,
    ],
  ] as [string[], number, RegExp][])("%j is refused", async (more, code, message) => {
    const { folder, args } = smallSearch();
    const end = await vitrineHere([...args, ...more]);
    expect([end.code, end.stdout]).toEqual([code, ""]);
    expect(end.stderr).toMatch(message);
    expect(filesBelow(folder)).toEqual(["config.yaml", "image.mrc", "volume.mrc"]);
  });
});

describe("vitrine match with several templates", () => {
  const other = (folder: string) => {
    const path = join(folder, "other.mrc");
    const shape = [18, 18, 18] as const;
    writeFileSync(path, formatMrc({ data: smoothVolume(18, 7), shape, voxelSizeA: 2 }));
    return path;
  };

  test("takes them from the configuration or from --template, whole or in parts", async () => {
    const list = smallSearch((configuration, folder) => {
      configuration.template_volume_path = [configuration.template_volume_path, other(folder)];
    });
    const end = await vitrineHere([...list.args, ...PEAKS, "--json"]);
    expect(end.code).toBe(0);
    const report = JSON.parse(end.stdout);
    expect(report.templates.map(({ templatePath }: { templatePath: string }) => templatePath)).toEqual(
      ["volume.mrc", "other.mrc"].map((name) => join(list.folder, name)),
    );
    const table = rows(join(list.folder, "out/particles.csv"));
    expect(Object.keys(table[0])).toEqual([...PARTICLE_COLUMNS]);
    expect(new Set(table.map((row) => row.template_path)).size).toBe(2);
    expect(filesBelow(join(list.folder, "out")).length).toBe(2 * 9 + 1);
    const named = smallSearch();
    const templates = ["--template", join(named.folder, "volume.mrc"), "--template", other(named.folder)];
    for (const part of ["1/2", "2/2"]) {
      expect((await vitrineHere([...named.args, "--exact-slices", ...templates, "--part", part])).code).toBe(
        0,
      );
    }
    const collect = ["match-collect", named.config, "--particles", join(named.folder, "out/particles.csv")];
    const text = await vitrineHere([...collect, ...PEAKS, ...templates]);
    expect(text.stdout).toMatch(
      /^\d+ particles above .*\n.*volume\.mrc by itself: \d+ above z 2\.50\n.*other\.mrc by itself/,
    );
    const scores = (folder: string) => rows(join(folder, "out/particles.csv")).map((row) => row.scaled_mip);
    expect(scores(named.folder)).toEqual(scores(list.folder));
  });

  test("refuses what cannot be", async () => {
    const { folder, args } = smallSearch((configuration, where) => {
      writeFileSync(join(where, "volume.map"), readFileSync(join(where, "volume.mrc")));
      configuration.template_volume_path = [configuration.template_volume_path, join(where, "volume.map")];
    });
    const twice = await vitrineHere(args);
    expect([twice.code, complaint(twice, folder)]).toEqual([
      1,
      expect.stringMatching(
        /config\.yaml template_volume_path: expected files whose names differ.*found two of the name volume/,
      ),
    ]);
    const missing = await vitrineHere([
      ...args,
      "--template",
      join(folder, "volume.mrc"),
      "--template",
      join(folder, "none.mrc"),
    ]);
    expect([missing.code, complaint(missing, folder)]).toEqual([
      1,
      expect.stringMatching(/none\.mrc: expected a readable file/),
    ]);
    expect(filesBelow(join(folder, "out"))).toEqual([]);
  });
});
