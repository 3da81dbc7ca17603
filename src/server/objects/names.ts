/** How the objects of an image are named in addresses: the server reads what the page writes. */

/** Objects of an image without an experiment. */
export interface ImageObjectsName {
  /** `annotations` were drawn over it; `labels` are those of a label image, a label each. */
  readonly of: "annotations" | "labels";
  /** Address of the image's file. */
  readonly at: string;
  /** Which of the file's images; left out: the first. */
  readonly image?: string;
  /** Of labels: address of a table with their features. */
  readonly table?: string;
}

const PREFIX = "@objects?";
const KEYS = ["of", "at", "image", "table"];

/** As an address. */
export function formatObjectsAt({ of, at, image, table }: ImageObjectsName): string {
  const given = { of, at, ...(image !== undefined && { image }), ...(table !== undefined && { table }) };
  return PREFIX + new URLSearchParams(given);
}

/** What an address names; undefined: something else, or one that nobody wrote so. */
export function parseObjectsAt(text: string): ImageObjectsName | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const values = new URLSearchParams(text.slice(PREFIX.length));
  const names = [...values.keys()];
  const [of, at, image, table] = KEYS.map((key) => values.get(key) ?? undefined);
  const isKnown = names.every((name) => KEYS.includes(name)) && new Set(names).size === names.length;
  if (!isKnown || !at || (of !== "annotations" && of !== "labels")) return undefined;
  if (table !== undefined && of !== "labels") return undefined;
  return { of, at, ...(image !== undefined && { image }), ...(table !== undefined && { table }) };
}
