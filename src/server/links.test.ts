/** What files of a served folder name or link to: read where it is served, and never elsewhere. */
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { gridSites, makePlate, scratchFolder } from "../../test/support/plateCase.ts";
import { makeTiff, textTag } from "../../test/support/tiff.ts";
import { openExperiment } from "../experiment/index.ts";
import { createOmeZarrPlate } from "../io/index.ts";
import { PyramidBuilder } from "../pyramid/index.ts";
import { type Server, startServer } from "./index.ts";

const scratch = scratchFolder("links");
const lab = join(scratch.path, "lab");
const outside = join(scratch.path, "outside");
const golden = fileURLToPath(new URL("../../test/golden", import.meta.url));
let server: Server;

beforeAll(async () => {
  // all is made outside, then copied into what is served
  mkdirSync(outside, { recursive: true });
  mkdirSync(lab);
  cpSync(join(golden, "acquire/oddsize_u8"), join(outside, "ndtiff"), { recursive: true });
  cpSync(join(golden, "cases/zarr/float16.v2.zarr"), join(outside, "cells.zarr"), { recursive: true });
  await writePlate(join(outside, "plate.zarr"));
  await writePlate(join(outside, "well.zarr"), 2);
  writeOmeTiffs(join(outside, "ome"));
  await makeScreen(join(outside, "screen"));
  server = await startServer([lab]);
});
afterAll(async () => {
  await server?.close();
  scratch.remove();
});

const get = async (path: string) => {
  const response = await fetch(server.address + path);
  return { status: response.status, body: await response.text() };
};
const phase = () => readdirSync(join(outside, "screen/jobs/illuminati/batches"))[0];
const region = (at: string) => `api/image/region?at=lab/${at}`;

/** A store, the part of it that is a link, what is asked, and what its answer holds (default: it is one) where it is read. */
const PARTS: readonly (readonly [string, string, (store: string) => string, RegExp?])[] = [
  ["ndtiff", "NDTiffStack.tif", region],
  ["cells.zarr", ".zattrs", region],
  ["cells.zarr", "0", region],
  ["cells.zarr", "0/.zarray", region],
  ["cells.zarr", "0/0/1/2/0", (at) => `${region(at)}&places=time:0,channel:1,z:2`],
  ["cells.zarr", "0/0/1/2/0/0", (at) => `${region(at)}&places=time:0,channel:1,z:2`],
  ["plate.zarr", "A", region],
  ["plate.zarr", "A/1", region],
  ["plate.zarr", "A/1/0", region],
  ["well.zarr", "A/1/1", (at) => `${region(at)}&image=A01`],
  ["ome", "second.ome.tif", (at) => `${region(`${at}/first.ome.tif`)}&places=channel:1`],
  ["ome", "all.companion.ome", (at) => region(`${at}/told.ome.tif`)],
  ["screen", "experiment.json", (at) => `api/experiment?at=lab/${at}`],
  ["screen", "experiment.db", (at) => `api/experiment?at=lab/${at}`],
  ["screen", "layers", (at) => `api/experiment/tile?at=lab/${at}&layer=1&level=0&row=0&column=0`],
  ["screen", "jobs/illuminati/step.json", (at) => `api/job?at=lab/${at}/jobs/illuminati`],
  ["screen", "jobs/illuminati/batches", (at) => `api/job?at=lab/${at}/jobs/illuminati`],
  [
    "screen",
    "jobs/illuminati/logs",
    (at) => `api/job/log?at=lab/${at}/jobs/illuminati&phase=${phase()}&batch=0`,
    /begins on/,
  ],
];

for (const [store, part, asked, holds = /^/] of PARTS)
  test(`${store} whose ${part} is a link`, async () => {
    await withLink({ store, part, to: outside }, async (at) => {
      const { status, body } = await get(asked(at));
      expect([400 <= status && status < 500, body]).toEqual([
        true,
        expect.not.stringContaining(scratch.path),
      ]);
    });
    // the same link to a place that is served is followed
    cpSync(join(outside, store), join(lab, "served", store), { recursive: true });
    await withLink({ store, part, to: join(lab, "served") }, async (at) => {
      const { status, body } = await get(asked(at));
      expect([status, body]).toEqual([200, expect.stringMatching(holds)]);
    });
  });

test("a link to what is there and one to nothing are told alike", async () => {
  const answers: string[] = [];
  for (const to of [join(outside, "ndtiff/NDTiffStack.tif"), join(outside, "none"), "/root/none/none"])
    await withLink({ store: "ndtiff", part: "NDTiffStack.tif", to, isWhole: true }, async (at) => {
      const { status, body } = await get(region(at));
      answers.push(`${status} ${body.replaceAll(at, "STORE")}`);
    });
  expect([...new Set(answers)]).toHaveLength(1);
});

