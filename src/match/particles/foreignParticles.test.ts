import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { matrixFromZyz } from "../../core/index.ts";
import { formatMrc, parseStar } from "../../io/index.ts";
import { readCtfs } from "../many/ctfTable.ts";
import { extractParticles } from "../refine/extractProgram.ts";
import { compareParticleTables } from "./compareParticles.ts";
import { convertParticles } from "./convertParticles.ts";
import { readCryosparc } from "./cryosparcFiles.ts";
import { readParticlePlaces, readParticleStack } from "./particleStack.ts";
import { starToParticles } from "./starToParticles.ts";

const scratch = scratchFolder();
const golden = fileURLToPath(new URL("../../../test/golden/cryosparc/particles_csdat.cs", import.meta.url));

/** As calculate_template_pvalue and a package of template matches write it. */
const CISTEM = `# Written by cisTEM Version 2.0.0-alpha on 2025-10-02 16:49:26

data_

loop_
_cisTEMPositionInStack #1
_cisTEMAnglePsi #2
_cisTEMAngleTheta #3
_cisTEMAnglePhi #4
_cisTEMDefocus1 #5
_cisTEMDefocus2 #6
_cisTEMDefocusAngle #7
_cisTEMPhaseShift #8
_cisTEMScore #9
_cisTEMPixelSize #10
_cisTEMMicroscopeVoltagekV #11
_cisTEMMicroscopeCsMM #12
_cisTEMAmplitudeContrast #13
_cisTEMBeamTiltX #14
_cisTEMOriginalImageFilename #15
_cisTEMOriginalXPosition #16
_cisTEMOriginalYPosition #17
       1   75.00   60.00   30.00   9100.0   8700.0   25.00    0.50    8.50  2.00000  300.00    2.70  0.0700   0.000 'mics/a.mrc'   80.00   96.00
       2   10.00   20.00   40.00   9300.0   8900.0   25.00    0.50    9.25  2.00000  300.00    2.70  0.0700   0.000 'mics/a.mrc'   40.00   50.00
`;

test("a block of single values is a table of one row, as RELION and starfile write one", () => {
  const optics =
    "data_optics\n\n_rlnOpticsGroup 1\n_rlnImagePixelSize 1.06\n_rlnVoltage 300.0\n_rlnSphericalAberration 2.7\n";
  const particles =
    "\ndata_particles\n\n_rlnCoordinateX 100\n_rlnCoordinateY 200\n_rlnDefocusU 12000.0\n_rlnOpticsGroup 1\n";
  const { rows } = starToParticles(parseStar(optics + particles, "one.star"), { templateSize: 64 });
  expect(rows).toMatchObject([
    { pos_x: "68.0", pos_y: "168.0", pixel_size: "1.06", voltage: "300.0", defocus_u: "12000.0" },
  ]);
});

const shifted = CISTEM.replace("#17\n", "#17\n_cisTEMXShift #18\n_cisTEMYShift #19\n").replaceAll(
  ".00\n",
  ".00 3.0 -1.0\n",
);

test("cisTEM's template matches: Å from the corner, radians of phase shift, the particle's own defocus", () => {
  const { rows } = starToParticles(parseStar(CISTEM, "matches.star"), { templateSize: 16 });
  expect(rows[0]).toMatchObject({
    ...{ pos_x: "32.0", pos_y: "40.0", pos_x_img: "40.0", pos_y_img: "48.0", pos_x_img_angstrom: "80.0" },
    ...{ phi: "30.00", theta: "60.00", psi: "75.00", scaled_mip: "8.50", relative_defocus: "0.0" },
    ...{
      defocus_u: "9100.0",
      defocus_v: "8700.0",
      phase_shift: "28.64788976",
      micrograph_path: "mics/a.mrc",
    },
  });
  // cisTEM, RotationMatrix::SetToEulerRotation(phi 30, theta 60, psi 75), rows
  const cistem = [-0.370891, -0.547668, 0.75, 0.901221, -0.017338, 0.433013, -0.224144, 0.836516, 0.5];
  const ours = matrixFromZyz({ phiDeg: 30, thetaDeg: 60, psiDeg: 75 });
  for (const [i, value] of cistem.entries()) expect(ours[i]).toBeCloseTo(value, 5);
});

test("a shift of cisTEM leads from the position to the particle; without positions the error says what to export", () => {
  const { rows } = starToParticles(parseStar(shifted, "shifted.star"));
  expect([rows[0].pos_x_img, rows[0].pos_y_img]).toEqual(["41.5", "47.5"]);
  const none = CISTEM.replaceAll("OriginalXPosition", "Nothing");
  expect(() => starToParticles(parseStar(none, "none.star"))).toThrow(
    /^none\.star: expected positions in micrographs, a column cisTEMOriginalXPosition, found .*Export a package/,
  );
});

