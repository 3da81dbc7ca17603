import { copyFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePlate, scratchFolder } from "../../../test/support/plateCase.ts";
import { poolSizes } from "../../compute/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { openImages } from "../../io/index.ts";
import { type CorrectionKind, tilesPlan } from "../kernels/index.ts";
import { writePlates } from "../multiscale/writePlates.ts";
import { IlluminatiBatchArguments } from "../step/arguments.ts";
import { planBatches } from "../step/planBatches.ts";
import type { BatchImage, SitesBatch } from "./batch.ts";
import { placeSites } from "./compose.ts";
import { CACHE_BYTES, SiteReader } from "./siteReader.ts";

const SIDE = 600;
const scratch = scratchFolder("site-reader");
let experiment: Experiment;
let batch: SitesBatch;

/** 12 x 12 sites, few of which begin with a block: those at a block's end are in two or four. */
beforeAll(async () => {
  const cells = Array.from({ length: 144 }, (_, i) => [Math.floor(i / 12), i % 12] as const);
  const sites = cells.map((cell) => ({ cell, height: SIDE, width: SIDE }));
  experiment = await makePlate(join(scratch.path, "wide"), {
    plates: [{ wells: [{ name: "A01", sites }] }],
    pixels: ({ site, height, width }) => new Uint16Array(height * width).fill(site + 1),
  });
  const options = IlluminatiBatchArguments.parse({ batchSize: 1000 });
  const plan = await planBatches(experiment, { options, onLog: () => {} });
  const all: SitesBatch[] = [];
  for await (const { batch: one } of plan.phaseBatches(0)) if (one.kind === "sites") all.push(one);
  [batch] = all;
});
afterAll(async () => {
  await experiment.close();
  scratch.remove();
});

test.each([
  ["little memory", 8 * 2 * SIDE ** 2],
  ["enough", CACHE_BYTES],
])(
  "%s: sites are whole while they are used, and what is held never passes it by more than two of them",
  async (_, cacheBytes) => {
    await using reader = new SiteReader({ type: "uint16", reuse: true, cacheBytes });
    let reads = 0;
    let most = 0;
    const read = async (image: BatchImage) => {
      reads++;
      const site = await reader.readWhole(image);
      most = Math.max(most, reader.bytes);
      return site;
    };
    const parts = placeSites(batch, { read, release: (image) => reader.release(image) });
    let before: { readonly value: number; readonly data: ArrayLike<number> } | undefined;
    for await (const part of parts) {
      if (part.kind !== "site") continue;
      const { data, image } = part.site;
      // the one that an encoder still works on while this one is read
      if (before !== undefined)
        expect([before.data[0], before.data[SIDE]]).toEqual([before.value, before.value]);
      before = { value: 1 + Number(/site (\d+)/.exec(image.site)?.[1]), data };
      expect(data[SIDE ** 2 - 1]).toBe(before.value);
    }
    expect(batch.blocks).toHaveLength(4);
    expect(reads).toBeGreaterThan(144);
    expect(most).toBeLessThanOrEqual(cacheBytes + 2 * 2 * SIDE ** 2);
  },
);

test("rooms: sites are read where they are, each room is used again, and that of a site that cannot be read as well", async () => {
  const taken: Uint8Array[] = [];
  const given: number[] = [];
  const rooms = Promise.resolve({
    take(bytes: number) {
      taken.push(new Uint8Array(new SharedArrayBuffer(bytes + 64), 64, bytes));
      return taken[taken.length - 1];
    },
    give: ({ byteLength }: ArrayBufferView) => given.push(byteLength),
  });
  await using reader = new SiteReader({ type: "uint16", reuse: true, cacheBytes: 0, rooms });
  const damaged = { ...batch.images[1], path: join(scratch.path, "short.tif") };
  copyFileSync(batch.images[1].path, damaged.path);
  truncateSync(damaged.path, SIDE ** 2);
  reader.prepare({ ...damaged, path: join(scratch.path, "gone.tif") });
  for (const image of [0, 1, 2, 3].map((i) => batch.images[i])) {
    await expect(reader.readWhole(damaged)).rejects.toMatchObject({
      code: "format",
      message: expect.stringMatching(
        // how to mend the file, and the way on without
        /site 1: .*short\.tif.* Once mended, resubmit, which runs this job alone; or leave its site black: resubmit --missing-sites black\.$/,
      ),
    });
    const { data } = await reader.readWhole(image);
    expect(taken.map(({ buffer }) => buffer)).toContain(data.buffer);
    expect([data.byteOffset, data[0]]).toEqual([64, 1 + Number(/site (\d+)/.exec(image.site)?.[1])]);
    reader.release(image);
  }
  expect(taken).toHaveLength(2);
  expect(given).toEqual([]);
});

test("a job of sites of 2048 x 2048 needs at most a third of a gigabyte beside its process, corrected half of one", () => {
  const { bytes } = poolSizes(1);
  const site = { height: 2048, width: 2048 };
  const size = { height: 4096, width: 4096, type: "uint16", levels: 5, areTilesFull: true } as const;
  const sites = 2 * 2 * site.height * site.width;
  // room for files that quality 100 would fill is never touched: a file has 3 to 20 kB
  const room = bytes(tilesPlan, { ...size, site }) - 2 ** 26;
  expect(room + CACHE_BYTES + sites).toBeLessThan(2 ** 30 / 3);
  const corrected = (correction: CorrectionKind) =>
    bytes(tilesPlan, { ...size, site: { ...site, correction } }) - 2 ** 26;
  expect(corrected("zscore") + CACHE_BYTES + sites).toBeLessThan(2 ** 30 / 2);
  expect(corrected("flat") + CACHE_BYTES + sites).toBeLessThan(2 ** 30 / 2.7);
});

test("bits that are flags (ScanR) are in no pixel that is read, whatever reads it", async () => {
  const sites = [{ cell: [0, 0] as const, height: 2, width: 2 }];
  await using flagged = await makePlate(join(scratch.path, "flags"), {
    plates: [{ wells: [{ name: "A01", sites }] }],
    channels: [{ name: "DAPI", bitDepth: 12, pixelMask: 4095 }],
    pixels: () => Uint16Array.of(0xf001, 0x0fff, 0x8123, 7),
  });
  const options = IlluminatiBatchArguments.parse({});
  const plan = await planBatches(flagged, { options, onLog: () => {} });
  for await (const { batch: one } of plan.phaseBatches(0)) {
    if (one.kind !== "sites") continue;
    await using reader = new SiteReader({ type: "uint16" });
    expect([...(await reader.read(one.images[0])).data]).toEqual([1, 4095, 0x123, 7]);
  }
  const [plate] = await writePlates(flagged);
  await using images = await openImages(join(flagged.directory, plate));
  await using field = await images.open(images.images[0]);
  expect([...(await field.read({ level: 0 })).data]).toEqual([1, 4095, 0x123, 7]);
});
