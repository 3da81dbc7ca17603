import ts from "typescript";

/** One mention of another module in a source file. */
export interface Specifier {
  /** The text, or undefined where it is computed and so cannot be followed. */
  readonly text: string | undefined;
  readonly kind: "import" | "url" | "resolve";
  /** Gone after compilation: counts for the arrows, not for what a browser loads. */
  readonly typeOnly: boolean;
  readonly line: number;
}

/** Each source is parsed once, however many checks ask. */
const parsed = new Map<string, readonly Specifier[]>();

/**
 * Every module that a source file mentions: static and dynamic imports, re-exports, import types,
 * `new URL("…", import.meta.url)`, `import.meta.resolve`, require or its `resolve` from `createRequire`, and names
 * such as "#worker-entry" wherever they stand, since a function may resolve them.
 */
export function specifiersOf(path: string, source: string): readonly Specifier[] {
  const known = parsed.get(source);
  if (known !== undefined) return known;
  const found = parseSpecifiers(path, source);
  parsed.set(source, found);
  return found;
}

function parseSpecifiers(path: string, source: string): Specifier[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: Specifier[] = [];
  const add = (node: ts.Node, argument: ts.Node | undefined, kind: Specifier["kind"], typeOnly = false) => {
    const text = argument !== undefined && ts.isStringLiteralLike(argument) ? argument.text : undefined;
    found.push({ text, kind, typeOnly, line: file.getLineAndCharacterOfPosition(node.getStart()).line + 1 });
  };
  const requires = namesOfRequire(file);
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, "import", isTypeImport(node));
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
      add(node, node.moduleSpecifier, "import", isTypeExport(node));
    else if (ts.isImportTypeNode(node))
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined, "import", true);
    else if (ts.isExternalModuleReference(node)) add(node, node.expression, "import");
    else if (ts.isNewExpression(node) && isModuleUrl(node)) add(node, node.arguments?.[0], "url");
    else if (ts.isCallExpression(node)) {
      if (node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node, node.arguments[0], "import");
      else if (isRequire(node.expression, requires)) add(node, node.arguments[0], "resolve");
    } else if (isTwinName(node) && !isFollowed(node.parent, requires)) add(node, node, "resolve");
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Uses of a global by name, such as `console.log` or `Buffer.from`; not properties that happen to have the name. */
export function usesOfGlobals(path: string, source: string, names: readonly string[]): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    const isBase = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node);
    if (isBase && ts.isIdentifier(node.expression) && names.includes(node.expression.text))
      found.push(
        `${path}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1} ${node.expression.text}`,
      );
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Accesses of a property by one of these names: `path:line base.name`. */
export function usesOfProperties(path: string, source: string, names: readonly string[]): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isPropertyAccessExpression(node) && names.includes(node.name.text)) {
      const line = file.getLineAndCharacterOfPosition(node.name.getStart()).line + 1;
      found.push(`${path}:${line} ${node.expression.getText()}.${node.name.text}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isTypeImport({ importClause }: ts.ImportDeclaration): boolean {
  if (importClause === undefined) return false; // import "./x.ts" runs it
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = importClause.namedBindings;
  if (importClause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

function isTypeExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly) return true;
  if (exportClause === undefined || !ts.isNamedExports(exportClause)) return false;
  return exportClause.elements.length > 0 && exportClause.elements.every((element) => element.isTypeOnly);
}

function isModuleUrl(node: ts.NewExpression): boolean {
  const base = node.arguments?.[1];
  return (
    ts.isIdentifier(node.expression) &&
    node.expression.text === "URL" &&
    base?.getText() === "import.meta.url"
  );
}

function isRequire(callee: ts.Expression, names: ReadonlySet<string>): boolean {
  if (callee.getText() === "import.meta.resolve") return true;
  const isResolve = ts.isPropertyAccessExpression(callee) && callee.name.text === "resolve";
  const base = isResolve ? callee.expression : callee;
  return isCreateRequire(base) || (ts.isIdentifier(base) && names.has(base.text));
}

function isTwinName(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) && /^#[a-z]+-[a-z-]+$/.test(node.text);
}

/** Whether a name stands where modules are named, which is seen by itself. */
function isFollowed(parent: ts.Node, requires: ReadonlySet<string>): boolean {
  if (ts.isCallExpression(parent))
    return parent.expression.kind === ts.SyntaxKind.ImportKeyword || isRequire(parent.expression, requires);
  const names = ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent);
  return names || ts.isExternalModuleReference(parent) || ts.isImportTypeNode(parent.parent);
}

function isCreateRequire(node: ts.Node | undefined): boolean {
  return (
    node !== undefined && ts.isCallExpression(node) && /(^|\.)createRequire$/.test(node.expression.getText())
  );
}

function namesOfRequire(file: ts.SourceFile): Set<string> {
  const names = new Set<string>(["require"]);
  const visit = (node: ts.Node) => {
    if (ts.isVariableDeclaration(node) && isCreateRequire(node.initializer)) names.add(node.name.getText());
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}
