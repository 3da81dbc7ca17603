/** What an export keeps of images against structures: what is known of each image, pictures and posteriors of the first ones. */
import type { ExportDesk } from "./desk.ts";
import type { SharedPlace } from "./names.ts";
import { bestStructure } from "./shown.ts";

/** Images that are shown beside their best structure. */
const MOST_IMAGES = 500;
/** Images with structures that are shown, all together. */
const MOST_PAIRS = 1000;

interface RunFacts {
  readonly folders: Readonly<Record<string, string | null>>;
  readonly names: readonly string[];
  readonly images: number | null;
}

interface Rows {
  readonly columns: readonly string[];
  readonly values: readonly (readonly number[])[];
}

/** A run, or the ensemble that was judged of it. */
export async function exportRun(
  at: string,
  desk: ExportDesk,
  known: Map<string, SharedPlace>,
): Promise<void> {
  const facts = JSON.parse(String((await desk.keep("likelihood", { at })).body)) as RunFacts;
  const { images, names, folders } = facts;
  if (images === null) return;
  await desk.keep("likelihood/images", { at });
  const { run, templates, particles, parameters } = folders;
  const key = JSON.stringify([run, templates, particles, parameters]);
  const first = known.get(key);
  if (first === undefined) known.set(key, { at });
  else desk.same({ at }, first);
  const rows = await desk.ask<Rows>("likelihood/images", { at, format: "json" });
  const columns = Object.fromEntries(rows.columns.map((name, c) => [name, rows.values[c]]));
  const shown = Array.from({ length: Math.min(images, MOST_IMAGES) }, (_, image) => image);
  const best = shown.map((image) => [image, bestStructure(columns, names.length, image)] as const);
  const others = shown.flatMap((image) =>
    names.flatMap((_, k) => (best[image][1] === k ? [] : [[image, k] as const])),
  );
  const pairs = [...best, ...others].slice(0, MOST_PAIRS);
  if (pairs.length < images * names.length)
    desk.leaveOut(`images of ${at} beyond the first ${MOST_IMAGES}, ${MOST_PAIRS} pairs with structures`);
  if (run && templates && particles && parameters) await exportPairs(at, pairs, desk);
  if (run && parameters) await exportViews(at, { names, pairs }, desk);
}

type Pair = readonly [image: number, structure: number];

async function exportPairs(at: string, pairs: readonly Pair[], desk: ExportDesk): Promise<void> {
  // each structure has a stack of templates of its own, of which one is kept
  for (const [image, structure] of [...pairs].sort((a, b) => a[1] - b[1]))
    await desk.keepOnce("likelihood/pairs", { at, pairs: `${image}:${structure}` }, `some images of ${at}`);
}

/** Views of each structure, and where the run has them, posteriors of images over views. */
async function exportViews(
  at: string,
  { names, pairs }: { readonly names: readonly string[]; readonly pairs: readonly Pair[] },
  desk: ExportDesk,
): Promise<void> {
  const what = `viewing directions of ${at}`;
  for (const structure of names.keys()) {
    if (!(await desk.keepOnce("likelihood/views", { at, structure }, what))) continue;
    const query = { at, structure, image: 0, format: "json" };
    const { columns } = await desk.ask<Rows>("likelihood/views", query);
    if (!columns.includes("posterior")) continue;
    for (const [image] of pairs.filter(([, of]) => of === structure))
      await desk.keepOnce("likelihood/views", { at, structure, image }, what);
  }
}
