import { relative } from "node:path";
import ts from "typescript";

/** A call of the public API that takes an object of options. */
export interface OptionCall {
  readonly kind: "function" | "constructor" | "static" | "method" | "object";
  /** What an entry exports; of an "object", its type. */
  readonly name: string;
  /** The first entry that has it. */
  readonly entry: string;
  /** Of a static, a method or an object: the method. */
  readonly member?: string;
  /** Of the options among its parameters. */
  readonly index: number;
  /** File, line and type of the parameter. */
  readonly at: string;
}

/** Parameters of these names are options, whatever their type. */
const NAMES = /^(options|given|params|settings|parameters|changes|changed|others|run|search)$/;
/** Types of options by their names, or written in place. */
const TYPES = /Options\b|Params\b|^\{|^Partial<Pick/;

/**
 * Every public function, constructor and method whose last parameter is an object of options: those of exported functions and classes, and
 * those of objects that exported functions return, or that hang on such objects. An object is one of options by its parameter's or its type's
 * name, or if some of its keys may be left out: a misspelt one of these would be ignored.
 *
 * @param entries sources of the entries by their names
 * @param options of the compiler
 */
export function optionCalls(
  entries: readonly { readonly entry: string; readonly path: string }[],
  { root, options }: { readonly root: string; readonly options: ts.CompilerOptions },
): OptionCall[] {
  const program = ts.createProgram(
    entries.map(({ path }) => path),
    options,
  );
  const scan = new Scan(program.getTypeChecker(), root);
  for (const { entry, path } of entries) scan.entry(entry, program.getSourceFile(path)!);
  return scan.found;
}

class Scan {
  readonly found: OptionCall[] = [];
  readonly #checker: ts.TypeChecker;
  readonly #root: string;
  readonly #seen = new Set<ts.Type>();
  readonly #symbols = new Set<ts.Symbol>();
  /** Of classes that an entry exports: their methods are called on their prototype. */
  readonly #classes = new Set<ts.Symbol>();
  #entry = "";

  constructor(checker: ts.TypeChecker, root: string) {
    this.#checker = checker;
    this.#root = root;
  }

  entry(entry: string, file: ts.SourceFile): void {
    this.#entry = entry;
    const exports = this.#checker
      .getExportsOfModule(this.#checker.getSymbolAtLocation(file)!)
      .filter((one) => !(one.declarations ?? []).some(ts.isTypeOnlyExportDeclaration))
      .map((one) => ({ name: one.name, symbol: this.#aliased(one) }))
      .filter(({ symbol }) => symbol.valueDeclaration !== undefined && !this.#symbols.has(symbol));
    for (const { symbol } of exports) {
      this.#symbols.add(symbol);
      if (symbol.flags & ts.SymbolFlags.Class) this.#classes.add(symbol);
    }
    for (const { name, symbol } of exports) this.#value(name, symbol);
  }

  #aliased(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #value(name: string, symbol: ts.Symbol): void {
    const type = this.#checker.getTypeOfSymbolAtLocation(symbol, symbol.valueDeclaration!);
    for (const signature of type.getCallSignatures()) this.#signature(signature, { kind: "function", name });
    for (const signature of type.getConstructSignatures()) {
      const hidden = signature.declaration !== undefined && isHidden(signature.declaration);
      if (hidden) this.#type(signature.getReturnType(), name);
      else this.#signature(signature, { kind: "constructor", name });
    }
    if (symbol.flags & ts.SymbolFlags.Class)
      this.#members(type, (member) => ({ kind: "static", name, member }));
    else this.#type(type, name);
  }

  #signature(signature: ts.Signature, call: Pick<OptionCall, "kind" | "name" | "member">): void {
    const parameters = signature.getParameters();
    const declared = parameters.at(-1)?.valueDeclaration;
    const index = parameters.length - 1;
    if (declared !== undefined && ts.isParameter(declared) && this.#isOptions(declared, index)) {
      const text = (declared.type?.getText() ?? "").replace(/\s+/g, " ");
      const entry = this.#entry;
      const one = { ...call, entry, index, at: `${this.#placeOf(declared)} ${text}` };
      if (!this.found.some((other) => sameCall(other, one))) this.found.push(one);
    }
    this.#type(signature.getReturnType(), `${call.member ?? call.name}()`);
  }

  /** Methods of an object that somebody gets, and the objects that hang on it. @param at for types without a name */
  #type(type: ts.Type, at: string): void {
    if (this.#seen.has(type) || type.flags & ts.TypeFlags.TypeParameter) return;
    this.#seen.add(type);
    if (type.isUnionOrIntersection()) for (const part of type.types) this.#type(part, at);
    if (this.#isReference(type))
      for (const part of this.#checker.getTypeArguments(type)) this.#type(part, at);
    const symbol = type.getSymbol();
    if (symbol === undefined || !this.#isOurs(symbol.declarations?.[0])) return;
    const isNamed = !symbol.name.startsWith("__");
    const name = type.aliasSymbol?.name ?? (isNamed ? symbol.name : at);
    const kind = this.#classes.has(symbol) ? "method" : "object";
    this.#members(type, (member) => ({ kind, name, member }));
  }

  #isReference(type: ts.Type): type is ts.TypeReference {
    return Boolean((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference);
  }

  #members(type: ts.Type, call: (member: string) => Pick<OptionCall, "kind" | "name" | "member">): void {
    for (const property of type.getProperties()) {
      const declared = property.valueDeclaration ?? property.declarations?.[0];
      if (declared === undefined || !this.#isOurs(declared) || isHidden(declared)) continue;
      const of = this.#checker.getNonNullableType(
        this.#checker.getTypeOfSymbolAtLocation(property, declared),
      );
      const known = call(property.name);
      for (const signature of of.getCallSignatures()) this.#signature(signature, known);
      if (of.getCallSignatures().length === 0) this.#type(of, `${known.name}.${property.name}`);
    }
  }

  #isOptions(parameter: ts.ParameterDeclaration, index: number): boolean {
    const text = parameter.type?.getText() ?? "";
    if (text.startsWith("OptionKeys<")) return false;
    const type = this.#checker.getNonNullableType(this.#checker.getTypeAtLocation(parameter));
    const parts = type.isUnion() ? type.types : [type];
    if (!parts.every((part) => this.#isPlain(part))) return false;
    if (ts.isIdentifier(parameter.name) && NAMES.test(parameter.name.text)) return true;
    if (/Options\b|Params\b/.test(text)) return true;
    const isPattern = ts.isObjectBindingPattern(parameter.name);
    if (index > 0 && isPattern && (parameter.initializer !== undefined || TYPES.test(text))) return true;
    const properties = parts.flatMap((part) => part.getProperties());
    const areOurs = properties.every(({ valueDeclaration, declarations }) =>
      this.#isOurs(valueDeclaration ?? declarations?.[0]),
    );
    return areOurs && properties.some(({ flags }) => flags & ts.SymbolFlags.Optional);
  }

  /** An object that is no function and no list. */
  #isPlain(type: ts.Type): boolean {
    const isObject = Boolean(type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection));
    return isObject && type.getCallSignatures().length === 0 && !this.#checker.isArrayLikeType(type);
  }

  #isOurs(node: ts.Node | undefined): node is ts.Node {
    return node?.getSourceFile().fileName.startsWith(`${this.#root}/src/`) ?? false;
  }

  #placeOf(node: ts.Node): string {
    const file = node.getSourceFile();
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    return `${relative(this.#root, file.fileName)}:${line + 1}`;
  }
}

function sameCall(a: OptionCall, b: OptionCall): boolean {
  return a.kind === b.kind && a.name === b.name && a.member === b.member;
}

/** An abstract method is there in the classes that have it. */
const HIDDEN = ts.ModifierFlags.Private | ts.ModifierFlags.Protected | ts.ModifierFlags.Abstract;

function isHidden(node: ts.Node): boolean {
  const name = ts.isClassElement(node) ? node.name : undefined;
  if (name !== undefined && ts.isPrivateIdentifier(name)) return true;
  const flags = ts.getCombinedModifierFlags(node as ts.Declaration);
  return Boolean(flags & HIDDEN);
}
