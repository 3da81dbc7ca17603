/** What the server tells of images against structures. */
import { bestStructure as bestOf } from "../../../server/export/shown.ts";
import { isExport, LeftOut } from "../../scene/exported.ts";
import { askPictures, askRows, type Rows } from "../answers.ts";

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
export function bestStructure({ columns }: Rows, structures: number, image: number): number {
  return bestOf(columns, structures, image);
}

/** Images with structures. */
export type Pairs = readonly (readonly [image: number, structure: number])[];

/** Asks for images beside templates. An export has each pair by itself: those that are left out are not among the pictures. @throws {Error} with what the server says */
export async function askPairs(at: string, pairs: Pairs, signal: AbortSignal) {
  const ask = (some: Pairs) => {
    const query = { at, pairs: some.map((pair) => pair.join(":")).join(",") };
    return askPictures<{ readonly warnings: readonly string[] }>("likelihood/pairs", query, signal);
  };
  if (!isExport()) return ask(pairs);
  const answers = await Promise.all(pairs.map((pair) => ask([pair]).catch(noneLeftOut)));
  const there = answers.flatMap((answer) => answer ?? []);
  return {
    facts: { warnings: there[0]?.facts.warnings ?? [] },
    pictures: there.flatMap(({ pictures }) => pictures),
  };
}

/** Asks for views of a structure, with the posterior of an image where there is one. @throws {Error} with what the server says */
export async function askViews(
  at: string,
  { structure, image }: { readonly structure: number; readonly image: number | undefined },
  signal: AbortSignal,
): Promise<Rows> {
  const ask = (of: number | undefined) => askRows("likelihood/views", { at, structure, image: of }, signal);
  if (!isExport() || image === undefined) return ask(image);
  return (await ask(image).catch(noneLeftOut)) ?? ask(undefined);
}

function noneLeftOut(error: unknown): undefined {
  if (!(error instanceof LeftOut)) throw error;
}
