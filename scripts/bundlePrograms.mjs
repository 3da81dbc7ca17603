// Joins what each program of the package loads into few files, in place: the command, and what starts as a process or a thread. A start reads a dozen
// files then instead of some hundred. What others import stays as tsc made it. After a change of any source, tsc comes first, whole.
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = `${root}dist/`;
const { imports } = JSON.parse(readFileSync(`${root}package.json`, "utf8"));

/** Names that lead to the same file everywhere are of programs, or of what a program loads by name. */
const programs = [
  "cli/main.js",
  ...Object.values(imports)
    .filter((path) => typeof path === "string" && path.endsWith(".js"))
    .map((path) => path.replace("./dist/", "")),
];

if (readFileSync(`${dist}cli/main.js`, "utf8").includes('"../programs/')) {
  process.stderr.write(
    "The programs are joined already: npm run build:ts puts back what tsc makes of them.\n",
  );
  process.exit(1);
}
rmSync(`${dist}programs`, { recursive: true, force: true });

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

await build({
  configFile: false,
  root,
  logLevel: "warn",
  publicDir: false,
  plugins: [originalPlaces, loadedWhenCalled],
  ssr: { noExternal: true, external: ASIDE, target: "node" },
  build: {
    ssr: true,
    outDir: dist,
    emptyOutDir: false,
    minify: false,
    target: "node20",
    rolldownOptions: {
      input: Object.fromEntries(programs.map((path) => [path.replace(/\.js$/, ""), dist + path])),
      // one class of errors, for programs and for the modules of users that they load
      external: (id) => id === `${dist}core/error.js`,
      output: { entryFileNames: "[name].js", chunkFileNames: "programs/[name]-[hash].js" },
    },
  },
});
