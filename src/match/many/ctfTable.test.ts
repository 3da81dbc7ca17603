import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { VitrineError } from "../../core/index.ts";
import { readCtfs } from "./ctfTable.ts";
import { matchTargets } from "./targets.ts";

const scratch = scratchFolder();

/** A file of a RELION 5 CtfFind job, with what is not used here too. */
const STAR = `
# version 50001

data_optics

loop_
_rlnOpticsGroupName #1
_rlnOpticsGroup #2
_rlnMicrographOriginalPixelSize #3
_rlnVoltage #4
_rlnSphericalAberration #5
_rlnAmplitudeContrast #6
_rlnMicrographPixelSize #7
_rlnBeamTiltX #8
first 1 0.53 300.000000 2.700000 0.100000 1.060000 0.1
second 2 0.53 200.000000 1.400000 0.070000 1.060000 0.0

# version 50001

data_micrographs

loop_
_rlnMicrographName #1
_rlnOpticsGroup #2
_rlnCtfImage #3
_rlnDefocusU #4
_rlnDefocusV #5
_rlnCtfAstigmatism #6
_rlnDefocusAngle #7
_rlnCtfFigureOfMerit #8
MotionCorr/job002/a.mrc 1 CtfFind/job003/a_PS.ctf:mrc 10000 9500 500 20 0.1
MotionCorr/job002/b.mrc 2 CtfFind/job003/b_PS.ctf:mrc 12000 11500 500 -30 0.1
MotionCorr/job002/c.mrc 2 CtfFind/job003/c_PS.ctf:mrc inf nan 500 -30 0.0
`;

/** What CTFFIND 4.1 writes. */
const CTFFIND = `# Output from CTFFind version 4.1.14, run on 2024-05-01 10:00:00
# Input file: Micrographs/b.mrc ; Number of micrographs: 1
# Pixel size: 1.060 Angstroms ; acceleration voltage: 300.0 keV ; spherical aberration: 2.70 mm ; amplitude contrast: 0.07
# Box size: 512 pixels ; min. res.: 30.0 Angstroms ; max. res.: 5.0 Angstroms ; min. def.: 5000.0 um; max. def. 50000.0 um
# Columns: #1 - micrograph number; #2 - defocus 1 [Angstroms]; #3 - defocus 2; #4 - azimuth of astigmatism; #5 - additional phase shift [radians]; #6 - cross correlation; #7 - spacing (in Angstroms) up to which CTF rings were fit successfully
1.000000 10295.926758 9889.612305 -41.510 1.570796 0.144324 4.056352
`;

/** A project of RELION: a table in one of its jobs, micrographs in another. */
function project(name: string, micrographs: readonly string[]) {
  const folder = join(scratch, name);
  mkdirSync(join(folder, "MotionCorr/job002"), { recursive: true });
  mkdirSync(join(folder, "CtfFind/job003"), { recursive: true });
  const star = join(folder, "CtfFind/job003/micrographs_ctf.star");
  writeFileSync(star, STAR);
  for (const one of micrographs) writeFileSync(join(folder, "MotionCorr/job002", one), "");
  return { folder, star, micrograph: (one: string) => join(folder, "MotionCorr/job002", one) };
}

const failure = (work: Promise<unknown>): Promise<VitrineError> =>
  work.then(
    () => expect.fail("it did not fail"),
    (error) => error,
  );

test("RELION's table gives each micrograph its defocus and its group's microscope; failed fits are left out", async () => {
  const { star } = project("read", []);
  const log: string[] = [];
  const rows = await readCtfs(star, (line, kind) => log.push(`${kind}: ${line.replaceAll(`${star}`, "S")}`));
  expect(rows.map(({ name, optics }) => [name, optics])).toEqual([
    [
      "MotionCorr/job002/a.mrc",
      {
        ...{ defocusUA: 10000, defocusVA: 9500, astigmatismAngleDeg: 20, pixelSizeA: 1.06 },
        ...{ voltageKv: 300, sphericalAberrationMm: 2.7, amplitudeContrast: 0.1 },
      },
    ],
    [
      "MotionCorr/job002/b.mrc",
      {
        ...{ defocusUA: 12000, defocusVA: 11500, astigmatismAngleDeg: -30, pixelSizeA: 1.06 },
        ...{ voltageKv: 200, sphericalAberrationMm: 1.4, amplitudeContrast: 0.07 },
      },
    ],
  ]);
  expect(log).toEqual([
    "warning: S: rlnBeamTiltX are not used; the configuration's optics are",
    "warning: S micrograph 3: no defocus was fitted to MotionCorr/job002/c.mrc, which is left out",
  ]);
});

