import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { formatMrc, openMrc, parseStar, readStar, starTable } from "../../io/index.ts";
import { extractParticles } from "../refine/extractProgram.ts";
import { refinedTable } from "../refine/refineTable.ts";
import { convertParticles } from "./convertParticles.ts";
import { readParticleStack } from "./particleStack.ts";
import { particlesToStar } from "./particlesToStar.ts";
import { starToParticles } from "./starToParticles.ts";

const scratch = scratchFolder();

type Cells = Readonly<Record<string, string | number>>;

function block(name: string, rows: readonly Cells[]): string {
  const columns = Object.keys(rows[0]).map((column) => `_${column}\n`);
  const lines = rows.map((row) => `${Object.values(row).join(" ")}\n`);
  return `data_${name}\n\nloop_\n${columns.join("")}${lines.join("")}\n`;
}

const MICROSCOPE = { rlnVoltage: 300, rlnSphericalAberration: 2.7, rlnAmplitudeContrast: 0.1 };

/** Micrographs of 2 Å whose particles were scaled down to images of 4 Å. */
const GROUP = {
  ...{ rlnOpticsGroupName: "hole1", rlnOpticsGroup: 1, ...MICROSCOPE },
  ...{ rlnMicrographPixelSize: 2, rlnImagePixelSize: 4, rlnImageSize: 32, rlnImageDimensionality: 2 },
};

const PLACE = {
  ...{ rlnCoordinateX: 100, rlnCoordinateY: 50, rlnImageName: "000007@Extract/job010/a.mrcs" },
  ...{ rlnMicrographName: "mics/a.mrc", rlnDefocusU: 12000, rlnDefocusV: 11000, rlnDefocusAngle: 30 },
  ...{ rlnAngleRot: 10, rlnAngleTilt: 20, rlnAnglePsi: 30, rlnOpticsGroup: 1 },
};

/** RELION 3.1 and later tell origins in Å, 3.0 in pixels of the images. */
const IN_A = { rlnOriginXAngst: 4, rlnOriginYAngst: -6 };
const IN_IMAGE_PIXELS = { rlnOriginX: 1, rlnOriginY: -1.5 };

const relion = (group: Cells, row: Cells) =>
  parseStar(block("optics", [group]) + block("particles", [row]), "p.star");

const { rlnOpticsGroup: _, ...OLD_PLACE } = PLACE;

/** RELION 3.0: the detector's 5 µm and 12,500 times are 4 Å, those of the scaled images. */
const OLD = parseStar(
  block("", [
    {
      ...OLD_PLACE,
      ...IN_IMAGE_PIXELS,
      ...MICROSCOPE,
      ...{ rlnDetectorPixelSize: 5, rlnMagnification: 12500 },
    },
  ]),
  "old.star",
);

test.each([
  ["Å", relion(GROUP, { ...PLACE, ...IN_A }), {}],
  ["pixels of scaled images", relion(GROUP, { ...PLACE, ...IN_IMAGE_PIXELS }), {}],
  [
    "Å beside pixels that an earlier version left",
    relion(GROUP, { ...PLACE, ...IN_A, rlnOriginX: 9, rlnOriginY: 9 }),
    {},
  ],
  ["pixels of RELION 3.0, whose images' size is told alone", OLD, { pixelSizeA: 2 }],
])(
  "origins in %s are taken off in pixels of the micrograph, and images stay where they were cut",
  (_, file, options) => {
    const table = starToParticles(file, options);
    // 4 and -6 Å of pixels of 2 Å
    expect([table.rows[0].pos_x_img, table.rows[0].pos_y_img].map(Number)).toEqual([98, 53]);
    const leftOut: string[] = [];
    const onLeftOut = (columns: readonly string[]) => leftOut.push(...columns);
    const star = particlesToStar(table, "back.star", { lean: true, onLeftOut });
    expect(leftOut.filter((column) => column.startsWith("rln"))).toEqual([]);
    const [particles, optics] = [starTable(star, "particles"), starTable(star, "optics")];
    const cell = (name: string) => Number(particles.value(0, name));
    expect(["rlnCoordinateX", "rlnCoordinateY", "rlnOriginXAngst", "rlnOriginYAngst"].map(cell)).toEqual([
      100, 50, 4, -6,
    ]);
    expect(particles.value(0, "rlnImageName")).toBe(PLACE.rlnImageName);
    expect(particles.columns.filter((name) => /^rlnOrigin[XY]$/.test(name))).toEqual([]);
    expect(["rlnMicrographPixelSize", "rlnImagePixelSize"].map((name) => optics.numbers(name)[0])).toEqual([
      2, 4,
    ]);
  },
);

