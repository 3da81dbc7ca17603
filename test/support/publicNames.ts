import ts from "typescript";

/** What an entry of the package exports. A class counts as a value. */
export interface PublicNames {
  readonly values: readonly string[];
  readonly types: readonly string[];
}

/**
 * The names that an `index.ts` exports, each list in alphabetical order. The compiler's `verbatimModuleSyntax` sees to it that types are marked
 * as such.
 *
 * @throws Error: `export *`, which publishes what nobody listed
 */
export function publicNames(path: string, source: string): PublicNames {
  const values: string[] = [];
  const types: string[] = [];
  for (const statement of ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true).statements) {
    if (ts.isExportDeclaration(statement)) {
      const { exportClause } = statement;
      if (exportClause === undefined) throw new Error(`${path}: expected a list of names, found export *.`);
      const elements = ts.isNamedExports(exportClause) ? exportClause.elements : [exportClause];
      for (const element of elements) {
        const isType = statement.isTypeOnly || (ts.isExportSpecifier(element) && element.isTypeOnly);
        (isType ? types : values).push(element.name.text);
      }
    } else if (isExported(statement)) {
      const isType = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement);
      (isType ? types : values).push(...declaredNames(statement));
    }
  }
  return { values: values.sort(), types: types.sort() };
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function declaredNames(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  const named =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return named && statement.name !== undefined ? [statement.name.text] : [];
}

/** A line for each entry, and one indented for each of its names, in order: what changes is seen. */
export function listed(names: Readonly<Record<string, readonly string[]>>): string {
  return Object.entries(names)
    .map(([entry, all]) => [entry, ...all.map((name) => `  ${name}`)].join("\n"))
    .join("\n")
    .concat("\n");
}
