/** The server: fastify with the guard before every route. */
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fastifyStatic from "@fastify/static";
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../core/index.ts";
import { fileExists, isWebAddress } from "../io/index.ts";
import { addressRoutes, browseRoutes } from "./browse.ts";
import { objectRoutes } from "./experiments/objectRoutes.ts";
import { OpenExperiments } from "./experiments/openExperiments.ts";
import { renameRoutes } from "./experiments/renameRoutes.ts";
import { experimentRoutes } from "./experiments/routes.ts";
import { siteRoutes } from "./experiments/siteRoutes.ts";
import { failureOf } from "./faults.ts";
import { cookieOf, isLoopback, isSameSecret, newToken, refusalOf, SECURITY_HEADERS } from "./guard.ts";
import { OpenImages } from "./images/openImages.ts";
import { imageRoutes } from "./images/routes.ts";
import { jobRoutes } from "./jobs/routes.ts";
import { JobStarter } from "./jobs/start.ts";
import { jobTopics } from "./jobs/topics.ts";
import { LIVE_AT, type LiveFeed, liveRoutes, liveTopics } from "./live/feed.ts";
import { addSocket } from "./live/socket.ts";
import { ImageObjects } from "./objects/imageObjects.ts";
import { imageObjectRoutes, imageObjectTopics } from "./objects/routes.ts";
import { describeRoutes } from "./openApi.ts";
import { readOnly } from "./readOnly.ts";
import { likelihoodRoutes } from "./results/likelihood/routes.ts";
import { OpenSearches } from "./results/match/openSearches.ts";
import { matchRoutes } from "./results/match/routes.ts";
import { RequestPool } from "./results/pool.ts";
import { subtomogramRoutes } from "./results/subtomogram/routes.ts";
import { openRoots, type Roots } from "./roots.ts";
import { type AnyRoute, answerBody, etagOf } from "./route.ts";
import { checkedToken, keptToken } from "./token.ts";
import { tourRoutes } from "./tour.ts";

const SERVER_KEYS: OptionKeys<ServerOptions> = {
  host: true,
  port: true,
  databaseUrl: true,
  requestTimeoutMs: true,
  token: true,
  tokenFile: true,
  isReadOnly: true,
  objects: true,
  live: true,
  onError: true,
};

/** Options of {@link startServer}. */
export interface ServerOptions {
  /** Name or address that is listened on (default 127.0.0.1); any that other machines reach demands a token. */
  readonly host?: string;
  /** Default 0: one that is free. */
  readonly port?: number;
  /** Of experiments on a PostgreSQL server. */
  readonly databaseUrl?: string;
  /** Time in which a request has to be there as a whole (default 10 s), ms. */
  readonly requestTimeoutMs?: number;
  /** Where one is demanded; default a new one. */
  readonly token?: string;
  /** File that keeps the token, mode 600, made where it is missing: open pages go on after another start with the same. */
  readonly tokenFile?: string;
  /** Changes nothing, whatever pages ask for; annotations last until it ends. */
  readonly isReadOnly?: boolean;
  /** A table (CSV or Parquet) with features of labels, which is served, too: label images begin coloured by it. */
  readonly objects?: string;
  /** An acquisition that pages watch. */
  readonly live?: LiveFeed;
  /** Failures of the server itself, which requests are not told. */
  readonly onError?: (error: unknown) => void;
}

/** A server that runs. Whoever started it closes it. */
export interface Server extends AsyncDisposable {
  /** To open in a browser, with the token where there is one. */
  readonly address: string;
  readonly host: string;
  readonly port: number;
  /** Where one is demanded. */
  readonly token?: string;
  /** First parts of addresses: what is served. */
  readonly roots: readonly string[];
  close(): Promise<void>;
}

const BODY_BYTES = 2 ** 16;
const HEADER_BYTES = 2 ** 14;
/** Longest time of something that is started, ms. */
const ACTION_MS = 60_000;
/** Where the built page lies, beside the built server or, from the sources, in dist; only what is built has `assets`. */
const HERE = dirname(fileURLToPath(import.meta.url));
const PAGES = [join(HERE, "../viewer"), join(HERE, "../../dist/viewer")];

/**
 * Serves files, folders and experiments, with the page that shows them. Nothing outside the given paths is read for a request; links that
 * lead out of them are not followed. Nothing is changed but what a person does in the page: starts the step of an experiment, draws, changes and
 * classifies its map objects.
 *
 * @param paths  files and folders
 * @throws {VitrineError} missing: one of the paths; busy: a port that is taken; storage: an address that is none of this machine's, a
 *   token's file that others may read; format: a token that is none
 */
