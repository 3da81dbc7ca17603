import { z } from "zod";
import { parseWithSchema } from "../schema.ts";
import type { Atom } from "./atom.ts";
import { isWater } from "./elements.ts";

/** How a selection is written in a configuration; unknown keys are refused. */
export const atomSelectionSchema = z.strictObject({
  chains: z.array(z.string()).optional(),
  elements: z.array(z.string()).optional(),
  atomNames: z.array(z.string()).optional(),
  residues: z.array(z.string()).optional(),
  residueNumbers: z.tuple([z.int(), z.int()]).optional(),
  excludeWater: z.boolean().optional(),
  excludeHydrogen: z.boolean().optional(),
  excludeHetero: z.boolean().optional(),
  alternates: z.enum(["first", "all"]).optional(),
});

/** Which atoms of a structure are meant: those that fit everything that is given. */
export interface AtomSelection {
  /** Names of chains: `["A", "B"]`. */
  readonly chains?: readonly string[] | undefined;
  /** Chemical symbols in any case. */
  readonly elements?: readonly string[] | undefined;
  /** `["CA"]`. */
  readonly atomNames?: readonly string[] | undefined;
  /** `["ALA", "GLY"]`. */
  readonly residues?: readonly string[] | undefined;
  /** First and last number. */
  readonly residueNumbers?: readonly [number, number] | undefined;
  readonly excludeWater?: boolean | undefined;
  /** Hydrogen and deuterium. */
  readonly excludeHydrogen?: boolean | undefined;
  /** Ligands, ions, water: what stands in HETATM lines. */
  readonly excludeHetero?: boolean | undefined;
  /**
   * `first`: where a residue has alternatives, its first residue name and of each atom the first location; `all` (default)
   * keeps every location, each with its occupancy.
   */
  readonly alternates?: "first" | "all" | undefined;
}

/**
 * The atoms of a model that a selection means, in their order.
 *
 * @throws {VitrineError} format: a key that is not known; type: values of other types
 */
export function selectAtoms(atoms: readonly Atom[], selection: AtomSelection): Atom[] {
  const checked: AtomSelection = parseWithSchema(selection, atomSelectionSchema, "selection");
  const chosen = atoms.filter(chooser(checked));
  return checked.alternates === "first" ? firstLocations(chosen) : chosen;
}

function chooser(selection: AtomSelection): (atom: Atom) => boolean {
  const { residueNumbers, excludeWater, excludeHydrogen, excludeHetero } = selection;
  const chains = anyOf(selection.chains);
  const elements = anyOf(selection.elements?.map((symbol) => symbol.toUpperCase()));
  const names = anyOf(selection.atomNames);
  const residues = anyOf(selection.residues);
  // a residue without number is in no range, and is not left out where none is asked for
  const inRange = residueNumbers === undefined ? () => true : between(residueNumbers);
  return (atom) =>
    chains(atom.chain) &&
    elements(atom.element.toUpperCase()) &&
    names(atom.name) &&
    residues(atom.residue) &&
    inRange(atom.residueNumber) &&
    !(excludeWater && isWater(atom.residue)) &&
    !(excludeHydrogen && (atom.element === "H" || atom.element === "D")) &&
    !(excludeHetero && atom.isHetero);
}

function between([first, last]: readonly [number, number]): (value: number) => boolean {
  return (value) => value >= first && value <= last;
}

function anyOf(names: readonly string[] | undefined): (name: string) => boolean {
  if (names === undefined) return () => true;
  const set = new Set(names);
  return (name) => set.has(name);
}

/** Alternatives may be of the atoms of a residue, or of the whole residue under two names. */
function firstLocations(atoms: readonly Atom[]): Atom[] {
  const residues = new Map<string, string>();
  const locations = new Map<string, string>();
  return atoms.filter((atom) => {
    if (atom.alternate === "") return true;
    const place = `${atom.chain}\n${atom.residueNumber}\n${atom.insertion ?? ""}`;
    if (firstOf(residues, place, atom.residue) !== atom.residue) return false;
    return firstOf(locations, `${place}\n${atom.name}`, atom.alternate) === atom.alternate;
  });
}

function firstOf(seen: Map<string, string>, key: string, value: string): string {
  const first = seen.get(key) ?? value;
  seen.set(key, first);
  return first;
}
