import { type Door, isOpen, resolveSpecifier, type Tree } from "./layers.ts";
import { type Specifier, specifiersOf } from "./specifiers.ts";
import { isTest } from "./tree.ts";

/** One file that mentions another one of the tree. */
export interface Import {
  readonly from: string;
  readonly to: string;
  readonly line: number;
  readonly kind: Specifier["kind"];
}

/** Every import between files of the tree, types included; in tests a URL is a fixture and does not count. */
export function importsOf(tree: Tree): Import[] {
  const found: Import[] = [];
  for (const [from, source] of tree.files) {
    if (from === "package.json") continue;
    for (const specifier of specifiersOf(from, source)) {
      if (isTest(from) && specifier.kind !== "import") continue;
      const to = resolveSpecifier(tree, from, { specifier });
      if (to.kind !== "files") continue;
      for (const path of to.paths) found.push({ from, to: path, line: specifier.line, kind: specifier.kind });
    }
  }
  return found;
}

/** Imports that go past another folder's `index.ts`, without those that have a door; `from -> to`, once each. */
export function deepImports(imports: readonly Import[], doors: readonly Door[]): string[] {
  const deep = imports.filter(({ from, to }) => {
    if (!to.startsWith("src/") || topOf(from) === topOf(to)) return false;
    if (to === `${topOf(to)}/index.ts`) return false;
    return !isOpen(doors, from, to);
  });
  return [...new Set(deep.map(({ from, to }) => `${from} -> ${to}`))].sort();
}

/** `src/<folder>` of a file of the library, the first folder of any other. */
function topOf(path: string): string {
  const [first, second] = path.split("/");
  return first === "src" ? `src/${second}` : first;
}

/**
 * Files that import each other in a circle, types included: the shortest circle of each group, `a -> b -> a`, from its first name. A worker's
 * entry that is opened by URL runs by itself and closes no circle.
 */
export function circles(imports: readonly Import[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const { from, to, kind } of imports) {
    if (kind !== "import") continue;
    next.set(from, (next.get(from) ?? new Set()).add(to));
  }
  return groups(next).map((group) => shortestCircle(group, next).join(" -> "));
}

/** Strongly connected components of more than one file (Tarjan 1972), and files that import themselves. */
function groups(next: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const open = new Set<string>();
  const visit = (path: string): number => {
    const index = order.size;
    order.set(path, index);
    low.set(path, index);
    stack.push(path);
    open.add(path);
    for (const to of next.get(path) ?? []) {
      if (!order.has(to)) low.set(path, Math.min(low.get(path)!, visit(to)));
      else if (open.has(to)) low.set(path, Math.min(low.get(path)!, order.get(to)!));
    }
    if (low.get(path) === index) {
      const group = stack.splice(stack.indexOf(path));
      for (const member of group) open.delete(member);
      if (group.length > 1 || next.get(path)?.has(path)) found.push(group.sort());
    }
    return low.get(path)!;
  };
  for (const path of [...next.keys()].sort()) if (!order.has(path)) visit(path);
  return found.sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

/** The shortest way from a file of the group back to itself; of equally short ones the first. */
function shortestCircle(
  group: readonly string[],
  next: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  const ways = group.map((start) => wayBack(start, group, next));
  return ways.reduce((best, way) => (way.length < best.length ? way : best));
}

/** Breadth first from `start` within the group until it is met again. */
function wayBack(
  start: string,
  group: readonly string[],
  next: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  const ways: string[][] = [[start]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const to of [...(next.get(way[way.length - 1]) ?? [])].sort()) {
      if (to === start) return [...way, to];
      if (seen.has(to) || !group.includes(to)) continue;
      seen.add(to);
      ways.push([...way, to]);
    }
  }
  throw new Error(`${start}: expected a circle, found none.`);
}