export async function startServer(paths: readonly string[], options: ServerOptions = {}): Promise<Server> {
  requireKnownOptions("startServer", options, SERVER_KEYS);
  const { host = "127.0.0.1", port = 0, databaseUrl, live } = options;
  const { isReadOnly = false, objects: table } = options;
  const roots = await openRoots(table === undefined ? paths : [...paths, table]);
  const token = isLoopback(host) ? undefined : await tokenOf(options);
  const images = new OpenImages();
  const experiments = new OpenExperiments(databaseUrl);
  const pool = new RequestPool();
  const searches = new OpenSearches(pool);
  const { onError = () => {} } = options;
  const starter = new JobStarter(roots, { onError, ...(databaseUrl !== undefined && { databaseUrl }) });
  const app = createApp({ host, ...(token !== undefined && { token }), options, roots });
  const objects = new ImageObjects({ roots, images, isReadOnly });
  const tools = { roots, experiments, objects, isReadOnly };
  const firstTable = roots.addressOf(table ?? null);
  const routes = [
    ...browseRoutes(roots, live !== undefined),
    ...addressRoutes(roots, token === undefined),
    ...imageRoutes({ roots, images }),
    ...experimentRoutes(tools),
    ...objectRoutes(tools),
    ...imageObjectRoutes({ ...tools, images, firstTable }),
    ...siteRoutes(tools),
    ...renameRoutes(tools),
    ...matchRoutes({ roots, images, searches }),
    ...subtomogramRoutes({ roots, images, pool }),
    ...likelihoodRoutes(roots),
    ...jobRoutes(roots, starter),
    ...tourRoutes(roots),
    ...(live === undefined ? [] : liveRoutes(live)),
  ];
  const topics = [
    ...jobTopics(roots, starter),
    ...imageObjectTopics(tools),
    ...(live === undefined ? [] : liveTopics(live, roots.addressOf)),
  ];
  await addSocket(app, { roots, topics, onError });
  for (const each of routes)
    addRoute(app, isReadOnly && each.method === "post" && !each.isSafe ? refusing(each) : each, roots);
  addDescription(app, routes);
  addFiles(app, roots);
  await addPage(app);
  await app.listen({ host, port }).catch((cause) => {
    throw notListening(host, port, cause);
  });
  const own = (app.server.address() as AddressInfo).port;
  const close = async () => {
    await app.close();
    await objects[Symbol.asyncDispose]();
    await images[Symbol.asyncDispose]();
    await experiments[Symbol.asyncDispose]();
    await searches[Symbol.asyncDispose]();
    await pool[Symbol.asyncDispose]();
  };
  return {
    address: `${addressOf(host, own, token)}${live === undefined ? "" : `#at=${LIVE_AT}`}`,
    host,
    port: own,
    ...(token !== undefined && { token }),
    roots: roots.list.map(({ name }) => name),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function tokenOf({ token, tokenFile }: ServerOptions): Promise<string> {
  if (token !== undefined) return checkedToken(token, "startServer token");
  return tokenFile === undefined ? newToken() : keptToken(tokenFile);
}

function notListening(host: string, port: number, cause: unknown): VitrineError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const at = `${host}:${port}`;
  if (code === "EADDRINUSE") {
    const hint = "Choose another port, or end the program that has it";
    return new VitrineError(
      { code: "busy", at, expected: "a port that is free", found: "one in use", hint },
      { cause },
    );
  }
  const expected = "a name or address of this machine, and a port that may be used";
  const [found, hint] = NOT_LISTENING[code] ?? [code, "Choose another address or port"];
  return new VitrineError({ code: "storage", at, expected, found, hint }, { cause });
}

/** What the system says of an address, in words, and what to do. */
const NOT_LISTENING: Readonly<Record<string, readonly [found: string, hint: string]>> = {
  EADDRNOTAVAIL: ["an address that is not this machine's", "Give 127.0.0.1, or 0.0.0.0 for all that it has"],
  ENOTFOUND: ["a name without an address", "Give 127.0.0.1, or 0.0.0.0 for all addresses of this machine"],
  EAI_AGAIN: [
    "a name whose address nobody tells",
    "Give 127.0.0.1, or 0.0.0.0 for all addresses of this machine",
  ],
  EACCES: ["no permission to use the port", "Choose one from 1024 up"],
};

interface AppParts {
  readonly host: string;
  readonly token?: string;
  readonly options: ServerOptions;
  readonly roots: Roots;
}

function createApp({ host, token, options, roots }: AppParts): FastifyInstance {
  const { requestTimeoutMs = 10_000, onError = () => {} } = options;
  const app = Fastify({
    bodyLimit: BODY_BYTES,
    requestTimeout: requestTimeoutMs,
    http: {
      maxHeaderSize: HEADER_BYTES,
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
    },
    forceCloseConnections: true,
    exposeHeadRoutes: true,
    // what the router cannot read is a wrong request
    frameworkErrors: (error, _request, reply) => void sendFailure(reply, error),
  });
  const sendFailure = (reply: FastifyReply, error: unknown) => {
    const { status, body } = failureOf(error, roots.withoutPaths);
    if (status >= 500) onError(error);
    return reply.code(status).headers(SECURITY_HEADERS).send(body);
  };
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(SECURITY_HEADERS);
    if (token !== undefined && isEntry(request, token)) {
      return reply.header("Set-Cookie", cookieOf(token, request.headers)).redirect("/", 303);
    }
    const refusal = refusalOf(request.headers, { host, ...(token !== undefined && { token }) });
    if (refusal !== undefined)
      return reply.code(refusal.status).send({ error: refusal.error, code: "refused" });
  });
  // a form of another site can send text, but no JSON
  app.removeContentTypeParser("text/plain");
  app.setErrorHandler((error, _request, reply) => sendFailure(reply, error));
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: "Nothing has this address", code: "missing" }),
  );
  return app;
}

