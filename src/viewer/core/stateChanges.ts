/** What differs between two states of the page, part by part: one part is taken back, and all that came since stays. */
import type { ViewState } from "./viewState.ts";

/** A part of the state before and after; undefined: it is not there. */
export interface PartChange {
  /** Names and places, from the state inwards. */
  readonly path: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
}

type Parts = Readonly<Record<string, unknown>>;

/** One thing though it has parts: nobody moves along x alone. */
const WHOLE: ReadonlySet<string> = new Set(["view"]);

/** The smallest parts that differ; lists are taken apart where they are as long and have parts themselves, as those of channels. */
export function changesBetween(before: ViewState, after: ViewState): PartChange[] {
  return partChanges([], before, after);
}

function partChanges(path: readonly string[], before: unknown, after: unknown): PartChange[] {
  if (Object.is(before, after)) return [];
  const [a, b] = [partsOf(before), partsOf(after)];
  if (a === undefined || b === undefined || !isAlike(before, after) || WHOLE.has(path.at(-1) ?? ""))
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].flatMap((name) => partChanges([...path, name], a[name], b[name]));
}

function partsOf(value: unknown): Parts | undefined {
  if (Array.isArray(value) && !value.every((item) => typeof item === "object")) return undefined;
  return typeof value === "object" && value !== null ? (value as Parts) : undefined;
}

function isAlike(a: unknown, b: unknown): boolean {
  return Array.isArray(a) ? Array.isArray(b) && a.length === b.length : !Array.isArray(b);
}

/** Whether two changes are of the same parts. */
export function isOfSameParts(a: readonly PartChange[], b: readonly PartChange[]): boolean {
  const [first, second] = [a, b].map((changes) => new Set(changes.map(({ path }) => keyOf(path))));
  return first.size === second.size && [...first].every((key) => second.has(key));
}

/** A change and the one after it as one; what comes back to where it was is none. */
export function joinedChanges(first: readonly PartChange[], second: readonly PartChange[]): PartChange[] {
  const all = new Map(first.map((change) => [keyOf(change.path), change]));
  for (const change of second) {
    const key = keyOf(change.path);
    all.set(key, { ...change, before: (all.get(key) ?? change).before });
  }
  return [...all.values()].filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
}

/** The state with its parts as they were before or after changes; parts of what is there no more stay away. */
export function withChanges(
  state: ViewState,
  changes: readonly PartChange[],
  side: "before" | "after",
): ViewState {
  return changes.reduce<ViewState>(
    (now, change) => withPart(now, change.path, change[side]) as ViewState,
    state,
  );
}

function withPart(whole: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  const parts = partsOf(whole);
  if (parts === undefined || (Array.isArray(whole) && !(name in whole))) return whole;
  if (rest.length > 0) return withNamed(whole, name, withPart(parts[name], rest, value));
  return withNamed(whole, name, value);
}

function withNamed(whole: unknown, name: string, value: unknown): unknown {
  if (Array.isArray(whole)) return whole.map((item, i) => (String(i) === name ? value : item));
  const { [name]: _, ...others } = whole as Parts;
  return value === undefined ? others : { ...(whole as Parts), [name]: value };
}

function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}
