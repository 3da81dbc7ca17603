/** Where rings meet themselves or one another. */
import { orient2d } from "robust-predicates";
import type { Ring } from "./shape.ts";

/** Two edges that have something in common that they should not. */
export interface Contact {
  /** Of one ring, or of two. */
  readonly isOneRing: boolean;
  readonly kind: "touch" | "cross" | "overlap";
  /** An end of one of them. */
  readonly x: number;
  readonly y: number;
}

/** What is looked for. */
export interface ContactRules {
  /** Whether a corner of one ring may lie on an edge of another; corners of two rings may always meet. */
  readonly mayTouch: boolean;
}

/** From so many edges on they are sorted, so that only those are compared that overlap in x. */
const SORTED = 128;

/** The first contact of rings that is not allowed. A ring may meet itself nowhere, but for edges that follow one another. */
export function findContact(rings: readonly Ring[], { mayTouch }: ContactRules): Contact | undefined {
  const edges = edgesOf(rings);
  const pair = edges.count < SORTED ? anyPair(edges, mayTouch) : sortedPair(edges, mayTouch);
  if (pair === undefined) return undefined;
  const [a, b] = pair;
  const kind = contactOf(edges.ends, a, b);
  return {
    isOneRing: edges.ring[a] === edges.ring[b],
    kind: kind === CROSS ? "cross" : kind === OVERLAP ? "overlap" : "touch",
    x: edges.ends[4 * b],
    y: edges.ends[4 * b + 1],
  };
}

type Pair = readonly [number, number] | undefined;

function anyPair(edges: Edges, mayTouch: boolean): Pair {
  for (let a = 0; a < edges.count; a++)
    for (let b = a + 1; b < edges.count; b++) if (isRefused(edges, a, b) > (mayTouch ? 1 : 0)) return [a, b];
  return undefined;
}

function sortedPair(edges: Edges, mayTouch: boolean): Pair {
  const { ends } = edges;
  const left = (e: number) => Math.min(ends[4 * e], ends[4 * e + 2]);
  const right = (e: number) => Math.max(ends[4 * e], ends[4 * e + 2]);
  const order = Array.from({ length: edges.count }, (_, e) => e).sort((a, b) => left(a) - left(b));
  for (let i = 0; i < order.length; i++) {
    const end = right(order[i]);
    for (let k = i + 1; k < order.length && left(order[k]) <= end; k++)
      if (isRefused(edges, order[i], order[k]) > (mayTouch ? 1 : 0)) return [order[i], order[k]];
  }
  return undefined;
}

/** Edges of rings, without those of no length. */
interface Edges {
  readonly count: number;
  /** Four numbers an edge: from x, y to x, y. */
  readonly ends: Float64Array;
  /** Which ring each is of, the one before it and the one after it. */
  readonly ring: Int32Array;
  readonly before: Int32Array;
  readonly after: Int32Array;
}

function edgesOf(rings: readonly Ring[]): Edges {
  let most = 0;
  for (const ring of rings) most += ring.length / 2;
  const ends = new Float64Array(4 * most);
  const [owner, before, after] = [new Int32Array(most), new Int32Array(most), new Int32Array(most)];
  let count = 0;
  for (let r = 0; r < rings.length; r++) {
    const [ring, first] = [rings[r], count];
    for (let i = 0; i + 3 < ring.length; i += 2) {
      if (ring[i] === ring[i + 2] && ring[i + 1] === ring[i + 3]) continue;
      for (let k = 0; k < 4; k++) ends[4 * count + k] = ring[i + k];
      owner[count] = r;
      before[count] = count - 1;
      after[count] = count + 1;
      count++;
    }
    if (count === first) continue;
    before[first] = count - 1;
    after[count - 1] = first;
  }
  return { count, ends, ring: owner, before, after };
}

/** 0: two edges may be as they are; 1: they are of two rings, and one touches the other with its end; 2: they may not. */
function isRefused({ ends, ring, before, after }: Edges, a: number, b: number): 0 | 1 | 2 {
  if (areApart(ends, a, b)) return 0;
  const contact = contactOf(ends, a, b);
  if (contact === NONE) return 0;
  if (ring[a] !== ring[b]) return contact === CORNER ? 0 : contact === TOUCH ? 1 : 2;
  return contact === CORNER && (after[a] === b || before[a] === b) ? 0 : 2;
}

function areApart(ends: Float64Array, a: number, b: number): boolean {
  const [p, q] = [4 * a, 4 * b];
  return (
    Math.max(ends[p], ends[p + 2]) < Math.min(ends[q], ends[q + 2]) ||
    Math.max(ends[q], ends[q + 2]) < Math.min(ends[p], ends[p + 2]) ||
    Math.max(ends[p + 1], ends[p + 3]) < Math.min(ends[q + 1], ends[q + 3]) ||
    Math.max(ends[q + 1], ends[q + 3]) < Math.min(ends[p + 1], ends[p + 3])
  );
}

/** Nothing in common; a point at an end of both; at an end of one; within both; more than a point. */
const [NONE, CORNER, TOUCH, CROSS, OVERLAP] = [0, 1, 2, 3, 4];

function contactOf(ends: Float64Array, first: number, second: number): number {
  const [p, q] = [4 * first, 4 * second];
  const [ax, ay, bx, by] = [ends[p], ends[p + 1], ends[p + 2], ends[p + 3]];
  const [cx, cy, dx, dy] = [ends[q], ends[q + 1], ends[q + 2], ends[q + 3]];
  const [c, d] = [orient2d(ax, ay, bx, by, cx, cy), orient2d(ax, ay, bx, by, dx, dy)];
  if ((c > 0 && d > 0) || (c < 0 && d < 0)) return NONE;
  if (c === 0 && d === 0) return sharedOf(ends, p, q);
  const [a, b] = [orient2d(cx, cy, dx, dy, ax, ay), orient2d(cx, cy, dx, dy, bx, by)];
  if ((a > 0 && b > 0) || (a < 0 && b < 0)) return NONE;
  if (a !== 0 && b !== 0 && c !== 0 && d !== 0) return CROSS;
  return (a === 0 || b === 0) && (c === 0 || d === 0) ? CORNER : TOUCH;
}

/** Of two edges on one line: by the axis along which the line is longer. */
function sharedOf(ends: Float64Array, p: number, q: number): number {
  const k = Math.abs(ends[p + 2] - ends[p]) >= Math.abs(ends[p + 3] - ends[p + 1]) ? 0 : 1;
  const from = Math.max(Math.min(ends[p + k], ends[p + k + 2]), Math.min(ends[q + k], ends[q + k + 2]));
  const to = Math.min(Math.max(ends[p + k], ends[p + k + 2]), Math.max(ends[q + k], ends[q + k + 2]));
  if (from > to) return NONE;
  return from === to ? CORNER : OVERLAP;
}
