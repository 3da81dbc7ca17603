import { VitrineError } from "../../core/index.ts";
import type { Features, FeatureValue } from "../molecules/features.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { numberNames } from "./dynamo.ts";

/** Formats whose columns are fixed. */
export type FixedFormat = "dynamo" | "av3" | "stopgap" | "copick" | "peet" | "eman2";

interface Columns {
  readonly whose: string;
  /** Features that are written as numbers. */
  readonly numbers: readonly string[];
  /** Features that are written as text. */
  readonly texts: readonly string[];
  /** Tomograms are numbers there. */
  readonly isNumbered?: boolean;
}

const COLUMNS: Readonly<Record<FixedFormat, Columns>> = {
  dynamo: {
    whose: "Dynamo's tables",
    numbers: ["tag", "cc", "score", "region", "class"],
    texts: ["tomogram"],
    isNumbered: true,
  },
  av3: {
    whose: "motive lists of TOM and AV3",
    numbers: ["score", "subtomogram", "object", "class"],
    texts: ["tomogram"],
    isNumbered: true,
  },
  stopgap: {
    whose: "motive lists of STOPGAP",
    numbers: ["motl", "score", "subtomogram", "object", "halfset", "class"],
    texts: ["tomogram"],
    isNumbered: true,
  },
  copick: { whose: "picks of copick", numbers: ["instance_id", "score"], texts: ["tomogram", "object"] },
  peet: { whose: "PEET's lists", numbers: ["score", "class"], texts: [] },
  eman2: { whose: "EMAN2's boxes", numbers: ["score", "class"], texts: ["object"] },
};

/** Says which features such a table has no columns for, and how it numbers tomograms. */
export function tellLeftOut(
  { features }: Molecules,
  { format, at, onLog }: { readonly format: FixedFormat; readonly at: string; readonly onLog: OnLog },
): void {
  const { whose, numbers, texts, isNumbered = false } = COLUMNS[format];
  const leftOut = Object.keys(features).filter((name) => !hasColumn(features, name, { numbers, texts }));
  if (format === "dynamo" && features.cc !== undefined && features.score !== undefined) leftOut.push("score");
  if (leftOut.length > 0)
    onLog?.(`${at}: left out ${leftOut.join(", ")}: ${whose} have no such columns`, "warning");
  const names = features.tomogram?.map(String) ?? [];
  if (!isNumbered || names.every((name) => name === "" || /^\d+$/.test(name))) return;
  const counted = numberNames(names);
  const pairs = [...new Set(names.map((name, i) => `${name} is ${counted[i]}`))];
  onLog?.(`${at}: ${whose} number tomograms: ${pairs.join(", ")}`, "warning");
}

type OnLog = ((message: string, kind: "warning") => void) | undefined;

/** Texts where numbers are wanted have no place. */
function hasColumn(
  features: Features,
  name: string,
  { numbers, texts }: Pick<Columns, "numbers" | "texts">,
): boolean {
  if (texts.includes(name)) return true;
  const isNumber = (value: FeatureValue) => value === null || typeof value === "number";
  return numbers.includes(name) && features[name].every(isNumber);
}

/** For files that are of one tomogram. @throws {VitrineError} range: molecules of several, or `feature` has several values */
export function requireOne(
  { features }: Molecules,
  { at, feature = "tomogram", whose }: { at: string; feature?: string; whose: string },
): void {
  const values = [...new Set((features[feature] ?? []).map(String))];
  if (values.length < 2) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: `molecules of one ${feature}, as ${whose}`,
    found: `those of ${values.length}`,
    hint: feature === "tomogram" ? "Say whose with --tomogram NAME (tomogram)" : "Write one after the other",
  });
}
