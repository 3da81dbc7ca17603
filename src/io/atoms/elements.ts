/** Chemical symbols, with deuterium as D. */
const SYMBOLS =
  "H D He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb " +
  "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au Hg " +
  "Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts Og";

const ELEMENTS: ReadonlySet<string> = new Set(SYMBOLS.split(" "));

/** Residues of H, C, N, O, P and S alone, whose atoms' first letter is their element. */
const LIGHT_RESIDUES: ReadonlySet<string> = new Set(
  (
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL ASX GLX UNK " +
    "A C G U I DA DC DG DT DU DI HOH WAT DOD"
  ).split(" "),
);

/** What messages and selections call water. */
const WATERS: ReadonlySet<string> = new Set(["HOH", "WAT", "DOD", "H2O", "OH2", "TIP", "TIP3", "SOL"]);

/** Ions as CHARMM names them, residue and atom alike; by the columns alone SOD would be sulphur. */
const CHARMM_IONS: Readonly<Record<string, string>> = {
  LIT: "Li",
  SOD: "Na",
  POT: "K",
  RUB: "Rb",
  CES: "Cs",
  CLA: "Cl",
  CAL: "Ca",
  BAR: "Ba",
  CAD: "Cd",
  ZN2: "Zn",
};

/** Whether a symbol or name stands for an element that nobody knows: X, in GLX, ASX and UNX. */
export function isUnknownElement(text: string): boolean {
  return /^X(?:[DE]?\d*)?$/i.test(text.trim());
}

/** The symbol in the case of the periodic table; undefined for what is none. */
export function elementSymbol(text: string): string | undefined {
  const symbol = text.slice(0, 1).toUpperCase() + text.slice(1).toLowerCase();
  return ELEMENTS.has(symbol) ? symbol : undefined;
}

/**
 * Guesses an element that a PDB file leaves out from the four columns of the atom's name, where symbols are right-justified in
 * the first two: `" CA "` is carbon, `"CA  "` calcium. Names that start one column early do so in ordinary residues, whose
 * elements have one letter. An atom that is called as its residue is an ion, wherever its name stands.
 *
 * @param columns  columns 13 to 16
 * @returns        undefined where no reading is an element
 */
export function guessElement(columns: string, residue: string): string | undefined {
  const ion = columns.trim() === residue ? CHARMM_IONS[residue] : undefined;
  if (ion !== undefined) return ion;
  const letters = lettersOf(columns);
  const alone =
    letters === lettersOf(residue) && !LIGHT_RESIDUES.has(residue) ? elementSymbol(letters) : undefined;
  if (alone !== undefined) return alone;
  const isAligned = /^[A-Za-z]{2}/.test(columns) && !/^[A-Za-z]{4}$|^H/.test(columns.trim());
  const two = isAligned && !LIGHT_RESIDUES.has(residue) ? elementSymbol(columns.slice(0, 2)) : undefined;
  return two ?? elementSymbol(letters.slice(0, 1));
}

function lettersOf(text: string): string {
  return text.replace(/[^A-Za-z]/g, "");
}

export function isWater(residue: string): boolean {
  return WATERS.has(residue);
}
