/** Answers out of the files of an export, where no server stands behind the page. */
import { type ExportFacts, exportedName, isFramed } from "../../server/export/names.ts";

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

/** What the server would have answered. @throws {Error} what is left out, or a file that is not there */
export async function askExport(
  route: string,
  query: Readonly<Record<string, string | number | undefined>>,
  signal?: AbortSignal,
): Promise<Response> {
  const name = exportedName(route, query, await exportFacts());
  if (name === undefined)
    throw new Error("This copy of the page has no server: what it would tell here is left out.");
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