test("a refinement of a table moves particles, not the images that RELION cut", () => {
  const table = starToParticles(relion(GROUP, { ...PLACE, ...IN_A }));
  const refined = { refined_pos_x_img: "99.5", refined_pos_y_img: "53.0" };
  const columns = [...table.columns, ...Object.keys(refined)];
  const star = particlesToStar({ columns, rows: [{ ...table.rows[0], ...refined }] }, "r.csv", {
    lean: true,
  });
  const particles = starTable(star, "particles");
  expect(particles.numbers("rlnCoordinateX")[0]).toBe(100);
  expect(particles.numbers("rlnOriginXAngst")[0]).toBe(1); // half a pixel of 2 Å
  expect(particles.numbers("rlnOriginYAngst")[0]).toBe(-6);
});

test("a refinement keeps images and groups, and the way from images to particles", async () => {
  mkdirSync(join(scratch, "mics"), { recursive: true });
  writeFileSync(join(scratch, "mics/a.mrc"), formatMrc({ data: noise(64, 1), shape: [8, 8], voxelSizeA: 2 }));
  const path = join(scratch, "refined.star");
  writeFileSync(
    path,
    block("optics", [GROUP]) + block("particles", [{ ...PLACE, ...IN_A, rlnClassNumber: 3 }]),
  );
  const stack = await readParticleStack(path, {}, { templateSize: 16 });
  const pose = {
    phiDeg: 1,
    thetaDeg: 2,
    psiDeg: 3,
    zScore: 9,
    correlation: 8,
    defocusOffsetA: 0,
    pixelSize: 0,
    orientation: 0,
    defocus: 0,
  };
  const refined = refinedTable(stack, [{ ...pose, shiftX: 1, shiftY: -2 }], { pixelSizeOffsetsA: [0] });
  const star = particlesToStar(refined, "refined.csv", { lean: true });
  const particles = starTable(star, "particles");
  const places = ["rlnCoordinateX", "rlnCoordinateY", "rlnOriginXAngst", "rlnOriginYAngst", "rlnClassNumber"];
  // one pixel of 2 Å to the right of 98, two above 53
  expect(places.map((name) => particles.numbers(name)[0])).toEqual([100, 50, 2, -2, 3]);
  expect(particles.column("rlnImageName")).toEqual([PLACE.rlnImageName]);
  expect(starTable(star, "optics").column("rlnOpticsGroupName")).toEqual(["hole1"]);
});

test("origins in Å without any pixel size stay, with a word", () => {
  const told: string[] = [];
  const group = { rlnOpticsGroupName: "hole1", rlnOpticsGroup: 1, ...MICROSCOPE };
  const file = relion(group, { ...PLACE, ...IN_A });
  const [row] = starToParticles(file, { onLog: (line) => told.push(line) }).rows;
  expect([row.pos_x_img, row.rlnOriginXAngst]).toEqual(["100", "4"]);
  expect(told).toEqual(
    ["X", "Y"].map(
      (axis) => `p.star: rlnOrigin${axis}Angst is left out, as no pixel size is known; --pixel-size gives it`,
    ),
  );
});

test("a pixel size that is the images' alone is a guess, and said", () => {
  const told: string[] = [];
  starToParticles(OLD, { onLog: (line) => told.push(line) });
  const { rlnMicrographPixelSize: _, ...group } = GROUP;
  starToParticles(relion(group, PLACE), { onLog: (line) => told.push(line) });
  expect(told).toEqual([
    expect.stringMatching(/rlnDetectorPixelSize \/ rlnMagnification, Å, 4\.0, that of the extracted images/),
    expect.stringMatching(/rlnImagePixelSize 4, that of the extracted images.*--pixel-size/),
  ]);
});

