import { createReadStream, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { launchBrowser, type OpenedPage, openLastingPage } from "./browser.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

const TYPES: Record<string, string> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** A program in a page of a real browser. */
export interface ProgramPage extends AsyncDisposable {
  /** Opens the page anew; `errors` fills with what nobody caught there. */
  open(): Promise<OpenedPage>;
}

/** What a page is made of. */
export interface PageOptions {
  /** An empty folder for the bundle. */
  readonly folder: string;
  /** The page's module, as a user would write it. */
  readonly program: string;
  /** Further files: folders by the first part of their address. */
  readonly served?: Readonly<Record<string, string>>;
  /** First parts of addresses whose files are also served in parts; others ignore what range is asked for. */
  readonly ranged?: readonly string[];
  /** Whether to send the two headers that threads need (default true). */
  readonly isolated?: boolean;
  /** Folder of the package that is bundled; default this repository. */
  readonly package?: string;
}

/** Bundles a program with the built package, as a user's own build would, and serves it to a browser. */
export async function openProgramPage(options: PageOptions): Promise<ProgramPage> {
  await bundle(options);
  const server = await serve(options);
  const browser = await launchBrowser();
  return {
    open: () => openLastingPage(browser, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    async [Symbol.asyncDispose]() {
      await browser.close();
      server.close();
    },
  };
}

async function bundle({ folder, program, package: installed = root }: PageOptions): Promise<void> {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(installed, join(folder, "node_modules", "vitrine"));
  writeFileSync(join(folder, "index.html"), '<!doctype html><script type="module" src="./main.js"></script>');
  writeFileSync(join(folder, "main.js"), program);
  await build({
    configFile: false,
    root: folder,
    logLevel: "error",
    build: { target: "esnext" },
    worker: { format: "es" },
  });
}

function serve({ folder, served = {}, ranged = [], isolated = true }: PageOptions): Promise<Server> {
  const server = createServer(({ url = "/", headers }, response) => {
    if (isolated) {
      response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
      response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    }
    const path = normalize(url === "/" ? "/index.html" : url);
    const [, first = "", ...rest] = path.split("/");
    const file = join(...(served[first] === undefined ? [folder, "dist", path] : [served[first], ...rest]));
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    const { size } = statSync(file);
    const [, from, to] = (ranged.includes(first) && /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "")) || [];
    if (from === undefined) {
      createReadStream(file).pipe(response);
      return;
    }
    const [start, end] = [Number(from), Math.min(Number(to), size - 1)];
    response.writeHead(206, { "Content-Range": `bytes ${start}-${end}/${size}` });
    createReadStream(file, { start, end }).pipe(response);
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}
