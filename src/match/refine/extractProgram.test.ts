import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { goldenBytes, goldenMrc } from "../../../test/support/npy.ts";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { openMrc, parseCsv, readStar, starTable } from "../../io/index.ts";
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
  const report = await extractParticles(path, { boxSize: 40, stackPath, padding: "reflect" });
  expect(report).toEqual({
    particles: 9,
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

test("a box that leaves its micrograph, a wrong size, and a table without particles are refused", async () => {
  const path = table("search1_particles.csv");
  const stackPath = join(scratch, "none.mrcs");
  await expect(extractParticles(path, { boxSize: 60, stackPath, bounds: "error" })).rejects.toThrow(
    /expected a box of 60 x 60 inside 256 x 320/,
  );
  await expect(extractParticles(path, { boxSize: 1.5, stackPath })).rejects.toThrow(/box size: expected/);
  const empty = join(scratch, "empty.csv");
  writeFileSync(empty, readFileSync(path, "utf8").split("\n", 1)[0]);
  await expect(extractParticles(empty, { boxSize: 40, stackPath })).rejects.toThrow(/at least one particle/);
});
