import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { compileKernels } from "../../scripts/compileKernels.mjs";

const built = dirname(dirname(createRequire(import.meta.url).resolve("#worker-entry")));

/** A domain of a test's own. */
export interface DomainSource {
  readonly name: string;
  /** AssemblyScript. */
  readonly kernels: string;
  /** JavaScript of more entries of its table of jobs, where `defineJob` is in scope; it always has `NAME/phases`. */
  readonly jobs?: string;
}

/** The built entry of workers that serve one domain, as a lab would write it; `dispose` removes it. */
export async function buildDomain({
  name,
  kernels,
  jobs = "",
}: DomainSource): Promise<{ entry: URL } & Disposable> {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-domain-"));
  const source = join(folder, "kernels.ts");
  writeFileSync(source, kernels);
  await compileKernels(source, folder);
  const url = (path: string) => JSON.stringify(pathToFileURL(join(built, path)).href);
  const entry = join(folder, "worker.mjs");
  writeFileSync(
    entry,
    `import { serveJobs } from ${url("compute/serve.node.js")};
import { defineJob, runPhases } from ${url("compute/kernels/index.js")};
const plain = new URL("./kernels.wasm", import.meta.url);
const relaxed = new URL("./kernels.relaxed.wasm", import.meta.url);
const jobs = [defineJob("${name}/phases", runPhases), ${jobs}];
serveJobs({ ${name}: async () => ({ jobs, kernels: { plain, relaxed } }) });
`,
  );
  return {
    entry: pathToFileURL(entry),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
