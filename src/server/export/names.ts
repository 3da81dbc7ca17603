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
  /** Of what several addresses lead to: the address under which its answers are. */
  readonly sames: Readonly<Record<string, SharedPlace>>;
  /** Of volumes: each how many-th section there is. */
  readonly steps: Readonly<Record<string, number>>;
  /** Folders whose files are listed in {@link LIST_FILE}. */
  readonly lists: readonly string[];
  /** What the page cannot show, in words. */
  readonly leftOut: readonly string[];
}

/** What of it names files. */
export type NamingFacts = Pick<ExportFacts, "places" | "firstImages" | "sames" | "steps">;

/** An address, and which of the searches there. */
export interface SharedPlace {
  readonly at: string;
  readonly search?: number;
}

/** In a folder of answers of which there could be too many: the names of those that are there, as JSON. */
export const LIST_FILE = "list.json";

/** How the answers of a route are kept: as they are, or after a line of JSON that has their headers. */
interface Kept {
  readonly ending: "json" | "jpg" | "csv" | "bin";
  /** Values that make no difference: what is kept has all of it. */
  readonly without?: readonly string[];
  /** Values that are addresses: their numbers stand for them. */
  readonly addresses?: readonly string[];
  /** Whether addresses that lead to the same thing share its answers. */
  readonly isShared?: true;
  /** Whether there is a list of what is kept: some may be left out. */
  readonly isListed?: true;
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
  match: { ending: "json" },
  "match/particles": { ending: "bin", without: ["format"], addresses: ["table"] },
  "match/table": { ending: "csv", without: ["cutoff", "as"], addresses: ["table"], isListed: true },
  "match/tile": { ending: "bin", isShared: true },
  "match/particle": { ending: "bin", isShared: true, isListed: true },
  subtomogram: { ending: "json" },
  "subtomogram/molecules": { ending: "bin", without: ["format"], addresses: ["tomogram"], isListed: true },
  "subtomogram/slice": { ending: "bin", without: ["rows", "columns", "most"] },
  "subtomogram/box": { ending: "bin", addresses: ["tomogram", "table"], isListed: true },
  "subtomogram/landscape": {
    ending: "bin",
    addresses: ["tomogram", "table", "template"],
    isListed: true,
  },
  likelihood: { ending: "json" },
  "likelihood/images": { ending: "bin", without: ["format"] },
  "likelihood/pairs": { ending: "bin", isShared: true, isListed: true },
  "likelihood/views": { ending: "bin", without: ["format"], isShared: true, isListed: true },
};

/** Whether what is kept of a route is listed. */
export function isListed(route: string): boolean {
  return KEPT[route]?.isListed ?? false;
}

/** What several addresses lead to, as `sames` names it. */
export function placeKey({ at, search = 0 }: SharedPlace): string {
  return `${search} ${at}`;
}

/** Whether a line of headers comes first. */
export function isFramed(route: string): boolean {
  return KEPT[route]?.ending === "bin";
}

/** The file of an answer, below the export's folder; undefined: answers of this kind, or of this place, are left out. */
export function exportedName(route: string, query: ExportQuery, facts: NamingFacts): string | undefined {
  const kept = Object.hasOwn(KEPT, route) ? KEPT[route] : undefined;
  if (kept === undefined) return undefined;
  const { places, firstImages, steps } = facts;
  const { at, ...others } = kept.isShared ? sharedQuery(query, facts) : query;
  const place = at === undefined ? "all" : placeOf(at, places);
  if (place === undefined) return undefined;
  const isFirst = at !== undefined && others.image === firstImages[at];
  const left = [...(kept.without ?? []), ...(isFirst && route.startsWith("image") ? ["image"] : [])];
  const step = (at !== undefined && route === "subtomogram/slice" && steps[at]) || 1;
  const texts: Readonly<Record<string, (value: string) => string | number | undefined>> = {
    places: ordered,
    index: (value) => step * Math.floor(Number(value) / step),
  };
  const values = Object.entries(others)
    .filter(([key, value]) => value !== undefined && value !== "" && !left.includes(key))
    .map(([key, value]) => {
      const text = String(value);
      const isAddress = kept.addresses?.includes(key) ?? false;
      return [key, isAddress ? placeOf(text, places) : Object.hasOwn(texts, key) ? texts[key](text) : text];
    })
    .filter(([, value]) => value !== "")
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  if (values.some(([, value]) => value === undefined)) return undefined;
  const name = values.map(([key, value]) => `${key}-${plain(String(value))}`).join("_") || "answer";
  return `data/${place}/${route.replaceAll("/", "-")}/${name}.${kept.ending}`;
}

function placeOf(at: string | number, places: ExportFacts["places"]): number | undefined {
  return Object.hasOwn(places, at) ? places[at] : undefined;
}

/** What is asked for of one address, asked for of the one whose answers are kept. */
function sharedQuery(query: ExportQuery, { sames }: NamingFacts): ExportQuery {
  const key = placeKey({ at: String(query.at), search: Number(query.search ?? 0) });
  return Object.hasOwn(sames, key) ? { ...query, search: undefined, ...sames[key] } : query;
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
