/** The WebSocket of pages: they name topics, and get each value when they have taken the one before it. */
import type { Duplex } from "node:stream";
import fastifyWebsocket, { type WebSocket } from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { failureOf } from "../faults.ts";
import type { Roots } from "../roots.ts";
import type { AnyTopic, TopicValue } from "./topic.ts";

/** Bytes of a frame that a page sends at most. */
const FRAME_BYTES = 2 ** 13;
/** Topics that one page watches at once. */
const MOST_WATCHED = 64;
/** Pages at once: each holds what it watches. */
const MOST_SOCKETS = 64;

/** Codes of RFC 6455 with which a connection ends. */
const CLOSE = { invalid: 1007, refused: 1008, busy: 1013 } as const;

const ID = z
  .int()
  .min(0)
  .max(2 ** 31);

/** What a page sends. `next`: it took the last value of a topic. */
const MESSAGE = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("watch"),
    id: ID,
    topic: z.string().max(40),
    query: z.record(z.string().max(40), z.union([z.string().max(4096), z.number()])),
  }),
  z.strictObject({ kind: z.literal("next"), id: ID }),
  z.strictObject({ kind: z.literal("end"), id: ID }),
]);

/** What the socket stands on. */
export interface SocketTools {
  readonly roots: Roots;
  readonly topics: readonly AnyTopic[];
  /** Failures of the server itself. */
  readonly onError: (error: unknown) => void;
}

/**
 * Adds `/api/live`. The guard has looked at the request before: its origin, its token, its name. A frame that is too large, no JSON or no
 * message ends the connection with the code of RFC 6455 that says so.
 */
export async function addSocket(app: FastifyInstance, tools: SocketTools): Promise<void> {
  // nobody else ends these: one that was refused stays open, a page need not answer to a goodbye
  const upgraded = new Set<Duplex>();
  app.server.on("upgrade", (_request, stream: Duplex) => {
    upgraded.add(stream);
    stream.once("close", () => upgraded.delete(stream));
  });
  app.addHook("onResponse", async ({ raw }) => {
    if (upgraded.has(raw.socket)) raw.socket.end();
  });
  await app.register(fastifyWebsocket, {
    options: { maxPayload: FRAME_BYTES, perMessageDeflate: false },
    preClose: (done) => {
      for (const each of upgraded) each.destroy();
      done();
    },
  });
  let open = 0;
  app.get("/api/live", { websocket: true }, (socket) => {
    if (open >= MOST_SOCKETS) {
      socket.close(CLOSE.busy, "too many pages");
      return;
    }
    open++;
    const page = new Page(socket, tools);
    socket.on("message", (data, isBinary) => page.take(isBinary ? undefined : String(data)));
    socket.on("error", () => {}); // what ws finds wrong with a frame: it closes the connection with the code for it
    socket.on("close", () => {
      open--;
      page.close();
    });
  });
}

/** A topic that is watched. */
interface Watched {
  readonly gone: AbortController;
  /** Lets the next value be read. */
  go: () => void;
}

/** One connection. */
class Page {
  readonly #socket: WebSocket;
  readonly #tools: SocketTools;
  readonly #watched = new Map<number, Watched>();

  constructor(socket: WebSocket, tools: SocketTools) {
    this.#socket = socket;
    this.#tools = tools;
  }

  /** @param text  of a frame; undefined: one of bytes, which pages do not send */
  take(text: string | undefined): void {
    const message = text === undefined ? undefined : parseMessage(text);
    if (message === undefined) this.#socket.close(CLOSE.invalid, "no message that is known");
    else if (message.kind === "next") this.#watched.get(message.id)?.go();
    else if (message.kind === "end") this.#end(message.id);
    else if (this.#watched.size >= MOST_WATCHED || this.#watched.has(message.id))
      this.#socket.close(CLOSE.refused, "too many topics, or a number twice");
    else void this.#tools.roots.within(() => this.#watch(message.id, message.topic, message.query));
  }

  #end(id: number): void {
    const watched = this.#watched.get(id);
    this.#watched.delete(id);
    watched?.gone.abort();
    watched?.go();
  }

  close(): void {
    for (const id of [...this.#watched.keys()]) this.#end(id);
  }

  async #watch(id: number, name: string, query: unknown): Promise<void> {
    const gone = new AbortController();
    const watched: Watched = { gone, go: () => {} };
    this.#watched.set(id, watched);
    try {
      const topic = this.#tools.topics.find((candidate) => candidate.name === name);
      if (topic === undefined) throw noTopic(name, this.#tools.topics);
      for await (const value of topic.values(query, gone.signal)) {
        if (gone.signal.aborted) return;
        const taken = new Promise<void>((resolve) => {
          watched.go = resolve;
        });
        this.#send(id, value);
        await taken;
        if (gone.signal.aborted) return;
      }
    } catch (error) {
      if (!gone.signal.aborted) this.#fail(id, error);
    }
    if (this.#watched.get(id) === watched) this.#watched.delete(id);
  }

  #send(id: number, { json, bytes }: TopicValue): void {
    const text = JSON.stringify({ id, value: json });
    this.#socket.send(bytes === undefined ? text : withBytes(text, bytes));
  }

  #fail(id: number, error: unknown): void {
    const { status, body } = failureOf(error, this.#tools.roots.withoutPaths);
    if (status >= 500) this.#tools.onError(error);
    this.#socket.send(JSON.stringify({ id, ...body }));
  }
}

function parseMessage(text: string) {
  try {
    return MESSAGE.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no JSON
  }
}

/** Length of the text in UTF-8 (4 bytes, little-endian), the text filled up to a multiple of 8, the bytes. */
function withBytes(text: string, bytes: Uint8Array): Buffer {
  const head = Buffer.from(text);
  const start = 8 * Math.ceil((4 + head.length) / 8);
  const frame = Buffer.alloc(start + bytes.length);
  frame.writeUInt32LE(head.length);
  head.copy(frame, 4);
  frame.set(bytes, start);
  return frame;
}

function noTopic(found: string, topics: readonly AnyTopic[]): VitrineError {
  const expected = `one of ${topics.map(({ name }) => name).join(", ")}`;
  return new VitrineError({ code: "missing", at: "topic", expected, found });
}
