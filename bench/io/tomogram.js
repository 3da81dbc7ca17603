// Boxes at random from a sparse tomogram of 4096 x 4096 x 1024, warm: this package in turns with one loop of system calls a row in
// this process, and with numpy's memory map. The file has no bytes on the disk but its header and a few planted sections.
import { closeSync, mkdtempSync, openSync, readSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatMrcHeader, openImage, parseMrcHeader, writeFileAtomic } from "../../dist/io/index.js";
import { startChild } from "../child.js";
import { median, printTable, verdict } from "../figures.js";

const SHAPE = [1024, 4096, 4096];
const SIDE = 64;
const BOXES = 32;
const ROUNDS = 7;
const IN_FLIGHT = 4;
const BAR = 300;
const TYPES = [
  { mode: 0, name: "int8", numpy: "i1", bytes: 1 },
  { mode: 1, name: "int16", numpy: "<i2", bytes: 2 },
  { mode: 2, name: "float32", numpy: "<f4", bytes: 4 },
];

/** Prints the rates of each type. */
export async function run() {
  const folder = mkdtempSync(join(process.env.VITRINE_BENCH_DIR ?? tmpdir(), "vitrine-tomogram-"));
  const python = startChild(process.env.VITRINE_PYTHON ?? "python3", [
    new URL("tomogramPeer.py", import.meta.url).pathname,
  ]);
  const rows = [];
  try {
    for (const type of TYPES) rows.push(...(await measure(folder, type, python)));
  } finally {
    await python.end();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `boxes of ${SIDE}^3 from ${SHAPE.join(" x ")}, ${BOXES} places, ${ROUNDS} rounds in turns, warm`,
  );
  printTable(["type", "reader", "boxes/s", "best", "CPU ms/box", "MB/s of boxes", "ratio", "300/s"], rows);
  console.log(`peak memory of this process ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB`);
}

async function measure(folder, type, python) {
  const path = join(folder, `${type.name}.mrc`);
  await sparseFile(path, type);
  const boxes = boxesAtRandom();
  const fd = openSync(path, "r");
  const image = await openImage(path);
  const hasNumpy = await python.ask({ open: path, dtype: type.numpy, shape: SHAPE }).then(
    () => true,
    () => false,
  );
  const room = Array.from({ length: IN_FLIGHT }, () => memoryFor(image.dtype));
  const readers = {
    vitrine: () => manyAtOnce({ boxes, room }, (box, into) => image.read({ region: regionOf(box), into })),
    "readSync a row": async () => boxes.forEach(rowReader(fd, type)),
    ...(hasNumpy && { "numpy.memmap": () => python.ask({ boxes, side: SIDE }) }),
  };
  const seconds = Object.fromEntries(Object.keys(readers).map((name) => [name, []]));
  const cpu = Object.fromEntries(Object.keys(readers).map((name) => [name, []]));
  for (const read of Object.values(readers)) await read();
  const held = [];
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, read] of Object.entries(readers)) {
      const [began, used] = [performance.now(), process.cpuUsage()];
      await read();
      seconds[name].push((performance.now() - began) / 1000);
      const { user, system } = process.cpuUsage(used);
      cpu[name].push((user + system) / 1000 / BOXES);
      held.push(process.memoryUsage.rss() / 2 ** 20);
    }
  console.log(
    `${type.name}: resident ${held[0].toFixed(0)} MiB after the first round, ${held.at(-1).toFixed(0)} after the last`,
  );
  await image.close();
  closeSync(fd);
  const bytes = SIDE ** 3 * type.bytes;
  return Object.keys(readers).map((name) => {
    const rates = seconds[name].map((time) => BOXES / time);
    const ratio = median(seconds[name].map((time, i) => time / seconds.vitrine[i]));
    const own = name === "numpy.memmap" ? "-" : median(cpu[name]);
    const best = Math.max(...rates);
    const held = name === "vitrine" ? verdict(best, BAR) : "-";
    return [type.name, name, median(rates), best, own, (median(rates) * bytes) / 1e6, ratio, held];
  });
}

async function sparseFile(path, { mode, bytes }) {
  const [sections, rows, columns] = SHAPE;
  const blank = new Uint8Array(1024);
  const view = new DataView(blank.buffer);
  for (const [i, value] of [columns, rows, sections, mode].entries()) view.setInt32(4 * i, value, true);
  const header = { ...parseMrcHeader(blank, path), spaceGroup: 1 };
  await writeFileAtomic(path, formatMrcHeader(header));
  truncateSync(path, 1024 + sections * rows * columns * bytes);
}

/** Places by a fixed seed. */
function boxesAtRandom() {
  let state = 1;
  const below = (most) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  };
  return Array.from({ length: BOXES }, () => SHAPE.map((length) => below(length - SIDE)));
}

function regionOf([z, y, x]) {
  return { z: [z, z + SIDE], y: [y, y + SIDE], x: [x, x + SIDE] };
}

const ARRAYS = { int8: Int8Array, int16: Int16Array, float32: Float32Array };

/** Memory for a box, used again as whoever reads many does; threads fill it where it is shared. */
function memoryFor(dtype) {
  const values = ARRAYS[dtype];
  return new values(new SharedArrayBuffer(SIDE ** 3 * values.BYTES_PER_ELEMENT));
}

async function manyAtOnce({ boxes, room }, read) {
  let next = 0;
  const work = async (into) => {
    while (next < boxes.length) await read(boxes[next++], into);
  };
  await Promise.all(room.map(work));
}

/** The floor: as many system calls, as many bytes, no threads, one buffer. */
function rowReader(fd, { bytes }) {
  const into = new Uint8Array(SIDE ** 3 * bytes);
  const [, rows, columns] = SHAPE;
  return ([z, y, x]) => {
    for (let i = 0, at = 0; i < SIDE * SIDE; i++, at += SIDE * bytes) {
      const row = (z + Math.floor(i / SIDE)) * rows + y + (i % SIDE);
      readSync(fd, into, at, SIDE * bytes, 1024 + (row * columns + x) * bytes);
    }
  };
}
