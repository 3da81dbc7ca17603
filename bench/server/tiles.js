// Tiles of a layer by the server, beside a bare server of the same tiles as files, in turns.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openLayerArchive } from "vitrine/pyramid";
import { median } from "../figures.js";
import { ask } from "./client.js";
import { makeLayer } from "./layer.js";

const PROGRAM = fileURLToPath(new URL("../../bin/vitrine.js", import.meta.url));
const FILES = fileURLToPath(new URL("./files.js", import.meta.url));
const ROUNDS = 5;
const SECONDS = 3;

/** `server tiles [side]`: default 8192. */
export async function measureTiles([side = "8192"]) {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-server-"));
  const processes = [];
  const started = async (args) => {
    const one = await startProcess(args);
    processes.push(one);
    return one;
  };
  try {
    const { directory, archivePath } = await makeLayer(folder, { side: Number(side), channels: 1 });
    const tiles = await writeTiles(archivePath, join(folder, "files"));
    const served = await started([PROGRAM, "serve", directory, "--json"]);
    const plain = await started([FILES, join(folder, "files")]);
    const paths = tiles.map(
      ({ level, row, column }) =>
        `/api/experiment/tile?at=screen&layer=1&level=${level}&row=${row}&column=${column}`,
    );
    const names = tiles.map(({ level, row, column }) => `/${level}-${row}-${column}.jpg`);
    const rounds = [];
    for (let round = 0; round <= ROUNDS; round++) {
      const ours = await ask({ port: served.port, paths, seconds: SECONDS });
      const files = await ask({ port: plain.port, paths: names, seconds: SECONDS });
      // the first one warms both up
      if (round > 0) rounds.push({ ours, files });
    }
    const rates = rounds.map(({ ours }) => ours.perSecond);
    const ratios = rounds.map(({ ours, files }) => ours.perSecond / files.perSecond);
    const megabytes = median(rounds.map(({ ours }) => ours.bytesPerSecond)) / 1e6;
    console.log(
      `tiles of ${side}² from its archive, ${tiles.length} of them, 16 connections: ${median(rates).toFixed(0)} a second ` +
        `(best ${Math.max(...rates).toFixed(0)}; bar 5000), ${megabytes.toFixed(0)} MB/s; of a bare server of files ${median(ratios).toFixed(2)} × (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`,
    );
  } finally {
    for (const { child } of processes) child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Every tile as a file of its own, in an order in which nobody looks at them. */
async function writeTiles(archivePath, folder) {
  mkdirSync(folder);
  const archive = await openLayerArchive(archivePath);
  const tiles = archive.metadata.levels.flatMap(({ tileRows, tileColumns }, level) =>
    Array.from({ length: tileRows * tileColumns }, (_, i) => ({
      level,
      row: Math.floor(i / tileColumns),
      column: i % tileColumns,
    })),
  );
  for (const { level, row, column } of tiles)
    writeFileSync(
      join(folder, `${level}-${row}-${column}.jpg`),
      await archive.readTile({ level, row, column }),
    );
  await archive.close();
  return tiles.map((_, i) => tiles[(i * 7919) % tiles.length]);
}

/** A process that prints JSON with its port. */
export async function startProcess(args) {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise((resolve, reject) => {
    let text = "";
    child.once("exit", (code) => reject(new Error(`${args[0]} ended with ${code}`)));
    child.stdout.on("data", (chunk) => {
      text += chunk;
      const found = /"port":\s*(\d+)/.exec(text)?.[1];
      if (found !== undefined) resolve(Number(found));
    });
  });
  return { port, child };
}
