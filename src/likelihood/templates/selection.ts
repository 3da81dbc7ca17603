import { VitrineError } from "../../core/index.ts";
import type { Atom } from "../../io/index.ts";

/** Atoms of a structure that a selection means, in their order. */
export type AtomSelector = (atoms: readonly Atom[]) => Atom[];

/** What a word is asked of: an atom with its places in the file, counted from 0. */
interface PlacedAtom {
  readonly atom: Atom;
  readonly index: number;
  /** Of its residue. */
  readonly residueIndex: number;
  /** Of its chain. */
  readonly chainIndex: number;
}

type Test = (placed: PlacedAtom) => boolean;

const PROTEIN = new Set(
  (
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL ACE NME NH2 ASX GLX " +
    "HID HIE HIP HSD HSE HSP HISD HISE HISH CYX CYM CYSH LYN LYP ASH GLH MSE SEC SEP TPO PTR HYP UNK"
  ).split(" "),
);
const WATER = new Set("H2O HHO OHH HOH OH2 SOL WAT TIP TIP2 TIP3 TIP4 DOD".split(" "));
const BACKBONE = new Set(["C", "CA", "N", "O"]);
const NOT_SIDECHAIN = new Set([...BACKBONE, "HA", "H"]);

const isProtein: Test = ({ atom }) => PROTEIN.has(atom.residue);

/** Words that stand alone. */
const FLAGS: Readonly<Record<string, Test>> = {
  all: () => true,
  everything: () => true,
  none: () => false,
  nothing: () => false,
  protein: isProtein,
  is_protein: isProtein,
  water: ({ atom }) => WATER.has(atom.residue),
  waters: ({ atom }) => WATER.has(atom.residue),
  is_water: ({ atom }) => WATER.has(atom.residue),
  backbone: (placed) => isProtein(placed) && BACKBONE.has(placed.atom.name),
  is_backbone: (placed) => isProtein(placed) && BACKBONE.has(placed.atom.name),
  sidechain: (placed) => isProtein(placed) && !NOT_SIDECHAIN.has(placed.atom.name),
  is_sidechain: (placed) => isProtein(placed) && !NOT_SIDECHAIN.has(placed.atom.name),
};

const element = ({ atom }: PlacedAtom) => atom.element;
const residueNumber = ({ atom }: PlacedAtom) => atom.residueNumber;
const residueIndex = (placed: PlacedAtom) => placed.residueIndex;

/** Words that values follow. */
const FIELDS: Readonly<Record<string, (placed: PlacedAtom) => string | number>> = {
  name: ({ atom }) => atom.name,
  resname: ({ atom }) => atom.residue,
  resn: ({ atom }) => atom.residue,
  element,
  symbol: element,
  type: element,
  chain: ({ atom }) => atom.chain,
  chainid: ({ chainIndex }) => chainIndex,
  resseq: residueNumber,
  residue: residueNumber,
  resid: residueIndex,
  resi: residueIndex,
  index: ({ index }) => index,
};

const OPERATORS = new Set(["and", "&&", "or", "||", "not", "!", "(", ")"]);
const COMPARISONS: Readonly<Record<string, (a: string | number, b: string | number) => boolean>> = {
  "==": (a, b) => a === b,
  eq: (a, b) => a === b,
  "!=": (a, b) => a !== b,
  ne: (a, b) => a !== b,
  "<": (a, b) => a < b,
  lt: (a, b) => a < b,
  "<=": (a, b) => a <= b,
  le: (a, b) => a <= b,
  ">": (a, b) => a > b,
  gt: (a, b) => a > b,
  ">=": (a, b) => a >= b,
  ge: (a, b) => a >= b,
};

/**
 * Reads a selection as mdtraj writes them: `name CA`, `protein and not resname GLY PRO`, `chain A B or (resSeq 1 to 20)`, `element != H`.
 * Numbers of residues are `resSeq` (the file's) and `resid` (counted from 0); `chainid` counts chains, `chain` names them.
 *
 * @throws {VitrineError} format: a word that is not known, or a selection that does not end or goes on
 */
export function parseAtomSelection(text: string): AtomSelector {
  const parser = new SelectionParser(text);
  const test = parser.parse();
  return (atoms) =>
    placesOf(atoms)
      .filter(test)
      .map(({ atom }) => atom);
}