test("groups of optics keep their names, also where nothing else tells them apart", () => {
  const other = { ...GROUP, rlnOpticsGroupName: "hole2", rlnOpticsGroup: 2 };
  const file = parseStar(
    block("optics", [GROUP, other]) + block("particles", [PLACE, { ...PLACE, rlnOpticsGroup: 2 }]),
    "p.star",
  );
  const star = particlesToStar(starToParticles(file), "back.star", { lean: true });
  expect(starTable(star, "optics").column("rlnOpticsGroupName")).toEqual(["hole1", "hole2"]);
  expect(starTable(star, "particles").column("rlnOpticsGroup")).toEqual(["1", "2"]);
});

test("scores that nothing has are no column: RELION refuses cells without a number", () => {
  const { columns, rows } = starToParticles(relion(GROUP, PLACE));
  const table = { columns: [...columns, "scaled_mip"], rows: [{ ...rows[0], scaled_mip: "" }] };
  const lean = particlesToStar(table, "truth.csv", { lean: true });
  expect(starTable(lean, "particles").has("rlnAutopickFigureOfMerit")).toBe(false);
  expect(starToParticles(particlesToStar(table, "truth.csv"))).toEqual(table);
});

test("boxes that are cut anew have the micrograph's pixels, whatever their particles' images had", async () => {
  mkdirSync(join(scratch, "mics"), { recursive: true });
  const data = noise(120 * 160, 5);
  writeFileSync(join(scratch, "mics/a.mrc"), formatMrc({ data, shape: [120, 160], voxelSizeA: 2 }));
  const path = join(scratch, "p.star");
  const group = { ...GROUP, rlnCtfDataAreCtfPremultiplied: 1 };
  writeFileSync(
    path,
    block("optics", [group]) + block("particles", [{ ...PLACE, ...IN_A, rlnOriginXAngst: 3 }]),
  );
  const stackPath = join(scratch, "new.mrcs");
  const { files } = await extractParticles(path, { boxSize: 24, stackPath });
  const star = await readStar(files[1]);
  const optics = starTable(star, "optics");
  const sizes = ["rlnImagePixelSize", "rlnImageSize", "rlnCtfDataAreCtfPremultiplied"];
  expect(sizes.map((name) => optics.numbers(name)[0])).toEqual([2, 24, 0]);
  // the particle lies at 98.5, 53: the box at 99 (rounded half up), 53
  const particles = starTable(star, "particles");
  const places = ["rlnCoordinateX", "rlnCoordinateY", "rlnOriginXAngst", "rlnOriginYAngst"];
  expect(places.map((name) => particles.numbers(name)[0])).toEqual([99, 53, 1, 0]);
  const stack = await openMrc(stackPath);
  expect((await stack.readSections(0, 1))[12 * 24 + 12]).toBe(data[53 * 160 + 99]);
  await stack.close();
  const again = join(scratch, "again.mrcs");
  await extractParticles(files[1], { boxSize: 24, stackPath: again });
  const second = starTable(await readStar(join(scratch, "again.star")), "particles");
  expect(places.map((name) => second.numbers(name)[0])).toEqual([99, 53, 1, 0]);
});

test("optics that a search does not take from particles are named, unless they are nothing", async () => {
  mkdirSync(join(scratch, "mics"), { recursive: true });
  writeFileSync(join(scratch, "mics/a.mrc"), formatMrc({ data: noise(64, 1), shape: [8, 8], voxelSizeA: 2 }));
  const nothing = {
    rlnMagMat00: 1,
    rlnMagMat01: 0,
    rlnMagMat10: 0,
    rlnMagMat11: 1,
    rlnOddZernike: "[0,0,0,0]",
  };
  const group = { ...GROUP, ...nothing, rlnBeamTiltX: 0, rlnBeamTiltY: -0.2, rlnEvenZernike: "[0,0.1]" };
  const path = join(scratch, "tilted.star");
  writeFileSync(path, block("optics", [group]) + block("particles", [PLACE]));
  const told: string[] = [];
  await readParticleStack(path, {}, { templateSize: 16, onLog: (line) => told.push(line) });
  expect(told).toEqual([
    `${path}: rlnBeamTiltY, rlnEvenZernike are not used; the configuration's optics are`,
  ]);
  told.length = 0;
  await convertParticles(path, join(scratch, "tilted.csv"), { onLog: (line) => told.push(line) });
  expect(told).toEqual([]); // the table keeps them
});
