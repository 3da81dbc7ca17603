/** How results are recognised: a row of one table a domain. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openPathOrNone } from "../../core/index.node.ts";
import { isEnsemble, isLikelihoodRun } from "../../likelihood/index.ts";
import { isSearchConfig, isSearchTable } from "../../match/index.ts";
import { isMoleculesTable } from "../../subtomogram/index.ts";

/** Results of programs that the page has modules for. */
export type ResultKind = "match" | "subtomogram" | "likelihood";

/** What each is, in one word. */
export const RESULT_WORDS: Readonly<Record<ResultKind, string>> = {
  match: "search",
  subtomogram: "molecules",
  likelihood: "likelihood",
};

/** How one kind is known. */
interface Recognition {
  readonly kind: ResultKind;
  /** Of files: their names, and what the beginning of one says. */
  readonly files: readonly { readonly name: RegExp; readonly isOne: (head: string) => boolean }[];
  /** Of folders, by the names in them. A folder with one of the files is one, too. */
  readonly folder?: (names: ReadonlySet<string>) => boolean;
}

/** The first that fits counts. */
const RESULTS: readonly Recognition[] = [
  { kind: "likelihood", files: [], folder: (names) => isLikelihoodRun(names) || isEnsemble(names) },
  {
    kind: "match",
    files: [
      { name: /\.(ya?ml|json)$/i, isOne: isSearchConfig },
      { name: /\.csv$/i, isOne: (head) => isSearchTable(firstLine(head)) },
    ],
  },
  {
    kind: "subtomogram",
    files: [{ name: /\.csv$/i, isOne: (head) => isMoleculesTable(firstLine(head)) }],
  },
];

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n"));
}

/** Bytes of a file that are looked at. */
const HEAD_BYTES = 2 ** 16;
/** Files of a folder that are looked into. */
const MOST_FILES = 30;

/** Which result a file or folder is; undefined: none. What cannot be read is none. */
export async function resultKindOf(path: string, isFolder: boolean): Promise<ResultKind | undefined> {
  const names = isFolder ? await readdir(path).catch(() => []) : [];
  const all = new Set(names);
  for (const { kind, files, folder } of RESULTS) {
    if (folder?.(all)) return kind;
    const candidates = isFolder
      ? names.flatMap((name) =>
          files.filter((each) => each.name.test(name)).map((each) => ({ ...each, path: join(path, name) })),
        )
      : files.filter((each) => each.name.test(path)).map((each) => ({ ...each, path }));
    for (const candidate of candidates.slice(0, MOST_FILES))
      if (candidate.isOne(await headOf(candidate.path))) return kind;
  }
  return undefined;
}

/** The beginning of a file; empty where it cannot be read, or leads out of what is served. */
async function headOf(path: string): Promise<string> {
  const real = await openPathOrNone(path);
  // opening a pipe would wait for its writer
  if (real === undefined || !(await stat(real).catch(() => undefined))?.isFile()) return "";
  const file = await open(real).catch(() => undefined);
  if (file === undefined) return "";
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return new TextDecoder().decode(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
