// The fused loop alone, without slices, filters and normalisation, against the prototype kernel: two threads each, in turns.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { fastLength } from "../../dist/compute/linePlan.js";
import { startChild } from "../child.js";
import { digits, median, printTable, verdict } from "../figures.js";
import { createProbe } from "./probe.js";
import { correlationsOf, createWorkload, secondsOf, sizeName } from "./workload.js";

const THREADS = 2;
/** Blocks of a round, by the side of the micrograph: about half a second's work or more. */
const BLOCKS = { 512: 32, 1024: 8, 2048: 2, 4096: 1 };
const PAIRS = 9;
/** How much slower than the prototype it may be. */
const BAR = 1.05;

/** Prints milliseconds per template of both. */
export async function run({ sizes }) {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-bench-"));
  const results = [];
  try {
    const kernel = buildPrototype(folder);
    for (const size of sizes) {
      results.push(await measure(size, kernel));
      const { ours, theirs, ratio } = results.at(-1);
      const peer = theirs.length === 0 ? "" : `, prototype ${digits(median(theirs))}, ratio ${digits(ratio)}`;
      console.log(`loop ${sizeName(size)}: ${digits(median(ours))} ms per template${peer}`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(
    `\nms per template, ${THREADS} threads; MB: moved to and from memory beyond a core's cache, counted once each`,
  );
  const head = [
    "loop",
    "ours min / median",
    "MB",
    "GB/s",
    "prototype min / median",
    "ratio (pairs)",
    "bar",
    "",
  ];
  printTable(head, results.map(toRow));
  return results.flatMap(toVerdict);
}

/** Builds the prototype's kernel with its own command; undefined, with a line that says so, where it is not there. */
function buildPrototype(folder) {
  const beside = fileURLToPath(new URL("../../../shared/prototypes/match-kernel", import.meta.url));
  const source = process.env.VITRINE_PROTOTYPE ?? beside;
  if (!existsSync(join(source, "kernel.ts"))) {
    console.log("the prototype is left out: VITRINE_PROTOTYPE names no folder with its kernel.ts");
    return undefined;
  }
  const { scripts } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const options = scripts.build.split(" ").slice(scripts.build.split(" ").indexOf("-o") + 2);
  const asc = join(
    dirname(createRequire(import.meta.url).resolve("assemblyscript/package.json")),
    "bin/asc.js",
  );
  const kernel = join(folder, "prototype.wasm");
  execFileSync(process.execPath, [asc, "kernel.ts", "--outFile", kernel, ...options], { cwd: source });
  return kernel;
}

async function measure(size, kernel) {
  const blocks = BLOCKS[size.image];
  const templates = correlationsOf(blocks);
  const probe = await createProbe(THREADS);
  const prototype = kernel === undefined ? undefined : await startPrototype(kernel, size);
  try {
    const workload = await createWorkload(probe.pool, size, blocks);
    await workload.run(); // fills the buffers with real templates
    probe.setMode("loop");
    await workload.run();
    await prototype?.msPerTemplate(templates);
    const [ours, theirs] = [[], []];
    for (let pair = 0; pair < PAIRS; pair++) {
      if (prototype !== undefined) theirs.push(await prototype.msPerTemplate(templates));
      ours.push((1000 * (await secondsOf(() => workload.run()))) / templates);
    }
    const ratios = theirs.map((ms, i) => ours[i] / ms);
    return { size, ours, theirs, ratios, ratio: theirs.length > 0 ? median(ratios) : undefined };
  } finally {
    await prototype?.end();
    await probe.dispose();
  }
}

async function startPrototype(kernel, { image, template }) {
  const child = startChild(process.execPath, [
    fileURLToPath(new URL("prototype.js", import.meta.url)),
    kernel,
  ]);
  await child.ask({ image, template });
  return {
    async msPerTemplate(templates) {
      const { seconds } = await child.ask({ pairs: templates / 2 });
      return (1000 * seconds) / templates;
    },
    end: () => child.end(),
  };
}

/**
 * Megabytes that the loop moves for one template: half of padded rows (written, read), spectrum (read), correlation
 * (written, read) and statistics (read, written: 16 bytes a pixel), since two templates travel together.
 */
function megabytes({ image, template }) {
  const padded = fastLength(image);
  const side = image - template + 1;
  const complex = 2 * template * padded + padded * padded + 2 * side * padded;
  return (8 * complex + 2 * 16 * side * side) / 2 / 1e6;
}

function toRow({ size, ours, theirs, ratios, ratio }) {
  const times = (list) => `${digits(Math.min(...list))} / ${digits(median(list))}`;
  const moved = megabytes(size);
  const head = [sizeName(size), times(ours), digits(moved), digits(moved / Math.min(...ours))];
  if (theirs.length === 0) return [...head, "-", "-", `${BAR}`, "no prototype"];
  const pairs = `${digits(ratio)} (${digits(Math.min(...ratios))}-${digits(Math.max(...ratios))})`;
  return [...head, times(theirs), pairs, `${BAR}`, verdict(ratio, BAR, { atMost: true })];
}

function toVerdict({ size, ratio }) {
  if (ratio === undefined) return [];
  return [
    {
      what: `loop ${sizeName(size)} against the prototype`,
      figure: `${digits(ratio)}x the time`,
      bar: `<= ${BAR}x`,
      verdict: verdict(ratio, BAR, { atMost: true }),
    },
  ];
}
