/** Images of sites as files: stored, corrected, aligned; images in place are not opened. */
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { vitrineHere } from "../../../test/support/command.ts";
import { gridSites, makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { openExperiment } from "../../experiment/index.ts";
import { openImage, readNpz } from "../../io/index.ts";
import { computeIllumination, correctIllumination, readSiteImage } from "../../pyramid/index.ts";
import { type Server, startServer } from "../index.ts";

const scratch = scratchFolder("served-sites");
const directory = join(scratch.path, "screen");
const SIZE = [40, 50] as const;
/** Light falls off to the right; sites differ in the cells that they show. */
const lightAt = (site: number, i: number) =>
  Math.round((1000 + 4 * (i % SIZE[1])) * (1 + 0.2 * Math.sin(site + i / 7)));
let server: Server;
let sites: readonly number[];

beforeAll(async () => {
  await using experiment = await makePlate(directory, {
    plates: [{ wells: ["A01", "B03"].map((name) => ({ name, sites: gridSites(1, 2, SIZE) })) }],
    channels: [{ name: "DAPI", bitDepth: 16 }],
    pixels: ({ site, height, width }) =>
      Uint16Array.from({ length: height * width }, (_, i) => lightAt(site, i)),
  });
  await computeIllumination(experiment, {});
  const { query } = experiment;
  sites = (await query.selectFrom("sites").select("id").orderBy("id").execute()).map(({ id }) => id);
  const { id: cycleId } = await query.selectFrom("cycles").select("id").executeTakeFirstOrThrow();
  // another cycle would show 2 rows less at the top and 3 columns less on the right
  await query.insertInto("siteShifts").values({ siteId: sites[3], cycleId, y: 2, x: -3 }).execute();
  server = await startServer([directory]);
});
afterAll(async () => {
  await server?.close();
  scratch.remove();
});

const ask = (values: Record<string, string | number>) => {
  const query = Object.entries({ at: "screen", channel: "DAPI", ...values });
  return fetch(
    `${server.address}api/experiment/site?${new URLSearchParams(query.map(([k, v]) => [k, `${v}`]))}`,
  );
};

/** The pixels of an answer, read as any file. */
async function pixelsOf(answer: Response) {
  expect(answer.headers.get("content-type")).toBe("image/tiff");
  const path = join(scratch.path, "answer.tif");
  writeFileSync(path, new Uint8Array(await answer.arrayBuffer()));
  await using image = await openImage(path);
  const { data } = await image.read();
  return { data, shape: image.levels[0].shape.slice(-2), dtype: image.dtype };
}

const stored = (site: number) => Uint16Array.from({ length: 2000 }, (_, i) => lightAt(site, i));

test("a site is a TIFF of its pixels as they are stored, in 16 bits, by the command too", async () => {
  const { data, shape, dtype } = await pixelsOf(await ask({ site: sites[2] }));
  expect({ shape, dtype }).toEqual({ shape: [...SIZE], dtype: "uint16" });
  expect(data).toEqual(stored(2));
  const out = join(scratch.path, "b03.tif");
  const called = ["experiment", "site", directory, "--well", "B03", "--site", "0", "--channel", "DAPI"];
  const said = await vitrineHere([...called, "--out", out]);
  expect(said).toMatchObject({ code: 0, stdout: `${out}: 40 x 50 pixels\n` });
  await using image = await openImage(out);
  expect((await image.read()).data).toEqual(stored(2));
});

test("its light is corrected by the model that is named, and it is cut to what all cycles show", async () => {
  await using experiment = await openExperiment(directory, { isReadOnly: true });
  const { id } = await experiment.query.selectFrom("channels").select("id").executeTakeFirstOrThrow();
  const folder = join(directory, "illumination", `${id}`);
  const model = readdirSync(folder).find((name) => name.startsWith("zscore-"))!;
  const maps = await readNpz(join(folder, model));
  const [mean, deviation] = ["mean", "deviation"].map((name) => maps.get(name)!.data as Float64Array);
  const expected = correctIllumination(stored(1), { kind: "zscore", mean, deviation });
  const corrected = await pixelsOf(await ask({ site: sites[1], correct: "zscore" }));
  expect(corrected.data).toEqual(expected);
  expect(corrected.data).not.toEqual(stored(1));
  const aligned = await pixelsOf(await ask({ site: sites[3], align: "true" }));
  expect(aligned.shape).toEqual([38, 47]);
  // its own shift is that of what is cut: the first row stays, three columns go on the left
  const whole = stored(3);
  const rows = Array.from({ length: 38 }, (_, y) => [...whole.subarray(y * 50 + 3, y * 50 + 50)]);
  expect([...aligned.data]).toEqual(rows.flat());
  expect(await readSiteImage(experiment, sites[3], { channel: "DAPI" })).toMatchObject({ data: whole });
});

test("what is not there is said, with the command that makes it", async () => {
  const said = async (values: Record<string, string | number>) => {
    const answer = await ask(values);
    const { error } = await answer.json();
    return `${answer.status} ${error}`;
  };
  expect(await said({ site: 999 })).toMatch(/^404 .*a site, found number 999/);
  expect(await said({ site: sites[0], channel: "GFP" })).toMatch(/^404 .*one of DAPI, found "GFP"/);
  expect(await said({ site: sites[0], timepoint: 4 })).toMatch(/^404 .*time point 4/);
  expect(await said({ site: sites[0], correct: "basic" })).toMatch(/^404 .*stats --illumcorr-model basic/);
  expect(await said({ site: sites[0], correct: "best" })).toMatch(/^400 /);
  const overview = await (await fetch(`${server.address}api/experiment?at=screen`)).json();
  expect(overview.siteImages).toEqual({ corrections: { DAPI: ["zscore"] }, isAligned: true });
});

test("images in place, outside of what is served, are not opened, and nobody learns where they are", async () => {
  const other = join(scratch.path, "elsewhere");
  mkdirSync(other);
  await using experiment = await openExperiment(directory);
  const { query } = experiment;
  const row = await query
    .selectFrom("imageFiles")
    .select(["id", "path"])
    .where("siteId", "=", sites[0])
    .executeTakeFirstOrThrow();
  const path = join(other, "moved.tif");
  renameSync(join(directory, row.path), path);
  await query.updateTable("imageFiles").set({ path }).where("id", "=", row.id).execute();
  const answer = await ask({ site: sites[0] });
  const { error } = await answer.json();
  expect(answer.status).toBe(403);
  expect(error).toMatch(/vitrine experiment site EXPERIMENT/);
  expect(error).not.toContain("elsewhere");
  expect(readFileSync(path).length).toBeGreaterThan(4000);
  // whoever serves their folder too has them
  await using both = await startServer([directory, other]);
  const query2 = new URLSearchParams({ at: "screen", site: `${sites[0]}`, channel: "DAPI" });
  const given = await fetch(`${both.address}api/experiment/site?${query2}`);
  expect((await pixelsOf(given)).data).toEqual(stored(0));
});
