import { VitrineError } from "../../core/index.ts";
import type { FeatureValue } from "../molecules/features.ts";
import type { Molecules } from "../molecules/molecules.ts";
import type { Warn } from "./tomograms.ts";

/** What a program's table of molecules has room for besides places and orientations. */
interface Holder {
  /** As messages call it. */
  readonly program: string;
  /** Features that it has as numbers. */
  readonly numbers: readonly string[];
  /** Features that it has as texts. */
  readonly texts?: readonly string[];
  readonly tomogram: "name" | "number" | "none";
  /** What a file has one of. */
  readonly oneOf?: readonly ("tomogram" | "object")[];
}

const HOLDERS = {
  dynamo: { program: "Dynamo", numbers: ["tag", "cc", "region", "class"], tomogram: "number" },
  av3: {
    program: "a motive list",
    numbers: ["score", "subtomogram", "object", "class"],
    tomogram: "number",
  },
  stopgap: {
    program: "STOPGAP",
    numbers: ["motl", "object", "subtomogram", "halfset", "score", "class"],
    tomogram: "number",
  },
  copick: {
    program: "copick",
    numbers: ["score", "instance_id"],
    texts: ["object"],
    tomogram: "name",
    oneOf: ["tomogram", "object"],
  },
  peet: { program: "PEET", numbers: ["score", "class"], tomogram: "none", oneOf: ["tomogram"] },
  eman2: {
    program: "EMAN2",
    numbers: ["score", "class"],
    texts: ["object"],
    tomogram: "none",
    oneOf: ["tomogram"],
  },
} as const satisfies Record<string, Holder>;

/** Formats whose columns are fixed. */
export type HeldFormat = keyof typeof HOLDERS;

/** Other programs' names of a feature, the first that there is counts. */
const ALSO: Readonly<Record<string, readonly string[]>> = {
  class: ["rlnClassNumber"],
  halfset: ["rlnRandomSubset"],
  score: ["cc"],
  cc: ["score"],
};

/** How messages call a file, and who hears of what is left out. */
export interface HeldContext {
  readonly at: string;
  readonly onLog: Warn | undefined;
}

/**
 * Molecules with the features alone that a program's table has room for, by its names; what is left out or has no number is said.
 *
 * @throws {VitrineError} range: molecules of several tomograms or objects, of which a file has one
 */
export function heldBy(molecules: Molecules, format: HeldFormat, { at, onLog }: HeldContext): Molecules {
  const holder: Holder = HOLDERS[format];
  const { program, numbers, texts = [] } = holder;
  for (const name of holder.oneOf ?? []) requireOne(molecules, name, { at, program });
  const { tomogram, ...features } = molecules.features;
  const held: Record<string, readonly FeatureValue[]> = { ...(tomogram && { tomogram }) };
  const taken = new Set<string>();
  for (const name of [...numbers, ...texts]) {
    const from = [name, ...(ALSO[name] ?? [])].find((one) => Object.hasOwn(features, one));
    if (from === undefined || (numbers.includes(name) && !features[from].some(isNumber))) continue;
    taken.add(from);
    held[name] = features[from];
    const without = numbers.includes(name) ? features[from].filter((value) => !isNumber(value)).length : 0;
    if (without > 0)
      onLog?.(
        `${at}: ${from} is no number in ${without} of ${molecules.count} molecules; they get ${program}'s default`,
        "warning",
      );
  }
  const leftOut = Object.keys(features).filter(
    (name) => !taken.has(name) && features[name].some(saysSomething),
  );
  if (holder.tomogram === "none" && tomogram?.some(saysSomething)) leftOut.unshift("tomogram");
  if (leftOut.length > 0)
    onLog?.(`${at}: left out ${leftOut.join(", ")}: ${program} has no such columns`, "warning");
  const names = [...new Set((tomogram ?? []).map(String))];
  if (holder.tomogram === "number" && !names.every((name) => /^\d+$/.test(name)))
    onLog?.(
      `${at}: ${program} numbers tomograms: ${names.map((name, i) => `${i + 1} is ${name}`).join(", ")}`,
      "warning",
    );
  return molecules.dropFeatures(Object.keys(molecules.features)).withFeatures(held);
}

function isNumber(value: FeatureValue): boolean {
  return typeof value === "number" && Number.isFinite(value);
}

function saysSomething(value: FeatureValue): boolean {
  return value !== null && value !== "";
}

function requireOne(
  { features }: Molecules,
  name: string,
  { at, program }: { readonly at: string; readonly program: string },
): void {
  const values = new Set((features[name] ?? []).map(String));
  if (values.size < 2) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: `molecules of one ${name}, as a file of ${program} has`,
    found: `those of ${values.size}: ${[...values].slice(0, 3).join(", ")}${values.size > 3 ? " …" : ""}`,
    hint:
      name === "tomogram"
        ? "Take those of one with --tomogram (tomogram)"
        : `Write a file for each, of the molecules whose feature ${name} is the same`,
  });
}