test("the CTF of a micrograph is the mean of its particles', of every program", async () => {
  writeFileSync(join(scratch, "matches.star"), CISTEM);
  const expected = {
    defocusUA: 9200,
    defocusVA: 8800,
    astigmatismAngleDeg: 25,
    voltageKv: 300,
    pixelSizeA: 2,
  };
  const [ctf, ...more] = await readCtfs(join(scratch, "matches.star"));
  expect([ctf.name, more]).toEqual(["mics/a.mrc", []]);
  expect(ctf.optics).toMatchObject(expected);
  const ofCryosparc = await readCtfs(golden);
  expect(ofCryosparc.map(({ name }) => name)).toEqual(["mics/a.mrc", "mics/b.mrc"]);
  expect(ofCryosparc[0].optics).toMatchObject(expected);
  // angles 0 and 90 of the same astigmatism leave none
  const crossed = CISTEM.replace("25.00", "0.00").replace("25.00", "90.00");
  writeFileSync(join(scratch, "crossed.star"), crossed);
  const [{ optics }] = await readCtfs(join(scratch, "crossed.star"));
  expect(optics.defocusUA).toBeCloseTo(9000);
  expect(optics.defocusVA).toBeCloseTo(9000);
});

test("what a particles' file lacks comes from the passthrough file of its job, by uid", async () => {
  const bytes = readFileSync(golden.replace("csdat", "numpy"));
  const name = (text: string) => join(scratch, text);
  copyFileSync(golden, name("J7_passthrough_particles.cs"));
  // the same length, so that the header stays true
  writeFileSync(
    name("J7_003_particles.cs"),
    bytes.toString("latin1").replace("location/micrograph_path", "location/micrograph_none"),
    "latin1",
  );
  const notes: string[] = [];
  const records = await readCryosparc(name("J7_003_particles.cs"), (text) => notes.push(text));
  expect(records.text(1, "location/micrograph_path")).toBe(">mics/a.mrc");
  expect(notes[0]).toMatch(/come from .*J7_passthrough_particles\.cs$/);
  expect((await readCryosparc(golden)).has("location/micrograph_none")).toBe(false);
});

test("particles of two programs are compared, of which none knows z-scores", async () => {
  const name = (text: string) => join(scratch, text);
  writeFileSync(name("cistem.star"), CISTEM.replace("_cisTEMScore", "_cisTEMLogP"));
  await convertParticles(name("cistem.star"), name("relion.star"));
  const { matches, missed, extra } = await compareParticleTables(name("cistem.star"), name("relion.star"));
  expect([matches.length, missed, extra]).toEqual([2, [], []]);
  for (const { distancePx, angleDeg } of matches) expect([distancePx, angleDeg]).toEqual([0, 0]);
});

test("particles without angles are extracted from micrographs of the project's folder; other programs ask for angles", async () => {
  mkdirSync(join(scratch, "project/mics"), { recursive: true });
  mkdirSync(join(scratch, "project/Import"));
  writeFileSync(
    join(scratch, "project/mics/a.mrc"),
    formatMrc({ data: noise(96 * 80, 1), shape: [96, 80], voxelSizeA: 2 }),
  );
  const table = join(scratch, "project/Import/picks.star");
  writeFileSync(table, CISTEM.replaceAll(/_cisTEMAngle(Psi|Theta|Phi) /g, "_cisTEMOther$1 "));
  const report = await extractParticles(table, { boxSize: 16, stackPath: join(scratch, "picks.mrcs") });
  expect(report.micrographs).toEqual([{ micrographPath: join(scratch, "project/mics/a.mrc"), particles: 2 }]);
  expect(readFileSync(join(scratch, "picks.star"), "utf8")).not.toMatch(/rlnAngle/);
  await expect(readParticlePlaces(table)).rejects.toThrow(/picks\.star row 1 phi: expected a finite number/);
  await expect(readParticleStack(table, {}, { templateSize: 16 })).rejects.toThrow(/row 1 phi/);
});

test("y of cryoSPARC's particles and their pixel size can be told wherever they are read, with a word where it means nothing", async () => {
  const plain = await readParticlePlaces(golden);
  const turned = await readParticlePlaces(golden, { invertY: true, pixelSizeA: 3 });
  const converted = join(scratch, "turned.star");
  await convertParticles(golden, converted, { invertY: true, pixelSizeA: 3 });
  expect(turned.particles.map(({ pixelSizeA }) => pixelSizeA)).toEqual(turned.particles.map(() => 3));
  expect(turned.table.rows[0].pos_y_img).not.toBe(plain.table.rows[0].pos_y_img);
  const words: string[] = [];
  const options = { invertY: true, pixelSizeA: 3, onLog: (word: string) => words.push(word) };
  const { matches } = await compareParticleTables(golden, converted, options);
  expect(matches).toHaveLength(turned.particles.length);
  for (const { distancePx, angleDeg } of matches) {
    expect(distancePx).toBeLessThan(1e-3);
    expect(angleDeg).toBeLessThan(1e-3);
  }
  expect(words).toContain(`--invert-y has no effect on ${converted}, which is no .cs of cryoSPARC`);
});
