/** How results are recognised: a row of one table a domain. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openPathOrNone } from "../../core/index.node.ts";
import { isEnsemble, isLikelihoodRun } from "../../likelihood/index.ts";
import { isSearchConfig, isSearchTable } from "../../match/index.ts";
import { type FileEnds, isMoleculesContent } from "../../subtomogram/index.ts";

/** Results of programs that the page has modules for. */
export type ResultKind = "match" | "subtomogram" | "likelihood";

/** What each is, in one word. */
export const RESULT_WORDS: Readonly<Record<ResultKind, string>> = {
  match: "search",
  subtomogram: "molecules",
  likelihood: "likelihood",
};

/** What of a file is looked at. */
interface Content {
  readonly name: string;
  /** As text. */
  readonly head: string;
  readonly ends: FileEnds;
}

/** How one kind is known. */
interface Recognition {
  readonly kind: ResultKind;
  /** Of files: their names, and what the beginning of one says. */
  readonly files: readonly { readonly name: RegExp; readonly isOne: (content: Content) => boolean }[];
  /** Of folders, by the names in them. A folder with one of the files is one, too. */
  readonly folder?: (names: ReadonlySet<string>) => boolean;
}

/** The first that fits counts. */
const RESULTS: readonly Recognition[] = [
  { kind: "likelihood", files: [], folder: (names) => isLikelihoodRun(names) || isEnsemble(names) },
  {
    kind: "match",
    files: [
      { name: /\.(ya?ml|json)$/i, isOne: ({ head }) => isSearchConfig(head) },
      { name: /\.csv$/i, isOne: ({ head }) => isSearchTable(firstLine(head)) },
    ],
  },
  {
    kind: "subtomogram",
    files: [
      {
        name: /\.(csv|pq|parquet|star|tbl|em|json|mod)$/i,
        isOne: ({ name, ends }) => isMoleculesContent(name, ends),
      },
    ],
  },
];

function firstLine(text: string): string {
  return text.slice(0, text.indexOf("\n"));
}

/** Bytes of either end of a file that are looked at. */
const END_BYTES = 2 ** 16;
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
      if (candidate.isOne(await contentOf(candidate.path))) return kind;
  }
  return undefined;
}

/** Both ends of a file; empty where it cannot be read, or leads out of what is served. */
async function contentOf(path: string): Promise<Content> {
  const ends = await endsOf(path);
  return { name: path, head: new TextDecoder().decode(ends.head), ends };
}

const NOTHING: FileEnds = { head: new Uint8Array(), tail: new Uint8Array() };

async function endsOf(path: string): Promise<FileEnds> {
  const real = await openPathOrNone(path);
  const found = real === undefined ? undefined : await stat(real).catch(() => undefined);
  // opening a pipe would wait for its writer
  if (real === undefined || !found?.isFile()) return NOTHING;
  const file = await open(real).catch(() => undefined);
  if (file === undefined) return NOTHING;
  try {
    const part = async (from: number) => {
      const { bytesRead, buffer } = await file.read(new Uint8Array(END_BYTES), 0, END_BYTES, from);
      return buffer.subarray(0, bytesRead);
    };
    return { head: await part(0), tail: await part(Math.max(0, found.size - END_BYTES)) };
  } finally {
    await file.close();
  }
}
