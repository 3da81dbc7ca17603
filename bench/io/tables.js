// STAR and CSV of 300,000 particles, read with their numbers and written: this package in turns with starfile and pandas.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import {
  csvParts,
  lazyStarTable,
  readCsvTable,
  readStar,
  starTable,
  writeFileAtomic,
  writeStar,
} from "../../dist/io/index.js";
import { startChild } from "../child.js";
import { median, printTable, verdict } from "../figures.js";

const ROWS = 300_000;
const ROUNDS = 5;
const NUMBERS = ["X", "Y", "Rot", "Tilt", "Psi", "DefocusU", "DefocusV", "DefocusAngle", "Score"];

/** Prints seconds and ratios of each step, and peak memory. */
export async function run() {
  const folder = mkdtempSync(join(process.env.VITRINE_BENCH_DIR ?? tmpdir(), "vitrine-tables-"));
  const python = startChild(process.env.VITRINE_PYTHON ?? "python3", [
    new URL("tablesPeer.py", import.meta.url).pathname,
  ]);
  try {
    await measure(folder, python);
  } finally {
    await python.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder, python) {
  const path = (name) => join(folder, name);
  const made = columnsAtRandom();
  const asStar = (table) => ({ name: "bench", blocks: [{ name: "particles", items: [table] }] });
  await writeStar(path("in.star"), asStar(lazyStarTable(made, ROWS, "bench")));
  await writeFileAtomic(path("in.csv"), csvOf(lazyStarTable(made, ROWS, "bench")));
  let [star, csv] = [];
  const withNumbers = (table) => {
    for (const name of table.columns) if (name !== "Micrograph") table.numbers(name);
    return table;
  };
  const fresh = (table) =>
    lazyStarTable(
      new Map(table.columns.map((name) => [name, (row) => table.value(row, name)])),
      ROWS,
      "bench",
    );
  const steps = {
    "read star": async () => {
      star = withNumbers(starTable(await readStar(path("in.star")), "particles"));
    },
    "write star": () => writeStar(path("our.star"), asStar(fresh(star)), { overwrite: true }),
    "read csv": async () => {
      csv = withNumbers(await readCsvTable(path("in.csv")));
    },
    "write csv": () => writeFileAtomic(path("our.csv"), csvOf(csv), { overwrite: true }),
  };
  const seconds = Object.fromEntries(Object.keys(steps).map((name) => [name, { our: [], peer: [] }]));
  let peerPeak = 0;
  // rounds of one step follow one another: the first is what a program sees that reads one table, the others what a server does
  for (const [name, step] of Object.entries(steps))
    for (let round = 0; round < ROUNDS; round++) {
      const [verb, kind] = name.split(" ");
      seconds[name].our.push(await timed(step));
      const question = { do: name, path: path(`${verb === "read" ? "in" : "peer"}.${kind}`) };
      seconds[name].peer.push(
        await timed(async () => {
          peerPeak = (await python.ask(question)).peakMiB;
        }),
      );
    }
  const isSame = readFileSync(path("our.csv")).equals(readFileSync(path("in.csv")));
  console.log(
    `${ROWS} rows, ${made.size} columns, ${ROUNDS} rounds of each step in turns; CSV written as read: ${isSame}`,
  );
  const rows = Object.entries(seconds).map(([name, { our, peer }]) => {
    const warm = { our: our.slice(1), peer: peer.slice(1) };
    const ratio = median(warm.peer.map((time, i) => time / warm.our[i]));
    const first = [our[0], peer[0], peer[0] / our[0]];
    return [name, ...first, median(warm.our), median(warm.peer), ratio, verdict(ratio, 1)];
  });
  const later = ["vitrine s", PEERS, "times as fast", ">= 1"];
  printTable(
    ["step", "first: vitrine s", PEERS, "times as fast", ...later.map((name) => `later: ${name}`)],
    rows,
  );
  const memory = ["in.star", "in.csv"].map((name) => memoryRow(path(name)));
  printTable(
    ["a process that reads", "file MiB", "memory MiB", "times the file", `<= ${MOST_MEMORY}`],
    memory,
  );
  console.log(`peak memory of starfile and pandas with all of it: ${peerPeak.toFixed(0)} MiB`);
}

/** The whole process, Node included. */
const MOST_MEMORY = 5;

function memoryRow(path) {
  const script = new URL("tablesMemory.js", import.meta.url).pathname;
  const memory = Number(execFileSync(process.execPath, [script, path], { encoding: "utf8" }));
  const size = statSync(path).size / 2 ** 20;
  return [extname(path), size, memory, memory / size, verdict(memory / size, MOST_MEMORY, { atMost: true })];
}

const PEERS = "starfile, pandas s";

async function timed(step) {
  const began = performance.now();
  await step();
  return (performance.now() - began) / 1000;
}

function csvOf(table) {
  const { columns, rows } = table;
  return csvParts({ columns, rows, text: (row, column) => table.value(row, columns[column]) });
}

/** Numbers by a fixed seed, of six digits as RELION writes, and a micrograph for each 300. */
function columnsAtRandom() {
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const columns = NUMBERS.map((name) => {
    const values = Float64Array.from({ length: ROWS }, () => next() * 10000);
    return [name, (row) => values[row].toFixed(6)];
  });
  const micrograph = (row) =>
    `MotionCorr/job002/Micrographs/mic_${String(Math.floor(row / 300)).padStart(5, "0")}.mrc`;
  return new Map([...columns, ["Micrograph", micrograph]]);
}
