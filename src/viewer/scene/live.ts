/** What changes on the server, told over one WebSocket, which comes back by itself when the server does. */

import { isExport } from "./exported.ts";

/** A value of a topic, with its bytes where it has some. */
export interface LiveValue {
  readonly value: unknown;
  readonly bytes?: ArrayBuffer;
  /** Where they begin: a multiple of 8. */
  readonly at?: number;
}

/** Who watches a topic. */
export interface Watcher {
  readonly topic: string;
  readonly query: Readonly<Record<string, string | number>>;
  /** The next value comes once what this returns has ended. */
  readonly onValue: (value: LiveValue) => void | Promise<void>;
  readonly onError: (message: string) => void;
  /** Whether the server is there. */
  readonly onLink?: (isThere: boolean) => void;
}

/** Time until the server is looked for again, ms. */
const AGAIN_MS = 700;

const watchers = new Map<number, Watcher>();
let socket: WebSocket | undefined;
let nextId = 1;

/** Watches a topic until the function that it returns is called; after the server's return, too. */
export function watch(watcher: Watcher): () => void {
  // nothing changes in files
  if (isExport()) return () => {};
  const id = nextId++;
  watchers.set(id, watcher);
  if (socket === undefined) connect();
  else if (socket.readyState === WebSocket.OPEN) begin(id, watcher);
  return () => {
    watchers.delete(id);
    say({ kind: "end", id });
    if (watchers.size === 0) socket?.close();
  };
}

function connect(): void {
  const url = new URL("api/live", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  const made = new WebSocket(url);
  made.binaryType = "arraybuffer";
  socket = made;
  made.addEventListener("open", () => {
    for (const [id, watcher] of watchers) begin(id, watcher);
  });
  made.addEventListener("message", ({ data }) => void take(data as string | ArrayBuffer));
  made.addEventListener("close", () => {
    socket = undefined;
    if (watchers.size === 0) return;
    for (const { onLink } of watchers.values()) onLink?.(false);
    setTimeout(() => {
      if (socket === undefined && watchers.size > 0) connect();
    }, AGAIN_MS);
  });
}

function begin(id: number, { topic, query, onLink }: Watcher): void {
  onLink?.(true);
  say({ kind: "watch", id, topic, query });
}

function say(message: object): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

async function take(data: string | ArrayBuffer): Promise<void> {
  const { head, bytes, at } = partsOf(data);
  const watcher = watchers.get(head.id);
  if (watcher === undefined) return;
  if (head.error !== undefined) return watcher.onError(head.error);
  await watcher.onValue({ value: head.value, ...(bytes && { bytes, at }) });
  say({ kind: "next", id: head.id });
}

interface Head {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** JSON, or its length, JSON and bytes from the next multiple of 8 on. */
function partsOf(data: string | ArrayBuffer) {
  if (typeof data === "string") return { head: JSON.parse(data) as Head };
  const length = new DataView(data).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(data, 4, length));
  return { head: JSON.parse(text) as Head, bytes: data, at: 8 * Math.ceil((4 + length) / 8) };
}
