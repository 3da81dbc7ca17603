import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/searchCase.ts";
import { convertDataset, openMrc } from "../../io/index.ts";
import { extractParticles } from "./extractProgram.ts";

const scratch = scratchFolder();
const cases = fileURLToPath(new URL("../../../test/golden/cases/tiff/rows/", import.meta.url));
const path = (name: string) => join(scratch, name);
for (const name of readdirSync(cases)) copyFileSync(join(cases, name), path(name));
writeFileSync(path("p.csv"), readFileSync(path("p.csv"), "utf8").replaceAll("mic.mrc", path("mic.mrc")));

let boxes = 0;
async function extractFrom(movie: string, options: { tiffRows?: "flip" | "keep" } = {}) {
  const said: string[] = [];
  const stackPath = path(`box${boxes++}.mrcs`);
  await extractParticles(path("p.csv"), {
    boxSize: 32,
    stackPath,
    movie: {
      path: movie,
      motion: { kind: "shifts", path: path("shifts.csv") },
      preExposureA2: 0,
      dosePerFrameA2: 1,
    },
    workers: 1,
    onLog: (line) => said.push(line),
    ...options,
  });
  const file = await openMrc(stackPath);
  const data = await file.readSections(0, 1);
  await file.close();
  return { data, said };
}

function correlation(a: Float32Array, b: Float32Array): number {
  const centred = (data: Float32Array) => {
    const mean = data.reduce((sum, value) => sum + value, 0) / data.length;
    return data.map((value) => value - mean);
  };
  const dot = (p: Float32Array, q: Float32Array) => p.reduce((sum, value, i) => sum + value * q[i], 0);
  const [p, q] = [centred(a), centred(b)];
  return dot(p, q) / Math.sqrt(dot(p, p) * dot(q, q));
}

test("boxes of a movie that IMOD wrote as TIFF are those of the MRC movie", async () => {
  const mrc = await extractFrom(path("movie.mrc"));
  const tiff = await extractFrom(path("movie_imod.tif"));
  expect(correlation(tiff.data, mrc.data)).toBeCloseTo(1, 6);
  expect(mrc.said.filter((line) => line.includes("tiff-rows"))).toEqual([]);
  expect(tiff.said.filter((line) => line.includes("--tiff-rows keep"))).toHaveLength(1);
  const kept = await extractFrom(path("movie_imod.tif"), { tiffRows: "keep" });
  expect(Math.abs(correlation(kept.data, mrc.data))).toBeLessThan(0.2);
  expect(kept.said.filter((line) => line.includes("tiff-rows"))).toEqual([]);
});

test("a movie that convert made of it is the same again", async () => {
  await convertDataset(path("movie_imod.tif"), path("converted.mrc"));
  const [mrc, converted] = [await extractFrom(path("movie.mrc")), await extractFrom(path("converted.mrc"))];
  expect(correlation(converted.data, mrc.data)).toBeCloseTo(1, 6);
});
