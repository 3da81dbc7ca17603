// How AssemblyScript becomes WASM modules, for the package's own kernels and for those of tests.
import { join } from "node:path";
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

/**
 * Compiles an entry of AssemblyScript to `kernels.wasm` and `kernels.relaxed.wasm` in a folder.
 *
 * @param {string} entry   its path
 * @param {string} folder  where the two modules go
 */
export async function compileKernels(entry, folder) {
  for (const [name, features] of Object.entries(FEATURES)) {
    const enable = features.flatMap((feature) => ["--enable", feature]);
    const args = [entry, ...OPTIONS, ...enable, "--outFile", join(folder, name), "--baseDir", root];
    const { error, stderr } = await asc.main(args);
    if (error) throw new Error(`${entry}: ${stderr.toString()}`, { cause: error });
  }
}
