/** Searches as the server answers of them: Leopard-EM's own files, and what is missing of others. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { flipRows, parseCsv, parseStar, writeTiff } from "../../../io/index.ts";
import { findPeaks, gaussianCutoff, readImageOrMap, starToParticles } from "../../../match/index.ts";
import { type Server, startServer } from "../../index.ts";

const GOLDEN = fileURLToPath(new URL("../../../../test/golden/match/", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "vitrine-results-"));
let server: Server;

beforeAll(async () => {
  const found = join(scratch, "found");
  mkdirSync(found);
  for (const name of ["micrograph.mrc", "template.mrc", "search1_config.yaml", "search1_particles.csv"])
    cpSync(join(GOLDEN, name), join(found, name));
  for (const map of MAPS) cpSync(join(GOLDEN, `search1_${map}.mrc`), join(found, `search1_${map}.mrc`));
  const alone = join(scratch, "alone");
  mkdirSync(alone);
  cpSync(join(GOLDEN, "search1_particles.csv"), join(alone, "particles.csv"));
  cpSync(join(GOLDEN, "search1_scaled_mip.mrc"), join(alone, "search1_scaled_mip.mrc"));
  const outside = join(scratch, "outside");
  mkdirSync(outside);
  cpSync(join(GOLDEN, "micrograph.mrc"), join(scratch, "secret.mrc"));
  const config = readFileSync(join(GOLDEN, "search1_config.yaml"), "utf8");
  writeFileSync(join(outside, "c.yaml"), config.replace("micrograph.mrc", join(scratch, "secret.mrc")));
  const tiff = join(scratch, "tiff");
  mkdirSync(tiff);
  const { data, shape } = await readImageOrMap(join(GOLDEN, "micrograph.mrc"));
  const flipped = Float32Array.from(data);
  flipRows(flipped, shape[1], shape[0]);
  await writeTiff(join(tiff, "micrograph.tif"), {
    pages: [{ data: flipped, width: shape[1], height: shape[0], channels: 1 }],
  });
  cpSync(join(GOLDEN, "template.mrc"), join(tiff, "template.mrc"));
  for (const map of MAPS) cpSync(join(GOLDEN, `search1_${map}.mrc`), join(tiff, `search1_${map}.mrc`));
  writeFileSync(join(tiff, "c.yaml"), config.replace("micrograph.mrc", "micrograph.tif"));
  server = await startServer([found, alone, outside, tiff]);
});
afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

const MAPS = [
  "mip",
  "scaled_mip",
  "correlation_average",
  "correlation_variance",
  "orientation_psi",
  "orientation_theta",
  "orientation_phi",
  "relative_defocus",
];

const get = (path: string) => fetch(new URL(`api/${path}`, server.address));
const json = async (path: string) => (await get(path)).json();

test("a folder and a configuration are a search, a table too; other files are not", async () => {
  const kindOf = (entries: readonly { name: string; kind: string }[]) =>
    Object.fromEntries(entries.map(({ name, kind }) => [name, kind]));
  const roots = { found: "match", alone: "match", outside: "match", tiff: "match" };
  expect(kindOf(await json("roots"))).toEqual(roots);
  const { self, entries } = await json("browse?at=found");
  expect(self).toMatchObject({ kind: "match", format: "search" });
  expect(kindOf(entries)).toMatchObject({
    "micrograph.mrc": "image",
    "search1_config.yaml": "match",
    "search1_particles.csv": "match",
  });
});

test("Leopard-EM's search: files, optics, counts above each z-score, and its own cutoff", async () => {
  const facts = await json("match?at=found");
  const map = await readImageOrMap(join(GOLDEN, "search1_scaled_mip.mrc"));
  const { optics, scores, tables, ...rest } = facts;
  expect(rest).toMatchObject({
    searches: ["micrograph.mrc · template.mrc"],
    micrograph: { at: "found/micrograph.mrc", isTiff: false },
    template: { at: "found/template.mrc", size: 48 },
    shape: [256, 320],
    correlations: 13248,
    warnings: [],
  });
  expect(rest.maps).toHaveLength(8);
  expect(optics).toMatchObject({ pixelSizeA: 2, defocusUA: 9000, defocusVA: 8600, voltageKv: 300 });
  expect(tables).toEqual([
    { at: "found/search1_particles.csv", name: "search1_particles.csv", rows: 9, isRefined: false },
  ]);
  const pixels = map.data.length;
  expect(scores.cutoff).toBe(gaussianCutoff({ falsePositives: 1, pixels, correlations: 13248 }));
  const zOf = (i: number) => scores.low + ((scores.high - scores.low) * i) / (scores.above.length - 1);
  for (const i of [0, 60, 120, 200])
    expect(scores.above[i]).toBe(map.data.filter((value) => value > zOf(i)).length);
  expect(scores.noise[0]).toBeGreaterThan(0.99 * pixels);
});

test("peaks above any cutoff are those that a search finds for it, with their angles; rows come as bytes, too", async () => {
  const { columns, count, values } = await json("match/particles?at=found");
  const map = await readImageOrMap(join(GOLDEN, "search1_scaled_mip.mrc"));
  const column = (name: string): number[] => values[columns.indexOf(name)];
  const { scores } = await json("match?at=found");
  for (const cutoff of [6.5, 6, scores.floor]) {
    const found = findPeaks(map, { cutoff, maskRadiusPx: 5 });
    const above = column("zScore").filter((z) => z > cutoff).length;
    expect(above).toBe(Math.min(found.length, count));
    expect(found.slice(0, above).map(({ y, x }) => [y + 24, x + 24])).toEqual(
      column("y")
        .slice(0, above)
        .map((y, i) => [y, column("x")[i]]),
    );
  }
  const [row] = parseCsv(readFileSync(join(GOLDEN, "search1_particles.csv"), "utf8"), "golden").rows;
  for (const [name, golden] of Object.entries({
    phiDeg: "phi",
    thetaDeg: "theta",
    relativeDefocusA: "relative_defocus",
  }))
    expect(column(name)[0]).toBeCloseTo(Number(row[golden]), 4);
  const table = await json("match/particles?at=found&table=found/search1_particles.csv");
  expect(table.values[2][0]).toBeCloseTo(Number(row.scaled_mip), 5);

  const binary = await (await get("match/particles?at=found&format=binary")).arrayBuffer();
  const view = new DataView(binary);
  const length = view.getUint32(0, true);
  const from = 8 * Math.ceil((4 + length) / 8);
  const zAt = columns.indexOf("zScore") * count;
  expect(view.getFloat64(from + 8 * zAt, true)).toBe(column("zScore")[0]);
});

test("a table above a cutoff is Leopard-EM's, as CSV and as STAR; below what is known it is refused", async () => {
  const { scores } = await json("match?at=found");
  const golden = parseCsv(readFileSync(join(GOLDEN, "search1_particles.csv"), "utf8"), "golden");
  const csv = await (await get(`match/table?at=found&cutoff=${scores.cutoff}&as=csv`)).text();
  expect(parseCsv(csv, "csv").rows.slice(0, 9)).toEqual(golden.rows);
  const star = await (await get(`match/table?at=found&cutoff=${scores.cutoff}&as=star`)).text();
  expect(starToParticles(parseStar(star, "star")).rows).toEqual(parseCsv(csv, "csv").rows);
  const none = await (await get("match/table?at=found&cutoff=90&as=csv")).text();
  expect(none.trim().split("\n")).toHaveLength(1);
  expect((await get("match/table?at=found&cutoff=0&as=csv")).status).toBe(400);
});

test("tiles of maps lie in the micrograph's pixels: a score where the particle's centre is, peaks from afar", async () => {
  const tile = async (query: string) => {
    const answer = await get(`match/tile?at=found&map=scaledMip&row=0&column=0&${query}`);
    const [height, width] = answer.headers.get("X-Vitrine-Shape")!.split(",").map(Number);
    return { data: new Float32Array(await answer.arrayBuffer()), height, width };
  };
  const map = await readImageOrMap(join(GOLDEN, "search1_scaled_mip.mrc"));
  const full = await tile("level=0");
  expect([full.height, full.width]).toEqual([256, 320]);
  const [y, x] = [204, 221];
  expect(full.data[(y + 24) * 320 + x + 24]).toBe(map.data[y * map.shape[1] + x]);
  expect(full.data[0]).toBe(map.data.reduce((least, value) => Math.min(least, value)));
  const coarse = await tile("level=2");
  expect([coarse.height, coarse.width]).toEqual([64, 80]);
  const box = Array.from({ length: 16 }, (_, i) => full.data[(8 + (i >> 2)) * 320 + 40 + (i & 3)]);
  expect(coarse.data[2 * 80 + 10]).toBe(Math.max(...box));
  expect((await get("match/tile?at=found&map=scaledMip&row=9&column=0&level=0")).status).toBe(400);
});

test("the template in the best particle's pose looks like the micrograph there, far more than a turned one", async () => {
  const { values } = await json("match/particles?at=found");
  const [y, x, , phi, theta, psi, defocus] = values.map((column: number[]) => column[0]);
  const pictures = async (turn: number) => {
    const answer = await get(
      `match/particle?at=found&y=${y}&x=${x}&phi=${phi}&theta=${theta + turn}&psi=${psi}&defocus=${defocus}`,
    );
    const bytes = await answer.arrayBuffer();
    const length = new DataView(bytes).getUint32(0, true);
    const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
    expect(head).toMatchObject({ size: 48, binning: 1, pixelSizeA: 2 });
    expect(head.pictures.map(({ name }: { name: string }) => name)).toEqual([
      "micrograph",
      "seen",
      "projection",
    ]);
    const data = new Float32Array(bytes, 8 * Math.ceil((4 + length) / 8));
    return [0, 1, 2].map((i) => data.subarray(i * 48 * 48, (i + 1) * 48 * 48));
  };
  const [box, seen] = await pictures(0);
  const right = correlation(box, seen);
  const wrong = correlation(...((await pictures(60)).slice(0, 2) as [Float32Array, Float32Array]));
  // one particle in much noise: the search whitens, this does not
  expect(right).toBeGreaterThan(0.15);
  expect(right).toBeGreaterThan(2 * Math.abs(wrong));
});

test("a table alone is a search without micrograph or template, and says so; nothing out of the roots is opened", async () => {
  const alone = await json("match?at=alone");
  expect(alone).toMatchObject({ micrograph: { at: null }, shape: [256, 320], maps: ["scaledMip"] });
  expect(alone.warnings).toContain(
    "The micrograph micrograph.mrc is not there, or not served: it is left out",
  );
  const { count, columns, values } = await json("match/particles?at=alone");
  expect(count).toBeGreaterThan(2);
  expect(values[columns.indexOf("phiDeg")][0]).toBeNull();
  expect((await get("match/table?at=alone&cutoff=7&as=csv")).status).toBe(404);
  const outside = await json("match?at=outside");
  expect(outside.micrograph.at).toBeNull();
  expect((await get("match/tile?at=outside&map=micrograph&level=0&row=0&column=0")).status).toBe(404);
  expect((await get("match?at=found/micrograph.mrc")).status).not.toBe(200);
  expect((await get("match?at=found&search=7")).status).toBe(404);
});

test("a TIFF is shown as the search read it, its rows from below, and that is said", async () => {
  const facts = await json("match?at=tiff");
  expect(facts.micrograph.isTiff).toBe(true);
  expect(facts.warnings.join()).toMatch(/micrograph\.tif.*rows/);
  const answer = await get("match/tile?at=tiff&map=micrograph&level=0&row=0&column=0&size=512");
  const { data } = await readImageOrMap(join(GOLDEN, "micrograph.mrc"));
  expect(new Float32Array(await answer.arrayBuffer())).toEqual(data);
  const boxes = await Promise.all(
    ["found", "tiff"].map(async (at) => {
      const bytes = await (
        await get(`match/particle?at=${at}&y=228&x=245&phi=1&theta=2&psi=3&defocus=0`)
      ).arrayBuffer();
      return new Float32Array(
        bytes,
        8 * Math.ceil((4 + new DataView(bytes).getUint32(0, true)) / 8),
        48 * 48,
      );
    }),
  );
  expect(boxes[1]).toEqual(boxes[0]);
});

function correlation(a: Float32Array, b: Float32Array): number {
  const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += (a[i] - ma) * (b[i] - mb);
    aa += (a[i] - ma) ** 2;
    bb += (b[i] - mb) ** 2;
  }
  return ab / Math.sqrt(aa * bb);
}
