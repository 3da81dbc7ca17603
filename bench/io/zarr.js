// Whole OME-Zarr 0.5 images with five levels, chunks of 512 x 512: this package in turns with ome-zarr-py (VITRINE_PYTHON) at the same codec.
// Each writer is a process of its own, so that its memory is its own; both take the same values from one .npy file.
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, statSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startChild } from "../child.js";
import { digits, median, printTable, verdict } from "../figures.js";

const ROUNDS = 3;
const BAR = 10;
/** What either writer does when nobody says (blosc here, zstd 3 there); then the same codec and level for both. */
const CODECS = ["default", "blosc", "zstd"];

/** From this many pixels on one round of the defaults is enough: it takes ome-zarr-py minutes. */
const LARGE = 2 ** 29;

/** Prints rates; `sizes` are the side in pixels (8192) and the number of channels (1). */
export async function run([side = 8192, channels = 1] = []) {
  const folder = mkdtempSync(join(process.env.VITRINE_BENCH_DIR ?? tmpdir(), "vitrine-zarr-"));
  const values = join(folder, "values.npy");
  const script = (name) => new URL(name, import.meta.url).pathname;
  const writers = {
    "ome-zarr-py": startChild(process.env.VITRINE_PYTHON ?? "python3", [script("zarrPeer.py")]),
    vitrine: startChild(process.execPath, [script("zarrWriter.js")]),
  };
  try {
    writeValues(values, { side, channels });
    const rows = [];
    const pixels = side * side * channels;
    const rounds = pixels < LARGE ? ROUNDS : 1;
    for (const codec of pixels < LARGE ? CODECS : CODECS.slice(0, 1))
      rows.push(...(await measure(writers, { values, folder, codec, pixels, rounds })));
    console.log(`${channels} x ${side} x ${side} uint16, five levels, ${rounds} rounds in turns`);
    printTable(
      ["codec", "writer", "MP/s", "best", "CPU s", "stored MiB", "peak MiB", "ratio", "range", `${BAR} x`],
      rows,
    );
    floor({ side, channels });
  } finally {
    for (const writer of Object.values(writers)) await writer.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(writers, { values, folder, codec, pixels, rounds: count }) {
  const found = {};
  for (let round = 0; round < count; round++) {
    for (const [name, writer] of Object.entries(writers)) {
      const store = join(folder, `${name}.zarr`);
      const answer = await writer.ask({ values, store, codec }).catch((error) => ({ error }));
      if (answer.error !== undefined) {
        if (name === "vitrine") throw answer.error;
        console.log(`without ome-zarr-py: ${answer.error.message}`);
        delete writers[name];
        continue;
      }
      found[name] ??= [];
      found[name].push({ ...answer, stored: bytesBelow(store) / 2 ** 20 });
      rmSync(store, { recursive: true, force: true });
    }
  }
  const peer = found["ome-zarr-py"];
  return Object.entries(found).map(([name, rounds]) => {
    const rates = rounds.map(({ seconds }) => pixels / 1e6 / seconds);
    const ratios = name === "vitrine" && peer ? rounds.map((one, i) => peer[i].seconds / one.seconds) : [];
    return [
      ...[codec, name, median(rates), Math.max(...rates), median(rounds.map(({ cpu }) => cpu))],
      ...[rounds[0].stored, Math.max(...rounds.map(({ peakMiB }) => peakMiB))],
      ...(ratios.length === 0
        ? ["", "", ""]
        : [
            median(ratios),
            `${digits(Math.min(...ratios))} to ${digits(Math.max(...ratios))}`,
            verdict(median(ratios), BAR),
          ]),
    ];
  });
}

/** What no writer can go below: every value read once, a third more made, all of it compressed and stored. */
function floor({ side, channels }) {
  const read = (2 * side * side * channels) / 2 ** 20;
  console.log(
    `floor: ${digits(read)} MiB read, ${digits(read / 3)} MiB of lower levels made, ${digits((4 * read) / 3)} MiB packed`,
  );
}

function bytesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** A background with noise of a few bits and slow shading, as cameras give it, by bands of rows. */
function writeValues(path, { side, channels }) {
  const file = openSync(path, "w");
  const text = `{'descr': '<u2', 'fortran_order': False, 'shape': (${channels}, ${side}, ${side}), }`;
  const header = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text.padEnd(117)}\n`, "latin1");
  writeSync(file, header);
  const band = new Uint16Array(side * 64);
  let state = 1;
  for (let row = 0; row < side * channels; row += 64) {
    for (let i = 0; i < band.length; i++) {
      state = (state * 48271) % 2147483647;
      band[i] = 400 + ((row + ((i % side) >> 3)) >> 5) + ((state >> 9) & 63);
    }
    writeSync(file, new Uint8Array(band.buffer, 0, 2 * side * Math.min(64, side * channels - row)));
  }
  closeSync(file);
}
