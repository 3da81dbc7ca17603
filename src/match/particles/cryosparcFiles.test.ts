import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type NumpyRow, numpyRecords } from "../../../test/support/numpyRecords.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { parseNpyRecords, starTable } from "../../io/index.ts";
import { readCtfs } from "../many/ctfTable.ts";
import { cryosparcColumns } from "./cryosparc.ts";
import { readCryosparc } from "./cryosparcFiles.ts";
import { columnsToStar } from "./particlesToStar.ts";

const scratch = scratchFolder();

/** Particles 17 and 18, as an extraction leaves them. */
const BLOBS: readonly NumpyRow[] = [17, 18].map((uid, i) => ({
  ...{ uid: { u8: uid }, "blob/path": ">J12/extract/a.mrc", "blob/idx": { u4: [6 + i] } },
  ...{ "blob/shape": { u4: [32, 32] }, "blob/psize_A": [4], "location/micrograph_psize_A": [2] },
}));

/** What they had before, in another order. */
const PASSED: readonly NumpyRow[] = [18, 17].map((uid) => ({
  ...{ uid: { u8: uid }, "location/micrograph_path": "mics/a.mrc" },
  ...{ "location/micrograph_shape": { u4: [300, 400] } },
  ...{ "location/center_x_frac": [uid === 17 ? 0.25 : 0.5], "location/center_y_frac": [0.5] },
  ...{ "ctf/df1_A": [uid === 17 ? 12000 : 13000], "ctf/df2_A": [11000], "ctf/df_angle_rad": [0] },
}));

function write(folder: string, name: string, rows: readonly NumpyRow[]): string {
  mkdirSync(join(scratch, folder), { recursive: true });
  const path = join(scratch, folder, name);
  writeFileSync(path, numpyRecords(rows));
  return path;
}

test.each([
  ["J12_003_particles.cs", "J12_passthrough_particles.cs"],
  ["extracted_particles.cs", "J12_passthrough_particles.cs"],
  ["cryosparc_P3_J12_003_particles.cs", "P3_J12_passthrough_particles.cs"],
  ["particles_selected.cs", "J12_passthrough_particles_selected.cs"],
])("%s takes places and CTF from %s beside it", async (name, beside) => {
  const folder = name.replace(".cs", "");
  const path = write(folder, name, BLOBS);
  write(folder, beside, PASSED);
  write(folder, "J11_passthrough_particles.cs", [{ ...PASSED[0], uid: { u8: 99 } }]);
  const told: string[] = [];
  const { columns } = cryosparcColumns(await readCryosparc(path, (line) => told.push(line)));
  const row = (i: number) =>
    ["pos_x_img", "defocus_u", "pixel_size"].map((column) => Number(columns.get(column)?.(i)));
  expect([row(0), row(1)]).toEqual([
    [100, 12000, 2],
    [200, 13000, 2],
  ]);
  expect(told).toEqual([expect.stringContaining(beside)]);
});

test("exposures take their micrographs from the passthrough file", async () => {
  const ctf = (uid: number) => ({
    ...{ uid: { u8: uid }, "ctf/df1_A": [9000], "ctf/df2_A": [8000], "ctf/df_angle_rad": [Math.PI / 2] },
  });
  const path = write("J4", "exposures_ctf_estimated.cs", [ctf(5)]);
  write("J4", "J4_passthrough_exposures_ctf_estimated.cs", [
    { uid: { u8: 5 }, "micrograph_blob/path": "J2/motioncorrected/a.mrc", "micrograph_blob/psize_A": [1.5] },
  ]);
  expect(await readCtfs(path)).toMatchObject([
    {
      name: "J2/motioncorrected/a.mrc",
      optics: { defocusUA: 9000, defocusVA: 8000, astigmatismAngleDeg: 90, pixelSizeA: 1.5 },
    },
  ]);
});

const ALIGNED: NumpyRow = {
  ...BLOBS[0],
  ...PASSED[1],
  ...{ "alignments3D/pose": [0, 0, 0], "alignments3D/shift": [1, -1.5], "alignments3D/psize_A": [4] },
  ...{ "alignments3D/split": { u4: [1] }, "ctf/exp_group_id": { u4: [3] }, "ctf/bfactor": [20] },
};

test("RELION's file names images, halves and groups of exposures; origins lead from the image to the particle", () => {
  const other = { ...ALIGNED, "ctf/exp_group_id": { u4: [5] } };
  const records = parseNpyRecords(numpyRecords([ALIGNED, other]), "p.cs");
  const star = columnsToStar(cryosparcColumns(records), "p.cs", { lean: true });
  const [particles, optics] = [starTable(star, "particles"), starTable(star, "optics")];
  expect(particles.column("rlnImageName")[0]).toBe("000007@J12/extract/a.mrc");
  // shifts of 1 and -1.5 pixels of 4 Å around 100, 150 pixels of 2 Å
  const numbers = [
    "rlnCoordinateX",
    "rlnCoordinateY",
    "rlnOriginXAngst",
    "rlnOriginYAngst",
    "rlnCtfBfactor",
    "rlnRandomSubset",
  ];
  expect(numbers.map((name) => particles.numbers(name)[0])).toEqual([100, 150, 4, -6, 20, 2]);
  expect(optics.column("rlnOpticsGroupName")).toEqual(["exposureGroup3", "exposureGroup5"]);
  expect(
    ["rlnMicrographPixelSize", "rlnImagePixelSize", "rlnImageSize"].map((name) => optics.numbers(name)[0]),
  ).toEqual([2, 4, 32]);
});

test("aberrations, and images whose y goes the other way, are left out with a word", () => {
  const tilted = { ...ALIGNED, "ctf/tilt_A": [0, 30], "ctf/shift_A": [0, 0] };
  const told: string[] = [];
  const records = parseNpyRecords(numpyRecords([tilted]), "p.cs");
  const { columns } = cryosparcColumns(records, { invertY: true, onLog: (line) => told.push(line) });
  expect(columns.has("rlnImageName")).toBe(false);
  expect(told).toEqual([
    expect.stringMatching(/^p\.cs: blob\/path is left out/),
    "p.cs: ctf/tilt_A is left out; optics_group has fields for some of cryoSPARC's aberrations",
  ]);
});
