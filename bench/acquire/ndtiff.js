// The NDTiff writer beside a bare loop: the same bytes, the same syncs, into a file that has its size already.
import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writevSync,
} from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createNdtiff } from "vitrine/io";
import { digits, median, printTable, verdict } from "../figures.js";

const SIDE = 2048;
const IMAGES = 240;
const ROUNDS = 7;
const SYNC_BYTES = 8e6;
const BAR = 0.9;
/** Images that an acquisition hands over at a time. */
const AT_A_TIME = 8;

const images = Array.from({ length: 4 }, (_, k) =>
  Uint16Array.from({ length: SIDE * SIDE }, (_, i) => i * (k + 1)),
);
const imageOf = (i) => ({ data: images[i % images.length], width: SIDE, height: SIDE, channels: 1 });
const metadataOf = (i) => ({
  Axes: { time: i },
  Width: SIDE,
  Height: SIDE,
  PixelType: "GRAY16",
  Exposure: 10,
});

/** Prints GB/s of both in turns, and their ratio. */
export async function run() {
  const [ours, bare] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    const sizes = { stack: 0, index: 0 };
    const measured = await inFolder((folder) => write(folder, sizes));
    bare.push(await inFolder((folder) => writeBare(folder, sizes)));
    ours.push(measured);
  }
  const ratios = ours.map((rate, i) => rate / bare[i]);
  const ratio = median(ratios);
  const row = [
    `${IMAGES} images of ${SIDE}² u16`,
    text(ours),
    text(bare),
    `${digits(ratio)} (${ratios.map(digits).join(", ")})`,
  ];
  printTable(["NDTiff", "ours GB/s median (best)", "bare loop GB/s", "ratio (rounds)"], [row]);
  return [
    { what: "NDTiff writer against the bare loop", figure: ratio, bar: BAR, verdict: verdict(ratio, BAR) },
  ];
}

const text = (list) => `${digits(median(list))} (${digits(Math.max(...list))})`;

async function inFolder(work) {
  const folder = await mkdtemp(join(process.env.VITRINE_BENCH_DIR ?? tmpdir(), "vitrine-"));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Writes through our writer; notes what it wrote. @returns GB/s, its finish included */
async function write(folder, sizes) {
  const start = performance.now();
  const writer = await createNdtiff({ directory: folder });
  const writing = [];
  for (let i = 0; i < IMAGES; i++) {
    if (writing.length >= AT_A_TIME) await writing.shift();
    writing.push(writer.put({ axes: { time: i }, image: imageOf(i), metadata: metadataOf(i) }));
  }
  await Promise.all(writing);
  await writer.finish();
  const seconds = (performance.now() - start) / 1000;
  await writer.dataset.close();
  const names = await readdir(folder);
  sizes.stack = statSync(
    join(
      folder,
      names.find((name) => name.endsWith(".tif")),
    ),
  ).size;
  sizes.index = readFileSync(join(folder, "NDTiff.index")).length;
  return (sizes.stack + sizes.index) / seconds / 1e9;
}

/** Writes as many bytes in as many pieces. @returns GB/s */
function writeBare(folder, { stack, index }) {
  const header = Buffer.alloc(Math.round(stack / IMAGES) - SIDE * SIDE * 2, 1);
  const entry = Buffer.alloc(Math.round(index / IMAGES), 1);
  const start = performance.now();
  const [tif, list] = [openSync(join(folder, "a.tif"), "w"), openSync(join(folder, "a.index"), "w")];
  ftruncateSync(tif, stack);
  let [at, indexAt, unsynced] = [0, 0, 0];
  for (let i = 0; i < IMAGES; i++) {
    const { data } = imageOf(i);
    const pieces = [header, new Uint8Array(data.buffer)];
    const bytes = writeAll(tif, pieces, at);
    at += bytes;
    unsynced += bytes;
    indexAt += writeAll(list, [entry], indexAt);
    if (unsynced < SYNC_BYTES) continue;
    fdatasyncSync(tif);
    fdatasyncSync(list);
    unsynced = 0;
  }
  fdatasyncSync(tif);
  fdatasyncSync(list);
  closeSync(tif);
  closeSync(list);
  return (at + indexAt) / ((performance.now() - start) / 1000) / 1e9;
}

function writeAll(file, pieces, position) {
  const wanted = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const written = writevSync(file, pieces, position);
  if (written !== wanted) throw new Error(`bare loop: wrote ${written} of ${wanted} bytes`);
  return written;
}
