/** Files at addresses of the web, read in parts: the same in Node and in a page. */
import { VitrineError } from "../core/index.ts";
import { requestAddress } from "./address.ts";
import { openBlob, type RandomAccessFile, shortRead, targetBytes } from "./files.ts";

/** Time in which a server has to begin its answer, ms. */
const ANSWER_MS = 30_000;
/** Bytes of files that are kept for their next part, where their server gives no parts; and for how long, ms. */
const KEPT_BYTES = 2 ** 27;
const KEPT_MS = 60_000;

interface Kept {
  readonly blob: Blob;
  readonly at: number;
}

const kept = new Map<string, Kept>();

/**
 * Opens an address for reading in parts; one whose server knows no ranges is loaded whole.
 *
 * @throws {VitrineError} missing: the server does not know the address; storage: the server or network refused
 */
export async function openAddress(name: string): Promise<RandomAccessFile> {
  const known = keptBlob(name);
  if (known !== undefined) return wholeFile(known, name);
  const response = await request(name, { Range: "bytes=0-0" });
  const size = totalSize(response.headers.get("Content-Range"));
  // parts of what is packed on the way are no parts of the file
  const isPacked = !/^(identity)?$/i.test(response.headers.get("Content-Encoding") ?? "");
  if (response.status !== 206 || size === undefined || isPacked) {
    // what came with 200 is the whole file
    const isWhole = response.status !== 206;
    if (!isWhole) await response.body?.cancel();
    const blob = await toBlob(name)(isWhole ? response : await request(name));
    keepBlob(name, blob);
    return wholeFile(blob, name);
  }
  await response.body?.cancel();
  return {
    name,
    size,
    read: (offset, length, into) => readRange(name, offset, { length, into, size }),
    async close() {},
  };
}

/** Reads all that lies at an address. @throws {VitrineError} as {@link openAddress} */
export async function readAddress(name: string): Promise<Uint8Array> {
  return new Uint8Array(await (await request(name).then(toBlob(name))).arrayBuffer());
}

/** Whether the address answers. @throws {VitrineError} storage: the server or network refused */
export async function addressExists(name: string): Promise<boolean> {
  try {
    const response = await request(name, { Range: "bytes=0-0" });
    // a server without ranges would send all of it
    await response.body?.cancel();
    return true;
  } catch (error) {
    if (error instanceof VitrineError && error.code === "missing") return false;
    throw error;
  }
}

function wholeFile(blob: Blob, name: string): RandomAccessFile {
  const warning = `${name}: its server answers no ranges (HTTP Range); all ${blob.size} bytes were loaded`;
  return { ...openBlob(blob, name), warning };
}

function keptBlob(name: string): Blob | undefined {
  const known = kept.get(name);
  if (known === undefined || performance.now() - known.at > KEPT_MS) return undefined;
  return known.blob;
}

function keepBlob(name: string, blob: Blob): void {
  kept.delete(name);
  kept.set(name, { blob, at: performance.now() });
  let bytes = [...kept.values()].reduce((sum, one) => sum + one.blob.size, 0);
  for (const [oldest, one] of kept) {
    if (bytes <= KEPT_BYTES && performance.now() - one.at <= KEPT_MS) break;
    kept.delete(oldest);
    bytes -= one.blob.size;
  }
}

interface Range {
  readonly length: number;
  readonly size: number;
  readonly into: Uint8Array | undefined;
}

async function readRange(name: string, offset: number, { length, into, size }: Range): Promise<Uint8Array> {
  if (offset + length > size) throw shortRead(name, offset, { wanted: length, found: size - offset });
  const target = targetBytes(length, into, name);
  if (length === 0) return target;
  const response = await request(name, { Range: `bytes=${offset}-${offset + length - 1}` });
  const bytes = new Uint8Array(await (await toBlob(name)(response)).arrayBuffer());
  if (bytes.length !== length) throw shortRead(name, offset, { wanted: length, found: bytes.length });
  target.set(bytes);
  return target;
}

async function request(name: string, headers: Record<string, string> = {}): Promise<Response> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ANSWER_MS);
  try {
    // parts are those of the file as it is; a page may not ask for that, and browsers do by themselves
    const asked = headers.Range === undefined ? headers : { ...headers, "Accept-Encoding": "identity" };
    const response = await fetch(requestAddress(name), { headers: asked, signal: late.signal });
    // a file without a first byte is there
    if (response.ok || (response.status === 416 && headers.Range !== undefined)) return response;
    await response.body?.cancel();
    throw refused(name, response.status);
  } catch (cause) {
    if (cause instanceof VitrineError) throw cause;
    const found = late.signal.aborted ? `no answer within ${ANSWER_MS / 1000} s` : reasonOf(cause);
    throw unreachable(name, "storage", { found, cause, hint: CHECK });
  } finally {
    clearTimeout(timer);
  }
}

/** Node tells in the cause what failed, a browser nothing. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && cause.message !== "" ? cause.message : String(error);
}

const CHECK =
  "Check the address and the network; in a page of another origin, whether the server allows it (CORS)";
const HINTS: Readonly<Record<number, string>> = {
  401: "The server wants to know who asks: give an address that is signed, or a copy that may be read",
  403: "The server gives no permission: give an address that is signed (its query is sent with every part), or have what is not there answered by 404",
  404: "Check the address",
  410: "Check the address",
  429: "The server was asked too often: wait, or copy the files",
};

function refused(name: string, status: number): VitrineError {
  const code = status === 404 || status === 410 ? "missing" : "storage";
  const hint = HINTS[status] ?? (status >= 500 ? "The server failed: try again later" : "Check the address");
  return unreachable(name, code, { found: `HTTP status ${status}`, hint });
}

function unreachable(
  at: string,
  code: "missing" | "storage",
  { found, cause, hint }: { found: string; cause?: unknown; hint: string },
): VitrineError {
  return new VitrineError({ code, at, expected: "a readable file", found, hint }, { cause });
}

const toBlob = (name: string) => (response: Response) =>
  response.blob().catch((cause: unknown) => {
    throw unreachable(name, "storage", { found: String(cause), cause, hint: CHECK });
  });

function totalSize(contentRange: string | null): number | undefined {
  const total = /\/(\d+)$/.exec(contentRange ?? "")?.[1];
  return total === undefined ? undefined : Number(total);
}
