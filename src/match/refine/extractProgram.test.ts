import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ROLLS, writeGoldenTable, writeMovie } from "../../../test/support/movieCase.ts";
import { goldenBytes, goldenMrc, relativeError } from "../../../test/support/npy.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { formatCsv, openMrc, parseCsv, readStar, starTable } from "../../io/index.ts";
import { starToParticles } from "../particles/starToParticles.ts";
import { extractParticles } from "./extractProgram.ts";

const scratch = scratchFolder();
const golden = (file: string) =>
  fileURLToPath(new URL(`../../../test/golden/match/${file}`, import.meta.url));

function table(name: string): string {
  const path = join(scratch, name);
  const text = new TextDecoder().decode(goldenBytes(name));
  writeFileSync(
    path,
    text.replace(/\b\w+\.mrc\b/g, (file) => golden(file)),
  );
  return path;
}

test.each([
  ["search1_particles.csv", "pos"],
  ["refine1_particles.csv", "refined_pos"],
])("%s becomes a stack and a STAR file", async (name, prefix) => {
  const path = table(name);
  const stackPath = join(scratch, `${name}.mrcs`);
  const report = await extractParticles(path, { boxSize: 40, stackPath, padding: "reflect", full: true });
  expect(report).toEqual({
    particles: 9,
    micrographs: [{ micrographPath: golden("micrograph.mrc"), particles: 9 }],
    files: [stackPath, join(scratch, `${name}.mrcs`.replace(".mrcs", ".star"))],
  });
  const file = await openMrc(stackPath);
  const data = await file.readSections(0, 9);
  expect(file.header.shape).toEqual([9, 40, 40]);
  await file.close();
  const { data: image, shape } = goldenMrc("micrograph.mrc");
  const { rows } = parseCsv(readFileSync(path, "utf8"), path);
  rows.forEach((row, i) => {
    const centre = Number(row[`${prefix}_y_img`]) * shape[2] + Number(row[`${prefix}_x_img`]);
    expect(data[i * 1600 + 20 * 40 + 20]).toBe(image[centre]);
  });
  const star = await readStar(report.files[1]);
  const particles = starTable(star, "particles");
  expect(particles.column("rlnImageName").slice(0, 2)).toEqual([
    `000001@${name}.mrcs`,
    `000002@${name}.mrcs`,
  ]);
  expect(starTable(star, "optics").column("rlnImageSize")).toEqual(["40"]);
  expect(starToParticles(star).rows[3].pos_x).toBe(rows[3].pos_x);
  await expect(extractParticles(path, { boxSize: 40, stackPath })).rejects.toMatchObject({ code: "exists" });
});

test("the STAR file has RELION's columns alone unless asked, and what it leaves out is said", async () => {
  const stackPath = join(scratch, "lean.mrcs");
  const said: string[] = [];
  const onLog = (text: string) => said.push(text);
  await extractParticles(table("search1_particles.csv"), { boxSize: 40, stackPath, onLog });
  const { columns } = starTable(await readStar(join(scratch, "lean.star")), "particles");
  expect(columns.filter((name) => !name.startsWith("rln"))).toEqual([]);
  expect(said).toEqual([expect.stringMatching(/lean\.star: left out .*\bmip\b.*; --full keeps it$/)]);
});

test("particles of two micrographs come from theirs, and are counted by them", async () => {
  const path = table("search1_particles.csv");
  const second = join(scratch, "second.mrc");
  copyFileSync(golden("micrograph.mrc"), second);
  const [header, ...rows] = readFileSync(path, "utf8").trimEnd().split("\n");
  const moved = rows.map((row, i) => (i % 3 === 0 ? row.replaceAll(golden("micrograph.mrc"), second) : row));
  const both = join(scratch, "both.csv");
  writeFileSync(both, [header, ...moved, ""].join("\n"));
  const options = { boxSize: 40, padding: "reflect" } as const;
  const stackPath = join(scratch, "both.mrcs");
  const { micrographs } = await extractParticles(both, { ...options, stackPath });
  expect(micrographs).toEqual([
    { micrographPath: second, particles: 3 },
    { micrographPath: golden("micrograph.mrc"), particles: 6 },
  ]);
  const wholePath = join(scratch, "whole.mrcs");
  await extractParticles(path, { ...options, stackPath: wholePath });
  expect(await readBoxes(stackPath, 40)).toEqual(await readBoxes(wholePath, 40));
});

