#!/usr/bin/env node
import { existsSync } from "node:fs";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (!existsSync(main)) {
  process.stderr.write(
    "vitrine: dist/cli/main.js: expected a built package, found none. Run npm run build.\n",
  );
  process.exit(1);
}
// Who reads the output may have seen enough (| head): that is no error.
process.stdout.on("error", (error) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});
const { letHeapGrow } = await import(new URL("../dist/core/heap.node.js", import.meta.url).href);
letHeapGrow();
const { run } = await import(main.href);
process.exitCode = await run(process.argv.slice(2));
