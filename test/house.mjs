// `node test/house.mjs [ROOT]` prints the numbers of the sources of this repository, or of another copy of it.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { module: house } = await runnerImport(here("support/house.ts"), { logLevel: "error" });
const { module: tree } = await runnerImport(here("support/tree.ts"), { logLevel: "error" });
process.stdout.write(house.describeHouse(house.measureHouse(tree.readTree(process.argv[2] ?? here("..")))));
