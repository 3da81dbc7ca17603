// `npm run bench -- AREA [what AREA takes]`: measures the built package, beside its peers where they are.
import { existsSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";

const AREAS = {
  acquire: "./acquire/run.js",
  match: "./match/run.js",
  refine: "./match/refine.js",
  compute: "./compute/run.js",
  io: "./io/run.js",
  pyramid: "./pyramid/run.js",
  experiment: "./experiment/run.js",
  subtomogram: "./subtomogram/run.js",
  likelihood: "./likelihood/run.js",
  server: "./server/run.js",
  viewer: "./viewer/run.js",
};

const [area, ...args] = process.argv.slice(2);
if (!Object.hasOwn(AREAS, area ?? "")) {
  fail(`bench: expected an area (${Object.keys(AREAS).join(", ")}), found ${area ?? "none"}.`, 2);
}
if (!existsSync(new URL("../dist/compute/kernels.wasm", import.meta.url))) {
  fail("bench: expected a built package, found no dist. Run `npm run build`.", 1);
}
console.log(
  `${area}: Node ${process.version}, ${availableParallelism()} x ${cpus()[0]?.model ?? "unknown processor"}`,
);
const { run } = await import(AREAS[area]);
try {
  await run(args);
} catch (error) {
  fail(error.stack, 1);
}

function fail(message, code) {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}
