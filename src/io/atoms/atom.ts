/** One atom of a structure. */
export interface Atom {
  /** Å. */
  readonly x: number;
  readonly y: number;
  readonly z: number;
  /** Chemical symbol in the case of the periodic table: `C`, `Fe`. */
  readonly element: string;
  /** Share of the molecules that have it here, 0 to 1. */
  readonly occupancy: number;
  /** Isotropic displacement, Å². */
  readonly bFactorA2: number;
  /** Formal charge, 0 where the file does not say. */
  readonly charge: number;
  /** `CA`, `OP1`. */
  readonly name: string;
  /** `ALA`, `HOH`. */
  readonly residue: string;
  readonly chain: string;
  /** NaN where its columns overflowed. */
  readonly residueNumber: number;
  /** Letter that tells residues of the same number apart; left out where there is none. */
  readonly insertion?: string;
  /** Alternative location, empty where there is only one. */
  readonly alternate: string;
  /** Of a ligand, ion or water. */
  readonly isHetero: boolean;
}

/** A structure: one or several models of the same molecule (NMR). */
export interface Structure {
  readonly models: readonly (readonly Atom[])[];
  /** What was left out or guessed, and what looks wrong; a line each, which names the file. */
  readonly warnings: readonly string[];
}
