// Changes good files and gives them to parsers, in a process of its own with little memory.

import { type Random, seededRandom, VitrineError } from "../../src/core/index.ts";
import { peakMemoryMiB } from "../support/peakMemory.mjs";
import { largest } from "./allocations.ts";
import type { Target } from "./target.ts";

// a refusal is made in microseconds, its stack in many more: name a seed and raise this to see one
Error.stackTraceLimit = 0;

const seed = Number(process.argv[2] ?? 1);
/** Which part of the cases is tried. */
const share = Number(process.argv[3] ?? 1);
const random = seededRandom(seed);
const text = (content: string) => new TextEncoder().encode(content);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)];
const below = (end: number) => Math.floor(random.uniform() * end);

const NUMBERS = [
  0,
  1,
  -1,
  2,
  4,
  16,
  101,
  255,
  65535,
  2 ** 24,
  2 ** 31 - 1,
  -(2 ** 31),
  0x11110000,
  0x7f800000,
];
const PIECES = [
  "9",
  "99999999999",
  "-1",
  "(",
  ")",
  ",",
  "'",
  '"',
  "{",
  "}",
  "[",
  "]",
  "&x",
  "*x",
  "\n",
  ": ",
  "\0",
];

/** Half of all changes fall on the first or last bytes, where the headers are. */
function place(bytes: Uint8Array, random: Random): number {
  const zone = random.uniform();
  const near = Math.min(bytes.length, 260);
  if (zone < 0.4) return below(near);
  return zone < 0.6 ? bytes.length - 1 - below(near) : below(bytes.length);
}

const MUTATIONS: NonNullable<Target["changes"]> = [
  (bytes) => {
    bytes[place(bytes, random)] = below(256);
    return bytes;
  },
  (bytes) => {
    bytes[place(bytes, random)] ^= 1 << below(8);
    return bytes;
  },
  (bytes) => {
    const at = place(bytes, random) & ~3;
    if (at + 4 <= bytes.length)
      new DataView(bytes.buffer).setInt32(at, pick(NUMBERS), random.uniform() < 0.8);
    return bytes;
  },
  (bytes) => bytes.slice(0, below(bytes.length + 1)),
  (bytes) => joined(bytes, new Uint8Array(below(64))),
  (bytes) => {
    const at = place(bytes, random);
    return joined(bytes.subarray(0, at), text(pick(PIECES)), bytes.subarray(at + below(3)));
  },
  (bytes) => {
    const [from, to, length] = [below(bytes.length), below(bytes.length), below(16)];
    bytes.copyWithin(to, from, from + length);
    return bytes;
  },
];

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function mutated({ seeds, changes = [] }: Target): Uint8Array {
  let bytes: Uint8Array = pick(seeds).slice();
  const all = [...MUTATIONS, ...changes];
  for (let count = 1 + below(3); count > 0 && bytes.length > 0; count--) bytes = pick(all)(bytes, random);
  return bytes;
}

const report = {
  seed,
  cases: 0,
  each: {} as Record<string, { cases: number; ms: number }>,
  parsed: 0,
  refused: 0,
  slowestMs: 0,
  maxRssMiB: 0,
  faults: [] as string[],
};

function fail(name: string, bytes: Uint8Array, what: string): void {
  report.faults.push(`${name}: ${what}: ${Buffer.from(bytes).toString("base64").slice(0, 3000)}`);
}

async function run(name: string, target: Target): Promise<void> {
  const bytes = mutated(target);
  const first = await timed(name, bytes, target);
  // that the machine made this process wait is no fault of a parser: it is asked again, by the processor's clock
  const ms = first < SLOW_MS ? first : Math.min(first, await processorMs(() => timed(name, bytes, target)));
  report.slowestMs = Math.max(report.slowestMs, ms);
}

/** Gives a file to a parser; says how many milliseconds it took. */
async function timed(name: string, bytes: Uint8Array, { parse, most }: Target): Promise<number> {
  const allowed = most(bytes.length) + 4096;
  const kept = bytes.slice();
  largest.bytes = 0;
  const start = performance.now();
  try {
    const read = await parse(bytes);
    report.parsed++;
    if (read > allowed) fail(name, bytes, `${read} bytes read`);
  } catch (error) {
    report.refused++;
    if (!(error instanceof VitrineError))
      fail(name, bytes, error instanceof Error ? `${error.stack}` : String(error));
  }
  const ms = performance.now() - start;
  if (largest.bytes > allowed) fail(name, bytes, `${largest.bytes} bytes allocated, ${allowed} allowed`);
  if (Buffer.compare(kept, bytes) !== 0) fail(name, bytes, "the input was changed");
  return ms;
}

async function processorMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const SLOW_MS = 500;

/** Changes the good files of each parser, gives it what came of them, and prints a report. */
export async function fuzz(targets: Readonly<Record<string, Target>>): Promise<void> {
  for (const [name, target] of Object.entries(targets)) {
    const start = performance.now();
    const cases = Math.ceil(target.cases * share);
    for (let i = 0; i < cases && report.faults.length < 5; i++) await run(name, target);
    report.cases += cases;
    report.each[name] = { cases, ms: Math.round(performance.now() - start) };
  }
  report.maxRssMiB = peakMemoryMiB();
  console.log(JSON.stringify(report));
}
