import { VitrineError } from "../../core/index.ts";
import { type Atom, selectAtoms } from "../../io/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { parseAtomSelection } from "./selection.ts";

/** Atoms, or residues in their stead, as spheres. */
export interface AtomicModel {
  readonly count: number;
  /** Å from the middle of the box, [atoms, 3]. */
  readonly positions: Float64Array;
  /** Å, [atoms]. */
  readonly radiiA: Float64Array;
}

/** What of a descriptor chooses atoms. */
export type AtomRules = Pick<ImageDescriptor, "atomRadiiA" | "atomSelection" | "useProteinResidueModel">;

/** Radii of residues in Å, as CryoLike has them (Tirion-like spheres around CA). */
const RESIDUE_RADII_A: Readonly<Record<string, number>> = {
  ...{
    ALA: 2.5,
    ARG: 3.3,
    ASN: 2.85,
    ASP: 2.8,
    CYS: 2.75,
    GLN: 3.0,
    GLU: 2.95,
    GLY: 2.25,
    HIS: 3.05,
    ILE: 3.1,
  },
  ...{ LEU: 3.1, LYS: 3.2, MET: 3.1, PHE: 3.2, PRO: 2.8, SER: 2.6, THR: 2.8, TRP: 3.4, TYR: 3.25, VAL: 2.95 },
};

const OTHER_RESIDUE_A = 3;

/** A model, and what is said of it. */
export interface ModelWithWarnings {
  readonly model: AtomicModel;
  readonly warnings: readonly string[];
}

/**
 * The spheres of a structure: CA atoms with the radius of their residue, or the selected atoms with one radius; their mean is brought to the
 * middle. Of alternative locations the first counts.
 *
 * @param atoms  of one model
 * @throws {VitrineError} range: no atom is chosen; missing: neither radii nor residues; format: a selection that cannot be read
 */
export function atomicModel(
  atoms: readonly Atom[],
  { atomRadiiA, atomSelection, useProteinResidueModel }: AtomRules,
  at: string,
): ModelWithWarnings {
  if (atomRadiiA === null && !useProteinResidueModel)
    throw new VitrineError({
      code: "missing",
      at,
      expected: "a radius of atoms, or the model of residues",
      found: "neither",
      hint: "Give atomRadiiA, or set useProteinResidueModel",
    });
  const selection = useProteinResidueModel ? "name CA" : (atomSelection ?? "all");
  const placed = selectAtoms(atoms, { alternates: "first" });
  const chosen = parseAtomSelection(selection)(placed);
  if (chosen.length === 0)
    throw new VitrineError({
      code: "range",
      at,
      expected: `atoms that "${selection}" means`,
      found: `none of ${placed.length}`,
    });
  const radiusOf = (atom: Atom) =>
    useProteinResidueModel || atomRadiiA === null ? residueRadius(atom.residue) : atomRadiiA;
  const unknown = useProteinResidueModel
    ? [
        ...new Set(
          chosen.map(({ residue }) => residue).filter((name) => !Object.hasOwn(RESIDUE_RADII_A, name)),
        ),
      ]
    : [];
  return {
    model: { count: chosen.length, positions: centred(chosen), radiiA: Float64Array.from(chosen, radiusOf) },
    warnings:
      unknown.length === 0
        ? []
        : [`${at}: residues ${unknown.join(", ")} have no radius of their own: ${OTHER_RESIDUE_A} Å`],
  };
}

function residueRadius(residue: string): number {
  return Object.hasOwn(RESIDUE_RADII_A, residue) ? RESIDUE_RADII_A[residue] : OTHER_RESIDUE_A;
}

function centred(atoms: readonly Atom[]): Float64Array {
  const mean = (axis: "x" | "y" | "z") => atoms.reduce((sum, atom) => sum + atom[axis], 0) / atoms.length;
  const [x, y, z] = [mean("x"), mean("y"), mean("z")];
  return Float64Array.from(atoms.flatMap((atom) => [atom.x - x, atom.y - y, atom.z - z]));
}
