/** How the files of an export are named: the server writes them, the page asks for them. */

/** Values of a query. */
export type ExportQuery = Readonly<Record<string, string | number | undefined>>;

/** What an export says of itself, in the file that the page's `vitrine-export` names. */
export interface ExportFacts {
  readonly format: "vitrine export";
  /** Numbers of the addresses whose answers there are. */
  readonly places: Readonly<Record<string, number>>;
  /** The image of a file that has several which is shown first. */
  readonly firstImages: Readonly<Record<string, string>>;
  /** What the page cannot show, in words. */
  readonly leftOut: readonly string[];
}

/** How the answers of a route are kept: as they are, or after a line of JSON that has their headers. */
interface Kept {
  readonly ending: "json" | "jpg" | "bin";
  /** Values that make no difference: what is kept has all of it. */
  readonly without?: readonly string[];
}

/** Routes whose answers are kept. */
export const KEPT: Readonly<Record<string, Kept>> = {
  roots: { ending: "json" },
  tour: { ending: "json" },
  browse: { ending: "json" },
  image: { ending: "json" },
  "image/tile": { ending: "bin" },
  "image/statistics": { ending: "json" },
  experiment: { ending: "json" },
  "experiment/tile": { ending: "jpg" },
  "experiment/objects": { ending: "bin", without: ["y", "x", "height", "width", "format"] },
  "experiment/objects/columns": { ending: "bin" },
  "experiment/features": { ending: "bin" },
  "experiment/object": { ending: "json" },
};

/** Whether a line of headers comes first. */
export function isFramed(route: string): boolean {
  return KEPT[route]?.ending === "bin";
}

/** The file of an answer, below the export's folder; undefined: answers of this kind, or of this place, are left out. */
export function exportedName(
  route: string,
  query: ExportQuery,
  { places, firstImages }: Pick<ExportFacts, "places" | "firstImages">,
): string | undefined {
  const kept = Object.hasOwn(KEPT, route) ? KEPT[route] : undefined;
  if (kept === undefined) return undefined;
  const { at, ...others } = query;
  const place = at === undefined ? "all" : Object.hasOwn(places, at) ? places[at] : undefined;
  if (place === undefined) return undefined;
  const isFirst = at !== undefined && others.image === firstImages[at];
  const left = [...(kept.without ?? []), ...(isFirst ? ["image"] : [])];
  const values = Object.entries(others)
    .map(([key, value]) => [key, key === "places" ? ordered(String(value ?? "")) : value] as const)
    .filter(([key, value]) => value !== undefined && value !== "" && !left.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}-${plain(String(value))}`);
  const name = values.length === 0 ? "answer" : values.join("_");
  return `data/${place}/${route.replaceAll("/", "-")}/${name}.${kept.ending}`;
}

/** Indices by axes in one order; those that are 0 go without saying. */
function ordered(places: string): string {
  return places
    .split(",")
    .filter((pair) => pair !== "" && !pair.endsWith(":0"))
    .sort()
    .join(",");
}

/** A name that every file system and web server takes as it is, capitals too where those are no others. */
function plain(text: string): string {
  return text.replaceAll(/[^a-z0-9.]/g, (letter) => `~${letter.codePointAt(0)!.toString(36)}~`);
}
