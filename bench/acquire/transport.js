// Images through processors and into datasets, bytes of the camera per second, beside Pycro-Manager's Python backend.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { Acquisition, checkStamp, openDemoMicroscope } from "vitrine/acquire";
import { startChild } from "../child.js";
import { digits, median, printTable, verdict } from "../figures.js";

const SIDE = 2048;
const FRAME_BYTES = SIDE * SIDE * 2;
const CAMERA = {
  OnCameraCCDXSize: SIDE,
  OnCameraCCDYSize: SIDE,
  PixelType: "16bit",
  Pattern: "Stamp",
  Exposure: 0,
};
const ROUNDS = 3;
/** Frames of one acquisition that saves, as many as the peer's: what is written is removed before the next. */
const SAVED_FRAMES = 200;
/** What is written rests until the disk has it, so that nobody pays for whom was measured before. */
const REST_MS = 1000;

const fileOf = (name) => new URL(`./processors/${name}.mjs`, import.meta.url);
const identity = Object.assign((image, metadata) => [image, metadata], { stateless: true });

/** Modes in the order of the table; `peer` is the peer's mode that does the same. */
const MODES = [
  {
    row: "identity",
    name: "identity, no save, in-process",
    bar: 0.5,
    peer: "drop",
    options: () => ({ imageProcessor: identity }),
  },
  {
    row: "worker",
    name: "identity, no save, worker",
    bar: 0.5,
    peer: "drop",
    options: () => ({ imageProcessor: { module: fileOf("identity") } }),
  },
  {
    row: "sum",
    name: "sum of all pixels, no save, worker",
    bar: 0.25,
    peer: "sum",
    options: () => ({ imageProcessor: { module: fileOf("sum") } }),
    check: checkSum,
  },
  {
    row: "saved",
    name: "identity, saved as NDTiff",
    peer: "ndtiff",
    saves: true,
    options: () => ({ imageProcessor: identity }),
  },
  {
    row: "into",
    name: "saved as NDTiff, read back in imageSaved into one array",
    peer: "readback",
    saves: true,
    options: (counts) => readsBack(counts, { into: new Uint16Array(SIDE * SIDE) }),
  },
  {
    row: "new",
    name: "the same, each into an array of its own",
    peer: "readback",
    saves: true,
    options: (counts) => readsBack(counts, {}),
  },
  {
    row: "heap",
    name: "the same, --heap-growing-percent=300",
    peer: "readback",
    saves: true,
    heapGrowingPercent: 300,
    options: (counts) => readsBack(counts, {}),
  },
];

/** Where datasets go: in memory the programs show, on a disk mostly its write-back. */
const PLACES = [
  { place: "memory", where: "in memory", folder: "/dev/shm" },
  { place: "disk", where: "on disk", folder: process.env.VITRINE_BENCH_DIR ?? tmpdir() },
].filter(({ folder }) => existsSync(folder));

const ROWS = MODES.flatMap((mode) =>
  mode.saves ? PLACES.map((place) => ({ ...mode, ...place, name: `${mode.name}, ${place.where}` })) : [mode],
);

/** Rows and places that a command line names; all where it names none. */
function chosenRows(names) {
  const isAmong = (name, all) => !all.some((each) => names.includes(each)) || names.includes(name);
  const rows = MODES.map(({ row }) => row);
  const places = PLACES.map(({ place }) => place);
  return ROWS.filter(
    ({ row, place }) => isAmong(row, rows) && (place === undefined || isAmong(place, places)),
  );
}

/** Reads every image when it is saved; the camera counts on from the acquisition before. */
function readsBack(counts, options) {
  return {
    imageSaved: async (axes, dataset) => {
      checkStamp(await dataset.readImage(axes, options), counts.firstFrame + axes.time);
      counts.readBack++;
    },
  };
}

/** Prints GB/s of every mode, ours and the peer's in turns. Without the peer it says so and prints our side alone. */
export async function run({ seconds, rows }) {
  const peer = await startPeer();
  // opened once, as the peer's is
  const microscope = await openDemoMicroscope({ properties: { Camera: CAMERA } });
  const results = [];
  try {
    for (const mode of chosenRows(rows)) results.push(await measure(mode, { seconds, peer, microscope }));
  } finally {
    await microscope.close();
    await peer?.end().catch(() => {});
  }
  console.log("");
  const head = [
    "2048² u16",
    "ours GB/s median (best)",
    "peer GB/s median (best)",
    "ratio (rounds)",
    "of a copy (rounds)",
    "bar",
    "",
  ];
  printTable(head, results.map(toRow));
  return results
    .filter(({ bar }) => bar !== undefined)
    .map(({ name, bar, ofCopy }) => {
      const figure = median(ofCopy);
      return { what: `${name}, of a plain copy`, figure, bar, verdict: verdict(figure, bar) };
    });
}

async function measure(mode, { seconds, peer, microscope }) {
  const [ours, theirs, ofCopy] = [[], [], []];
  const frames = mode.saves ? SAVED_FRAMES : Math.ceil((await calibrate(mode, microscope)) * seconds);
  for (let round = 0; round < ROUNDS; round++) {
    const turns = [
      async () => theirs.push(await peer?.rate({ mode: mode.peer, seconds, directory: mode.folder })),
      async () => ours.push(await rateOf(mode, { frames, seconds, microscope })),
    ];
    ofCopy.push(copyRate());
    // whoever is first has the disk that the last round left
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) {
      if (mode.saves) await rest();
      await turn();
    }
    ofCopy[round] = ours[round] / ofCopy[round];
  }
  const ratios = theirs.flatMap((rate, i) => (rate === undefined ? [] : [ours[i] / rate]));
  const rates = theirs.filter((rate) => rate !== undefined);
  console.log(
    `${mode.name}: ${digits(median(ours))} GB/s${rates.length > 0 ? `, peer ${digits(median(rates))}` : ""}`,
  );
  return { ...mode, ours, theirs: rates, ratios, ofCopy };
}

