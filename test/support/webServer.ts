/** A plain static file server, as labs put stores on: with or without ranges, permission, signature, packing on the way. */

import { readFileSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, normalize } from "node:path";
import { gzipSync } from "node:zlib";

/** How it answers. */
export interface WebServerOptions {
  /** Default: all files are sent whole. */
  readonly hasRanges?: boolean;
  /** Packs every answer, whether or not it was asked for. */
  readonly isPacked?: boolean;
  /** Demands this query. */
  readonly query?: string;
  /** Status of what is not there (default 404). */
  readonly missing?: number;
  /** Answers these paths with a status. */
  readonly refuses?: (path: string) => number | undefined;
}

/** A server on a free port of this machine. Whoever started it closes it. */
export interface WebServer extends AsyncDisposable {
  /** Without a slash at its end. */
  readonly address: string;
  /** Paths that were asked for, with their queries. */
  readonly asked: readonly string[];
}

/** Serves a folder. */
export async function startWebServer(folder: string, options: WebServerOptions = {}): Promise<WebServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(folder, { request, response }, options);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  folder: string,
  { request, response }: { readonly request: IncomingMessage; readonly response: ServerResponse },
  { hasRanges = false, isPacked = false, query, missing = 404, refuses = () => undefined }: WebServerOptions,
): void {
  const { pathname, search } = new URL(request.url ?? "/", "http://localhost");
  const end = (status: number) => {
    response.writeHead(status).end();
  };
  if (query !== undefined && search !== query) {
    end(403);
    return;
  }
  const refused = refuses(pathname);
  if (refused !== undefined) {
    end(refused);
    return;
  }
  const path = join(folder, normalize(decodeURIComponent(pathname)));
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    end(missing);
    return;
  }
  const bytes = readFileSync(path);
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  const headers = isPacked ? { "Content-Encoding": "gzip" } : {};
  const packed = (part: Buffer) => (isPacked ? gzipSync(part) : part);
  if (!hasRanges || range === null) {
    response.writeHead(200, headers).end(packed(bytes));
    return;
  }
  const [from, to] = [Number(range[1]), Math.min(Number(range[2]), bytes.length - 1)];
  if (from >= bytes.length) {
    end(416);
    return;
  }
  const part = bytes.subarray(from, to + 1);
  response.writeHead(206, { ...headers, "Content-Range": `bytes ${from}-${to}/${bytes.length}` });
  response.end(packed(part));
}
