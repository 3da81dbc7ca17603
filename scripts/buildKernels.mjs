// Builds the WASM modules: every folder `assembly` of src, with an index.ts, becomes `kernels.wasm` and `kernels.relaxed.wasm` beside it in dist.
import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = fileURLToPath(new URL("..", import.meta.url));

const OPTIONS = [
  ["-O3", "--noAssert", "--runtime", "stub", "--use", "abort="],
  // One memory that all threads of a pool share, up to 4 GiB. Modules keep nothing in it: several lie side by side.
  ["--importMemory", "--sharedMemory", "--initialMemory", "1", "--maximumMemory", "65536"],
].flat();

/** Relaxed SIMD multiplies and adds in one instruction, and rounds once. */
const FEATURES = {
  "kernels.wasm": ["simd", "threads"],
  "kernels.relaxed.wasm": ["simd", "threads", "relaxed-simd"],
};

const entries = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((path) => join("src", path))
  .filter((path) => path.endsWith(join("assembly", "index.ts")));

for (const entry of entries) {
  const folder = join("dist", relative("src", dirname(dirname(entry))));
  for (const [name, features] of Object.entries(FEATURES)) {
    const enable = features.flatMap((feature) => ["--enable", feature]);
    const args = [entry, ...OPTIONS, ...enable, "--outFile", join(folder, name), "--baseDir", root];
    const { error, stderr } = await asc.main(args);
    process.stderr.write(stderr.toString());
    if (error) process.exitCode = 1;
  }
}
