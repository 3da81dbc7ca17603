import { builtinModules } from "node:module";
import { dirname, join, normalize } from "node:path";
import { type Specifier, specifiersOf } from "./specifiers.ts";

/** A set of source files to hold against the arrows; paths are relative to the repository, with forward slashes. */
export interface Tree {
  readonly files: ReadonlyMap<string, string>;
  readonly package: {
    /** Entries: modules by condition, other files by their path. */
    readonly exports?: Readonly<Record<string, string | { readonly source: string }>>;
    readonly imports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly devDependencies?: Readonly<Record<string, string>>;
  };
}

/** Where a specifier leads: files of the tree (both twins of one), a built-in module, or a package. */
export type Destination =
  | { readonly kind: "files"; readonly paths: readonly string[] }
  | { readonly kind: "node" | "package"; readonly name: string }
  | { readonly kind: "unknown"; readonly why: string };

/** Follows a specifier; `condition` picks one twin, without it all of them. */
export function resolveSpecifier(
  tree: Tree,
  from: string,
  { specifier, condition }: { readonly specifier: Specifier; readonly condition?: "browser" | "source" },
): Destination {
  const { text } = specifier;
  if (text === undefined) return { kind: "unknown", why: "it is computed" };
  if (text.startsWith("#")) return twinOf(tree, text, condition);
  if (text.startsWith(".")) {
    const path = normalize(join(dirname(from), text)).replaceAll("\\", "/");
    if (from.includes("/assembly/")) return existing(tree, [path.endsWith(".ts") ? path : `${path}.ts`]);
    return existing(tree, [specifier.kind === "url" ? sourceOf(path) : path]);
  }
  if (text.startsWith("node:"))
    return builtinModules.includes(text.slice(5))
      ? { kind: "node", name: text }
      : { kind: "unknown", why: "Node has no such module" };
  return packageOf(tree, from, text);
}

/** `#name` by package.json `imports`: built files stand for the source they are built from. */
function twinOf(tree: Tree, text: string, condition?: string): Destination {
  const entry = tree.package.imports?.[text];
  if (entry === undefined) return { kind: "unknown", why: "package.json imports has no such name" };
  const targets = typeof entry === "string" ? [entry] : Object.values(entry);
  const chosen =
    typeof entry === "string" || condition === undefined ? targets : [entry[condition] ?? entry.default];
  return existing(tree, chosen.map(sourceOf));
}

/** The source of a built file; other files stand for themselves. */
function sourceOf(target: string): string {
  if (target.endsWith(".wasm")) return `${dirname(target).replace(/^\.\/dist\//, "src/")}/assembly/index.ts`;
  return target
    .replace(/^\.\/dist\//, "src/")
    .replace(/^\.\//, "")
    .replace(/^(src\/.*)\.js$/, "$1.ts");
}

function existing(tree: Tree, paths: readonly string[]): Destination {
  const missing = paths.find((path) => !tree.files.has(path));
  return missing === undefined
    ? { kind: "files", paths }
    : { kind: "unknown", why: `there is no ${missing}` };
}

function packageOf(
  { package: { dependencies, devDependencies } }: Tree,
  from: string,
  text: string,
): Destination {
  const name = text
    .split("/")
    .slice(0, text.startsWith("@") ? 2 : 1)
    .join("/");
  if (dependencies?.[name] !== undefined) return { kind: "package", name };
  // the page is built, with what it stands on, before it is published
  const isBuilt = from.endsWith(".test.ts") || from.startsWith("src/viewer/");
  if (isBuilt && devDependencies?.[name] !== undefined) return { kind: "package", name };
  return { kind: "unknown", why: `package.json dependencies has no ${name}` };
}

/** The domain folder of a path in src; a file that lies in none stands for itself. */
export function folderOf(path: string): string {
  return path.split("/")[1];
}

/** A way that is open to some files. */
export interface Door {
  readonly from: RegExp;
  readonly to: RegExp;
}

/** Whether one of the ways leads from a file to another. */
export function isOpen(doors: readonly Door[], from: string, to: string): boolean {
  return doors.some((door) => door.from.test(from) && door.to.test(to));
}

/** The rules of one run: which folder may import which, and where a computed specifier is meant to be. */
export interface Rules {
  readonly mayImport: Readonly<Record<string, readonly string[] | "all">>;
  /** Files whose computed imports load what the caller names. */
  readonly computed: readonly string[];
  /** Ways that no arrow leads, open to some files. */
  readonly opens: readonly Door[];
}

/** Every breach of the arrows, and every specifier that leads nowhere; one sentence each. */
export function breachesOf(tree: Tree, rules: Rules): string[] {
  const breaches: string[] = [];
  for (const [path, source] of tree.files) {
    if (!path.startsWith("src/")) continue;
    const isTest = path.endsWith(".test.ts");
    for (const specifier of specifiersOf(path, source)) {
      const where = `${path}:${specifier.line} ${specifier.text ?? "(computed)"}`;
      if (specifier.text === undefined && (isTest || rules.computed.includes(path))) continue;
      if (isTest && specifier.kind === "url") continue; // a fixture, not a module
      const to = resolveSpecifier(tree, path, { specifier });
      if (to.kind === "unknown") breaches.push(`${where} cannot be resolved: ${to.why}`);
      if (to.kind === "files" && !isTest)
        for (const target of to.paths)
          if (!isAllowed(path, target, rules)) breaches.push(`${where} crosses the arrows: ${target}`);
    }
  }
  return breaches;
}

function isAllowed(from: string, to: string, { mayImport, opens }: Rules): boolean {
  if (isOpen(opens, from, to)) return true;
  if (!to.startsWith("src/")) return false;
  const allowed = mayImport[folderOf(from)] ?? [];
  return folderOf(from) === folderOf(to) || allowed === "all" || allowed.includes(folderOf(to));
}

/**
 * Chains of value imports, by the browser's twins, that lead from an entry to a built-in module of Node.
 * A worker's entry counts as reached through `new URL`.
 */
export function nodeReachedFrom(tree: Tree, entry: string): string[] {
  const seen = new Set([entry]);
  const queue: { path: string; chain: string }[] = [{ path: entry, chain: entry }];
  const found: string[] = [];
  for (const { path, chain } of queue) {
    for (const specifier of specifiersOf(path, tree.files.get(path) ?? "")) {
      if (specifier.typeOnly) continue;
      const to = resolveSpecifier(tree, path, { specifier, condition: "browser" });
      if (to.kind === "node") found.push(`${chain} -> ${to.name}`);
      if (to.kind !== "files") continue;
      for (const next of to.paths) {
        if (seen.has(next) || !/\.tsx?$/.test(next)) continue;
        seen.add(next);
        queue.push({ path: next, chain: `${chain} -> ${next}` });
      }
    }
  }
  return found;
}
