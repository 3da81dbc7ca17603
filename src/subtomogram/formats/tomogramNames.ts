import type { Molecules } from "../molecules/molecules.ts";

/** Of each molecule its tomogram's name, the feature `tomogram`, else `image-id`; empty where its table says nothing. */
export function tomogramsOf({ features, count }: Molecules): readonly string[] {
  const column = features.tomogram ?? features["image-id"] ?? new Array<null>(count).fill(null);
  return column.map((name) => (name === null ? "" : String(name)));
}

/** Names of a sentence: so many of them. */
const LISTED = 5;

/** Names as messages list them. */
export function listed(names: readonly string[]): string {
  const more = names.length - LISTED;
  return `${names.slice(0, LISTED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** The name of a file, without its folder. */
export function fileName(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** The name of a file, without folder and ending. */
export function fileStem(path: string): string {
  return fileName(path).replace(/\.\w+$/, "");
}
