import { VitrineError } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import type { Molecules } from "../molecules/molecules.ts";

/** Which tomogram each molecule is of, where they are of several: the feature `tomogram`, else `image-id`. */
export function tomogramsOf({ features }: Molecules): readonly string[] | undefined {
  const columns = [features.tomogram, features["image-id"]].map((column) => column?.map(String));
  return columns.find((names) => new Set(names).size > 1);
}

/** Molecules of a table of several tomograms that are one's own. */
export interface OwnMolecules {
  readonly molecules: Molecules;
  /** Names in the table, several. */
  readonly tomograms: readonly string[];
  /** Which of them is meant; left out where it cannot be told: the molecules are all there are. */
  readonly name?: string;
}

/**
 * Of a table of several tomograms the molecules of the one that is called as a file; undefined where a table is of one.
 *
 * @param tomogram  a path: what counts is its name without endings, which may have more in it (`TS_1_bin4.mrc` of TS_1)
 */
export function moleculesOfTomogram(molecules: Molecules, tomogram: string): OwnMolecules | undefined {
  const names = tomogramsOf(molecules);
  if (names === undefined) return undefined;
  const tomograms = [...new Set(names)];
  const own = stemOf(tomogram);
  const called = tomograms.filter((name) => stemOf(name) === own);
  // RELION's and others' files have more in their names than the tomogram's
  const [name, ...more] = called.length > 0 ? called : tomograms.filter((one) => hasName(own, stemOf(one)));
  if (name === undefined || more.length > 0) return { molecules, tomograms };
  return { molecules: molecules.filter((_, i) => names[i] === name), tomograms, name };
}

/**
 * As {@link moleculesOfTomogram}, for programs: says which are taken.
 *
 * @throws {VitrineError} undeterminable: a table of several tomograms, of which none is called as the file
 */
export function requireOwnMolecules(
  molecules: Molecules,
  {
    table,
    tomogram,
    onLog,
  }: { readonly table: string; readonly tomogram: string; readonly onLog: Log | undefined },
): Molecules {
  const own = moleculesOfTomogram(molecules, tomogram);
  if (own === undefined) return molecules;
  const { tomograms, name } = own;
  if (name === undefined)
    throw new VitrineError({
      code: "undeterminable",
      at: table,
      expected: `molecules of one tomogram, or of one that is called as ${tomogram}`,
      found: `those of ${tomograms.slice(0, 4).join(", ")}${tomograms.length > 4 ? ` and ${tomograms.length - 4} more` : ""}`,
      hint: `Take those of one: vitrine convert ${table} one.csv --tomogram ${tomograms[0]}`,
    });
  onLog?.(`${table} has molecules of ${tomograms.length} tomograms: those of ${name} are taken`, "warning");
  return own.molecules;
}

/** The name of a file, without folder and endings. */
function stemOf(name: string): string {
  return (name.split(/[\\/]/).findLast((part) => part !== "") ?? name).replace(/\.\w+$/, "").toLowerCase();
}

/** Whether a name stands in another as a whole: TS_1 in TS_1_bin4, and not in TS_10. */
function hasName(text: string, name: string): boolean {
  if (name === "") return false;
  const at = text.indexOf(name);
  const isEdge = (letter: string | undefined) => letter === undefined || !/[a-z0-9]/.test(letter);
  return at >= 0 && isEdge(text[at - 1]) && isEdge(text[at + name.length]);
}