test("a path in a store's metadata, or in a database, leads nowhere else", async () => {
  const zarr = JSON.stringify({
    multiscales: [{ version: "0.4", datasets: [{ path: "../../outside/cells.zarr/0" }] }],
  });
  mkdirSync(join(lab, "up.zarr"));
  writeFileSync(join(lab, "up.zarr/.zgroup"), '{"zarr_format":2}');
  writeFileSync(join(lab, "up.zarr/.zattrs"), zarr);
  expect((await get(region("up.zarr"))).status).toBe(422);
  cpSync(join(outside, "screen"), join(lab, "up"), { recursive: true });
  await using experiment = await openExperiment(join(lab, "up"));
  const layers = experiment.query.updateTable("channelLayers");
  const tile = "api/experiment/tile?at=lab/up&layer=1&level=0&row=0&column=0";
  const [path] = readdirSync(join(outside, "screen/layers"));
  await layers.set({ path: `../../outside/screen/layers/${path}` }).execute();
  expect((await get(tile)).status).toBe(404);
  await layers.set({ path: `layers/${path}` }).execute();
  expect((await get(tile)).status).toBe(200);
});

test("topics are held to what is served, too", async () => {
  const watch = (at: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = new WebSocket(`${server.address.replace("http", "ws")}api/live`);
      const query = { at: `lab/${at}/jobs/illuminati`, phase: phase(), batch: 0 };
      socket.on("open", () => socket.send(JSON.stringify({ kind: "watch", id: 1, topic: "job/log", query })));
      socket.on("error", reject);
      socket.on("message", (data) => {
        socket.terminate();
        resolve(String(data));
      });
    });
  const link = { store: "screen", part: "jobs/illuminati/logs" };
  await withLink({ ...link, to: outside }, async (at) => expect(await watch(at)).toContain('"error"'));
  await withLink({ ...link, to: join(lab, "served") }, async (at) =>
    expect(await watch(at)).toContain("begins on"),
  );
});

test("what a step's start writes is not written through a link", async () => {
  const said = join(outside, "said.txt");
  writeFileSync(said, "kept");
  await withLink(
    { store: "screen", part: "jobs/illuminati.said.txt", to: said, isWhole: true },
    async (at) => {
      const body = JSON.stringify({ at: `lab/${at}`, what: "init" });
      const headers = { "Content-Type": "application/json" };
      const { status } = await fetch(`${server.address}api/job/start`, { method: "POST", body, headers });
      expect(status).toBe(403);
      const jobs = await get(`api/jobs?at=lab/${at}`);
      expect([jobs.status, jobs.body]).toEqual([200, expect.not.stringContaining("kept")]);
    },
  );
});

let copies = 0;

/** Runs a task on a copy of a store in what is served, one part of which is a link. */
async function withLink(
  what: { readonly store: string; readonly part: string; readonly to: string; readonly isWhole?: boolean },
  task: (at: string) => Promise<void>,
): Promise<void> {
  const { store, part, to, isWhole = false } = what;
  const at = `${copies++}-${store}`;
  cpSync(join(outside, store), join(lab, at), { recursive: true });
  rmSync(join(lab, at, part), { recursive: true, force: true });
  symlinkSync(isWhole ? to : join(to, store, part), join(lab, at, part));
  await task(at);
}

async function writePlate(directory: string, fields = 1): Promise<void> {
  await using plate = await createOmeZarrPlate({
    directory,
    name: "P",
    rows: ["A"],
    columns: ["1"],
    threads: 0,
  });
  const axes = ["y", "x"].map((name) => ({ name, kind: "space", unit: "micrometer" }) as const);
  const field = { row: "A", column: "1", axes, shape: [4, 5], scale: [1, 1], dtype: "uint8" } as const;
  for (let i = 0; i < fields; i++) {
    await using image = await plate.createField(field);
    await image.write({}, new Uint8Array(20).fill(7));
    await image.finish();
  }
}

/** Two files of one image, and one whose XML is in a third. */
function writeOmeTiffs(folder: string): void {
  mkdirSync(folder);
  const files = ["first", "second"].map(
    (name, c) =>
      `<TiffData FirstC="${c}" IFD="0" PlaneCount="1"><UUID FileName="${name}.ome.tif">urn:uuid:${c}</UUID></TiffData>`,
  );
  const xml = (inside: string) =>
    `<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">${inside}</OME>`;
  const image = (channels: number, data: string) =>
    xml(
      `<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint8" SizeX="1" SizeY="1" SizeZ="1" SizeC="${channels}" SizeT="1">${data}</Pixels></Image>`,
    );
  const write = (name: string, text: string) => {
    const tags = (at: number) =>
      [256, 257, 258, 273, 278, 279].map((tag) => [tag, 4, [{ 258: 8, 273: at }[tag] ?? 1]] as const);
    const made = makeTiff([{ pixels: Uint8Array.of(9), tags: (at) => [...tags(at), textTag(270, text)] }]);
    writeFileSync(join(folder, name), made);
  };
  for (const name of ["first", "second"]) write(`${name}.ome.tif`, image(2, files.join("")));
  write("told.ome.tif", xml('<BinaryOnly MetadataFile="all.companion.ome" UUID="urn:uuid:9"/>'));
  const told = '<TiffData IFD="0"><UUID FileName="told.ome.tif">urn:uuid:1</UUID></TiffData>';
  writeFileSync(join(folder, "all.companion.ome"), image(1, told));
}

async function makeScreen(directory: string): Promise<void> {
  await using experiment = await makePlate(directory, {
    plates: [{ wells: [{ name: "A01", sites: gridSites(1, 1, [64, 64]) }] }],
    pixels: ({ height, width }) => new Uint8Array(height * width).fill(90),
  });
  const builder = new PyramidBuilder(experiment);
  await builder.init();
  await builder.submit({}, { engine: { kind: "local" } });
}