function placesOf(atoms: readonly Atom[]): PlacedAtom[] {
  let [residueIndex, chainIndex, lastResidue, lastChain] = [-1, -1, "", ""];
  return atoms.map((atom, index) => {
    const chain = `chain ${atom.chain}`;
    const residue = `${chain} ${atom.residueNumber} ${atom.insertion ?? ""} ${atom.residue}`;
    if (chain !== lastChain) chainIndex++;
    if (residue !== lastResidue) residueIndex++;
    [lastChain, lastResidue] = [chain, residue];
    return { atom, index, residueIndex, chainIndex };
  });
}

/** Words in order; `or` binds less than `and`, `and` less than `not`. */
class SelectionParser {
  readonly #text: string;
  readonly #words: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#words = text.match(/'[^']*'|"[^"]*"|&&|\|\||[=!<>]=|[()!<>]|[^\s()!<>=&|]+|\S/g) ?? [];
  }

  parse(): Test {
    const test = this.#or();
    if (this.#at < this.#words.length) throw this.#wrong("and, or, or the end");
    return test;
  }

  #or(): Test {
    const tests = [this.#and()];
    while (this.#take("or", "||")) tests.push(this.#and());
    return (placed) => tests.some((test) => test(placed));
  }

  #and(): Test {
    const tests = [this.#not()];
    while (this.#take("and", "&&")) tests.push(this.#not());
    return (placed) => tests.every((test) => test(placed));
  }

  #not(): Test {
    if (this.#take("not", "!")) {
      const test = this.#not();
      return (placed) => !test(placed);
    }
    if (!this.#take("(")) return this.#term();
    const test = this.#or();
    if (!this.#take(")")) throw this.#wrong("a closing bracket");
    return test;
  }

  #term(): Test {
    const word = (this.#words[this.#at] ?? "").toLowerCase();
    const known = `one of ${[...Object.keys(FLAGS).filter((name) => !name.includes("_")), "name", "resname", "element", "chain", "chainid", "resSeq", "resid", "index"].join(", ")}`;
    if (Object.hasOwn(FLAGS, word)) {
      this.#at++;
      return FLAGS[word];
    }
    if (!Object.hasOwn(FIELDS, word)) throw this.#wrong(known);
    this.#at++;
    return this.#values(FIELDS[word]);
  }

  #values(field: (placed: PlacedAtom) => string | number): Test {
    const comparison = this.#words[this.#at] ?? "";
    if (Object.hasOwn(COMPARISONS, comparison)) {
      this.#at++;
      const value = this.#value();
      return (placed) => {
        const own = field(placed);
        return COMPARISONS[comparison](own, typeof own === "number" ? Number(value) : value);
      };
    }
    const tests = [this.#range(field)];
    while (this.#at < this.#words.length && !OPERATORS.has(this.#words[this.#at].toLowerCase()))
      tests.push(this.#range(field));
    return (placed) => tests.some((test) => test(placed));
  }

  /** One value, or `1 to 20`. */
  #range(field: (placed: PlacedAtom) => string | number): Test {
    const first = this.#value();
    if (!this.#take("to")) return (placed) => `${field(placed)}` === first;
    const [least, most] = [Number(first), Number(this.#value())];
    if (Number.isNaN(least) || Number.isNaN(most))
      throw this.#wrong("whole numbers on both sides of to", this.#at - 1);
    return (placed) => {
      const own = Number(field(placed));
      return own >= least && own <= most;
    };
  }

  #value(): string {
    const word = this.#words[this.#at];
    if (word === undefined || OPERATORS.has(word.toLowerCase())) throw this.#wrong("a value");
    this.#at++;
    return word.replace(/^(['"])(.*)\1$/, "$2");
  }

  #take(...words: readonly string[]): boolean {
    if (!words.includes((this.#words[this.#at] ?? "").toLowerCase())) return false;
    this.#at++;
    return true;
  }

  #wrong(expected: string, at = this.#at): VitrineError {
    const word = this.#words[at];
    return new VitrineError({
      code: "format",
      at: `selection "${this.#text}"`,
      expected,
      found: word === undefined ? "its end" : JSON.stringify(word),
    });
  }
}