test("particles between pixels: boxes at the nearest pixel, the rest as RELION's origins, and the same places back", async () => {
  const path = table("refine1_particles.csv");
  const { columns, rows } = parseCsv(readFileSync(path, "utf8"), path);
  const moved = rows.map((row, i) => {
    const [x, y] = [Number(row.refined_pos_x_img) + 0.3 + i / 20, Number(row.refined_pos_y_img) - 0.2];
    const corner = { refined_pos_x: String(x - 24), refined_pos_y: String(y - 24) };
    const angstrom = {
      refined_pos_x_img_angstrom: String(2 * x),
      refined_pos_y_img_angstrom: String(2 * y),
    };
    return { ...row, ...corner, ...angstrom, refined_pos_x_img: String(x), refined_pos_y_img: String(y) };
  });
  const between = join(scratch, "between.csv");
  writeFileSync(between, formatCsv(columns, moved));
  const stackPath = join(scratch, "between.mrcs");
  await extractParticles(between, { boxSize: 40, stackPath, padding: "reflect", full: true });
  const boxes = await readBoxes(stackPath, 40);
  const { data: image, shape } = goldenMrc("micrograph.mrc");
  const star = await readStar(join(scratch, "between.star"));
  const particles = starTable(star, "particles");
  moved.forEach(({ refined_pos_x_img, refined_pos_y_img }, i) => {
    const [x, y] = [Number(refined_pos_x_img), Number(refined_pos_y_img)];
    const [column, row] = [Math.round(x), Math.round(y)];
    expect(boxes[i][20 * 40 + 20]).toBe(image[row * shape[2] + column]);
    expect(particles.numbers("rlnCoordinateX")[i]).toBe(column);
    expect(particles.numbers("rlnOriginXAngst")[i]).toBeCloseTo(2 * (column - x), 9);
    expect(particles.numbers("rlnOriginYAngst")[i]).toBeCloseTo(2 * (row - y), 9);
    const back = starToParticles(star).rows[i];
    for (const name of ["refined_pos_x_img", "refined_pos_y", "refined_pos_x_img_angstrom"] as const)
      expect(Number(back[name])).toBeCloseTo(Number(moved[i][name]), 9);
  });
});

test("a box that leaves its micrograph, a wrong size, and a table without particles are refused", async () => {
  const path = table("search1_particles.csv");
  const stackPath = join(scratch, "none.mrcs");
  await expect(extractParticles(path, { boxSize: 60, stackPath, bounds: "error" })).rejects.toThrow(
    /expected a box of 60 x 60 inside 256 x 320/,
  );
  await expect(extractParticles(path, { boxSize: 1.5, stackPath })).rejects.toThrow(/box size: expected/);
  await expect(extractParticles(path, { boxSize: 258, stackPath })).rejects.toThrow(
    /micrograph.mrc: expected boxes of at most 256 pixels, that it has, found 258/,
  );
  const empty = join(scratch, "empty.csv");
  writeFileSync(empty, readFileSync(path, "utf8").split("\n", 1)[0]);
  await expect(extractParticles(empty, { boxSize: 40, stackPath })).rejects.toThrow(/at least one particle/);
});

/** The images of a stack of boxes. */
async function readBoxes(path: string, side: number): Promise<Float32Array[]> {
  const file = await openMrc(path);
  const [count] = file.header.shape;
  const data = await file.readSections(0, count);
  await file.close();
  return Array.from({ length: count }, (_, i) => data.subarray(i * side * side, (i + 1) * side * side));
}