/** Whether a browser opens the address that was printed. */
function isEntry({ method, url }: FastifyRequest, token: string): boolean {
  if (method !== "GET" || !url.startsWith("/?token=")) return false;
  const given = new URLSearchParams(url.slice(2)).get("token") ?? "";
  return isSameSecret(given, token);
}

/** A route that changes something, on a server that changes nothing. */
function refusing(route: AnyRoute): AnyRoute {
  return {
    ...route,
    async answer() {
      throw readOnly(route.path);
    },
  };
}

/** Answers with a tag of the content, and without it where the browser has that. */
function addRoute(app: FastifyInstance, { path, method, bodyBytes, answer }: AnyRoute, roots: Roots): void {
  if (method === "post") {
    app.post(`/api/${path}`, { bodyLimit: bodyBytes ?? BODY_BYTES }, async ({ body }, reply) => {
      const done = await roots.within(() => answer(body, AbortSignal.timeout(ACTION_MS)));
      return reply
        .header("Cache-Control", "no-store")
        .type(done.type)
        .send(await answerBody(done));
    });
    return;
  }
  app.get(`/api/${path}`, async (request, reply) => {
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    return roots.within(async () => {
      const made = await answer(request.query, gone.signal);
      // a tag that is of the content needs it, known or not
      const content = made.etag === undefined ? await answerBody(made) : undefined;
      const etag = made.etag ?? etagOf(content!);
      reply.headers({ ...made.headers, ETag: etag, "Cache-Control": "private, no-cache" });
      if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) return reply.code(304).send();
      return reply.type(made.type).send(content ?? (await answerBody(made)));
    });
  });
}

function addDescription(app: FastifyInstance, routes: readonly AnyRoute[]): void {
  const { version } = createRequire(import.meta.url)("../../package.json") as { version: string };
  const description = describeRoutes(routes, version);
  app.get("/api/openapi.json", async () => description);
}

/** Files as they are, whole or in parts: what zarrita, geotiff and pmtiles read in a page. */
function addFiles(app: FastifyInstance, roots: Roots): void {
  // every call names a folder of its own
  app.register(fastifyStatic, {
    root: HERE,
    serve: false,
    dotfiles: "allow",
  });
  app.get("/files/*", async (request, reply) => {
    const { "*": at } = request.params as { readonly "*": string };
    const path = await roots.resolve(at);
    if (isWebAddress(path))
      return reply.code(404).send({ error: `${at} lies at its own address`, code: "missing" });
    reply.header("Content-Disposition", "attachment");
    return reply.sendFile(basename(path), dirname(path), {
      cacheControl: false,
      serveDotFiles: true,
      contentType: false,
    });
  });
}

/** Where the built page lies; undefined: it is not built. */
export async function builtPage(): Promise<string | undefined> {
  const folders = await Promise.all(PAGES.map(async (path) => (await fileExists(`${path}/assets`)) && path));
  return folders.find((path) => path !== false) || undefined;
}

/** The page, at every address that is no other thing's. */
async function addPage(app: FastifyInstance): Promise<void> {
  const folder = await builtPage();
  if (folder === undefined) {
    const text = "The page is not built. Run: npm run build\n";
    app.get("/", async (_request, reply) => reply.code(503).type("text/plain; charset=utf-8").send(text));
    return;
  }
  app.register(fastifyStatic, { root: folder, decorateReply: false, wildcard: true });
}

function addressOf(host: string, port: number, token: string | undefined): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}/${token === undefined ? "" : `?token=${token}`}`;
}
