// Builds the page of `vitrine serve` into dist/viewer.
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

await build({
  configFile: false,
  root: `${root}src/viewer`,
  base: "./",
  logLevel: "warn",
  resolve: { conditions: ["browser", "source"] },
  build: {
    outDir: `${root}dist/viewer`,
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 4000,
    // one policy allows scripts of the server alone
    modulePreload: { polyfill: false },
  },
});
