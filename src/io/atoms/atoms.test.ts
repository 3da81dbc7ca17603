import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { requirement, sharedReal } from "../../../test/support/require.ts";
import type { Atom } from "./atom.ts";
import { parseMmcif } from "./mmcif.ts";
import { parseHybrid36, parsePdb } from "./pdb.ts";
import { readAtoms } from "./read.ts";
import { type AtomSelection, selectAtoms } from "./select.ts";

type Row = readonly (number | string | boolean)[];
interface Summary {
  readonly atoms: number;
  readonly sums: readonly number[];
  readonly hydrogens: number;
  readonly last: Row;
}
interface Golden {
  readonly files: Readonly<Record<string, readonly (readonly Row[])[]>>;
  readonly real: Readonly<Record<string, readonly Summary[]>>;
}

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/match-extra/atoms/${name}`, import.meta.url));
const { files, real }: Golden = JSON.parse(await readFile(golden("atoms.json"), "utf8"));

const rowOf = (atom: Atom): Row => [
  ...[atom.x, atom.y, atom.z, atom.element, atom.occupancy, atom.bFactorA2, atom.charge],
  ...[atom.name, atom.residue, atom.chain, atom.residueNumber, atom.insertion ?? "", atom.alternate],
  atom.isHetero,
];

const LINE = "ATOM      1  CA  ALA A   1      11.104   6.134  -6.504  1.00  0.00           C  ";
const HEAD =
  "data_x\nloop_\n_atom_site.type_symbol\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.cartn_Z\n";

describe("reading", () => {
  test.each(Object.keys(files))("%s as gemmi reads it", async (name) => {
    const { models } = await readAtoms(golden(name));
    expect(models.map((model) => model.map(rowOf))).toEqual(files[name]);
  });

  test("one model, counted from 1, and a selection", async () => {
    const { models } = await readAtoms(golden("odd.cif"), { model: 2, select: { elements: ["n"] } });
    expect(models.map((model) => model.map(rowOf))).toEqual([files["odd.pdb"][1]]);
    await expect(readAtoms(golden("odd.pdb"), { model: 3 })).rejects.toThrow(
      "odd.pdb: expected a model from 1 to 2, found 3.",
    );
    await expect(readAtoms(golden("odd.pdb"), { select: { chains: ["Q"] } })).rejects.toThrow(
      "expected atoms that the selection fits, found none. Check the names of the selection.",
    );
  });

  test("hybrid-36 goes on where four digits end", () => {
    const cases = { "  -3": -3, "9999": 9999, A000: 10000, ZZZZ: 1223055, a000: 1223056, zzzz: 2436111 };
    for (const [text, number] of Object.entries(cases)) expect(parseHybrid36(text)).toBe(number);
    for (const text of ["    ", "a0Z0", "A-00", "1A00", ""]) expect(parseHybrid36(text)).toBeUndefined();
  });

  test("blank occupancies and B-factors, numbered lines of old files, charges in either order", () => {
    const [model] = parsePdb(
      [
        LINE.slice(0, 54),
        `${LINE.slice(0, 72)}1UAO  37`,
        `${LINE.slice(0, 76)} N+1\r`,
        `${LINE.slice(0, 76)}FE3+`,
      ].join("\n"),
      "a.pdb",
    ).models;
    expect(model.map(({ occupancy, bFactorA2 }) => [occupancy, bFactorA2])).toEqual(Array(4).fill([1, 0]));
    expect(model.map(({ element, charge }) => [element, charge])).toEqual([
      ["C", 0],
      ["C", 0],
      ["N", 1],
      ["Fe", 3],
    ]);
  });

  test("mmCIF: a single atom without a loop, uncertainties, names in any case", () => {
    const loop = `${HEAD}C 1.5(2) -2 3e0\n`;
    const pairs =
      "# c\ndata_x\n_atom_site.type_symbol C\n_atom_site.Cartn_x 1.5\n_atom_site.Cartn_y -2\n_atom_site.Cartn_z 3";
    for (const text of [loop, pairs]) {
      const [[atom]] = parseMmcif(text, "a.cif").models;
      expect(atom).toMatchObject({
        x: 1.5,
        y: -2,
        z: 3,
        element: "C",
        occupancy: 1,
        bFactorA2: 0,
        chain: "",
      });
    }
  });

  test.each([
    [
      "no atoms",
      "HEADER\n",
      "x: expected ATOM or HETATM lines of a PDB file, or mmCIF, found none. Convert other formats first, as gemmi or Open Babel do.",
    ],
    [
      "a cut line",
      `\n${LINE.slice(0, 40)}`,
      'x line 2: expected a number for y in columns 39 to 46, found "  ".',
    ],
    [
      "a word",
      LINE.replace("6.134", "x.134"),
      'x line 1: expected a number for y in columns 39 to 46, found "   x.134".',
    ],
    [
      "no number",
      LINE.replace("   1   ", "       "),
      'x line 1: expected a residue number in columns 23 to 26, found "    ".',
    ],
    [
      "an occupancy",
      LINE.replace("1.00", "1,00"),
      "expected a number or nothing for the occupancy in columns 55 to 60",
    ],
    [
      "an element",
      `${LINE.slice(0, 76)}QQ`,
      'x line 1: expected a chemical symbol in columns 77 and 78, found "QQ".',
    ],
    [
      "a charge",
      `${LINE.slice(0, 78)}++`,
      'x line 1: expected a charge such as 2+ in columns 79 and 80, found "++".',
    ],
    [
      "a name",
      LINE.slice(0, 60).replace(" CA ", " 12 "),
      "expected an element in columns 77 and 78, or a name that",
    ],
  ])("PDB: %s is refused with its line", (_, text, message) => {
    expect(() => parsePdb(text, "x")).toThrow(message);
  });

  test.each([
    ["no atoms", "data_x\n_cell.length_a 1", "x: expected a category _atom_site, found none."],
    ["no rows", HEAD, "x: expected a category _atom_site, found none."],
    [
      "no z",
      HEAD.replace(/_atom_site.cartn_Z\n/, "C 1 2"),
      "x: expected a column _atom_site.Cartn_z, found none.",
    ],
    ["a word", `${HEAD}C 1 2 3\nC 1 2 x`, 'x atom_site row 2 z: expected a number, found "x".'],
    ["an element", `${HEAD}Qq 1 2 3`, 'x atom_site row 1 element: expected a chemical symbol, found "Qq".'],
    ["not known", `${HEAD}C 1 2 ?`, 'x atom_site row 1 z: expected a number, found "".'],
    ["half a row", `${HEAD}C 1 2`, "x line 7: expected rows of 4 values"],
  ])("mmCIF: %s is refused", (_, text, message) => {
    expect(() => parseMmcif(text, "x")).toThrow(message);
  });
});

describe("selecting", () => {
  const names = async (selection: AtomSelection) => {
    const { models } = await readAtoms(golden("odd.pdb"), { model: 1 });
    return selectAtoms(models[0], selection).map(({ name, residue }) => `${residue}.${name}`);
  };

  test("by chain, element, name, residue and number", async () => {
    expect(await names({ chains: ["B"], excludeWater: true })).toEqual(["ZN.ZN", "CL.CL"]);
    expect(await names({ elements: ["ZN", "cl"] })).toEqual(["ZN.ZN", "CL.CL"]);
    expect(await names({ atomNames: ["CG2", "N"] })).toEqual(["SER.N", "THR.CG2"]);
    expect(await names({ residues: ["VAL"], excludeHydrogen: true })).toEqual(["VAL.CB"]);
    expect(await names({ residueNumbers: [2, 100], excludeHetero: true })).toHaveLength(4);
    expect(await names({ excludeHydrogen: true, chains: ["B"] })).toEqual(["ZN.ZN", "CL.CL", "HOH.O"]);
    expect(await names({})).toHaveLength(13);
  });

  test("the first of alternatives, of atoms and of residues", async () => {
    expect(await names({ alternates: "first", chains: ["A"] })).toEqual([
      "SER.N",
      "SER.CA",
      "SER.CA",
      "GLY.CA",
      "VAL.HG11",
      "VAL.CB",
    ]);
  });

  test("a misspelt key is refused", async () => {
    const misspelt: object = { chain: ["A"] };
    await expect(names(misspelt)).rejects.toThrow('did you mean "chains"?');
  });
});

const { available } = requirement("shared-real");

test.skipIf(!available).each(Object.keys(real))("%s as gemmi reads it (needs shared-real)", async (name) => {
  const { models } = await readAtoms(join(sharedReal, "cryolike", name));
  const found = models.map((model): Summary => {
    const rows = model.map(rowOf);
    const sum = (column: number) => rows.reduce((total, row) => total + Number(row[column]), 0);
    return {
      atoms: rows.length,
      sums: [0, 1, 2, 4, 5, 10].map((column) => Math.round(sum(column) * 1000) / 1000),
      hydrogens: selectAtoms(model, { elements: ["H"] }).length,
      last: rows[rows.length - 1],
    };
  });
  expect(found).toEqual(real[name]);
});
