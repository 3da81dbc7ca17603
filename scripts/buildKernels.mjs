// Builds the WASM modules: every folder `assembly` of src, with an index.ts, becomes `kernels.wasm` and `kernels.relaxed.wasm` beside it in dist.
import { readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { compileKernels } from "./compileKernels.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

const entries = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
  .map((path) => join("src", path))
  .filter((path) => path.endsWith(join("assembly", "index.ts")));

for (const entry of entries)
  await compileKernels(entry, join("dist", relative("src", dirname(dirname(entry)))));
