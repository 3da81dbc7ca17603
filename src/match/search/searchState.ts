import { z } from "zod";
import { elementCount, type Shape2, VitrineError } from "../../core/index.ts";
import { openFile, type RandomAccessFile, writeFileAtomic } from "../../io/index.ts";
import { HIT_WORDS, Hits, type StatisticName } from "../kernels/index.ts";
import { choiceName } from "./choiceNames.ts";

/** Statistics of a search, wherever they lie; rows of (H', W') maps. */
export interface SearchStatistics {
  readonly shape: Shape2;
  /** Copies rows `firstRow`… of one statistic, as many as fit. */
  read(name: StatisticName, into: Float32Array | Int32Array | Float64Array, firstRow?: number): void;
  /** Correlations above a threshold, where the search keeps them. */
  readonly hits?: Hits | undefined;
}

/** What a state file says of itself. */
export interface StateHeader {
  /** See `searchFingerprint`. */
  readonly fingerprint: string;
  /** What decides the result, by name, so that what is another can be named; absent where it is long. */
  readonly choices?: Readonly<Record<string, string>> | undefined;
  /** What computed, see `kernelsOf`: statistics of two of them differ in last bits, and are never joined. */
  readonly kernels: string;
  readonly shape: Shape2;
  readonly blockCount: number;
  /** The range of blocks that the run is about, and the first that is not done yet. */
  readonly firstBlock: number;
  readonly nextBlock: number;
  readonly lastBlock: number;
  /** Of correlations above a threshold, where they are kept: what was asked for, and what there is. */
  readonly hits?: {
    readonly asked: number;
    readonly limit: number;
    readonly threshold: number;
    readonly count: number;
  };
}

const count = z.int().min(0);
const headerSchema = z.strictObject({
  fingerprint: z.string(),
  choices: z.record(z.string(), z.string()).optional(),
  kernels: z.string(),
  shape: z.tuple([z.int().min(1), z.int().min(1)]),
  blockCount: count,
  firstBlock: count,
  nextBlock: count,
  lastBlock: count,
  hits: z.strictObject({ asked: z.number(), limit: count, threshold: z.number(), count }).exactOptional(),
});

const MAGIC = "VITRINE SEARCH STATE 2\n";
const HEADER_BYTES = 4096;
const STATISTICS = ["maximum", "index", "sum", "squaredSum"] as const;
const BYTES: Record<StatisticName, number> = { maximum: 4, index: 4, sum: 8, squaredSum: 8 };
const ROWS_AT_ONCE = 128;

/** An array for values of one statistic. */
function statisticArray(name: StatisticName, length: number): Float32Array | Int32Array | Float64Array {
  if (name === "maximum") return new Float32Array(length);
  return name === "index" ? new Int32Array(length) : new Float64Array(length);
}

/** Visits all statistics in pieces of whole rows. */
function* pieces([height, width]: Shape2) {
  for (const name of STATISTICS) {
    for (let row = 0; row < height; row += ROWS_AT_ONCE) {
      const rows = Math.min(ROWS_AT_ONCE, height - row);
      yield { name, row, values: statisticArray(name, rows * width) };
    }
  }
}

function* stateBytes(header: StateHeader, statistics: SearchStatistics): Generator<Uint8Array> {
  const { hits } = statistics;
  const known = hits && {
    asked: hits.askedThreshold,
    limit: hits.limit,
    threshold: hits.threshold,
    count: hits.count,
  };
  const { hits: _, ...shared } = header; // of the run that this one continues
  const head = new Uint8Array(HEADER_BYTES);
  head.set(headerText({ ...shared, ...(known && { hits: known }) }));
  yield head;
  for (const { name, row, values } of pieces(header.shape)) {
    statistics.read(name, values, row);
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  }
  if (hits !== undefined && hits.count > 0) yield new Uint8Array(hits.sorted.buffer);
}

/** Without the choices where all of them do not fit. */
function headerText(header: StateHeader): Uint8Array {
  const text = new TextEncoder().encode(`${MAGIC}${JSON.stringify(header)}\n`);
  return text.length < HEADER_BYTES ? text : headerText({ ...header, choices: undefined });
}

