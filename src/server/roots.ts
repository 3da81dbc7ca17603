/** What is served: nothing outside these paths is ever read for a request. */
import { realpath, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { withOpenPaths } from "../core/index.node.ts";
import { VitrineError } from "../core/index.ts";
import { folderAddress, isWebAddress, openImages } from "../io/index.ts";

/** A path that was named on the command line, as addresses call it. */
export interface ServedRoot {
  /** First part of addresses; no two roots have the same. */
  readonly name: string;
  /** Links followed; or an address of the web without its query. */
  readonly path: string;
  readonly isFolder: boolean;
}

/** Before an address of the web that a person opened in the page: the rest is the address, percent-encoded. */
const WEB = "@";

/** The roots of a server, and the one way from an address to a path. */
export interface Roots {
  readonly list: readonly ServedRoot[];
  /**
   * The path that an address names, links followed.
   *
   * @param at  `ROOT/folder/file`, separated by slashes
   * @throws {VitrineError} missing: no such root or file, a way out of the root, or a link that leads out of it: nobody learns which
   */
  resolve(at: string): Promise<string>;
  /**
   * Runs the task of a request: whatever files name, io, jobs and experiments open nothing for it that lies out of the roots.
   *
   * @throws whatever the task throws; what it would have opened is {@link VitrineError} storage
   */
  within<T>(task: () => Promise<T>): Promise<T>;
  /**
   * Serves an OME-Zarr, or another image, at an address of the web, until the server ends.
   *
   * @returns  the address by which pages call it
   * @throws {VitrineError} format: no address; missing, storage: it does not answer; unsupported: no image
   */
  openWeb(address: string): Promise<string>;
  /** Whether a path, links followed, lies below a root; or an address of the web. */
  has(real: string): boolean;
  /** How addresses call a path that was named; null for any other. */
  addressOf(path: string | null): string | null;
  /** The address of what lies below a root, links followed; null for any other. */
  addressWithin(real: string): string | null;
  /** A text in which paths of this machine are written as addresses. */
  withoutPaths(text: string): string;
}

/**
 * Looks at the paths that are to be served.
 *
 * @throws {VitrineError} missing: one of them is not there
 */
export async function openRoots(paths: readonly string[]): Promise<Roots> {
  const list: ServedRoot[] = [];
  for (const path of paths) list.push(await openRoot(path, list));
  /** What was opened in pages; not listed. */
  const opened = new Map<string, ServedRoot>();
  const has = (real: string) => [...list, ...opened.values()].some((root) => isBelow(root, real));
  const openWeb = async (address: string) => {
    const root = await webRoot(address);
    const at = WEB + encodeURIComponent(address);
    opened.set(at, { ...root, name: at });
    return at;
  };
  return {
    list,
    has,
    openWeb,
    within: (task) => withOpenPaths(has, task),
    resolve: async (at) => opened.get(at)?.path ?? resolveWithin(list, at),
    addressOf: (path) => list.find((root) => path !== null && root.path === resolve(path))?.name ?? null,
    addressWithin: (real) => addressWithin(list, real),
    withoutPaths: (text) =>
      list
        .filter(({ path }) => !isWebAddress(path))
        .sort((a, b) => b.path.length - a.path.length)
        .reduce((said, { path, name }) => said.replaceAll(path, name), text),
  };
}

/** An address that answers, and is an image. @throws {VitrineError} as `openWeb` */
async function webRoot(address: string): Promise<ServedRoot> {
  if (!isWebAddress(address) || !URL.canParse(address))
    throw new VitrineError({
      code: "format",
      at: address.slice(0, 200),
      expected: "an address that begins with http:// or https://",
      found: "something else",
      hint: "Copy the whole address of the OME-Zarr's folder",
    });
  const path = folderAddress(address);
  await using _ = await withOpenPaths(
    () => true,
    () => openImages(path),
  );
  return { name: nameOfAddress(path), path, isFolder: true };
}

function nameOfAddress(path: string): string {
  const last = new URL(path).pathname.split("/").at(-1) ?? "";
  return decodeURIComponent(last).replaceAll("/", "_") || new URL(path).host;
}

async function openRoot(path: string, others: readonly ServedRoot[]): Promise<ServedRoot> {
  if (isWebAddress(path)) {
    const root = await webRoot(path);
    return { ...root, name: freeName(root.name, others) };
  }
  const real = await realpath(resolve(path)).catch((cause) => {
    const fault = {
      code: "missing",
      at: path,
      expected: "a file or folder to serve",
      found: "none",
    } as const;
    throw new VitrineError({ ...fault, hint: "Check the path" }, { cause });
  });
  const name = freeName(basename(resolve(path)) || "root", others);
  return { name, path: real, isFolder: (await stat(real)).isDirectory() };
}

function freeName(wished: string, others: readonly ServedRoot[]): string {
  const isFree = (name: string) => !others.some((other) => other.name === name);
  let name = wished;
  for (let count = 2; !isFree(name); count++) name = `${wished}-${count}`;
  return name;
}

async function resolveWithin(roots: readonly ServedRoot[], at: string): Promise<string> {
  const [name, ...parts] = at.replace(/\/$/, "").split("/");
  const root = roots.find((candidate) => candidate.name === name);
  if (root === undefined || !parts.every(isPlainName)) throw nothingAt(at);
  if (parts.length > 0 && (!root.isFolder || isWebAddress(root.path))) throw nothingAt(at);
  if (isWebAddress(root.path)) return root.path;
  // a name that is too long, or that the system does not take, is a name of nothing
  const real = await realpath(join(root.path, ...parts)).catch((cause) => {
    throw nothingAt(at, cause);
  });
  if (isBelow(root, real)) return real;
  throw nothingAt(at);
}

function addressWithin(roots: readonly ServedRoot[], real: string): string | null {
  const root = roots.find((candidate) => isBelow(candidate, real));
  if (root === undefined) return null;
  return [
    root.name,
    ...real
      .slice(root.path.length)
      .split(sep)
      .filter((part) => part !== ""),
  ].join("/");
}

function isBelow({ path }: ServedRoot, real: string): boolean {
  if (isWebAddress(path)) return real === path || real.startsWith(`${path}/`);
  return real === path || real.startsWith(path.endsWith(sep) ? path : path + sep);
}

/** No step up, no empty step, nothing that a system reads as a separator, a drive, a stream or an end. */
function isPlainName(part: string): boolean {
  if (part === "" || part === "." || part === ".." || part.includes("\0")) return false;
  return sep === "/" || !/[\\:]/.test(part);
}

function nothingAt(at: string, cause?: unknown): VitrineError {
  const fault = { code: "missing", at, expected: "a file or folder that is served", found: "none" } as const;
  return new VitrineError(fault, { cause });
}
