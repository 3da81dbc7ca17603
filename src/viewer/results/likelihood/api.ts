/** What the server tells of images against structures. */
import type { Rows } from "../answers.ts";

/** A comparison of images with structures. */
export interface LikelihoodFacts {
  /** Addresses of what was found. */
  readonly folders: Readonly<Partial<Record<Folder, string | null>>>;
  /** Of the structures. */
  readonly names: readonly string[];
  /** Null: no run lies there. */
  readonly images: number | null;
  /** Whether there are log-likelihoods integrated over poses, without which there are no posteriors. */
  readonly isIntegrated: boolean;
  readonly weights: {
    readonly names: readonly string[];
    readonly weights: readonly number[];
    readonly lower: readonly number[];
    readonly upper: readonly number[];
  } | null;
  readonly ranking: readonly Readonly<Record<string, string>>[] | null;
  readonly warnings: readonly string[];
}

type Folder = "run" | "ensemble" | "templates" | "particles" | "parameters";

/** Whether pictures can be made of images and templates. */
export function hasPictures({ folders }: LikelihoodFacts): boolean {
  return (
    folders.run != null &&
    folders.templates != null &&
    folders.particles != null &&
    folders.parameters != null
  );
}

/** A number of an image, for a structure. */
export function valuesOf(
  { columns }: Rows,
  quantity: "correlation" | "view" | "x" | "y" | "rotation" | "likelihood" | "posterior",
  structure: number,
): Float64Array | undefined {
  return columns[`${quantity}-${structure}`];
}

/** The structure that an image is most likely of; without posteriors, that it looks most like. */
export function bestStructure(rows: Rows, structures: number, image: number): number {
  const quantity = valuesOf(rows, "posterior", 0) === undefined ? "correlation" : "posterior";
  let best = 0;
  for (let k = 1; k < structures; k++)
    if ((valuesOf(rows, quantity, k)?.[image] ?? 0) > (valuesOf(rows, quantity, best)?.[image] ?? 0))
      best = k;
  return best;
}
