import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Packed, packPackage, unpack } from "./support/packed.ts";

let packed: Packed;

beforeAll(async () => {
  packed = await packPackage();
  await unpack(packed, ["@types/node"]);
  const program = new URL("support/strictUser.ts", import.meta.url);
  writeFileSync(join(packed.folder, "user.ts"), readFileSync(program));
});
afterAll(() => packed?.[Symbol.dispose]());

/** What a strict program sets; declarations of libraries are checked like its own. */
const STRICT: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  skipLibCheck: false,
  noEmit: true,
};

const NODENEXT = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
const BUNDLER = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };

/** What the compiler says of a program of the folder, a line each. */
function complaints(options: ts.CompilerOptions): string[] {
  const program = ts.createProgram([join(packed.folder, "user.ts")], { ...STRICT, ...options });
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
    return `${file?.fileName ?? "program"}:${line} ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

/** The compiler may take long on a busy machine. */
const COMPILE_MS = 180_000;

test("a strict program in Node, without a browser's types, compiles by nodenext", {
  timeout: COMPILE_MS,
}, () => {
  const typeRoots = [join(packed.folder, "node_modules/@types")];
  const node = { lib: ["lib.es2023.d.ts"], types: ["node"], typeRoots };
  expect(complaints({ ...NODENEXT, ...node })).toEqual([]);
});

test("a strict program in a page, without Node's types, compiles by a bundler's rules", {
  timeout: COMPILE_MS,
}, () => {
  expect(complaints({ ...BUNDLER, lib: ["lib.es2023.d.ts", "lib.dom.d.ts"], types: [] })).toEqual([]);
});

test("a misspelt name is a complaint", () => {
  writeFileSync(
    join(packed.folder, "wrong.ts"),
    'import { openMcr } from "vitrine/io";\nopenMcr("a.mrc");\n',
  );
  const program = ts.createProgram([join(packed.folder, "wrong.ts")], { ...STRICT, ...NODENEXT, types: [] });
  const [found] = program.getSemanticDiagnostics(program.getSourceFile(join(packed.folder, "wrong.ts")));
  expect(ts.flattenDiagnosticMessageText(found.messageText, "\n")).toContain("Did you mean 'openMrc'?");
});