/**
 * Writes the state of a search, whole or not at all, in place of an older one.
 *
 * The file: 4096 bytes with the line `VITRINE SEARCH STATE 2`, a line of JSON and zeros; then for (H', W') places float32
 * maxima, int32 indices, float64 sums and float64 sums of squares, little endian; then, where correlations are kept, of each int32
 * template, row and column and the float32 correlation, in this order.
 */
export async function writeSearchState(
  path: string,
  header: StateHeader,
  statistics: SearchStatistics,
): Promise<void> {
  await writeFileAtomic(path, stateBytes(header, statistics), { overwrite: true });
}

/** What a state must say of itself to be used; kernels where they are known already. */
export type ExpectedState = Pick<StateHeader, "fingerprint" | "blockCount" | "choices"> &
  Partial<Pick<StateHeader, "kernels">>;

/** A backend's name without its number of workers, which changes no bit: `wasm relaxed simd`. */
export function kernelsOf({ name }: { readonly name: string }): string {
  return name.replace(/,.*$/s, "");
}

/** An open state file. */
export interface StateFile {
  readonly name: string;
  readonly header: StateHeader;
  /** Hands all statistics on, in pieces of whole rows. */
  load(
    take: (name: StatisticName, values: Float32Array | Int32Array | Float64Array, row: number) => void,
  ): Promise<void>;
  /** Correlations that were kept. */
  hits(): Promise<Int32Array>;
}

/**
 * Opens the state file of a search for as long as `read` takes; what it returns.
 *
 * @throws {VitrineError} missing, storage; format: no state file, one that ends early, or one of another search
 */
export async function readSearchState<T>(
  path: string,
  expected: ExpectedState,
  read: (file: StateFile) => Promise<T>,
): Promise<T> {
  const file = await openFile(path);
  try {
    const header = await readHeader(file);
    requireSameSearch(path, header, expected);
    return await read({
      name: path,
      header,
      load: (take) => loadPieces(file, header, take),
      hits: () => loadHits(file, header),
    });
  } finally {
    await file.close();
  }
}

async function readHeader(file: RandomAccessFile): Promise<StateHeader> {
  const text = new TextDecoder().decode(await file.read(0, Math.min(HEADER_BYTES, file.size)));
  const [magic, json] = text.split("\n");
  if (`${magic}\n` !== MAGIC || json === undefined) {
    throw stateError(file.name, "a search state of this version", JSON.stringify(magic.slice(0, 40)));
  }
  const header = parseHeader(json, file.name);
  const size = hitsOffset(header) + 4 * HIT_WORDS * (header.hits?.count ?? 0);
  if (file.size !== size) throw stateError(file.name, `${size} bytes`, `${file.size}`);
  return header;
}

/** Where kept correlations begin. */
function hitsOffset({ shape }: StateHeader): number {
  return HEADER_BYTES + elementCount(shape) * STATISTICS.reduce((sum, name) => sum + BYTES[name], 0);
}

async function loadHits(file: RandomAccessFile, header: StateHeader): Promise<Int32Array> {
  const records = new Int32Array(HIT_WORDS * (header.hits?.count ?? 0));
  if (records.length > 0)
    await file.read(hitsOffset(header), records.byteLength, new Uint8Array(records.buffer));
  return records;
}

function parseHeader(json: string, at: string): StateHeader {
  const found = json.slice(0, 40).split("\0")[0];
  try {
    const result = headerSchema.safeParse(JSON.parse(json));
    if (result.success) return result.data;
  } catch {
    // no JSON: told below
  }
  throw stateError(`${at} header`, "a search state's header", JSON.stringify(found));
}

function stateError(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found, hint: "Remove the file and start again" });
}

async function loadPieces(
  file: RandomAccessFile,
  { shape }: StateHeader,
  take: Parameters<StateFile["load"]>[0],
): Promise<void> {
  let offset = HEADER_BYTES;
  for (const { name, row, values } of pieces(shape)) {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    await file.read(offset, bytes.length, bytes);
    take(name, values, row);
    offset += bytes.length;
  }
}