test("normalised and inverted boxes have a background of mean 0 and deviation 1, and contrast turned around", async () => {
  const path = table("search1_particles.csv");
  const options = { boxSize: 40, padding: "reflect", overwrite: true } as const;
  const [plainPath, finePath] = [join(scratch, "plain.mrcs"), join(scratch, "fine.mrcs")];
  await extractParticles(path, { ...options, stackPath: plainPath });
  await extractParticles(path, { ...options, stackPath: finePath, normalize: { radius: 16 }, invert: true });
  const plain = await readBoxes(plainPath, 40);
  const isBackground = (i: number) => (Math.floor(i / 40) - 20) ** 2 + ((i % 40) - 20) ** 2 > 256;
  for (const [k, box] of (await readBoxes(finePath, 40)).entries()) {
    const background = box.filter((_, i) => isBackground(i));
    const mean = background.reduce((sum, value) => sum + value, 0) / background.length;
    const power = background.reduce((sum, value) => sum + value * value, 0) / background.length;
    expect([mean, power].map((value) => Number(value.toFixed(4)) + 0)).toEqual([0, 1]);
    // a dark particle is bright: what is left after scale and ramp still runs against the plain box
    const product = box.reduce((sum, value, i) => sum + value * plain[k][i], 0);
    expect(product).toBeLessThan(0);
  }
  await expect(
    extractParticles(path, { ...options, stackPath: finePath, normalize: { radius: 21 } }),
  ).rejects.toThrow("background radius: expected a radius of 0 to 20 pixels, half a box, found 21.");
});

test("boxes of a movie whose particles move by whole pixels are those of the still micrograph", async () => {
  const path = writeGoldenTable(scratch);
  const shifts = join(scratch, "whole.csv");
  const rows = Array.from({ length: 9 }, (_, particle) => ROLLS.map(([y, x], f) => [particle, f, -y, -x]));
  writeFileSync(shifts, `particle_index,frame,y_shift,x_shift\n${rows.flat().join("\n")}\n`);
  const [stillPath, movedPath] = [join(scratch, "still.mrcs"), join(scratch, "moved.mrcs")];
  await extractParticles(path, { boxSize: 40, padding: "reflect", stackPath: stillPath });
  const movie = {
    path: writeMovie(scratch),
    motion: { kind: "shifts", path: shifts } as const,
    preExposureA2: 0,
    dosePerFrameA2: 0,
  };
  const report = await extractParticles(path, {
    boxSize: 40,
    padding: "reflect",
    stackPath: movedPath,
    movie,
    workers: 2,
  });
  expect(report.particles).toBe(9);
  const [still, moved] = [await readBoxes(stillPath, 40), await readBoxes(movedPath, 40)];
  const { data } = goldenMrc("micrograph.mrc");
  const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
  // rows 0 and 5: farther from the edges than the movie turns. Five frames add to √5, since noise keeps its power; float32.
  for (const i of [0, 5]) {
    const expected = still[i].map((value) => Math.sqrt(5) * (value - mean));
    expect(relativeError(moved[i], expected)).toBeLessThan(1e-5);
  }
  const absent = { ...movie, motion: { kind: "deformation", path: "absent.csv" } as const };
  await expect(
    extractParticles(path, { boxSize: 40, stackPath: movedPath, overwrite: true, movie: absent }),
  ).rejects.toThrow("absent.csv: expected a readable file, found no such file. Check the path.");
});

test("a refined pixel size that is none of the same pixel is said, and stands in stack and table", async () => {
  const path = table("search1_particles.csv");
  const { columns, rows } = parseCsv(readFileSync(path, "utf8"), path);
  const half = rows.map((row) => ({ ...row, pixel_size: String(Number(row.refined_pixel_size) / 2) }));
  const other = join(scratch, "half.csv");
  writeFileSync(other, formatCsv(columns, half));
  const stackPath = join(scratch, "half.mrcs");
  const said: string[] = [];
  const onLog = (line: string, kind: string) => void (kind === "warning" && said.push(line));
  const { files } = await extractParticles(other, { boxSize: 16, stackPath, padding: "reflect", onLog });
  const size = Number(rows[0].refined_pixel_size);
  expect(said).toContainEqual(
    expect.stringContaining(
      `row 1 says pixel_size ${size / 2} Å and refined_pixel_size ${size} Å, which is used`,
    ),
  );
  const file = await openMrc(stackPath);
  expect(file.header.voxelSizeA[0]).toBeCloseTo(size, 5);
  await file.close();
  const optics = starTable(await readStar(files[1]), "optics");
  expect(optics.column("rlnImagePixelSize").map(Number)).toEqual([size]);
});