test("CTFFIND's text gives defocus, phase shift in degrees and the microscope of its comments", async () => {
  const path = join(scratch, "b.txt");
  writeFileSync(path, CTFFIND);
  const [{ name, optics }] = await readCtfs(path);
  expect(name).toBe("Micrographs/b.mrc");
  expect(optics).toMatchObject({ defocusUA: 10295.926758, defocusVA: 9889.612305, voltageKv: 300 });
  expect(optics).toMatchObject({ astigmatismAngleDeg: -41.51, pixelSizeA: 1.06, amplitudeContrast: 0.07 });
  expect(optics.phaseShiftDeg).toBeCloseTo(90, 4);
});

test.each([
  [
    "data_micrographs\n\nloop_\n_rlnMicrographName\na.mrc\n",
    /expected micrographs with their defocus, a column rlnDefocusU/,
  ],
  ["# Output from CTFFind version 4\n", /expected one line of numbers, of one micrograph, found 0/],
  ["# Output from CTFFind version 4\n1 2 3\n", /expected micrograph number, defocus 1 and 2, azimuth/],
  [
    STAR.replace("a.mrc 1", "a.mrc 7"),
    /micrograph 1 rlnOpticsGroup: expected one of the groups 1, 2, found 7/,
  ],
  [STAR.replace(" 10000 ", " much "), /expected a number for rlnDefocusU, found "much"/],
])("a table that is none is one clear error: %#", async (text, message) => {
  const path = join(scratch, "wrong.star");
  writeFileSync(path, text);
  const error = await failure(readCtfs(path));
  expect(error).toBeInstanceOf(VitrineError);
  expect(error.message).toMatch(message);
});

test("names in a table are found from its folder, its parents or the working directory; one that is not is left out", async () => {
  const { star, micrograph } = project("found", ["a.mrc"]);
  const log: string[] = [];
  const onLog = (line: string) => void log.push(line);
  const targets = await matchTargets({ configs: ["c.yaml"], micrographs: [star], onLog });
  expect(targets.map(({ suffix, micrograph: one }) => [suffix, one?.path, one?.optics?.defocusUA])).toEqual([
    ["_a", micrograph("a.mrc"), 10000],
  ]);
  const lost = log.find((line) => line.includes("b.mrc")) ?? "";
  expect(lost).toContain(`${join(scratch, "found/CtfFind/job003/MotionCorr/job002/b.mrc")}, `);
  expect(lost).toMatch(/, MotionCorr\/job002\/b\.mrc\. Run it in the project's folder\. It is left out$/);
});

test("micrographs and CTFs that do not meet are named", async () => {
  const { star, micrograph } = project("unmatched", ["a.mrc", "x.mrc"]);
  const log: string[] = [];
  const micrographs = [micrograph("a.mrc"), micrograph("x.mrc")];
  const onLog = (line: string) => void log.push(line);
  const targets = await matchTargets({ configs: ["c.yaml"], micrographs, ctf: [star], onLog });
  expect(targets.map(({ suffix }) => suffix)).toEqual(["_a"]);
  expect(log.slice(2)).toEqual([
    `no CTF for ${micrograph("x.mrc")}: left out`,
    `no micrograph for MotionCorr/job002/b.mrc (${star} micrograph 2)`,
  ]);
  const none = matchTargets({ configs: ["c.yaml"], micrographs: [micrograph("x.mrc")], ctf: [star] });
  expect((await failure(none)).message).toMatch(/expected micrographs to search, found none/);
});

test("micrographs of one name are told apart by their folders; one that comes twice is refused", async () => {
  const targets = await matchTargets({
    configs: ["c.yaml"],
    micrographs: ["d1/a.mrc", "d2/a.mrc", "d2/b.mrc"],
  });
  expect(targets.map(({ suffix }) => suffix)).toEqual(["_d1_a", "_d2_a", "_d2_b"]);
  const twice = matchTargets({ configs: ["c.yaml"], micrographs: ["a.mrc", "a.mrc"] });
  expect((await failure(twice)).message).toMatch(/^a\.mrc: expected each file once/);
  const several = matchTargets({ configs: ["c.yaml", "d.yaml"], micrographs: ["a.mrc"] });
  expect((await failure(several)).message).toBe(
    "--micrographs: expected one configuration, found 2 of them.",
  );
  const idle = matchTargets({ configs: ["c.yaml"], ctf: ["a.star"] });
  expect((await failure(idle)).message).toBe("--ctf: expected micrographs to give them to, found none.");
});
