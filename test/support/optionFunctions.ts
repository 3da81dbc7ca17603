import { dirname, join } from "node:path/posix";
import ts from "typescript";
import type { Tree } from "./layers.ts";

/** A public function, or class, that takes an object of options. */
export interface OptionFunction {
  readonly name: string;
  readonly isClass: boolean;
  /** Of the options among its parameters. */
  readonly index: number;
  /** What the options are called in messages of this test's: file and parameter. */
  readonly at: string;
}

/** Parameters of these names are options, whatever their type. */
const NAMES = /^(options|given|params|settings|parameters|changes)$/;
/** Types of options by their names, or written in place. */
const TYPES = /Options\b|Params\b|^\{|^Partial<Pick/;

/** The public functions and classes of an entry whose last parameter is an object of options; the first parameter is, by its name or type's name alone. */
export function optionFunctions(tree: Tree, entry: string): OptionFunction[] {
  const found: OptionFunction[] = [];
  for (const { name, path, local } of exportsOf(tree, entry)) {
    const declared = declarationOf(parsed(tree, path), local);
    const parameters = declared === undefined ? undefined : parametersOf(declared);
    const last = parameters?.at(-1);
    if (declared === undefined || parameters === undefined || last === undefined) continue;
    if (!isOptions(last, parameters.length - 1)) continue;
    const at = `${path} ${last.name.getText()}`;
    found.push({ name, isClass: ts.isClassDeclaration(declared), index: parameters.length - 1, at });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function isOptions(parameter: ts.ParameterDeclaration, index: number): boolean {
  const type = parameter.type?.getText() ?? "";
  if (type.startsWith("OptionKeys<")) return false;
  if (ts.isIdentifier(parameter.name) && NAMES.test(parameter.name.text)) return true;
  if (/Options\b|Params\b/.test(type)) return true;
  return (
    index > 0 &&
    ts.isObjectBindingPattern(parameter.name) &&
    (parameter.initializer !== undefined || TYPES.test(type))
  );
}

interface Export {
  readonly name: string;
  readonly path: string;
  readonly local: string;
}

/** Values alone, followed to the file that declares them. */
function exportsOf(tree: Tree, path: string): Export[] {
  return parsed(tree, path).statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement) || statement.isTypeOnly) return [];
    const from = statement.moduleSpecifier;
    if (from === undefined || !ts.isStringLiteral(from) || statement.exportClause === undefined) return [];
    if (!ts.isNamedExports(statement.exportClause)) return [];
    const target = fileOf(tree, path, from.text);
    return statement.exportClause.elements
      .filter(({ isTypeOnly }) => !isTypeOnly)
      .map(({ name, propertyName }) =>
        declaring(tree, { name: name.text, path: target, local: (propertyName ?? name).text }),
      );
  });
}

function declaring(tree: Tree, one: Export): Export {
  if (declarationOf(parsed(tree, one.path), one.local) !== undefined) return one;
  const further = exportsOf(tree, one.path).find(({ name }) => name === one.local);
  return further === undefined ? one : { ...further, name: one.name };
}

/** A twin is Node's. */
function fileOf(tree: Tree, from: string, specifier: string): string {
  if (!specifier.startsWith("#")) return join(dirname(from), specifier);
  const twin = tree.package.imports?.[specifier];
  const source = typeof twin === "string" ? twin : twin?.source;
  if (source === undefined) throw new Error(`${from}: package.json has no ${specifier}.`);
  return join(source);
}

const files = new Map<string, ts.SourceFile>();

function parsed(tree: Tree, path: string): ts.SourceFile {
  const known = files.get(path);
  if (known !== undefined) return known;
  const source = tree.files.get(path);
  if (source === undefined) throw new Error(`${path}: there is no such file.`);
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  files.set(path, file);
  return file;
}

/** The declaration with a body: of overloads the last. */
function declarationOf(file: ts.SourceFile, name: string): ts.Node | undefined {
  for (const statement of file.statements) {
    if (ts.isFunctionDeclaration(statement) && statement.body !== undefined && statement.name?.text === name)
      return statement;
    if (ts.isClassDeclaration(statement) && statement.name?.text === name) return statement;
    if (!ts.isVariableStatement(statement)) continue;
    const variable = statement.declarationList.declarations.find((one) => one.name.getText() === name);
    if (variable !== undefined) return variable.initializer ?? variable;
  }
  return undefined;
}

function parametersOf(declared: ts.Node): readonly ts.ParameterDeclaration[] | undefined {
  if (ts.isFunctionDeclaration(declared) || ts.isArrowFunction(declared)) return declared.parameters;
  if (!ts.isClassDeclaration(declared)) return undefined;
  const made = declared.members.find((member) => ts.isConstructorDeclaration(member));
  const isPrivate = made?.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword) ?? false;
  return isPrivate ? undefined : made?.parameters;
}
