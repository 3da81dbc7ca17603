import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A reader's programs: the one in `types/` and the examples of the pages, which are blocks of `ts`. */
const programs = new Map([
  [join(root, "test/types/acquire.ts"), readFileSync(join(root, "test/types/acquire.ts"), "utf8")],
  ...["src/acquire/README.md", "docs/acquisition.md", "docs/acquisition-plans.md"].flatMap(examplesOf),
]);

function examplesOf(page: string): [path: string, source: string][] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^```ts\n(.*?)^```/gms)].map(([, source], i) => [
    join(root, "test/types", `${page.replaceAll(/\W/g, "-")}-${i + 1}.ts`),
    source,
  ]);
}

/** A project as people set it up who want every strict rule. */
const STRICT: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts"],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ["node"],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
  noEmit: true,
  // the sources instead of what was built of them
  customConditions: ["source"],
  allowImportingTsExtensions: true,
};

/** What the compiler has to say of the reader's programs, not of the library's own files. */
function complaints(options: ts.CompilerOptions): string[] {
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (path) => programs.has(path) || fileExists(path);
  host.readFile = (path) => programs.get(path) ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const source = programs.get(path);
    return source === undefined
      ? getSourceFile(path, language, ...rest)
      : ts.createSourceFile(path, source, language);
  };
  const program = ts.createProgram([...programs.keys()], options, host);
  return [...programs.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText, start }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
      return `${path.slice(root.length)}:${line} ${ts.flattenDiagnosticMessageText(messageText, " ")}`;
    });
  });
}

test("the pages have examples", () => {
  expect(programs.size).toBeGreaterThan(1);
});

test.each([
  ["strict", {}],
  ["strict with noUncheckedIndexedAccess", { noUncheckedIndexedAccess: true }],
])("a reader's programs compile: %s", (_, more) => {
  expect(complaints({ ...STRICT, ...more })).toEqual([]);
});

test("the check sees a fault", () => {
  const path = join(root, "test/types/fault.ts");
  programs.set(
    path,
    'import type { ImageMetadata } from "vitrine/acquire";\nexport const n: ImageMetadata = {};\n',
  );
  expect(complaints(STRICT)).toEqual([expect.stringContaining("fault.ts:2 Property 'Axes' is missing")]);
  programs.delete(path);
});
