// What scripts/bundleEntries.mjs and scripts/bundlePrograms.mjs share: both join what tsc made in dist into few files.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, relative } from "node:path";
import { build } from "vite";
import { dist, root } from "./entries.mjs";

/** They find files of their own beside them, or are loaded by few commands and large. */
const ASIDE = [
  "libsql",
  "pg",
  "fastify",
  "@fastify/static",
  "@fastify/websocket",
  "light-my-request",
  "h5wasm",
];

/** Ends the process where programs are joined already, since others load what they were joined from. */
export function requireUnjoined() {
  if (!readFileSync(`${dist}cli/main.js`, "utf8").includes('"../programs/')) return;
  process.stderr.write(
    "The programs are joined already: npm run build:ts puts back what tsc makes of them.\n",
  );
  process.exit(1);
}

/** Where a module lay stands for where its code lies now: it finds files beside it. */
const originalPlaces = {
  name: "original-places",
  transform(code, id) {
    if (!id.startsWith(dist) || !code.includes("import.meta.url")) return null;
    const place = `new URL("@original:${id.slice(dist.length)}@", import.meta.url).href`;
    return { code: code.replaceAll("import.meta.url", place), map: null };
  },
  renderChunk(code, { fileName }) {
    const to = (path) => {
      const from = relative(dirname(fileName), path).replaceAll("\\", "/");
      return from.startsWith(".") ? from : `./${from}`;
    };
    return { code: code.replace(/@original:([^@]+)@/g, (_, path) => to(path)), map: null };
  },
};

/** Its tables take longer to make than most of a start, and few starts pack or unpack anything: it is loaded when it is called. */
const LATER = "fflate";
const loadedWhenCalled = {
  name: "loaded-when-called",
  enforce: "pre",
  resolveId: (id) => (id === LATER ? `\0${LATER}` : null),
  load(id) {
    if (id !== `\0${LATER}`) return null;
    const names = Object.keys(createRequire(import.meta.url)(LATER));
    return `import { createRequire } from "node:module";
let loaded;
const call = (name, values, isNew) => {
  loaded ??= createRequire(import.meta.url)("${LATER}");
  return isNew ? new loaded[name](...values) : loaded[name](...values);
};
${names.map((name) => `export function ${name}(...values) { return call("${name}", values, new.target !== undefined); }`).join("\n")}
`;
  },
};

/**
 * Joins `input`, names of files in dist by the modules that they begin with; pieces that several load go into the folder `pieces`. With `hasOwnNames`
 * what is made exports the names of its source and no others.
 */
export async function join(input, { pieces, plugins = [], external = [], hasOwnNames = false }) {
  await build({
    configFile: false,
    root,
    logLevel: "warn",
    publicDir: false,
    plugins: [...plugins, originalPlaces, loadedWhenCalled],
    ssr: { noExternal: true, external: [...ASIDE, ...external], target: "node" },
    build: {
      ssr: true,
      outDir: dist,
      emptyOutDir: false,
      minify: false,
      target: "node20",
      rolldownOptions: {
        input,
        preserveEntrySignatures: hasOwnNames ? "strict" : "allow-extension",
        // one class of errors, for programs and for the modules of users that they load
        external: (id) => id === `${dist}core/error.js`,
        output: {
          entryFileNames: "[name].js",
          chunkFileNames: `${pieces}/[name]-[hash].js`,
          // a quarter of what a start reads; the modules themselves keep theirs
          comments: { legal: true, annotation: false, jsdoc: false },
        },
      },
    },
  });
}
