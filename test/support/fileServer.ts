import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

/** A web server that knows nothing but files. */
export interface FileServer {
  readonly address: string;
  /** What was asked for and is not there. */
  readonly missing: readonly string[];
  close(): void;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".css": "text/css",
};

/** Hands out the files of a folder below a prefix (`/copy/`). */
export async function serveFiles(folder: string, prefix: string): Promise<FileServer> {
  const missing: string[] = [];
  const server = createServer(({ url = "/" }, response) => {
    const path = decodeURIComponent(url.split("?")[0]);
    const file = join(folder, normalize(`/${path.slice(prefix.length) || "index.html"}`));
    if (!path.startsWith(prefix) || !existsSync(file) || !statSync(file).isFile()) {
      missing.push(path);
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    response.end(readFileSync(file));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}${prefix}`, missing, close: () => server.close() };
}
