/** Answers out of the files of an export, where no server stands behind the page. */
import { type ExportFacts, exportedName, isFramed, isListed, LIST_FILE } from "../../server/export/names.ts";

/** The file that an exported page names, where there is one. */
function factsFile(): string | undefined {
  return document.querySelector<HTMLMetaElement>('meta[name="vitrine-export"]')?.content;
}

/** Whether the page is an export: it asks for files in place of routes. */
export function isExport(): boolean {
  return factsFile() !== undefined;
}

let facts: Promise<ExportFacts> | undefined;

/** What the export has. @throws {Error} an export without its file */
export function exportFacts(): Promise<ExportFacts> {
  const file = factsFile() ?? "";
  // the export is of the same version: its file is as described
  facts ??= fileOf(file).then(async (response) => (await response.json()) as ExportFacts);
  facts.catch(() => {
    facts = undefined;
  });
  return facts;
}

/** What an export does not have, where the server has it. */
export class LeftOut extends Error {}

const lists = new Map<string, Promise<ReadonlySet<string>>>();

/** The names of the files of a folder of the export. @throws {Error} a list that is not there */
function listOf(folder: string): Promise<ReadonlySet<string>> {
  const known = lists.get(folder);
  if (known !== undefined) return known;
  // the export is of the same version: its file is as described
  const names = async () => new Set((await (await fileOf(`${folder}/${LIST_FILE}`)).json()) as string[]);
  const asked = names();
  lists.set(folder, asked);
  asked.catch(() => lists.delete(folder));
  return asked;
}

/** Whether the export has a file, which is not asked for where it has not. */
async function hasFile(name: string): Promise<boolean> {
  const at = name.lastIndexOf("/");
  const folder = name.slice(0, at);
  if (!(await exportFacts()).lists.includes(folder)) return false;
  return (await listOf(folder)).has(name.slice(at + 1));
}

/** What the server would have answered. @throws {LeftOut}; {Error} a file that is not there */
export async function askExport(
  route: string,
  query: Readonly<Record<string, string | number | undefined>>,
  signal?: AbortSignal,
): Promise<Response> {
  const name = exportedName(route, query, await exportFacts());
  if (name === undefined || (isListed(route) && !(await hasFile(name))))
    throw new LeftOut("This copy of the page has no server: what it would tell here is left out.");
  const response = await fileOf(name, signal);
  if (!isFramed(route)) return response;
  const bytes = new Uint8Array(await response.arrayBuffer());
  const end = bytes.indexOf(NEWLINE);
  const headers = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end))) as Record<string, string>;
  return new Response(bytes.slice(end + 1), { headers });
}

const NEWLINE = 10;

async function fileOf(name: string, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(name, signal ? { signal } : {}).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Error("The web server does not answer.");
  });
  if (response.ok) return response;
  throw new Error(
    response.status === 404
      ? "This copy of the page lacks a file of what is asked for here."
      : `The web server answered ${response.status}`,
  );
}
