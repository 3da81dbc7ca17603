import ts from "typescript";
import { circles, deepImports, importsOf } from "./imports.ts";
import type { Tree } from "./layers.ts";
import { publicNames } from "./publicNames.ts";
import { DOORS } from "./rules.ts";
import { isTest } from "./tree.ts";

/** A function or file with its size in lines. */
export interface Sized {
  readonly name: string;
  readonly lines: number;
}

/** Sizes of many functions or files. */
export interface SizeSummary {
  readonly count: number;
  readonly median: number;
  /** Nine in ten are not longer. */
  readonly p90: number;
  readonly largest: Sized;
}

/** The numbers of a source tree. */
export interface House {
  readonly names: readonly { readonly entry: string; readonly values: number; readonly types: number }[];
  /** Past the `index.ts` of another folder: by the library, and by tests. */
  readonly deepImports: readonly string[];
  readonly deepTestImports: readonly string[];
  readonly circles: readonly string[];
  readonly folders: readonly { readonly folder: string; readonly code: number; readonly test: number }[];
  readonly functions: SizeSummary;
  readonly files: SizeSummary;
  readonly testFiles: SizeSummary;
}

/** Measures a tree: its public names, what crosses its folders, how long its parts are. */
export function measureHouse(tree: Tree): House {
  const imports = importsOf(tree);
  const code = [...tree.files].filter(([path]) => path !== "package.json");
  const library = code.filter(([path]) => path.startsWith("src/") && !isTest(path));
  return {
    names: namesByEntry(tree),
    deepImports: deepImports(
      imports.filter(({ from }) => !isTest(from)),
      DOORS,
    ),
    deepTestImports: deepImports(
      imports.filter(({ from }) => isTest(from)),
      DOORS,
    ),
    circles: circles(imports),
    folders: linesByFolder(code),
    functions: summarize(library.flatMap(([path, source]) => functionSizes(path, source))),
    files: summarize(library.map(([name, source]) => ({ name, lines: lineCount(source) }))),
    testFiles: summarize(
      code.filter(([path]) => isTest(path)).map(([name, source]) => ({ name, lines: lineCount(source) })),
    ),
  };
}

/** The sources of the package's entries by their names in `exports`. */
export function entriesOf({ files, package: { exports = {} } }: Tree): { entry: string; path: string }[] {
  return Object.entries(exports).flatMap(([entry, target]) => {
    if (typeof target === "string") return []; // a file that is no module
    const path = target.source.replace(/^\.\//, "");
    if (!files.has(path)) throw new Error(`package.json exports ${entry}: there is no ${path}.`);
    return [{ entry: entry.replace(/^\./, "vitrine"), path }];
  });
}

function namesByEntry(tree: Tree): House["names"] {
  return entriesOf(tree).map(({ entry, path }) => {
    const { values, types } = publicNames(path, tree.files.get(path)!);
    return { entry, values: values.length, types: types.length };
  });
}

function linesByFolder(code: readonly (readonly [string, string])[]): House["folders"] {
  const folders = new Map<string, { code: number; test: number }>();
  for (const [path, source] of code) {
    const parts = path.split("/").slice(0, -1);
    const folder = parts.slice(0, parts[0] === "src" ? 2 : 1).join("/");
    const lines = folders.get(folder) ?? { code: 0, test: 0 };
    lines[isTest(path) ? "test" : "code"] += lineCount(source);
    folders.set(folder, lines);
  }
  return [...folders].map(([folder, lines]) => ({ folder, ...lines }));
}

function lineCount(source: string): number {
  return source.split("\n").length - (source.endsWith("\n") ? 1 : 0);
}

/** Functions that have a name and a body: declared, methods, or held by a variable or property; inner ones count by themselves too. */
export function functionSizes(path: string, source: string): Sized[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: Sized[] = [];
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line;
  const visit = (node: ts.Node) => {
    const name = nameOfFunction(node);
    if (name !== undefined) {
      const lines = lineOf(node.getEnd()) - lineOf(node.getStart()) + 1;
      found.push({ name: `${path} ${name}`, lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function nameOfFunction(node: ts.Node): string | undefined {
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) {
    const { parent } = node;
    const holds = ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent);
    return holds || ts.isPropertyDeclaration(parent) ? parent.name.getText() : undefined;
  }
  if (ts.isConstructorDeclaration(node))
    return node.body && `${node.parent.name?.text ?? "class"}.constructor`;
  const declares = ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isAccessor(node);
  return declares && node.body !== undefined ? node.name?.getText() : undefined;
}

function summarize(sized: readonly Sized[]): SizeSummary {
  const sorted = [...sized].sort((a, b) => a.lines - b.lines);
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)].lines;
  return { count: sorted.length, median: at(0.5), p90: at(0.9), largest: sorted[sorted.length - 1] };
}

/** The numbers as text, one subject a paragraph. */
export function describeHouse(house: House): string {
  const total = house.names.reduce((sum, { values, types }) => sum + values + types, 0);
  const list = (items: readonly string[]) => items.map((item) => `  ${item}`);
  const size = (what: string, { count, median, p90, largest }: SizeSummary) =>
    `${what}: ${count}, median ${median} lines, nine in ten up to ${p90}, largest ${largest.lines} (${largest.name})`;
  const lines = [
    `public names: ${total}`,
    ...list(house.names.map(({ entry, values, types }) => `${entry}: ${values} values, ${types} types`)),
    `deep imports: ${house.deepImports.length}`,
    ...list(house.deepImports),
    `deep imports of tests: ${house.deepTestImports.length}`,
    ...list(house.deepTestImports),
    `circles: ${house.circles.length}`,
    ...list(house.circles),
    "lines (code, tests):",
    ...list(house.folders.map(({ folder, code, test }) => `${folder}: ${code}, ${test}`)),
    size("functions of src", house.functions),
    size("files of src", house.files),
    size("test files", house.testFiles),
  ];
  return `${lines.join("\n")}\n`;
}