async function rest() {
  if (process.platform === "linux") execFileSync("sync");
  await setTimeout(REST_MS);
}

/** Copies of frames from a ring of them into another, the plainest transport. @returns GB/s */
function copyRate() {
  const ring = () => Array.from({ length: 16 }, () => new Uint16Array(new SharedArrayBuffer(FRAME_BYTES)));
  const [from, into] = [ring(), ring()];
  for (const frame of [...from, ...into]) frame.fill(1);
  const start = performance.now();
  const count = 256;
  for (let i = 0; i < count; i++) into[i % 16].set(from[i % 16]);
  return (count * FRAME_BYTES) / ((performance.now() - start) / 1000) / 1e9;
}

/** Frames per second of a short run. */
async function calibrate(mode, microscope) {
  await acquire(mode, { frames: 50, microscope });
  const frames = 400;
  return frames / (await acquire(mode, { frames, microscope }));
}

/** Acquires until `seconds` have passed, the removal of files left out. @returns GB/s */
async function rateOf(mode, { frames, seconds, microscope }) {
  let [bytes, spent] = [0, 0];
  while (spent < (mode.saves ? seconds : 0.5 * seconds)) {
    spent += await acquire(mode, { frames, microscope });
    bytes += frames * FRAME_BYTES;
  }
  return bytes / spent / 1e9;
}

/** One acquisition; every row of every image is checked. @returns seconds from its opening to its end */
async function acquire(mode, { frames, microscope }) {
  const directory = mode.saves ? await mkdtemp(join(mode.folder, "vitrine-")) : undefined;
  const counts = { seen: 0, readBack: 0, firstFrame: 0 };
  // 0 is V8's own
  setFlagsFromString(`--heap-growing-percent=${mode.heapGrowingPercent ?? 0}`);
  const check = mode.check ?? ((image, metadata) => checkStamp(image, metadata.FrameNumber));
  try {
    const start = performance.now();
    const acquisition = await Acquisition.open({
      microscope,
      // as the peer, which never syncs
      ...(directory === undefined ? {} : { directory, name: "run", durability: "process" }),
      ...mode.options(counts),
      onImage: (image, metadata) => {
        check(image, metadata);
        if (counts.seen++ === 0) counts.firstFrame = metadata.FrameNumber;
      },
    });
    acquisition.acquire(timePoints(frames));
    await acquisition.done();
    const wanted = directory !== undefined && mode.peer === "readback" ? frames : 0;
    if (counts.seen !== frames || counts.readBack !== wanted) throw new Error(`${mode.name}: lost images`);
    return (performance.now() - start) / 1000;
  } finally {
    if (directory !== undefined) await rm(directory, { recursive: true });
  }
}

function* timePoints(count) {
  for (let time = 0; time < count; time++) yield { axes: { time } };
}

/** The rows are alike but for the stamp, which the first frame's sum tells. */
let firstSum;
function checkSum(_, { Sum, FrameNumber }) {
  const stamp = (FrameNumber & 0xffff) + (FrameNumber >>> 16);
  const rest = Sum - SIDE * stamp;
  firstSum ??= rest;
  if (rest !== firstSum)
    throw new Error(`frame ${FrameNumber}: expected a sum of ${firstSum + SIDE * stamp}, found ${Sum}`);
}

/** Tries of a round that a peer may spoil: it crashes now and then ("double free"). */
const MOST_TRIES = 4;

/** Starts the peer; undefined, and said so, where it is not installed. A peer that crashes is started again for the same round. */
async function startPeer() {
  const first = await startPeerProcess().catch((error) => console.log(`without the peer: ${error.message}`));
  if (first === undefined) return undefined;
  console.log(`beside ${first.ready}; its camera (FastImage) draws no new pixels, and nobody checks them`);
  let current = first;
  return {
    /** GB/s; undefined where it crashed again and again. */
    async rate(question) {
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        try {
          current ??= await startPeerProcess();
          const { bytes, seconds: spent } = await current.child.ask(question);
          return bytes / spent / 1e9;
        } catch (error) {
          console.log(`the peer ended and is started again: ${error.message}`);
          await current?.child.end().catch(() => {});
          current = undefined;
        }
      }
      return undefined;
    },
    end: async () => current?.child.end(),
  };
}

async function startPeerProcess() {
  const python = process.env.VITRINE_PEERS_PYTHON ?? "python3";
  const child = startChild(python, [fileURLToPath(new URL("peer.py", import.meta.url))]);
  try {
    return { child, ...(await child.ask({ side: SIDE })) };
  } catch (error) {
    await child.end();
    throw error;
  }
}

function toRow({ name, bar, ours, theirs, ratios, ofCopy }) {
  const rate = (list) => (list.length === 0 ? "-" : `${digits(median(list))} (${digits(Math.max(...list))})`);
  const pairs = ratios.length === 0 ? "-" : `${digits(median(ratios))} (${ratios.map(digits).join(", ")})`;
  return [
    name,
    rate(ours),
    rate(theirs),
    pairs,
    `${digits(median(ofCopy))} (${ofCopy.map(digits).join(", ")})`,
    bar ?? "-",
    bar === undefined ? "" : verdict(median(ofCopy), bar),
  ];
}