function requireSameSearch(name: string, header: StateHeader, expected: ExpectedState): void {
  requireSameKernels(name, header, expected);
  if (header.fingerprint === expected.fingerprint && header.blockCount === expected.blockCount) return;
  const other = changedChoices(header, expected);
  const told = (side: 0 | 1, hash: string) =>
    other.map(({ key, values }) => `${choiceName(key)} ${values[side]}`).join(", ") ||
    `${hash.slice(0, 12)}…`;
  throw new VitrineError({
    code: "format",
    at: `${name} fingerprint`,
    expected: `that of this configuration and these inputs (${told(1, expected.fingerprint)})`,
    found: told(0, header.fingerprint),
    hint: "It belongs to another search: restore configuration, options and inputs, or remove the file",
  });
}

/** Most changes that a message names. */
const MOST_NAMED = 4;

/** What a state was made with and what is asked for now, where both are known and differ. */
function changedChoices({ choices: old = {} }: StateHeader, { choices: now = {} }: ExpectedState) {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  if (Object.keys(old).length === 0 || Object.keys(now).length === 0) return [];
  return keys
    .filter((key) => old[key] !== now[key])
    .slice(0, MOST_NAMED)
    .map((key) => ({ key, values: [old[key] ?? "none", now[key] ?? "none"] as const }));
}

function requireSameKernels(at: string, { kernels: found }: StateHeader, { kernels }: ExpectedState): void {
  if (kernels === undefined || found === kernels) return;
  throw new VitrineError({
    code: "format",
    at: `${at} kernels`,
    expected: kernels,
    found,
    hint: "They round differently: go on where it was begun, or search again with --overwrite",
  });
}

/** Statistics in memory, to which those of parts are added. */
export class MergedStatistics implements SearchStatistics {
  readonly shape: Shape2;
  #hits: Hits | undefined;
  readonly #values: Record<StatisticName, Float32Array | Int32Array | Float64Array>;

  constructor(shape: Shape2) {
    const count = elementCount(shape);
    this.shape = shape;
    this.#values = {
      maximum: new Float32Array(count).fill(Number.NEGATIVE_INFINITY),
      index: new Int32Array(count).fill(-1),
      sum: new Float64Array(count),
      squaredSum: new Float64Array(count),
    };
  }

  get hits(): Hits | undefined {
    return this.#hits;
  }

  read(name: StatisticName, into: Float32Array | Int32Array | Float64Array, firstRow = 0): void {
    const at = firstRow * this.shape[1];
    into.set(this.#values[name].subarray(at, at + into.length));
  }

  /** Adds a part: the larger maximum, of equal ones that of the lower index; sums are added, and kept correlations. */
  async add(file: StateFile): Promise<void> {
    const { hits } = file.header;
    if (hits !== undefined) {
      this.#hits ??= new Hits({ threshold: hits.asked, limit: hits.limit });
      this.#hits.add(await file.hits(), hits.threshold);
    }
    const wins = new Uint8Array(elementCount(this.shape));
    await file.load((name, values, row) => {
      const first = row * this.shape[1];
      if (name === "maximum") this.#compare(values, wins.subarray(first, first + values.length), first);
      else if (name === "index") this.#takeIndices(values, wins, first);
      else for (let i = 0; i < values.length; i++) this.#values[name][first + i] += values[i];
    });
  }

  /** 1: larger, 2: equal. */
  #compare(values: Float32Array | Int32Array | Float64Array, wins: Uint8Array, first: number): void {
    const { maximum } = this.#values;
    for (let i = 0; i < values.length; i++) {
      const old = maximum[first + i];
      wins[i] = values[i] > old ? 1 : values[i] === old ? 2 : 0;
      if (wins[i] === 1) maximum[first + i] = values[i];
    }
  }

  #takeIndices(values: Float32Array | Int32Array | Float64Array, wins: Uint8Array, first: number): void {
    const { index } = this.#values;
    for (let i = 0; i < values.length; i++) {
      const at = first + i;
      if (wins[at] === 1 || (wins[at] === 2 && values[i] >= 0 && (index[at] < 0 || values[i] < index[at]))) {
        index[at] = values[i];
      }
    }
  }
}
