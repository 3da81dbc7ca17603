import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, expect, test } from "vitest";
import { identifyFile } from "../identify.ts";
import { readStar } from "../star/format.ts";
import { starTable } from "../star/star.ts";
import { parseMmcif } from "./mmcif.ts";
import { parsePdb } from "./pdb.ts";
import { readAtoms } from "./read.ts";

const golden = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/cases/${name}`, import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "vitrine-field-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("serial numbers of six digits begin in column 6 (gemmi: 4 atoms)", async () => {
  const { models, warnings } = await readAtoms(golden("atoms/serial_column6.pdb"));
  expect(models[0].map(({ element, x, y, z }) => [element, x, y, z])).toEqual([
    ["C", 0, 0, 0],
    ["O", 4, 0, 0],
    ["C", 0, 4, 0],
    ["Fe", 0, 0, 4],
  ]);
  expect([models[0][3].isHetero, warnings]).toEqual([true, []]);
});

test("residue numbers of five digits, and those that overflowed (gemmi: 9999, 10000, none)", async () => {
  const { models, warnings } = await readAtoms(golden("atoms/residue_10000.pdb"));
  expect(models[0].map(({ residueNumber, insertion, z }) => [residueNumber, insertion, z])).toEqual([
    [9999, undefined, 3],
    [10000, undefined, 5],
    [Number.NaN, undefined, 7],
  ]);
  expect(warnings.join()).toMatch(/residue number that overflows its columns left open \(1: line 3\)$/);
});

test("occupancies and B-factors that overflowed are read as if blank, and said", () => {
  const line = "ATOM      1  CA  ALA A   1      11.104   6.134  -6.504  1.00  0.00           C  ";
  const text = `${line.slice(0, 54)}************${line.slice(66)}`;
  const { models, warnings } = parsePdb(text, "x");
  expect([models[0][0].occupancy, models[0][0].bFactorA2]).toEqual([1, 0]);
  expect(warnings).toEqual([
    "x: occupancy that overflows its columns read as 1 (1: line 1)",
    "x: B-factor that overflows its columns read as 0 (1: line 1)",
  ]);
});

const carbonAt = (x: number) =>
  `ATOM      1  C   ALA A   1    ${x.toFixed(3).padStart(8)}   0.000   0.000  1.00  0.00           C  \n`;

test("frames between END lines are models, as VMD writes them; the last END is none", () => {
  const { models, warnings } = parsePdb(`${carbonAt(1)}END\n${carbonAt(2)}END   \n${carbonAt(3)}END\n`, "x");
  expect(models.map((atoms) => atoms.map(({ x }) => x))).toEqual([[1], [2], [3]]);
  expect(warnings).toEqual(["x: atoms behind END taken as another model (2: line 3, line 5)"]);
  expect(parsePdb(`${carbonAt(1)}TER\n${carbonAt(2)}END\n`, "x").models).toHaveLength(1);
});

test("atoms of further blocks and fractional coordinates are told", async () => {
  const columns = ["type_symbol", "Cartn_x", "Cartn_y", "Cartn_z"];
  const block = (name: string) =>
    `data_${name}\nloop_\n${columns.map((column) => `_atom_site.${column}\n`).join("")}C 1 2 3\n`;
  const path = join(scratch, "blocks.cif");
  writeFileSync(path, block("a") + block("b"));
  expect((await readAtoms(path)).warnings).toEqual([
    `${path}: 1 atom of another block left out: only the first block with atoms is read`,
  ]);
  writeFileSync(path, "data_a\nloop_\n_atom_site_label\n_atom_site_fract_x\nC1 0.1\n");
  await expect(readAtoms(path)).rejects.toThrow(/found those of a small molecule.*gemmi/);
});

test("an atom of the element X is left out and said, in both formats", async () => {
  const { models, warnings } = await readAtoms(golden("atoms/element_x.pdb"));
  expect(models[0].map(({ name }) => name)).toEqual(["CD"]);
  expect(warnings.join()).toMatch(
    /element_x\.pdb: atom of the unknown element X left out \(2: line 2 GLX, line 3 GLX\)$/,
  );
  const columns = ["type_symbol", "Cartn_x", "Cartn_y", "Cartn_z", "auth_comp_id"];
  const cif = `data_a\nloop_\n${columns.map((name) => `_atom_site.${name}\n`).join("")}C 1 2 3 ASX\nX 1 2 4 ASX\n`;
  const path = join(scratch, "x.cif");
  writeFileSync(path, cif);
  const read = await readAtoms(path);
  expect([read.models[0].length, read.warnings[0]]).toEqual([
    1,
    `${path}: atom of the unknown element X left out (1: row 2 ASX)`,
  ]);
});

const atomLine = (name: string, residue: string, element = "") =>
  `ATOM      1 ${name} ${residue} A   1       1.000   0.000   0.000  1.00  0.00          ${element}`;

test("atoms of other elements that nobody knows are left out and said, and charges without a sign read (gemmi)", () => {
  const carbon = atomLine(" C  ", "ALA", " C");
  const lines = [
    carbon,
    atomLine(" Q1 ", "ALA", " Q"),
    atomLine(" EPW", "WAT", "EP"),
    atomLine(" MW ", "SOL"),
  ];
  const { models, warnings } = parsePdb([...lines, `${carbon}2`, `${carbon} 2`].join("\n"), "x");
  expect(models[0].map(({ element, charge }) => [element, charge])).toEqual([
    ["C", 0],
    ["C", 2],
    ["C", 2],
  ]);
  expect(warnings).toEqual([
    "x: atom of the unknown element Q left out (1: line 2 ALA)",
    "x: atom of the unknown element EP left out (1: line 3 WAT)",
    "x: atom of the unknown element MW left out (1: line 4 SOL)",
  ]);
  const rows = "C 1 2 3\n? 1 2 3\nZn2+ 1 2 3\nO1- 1 2 3\n";
  const columns = ["type_symbol", "Cartn_x", "Cartn_y", "Cartn_z"];
  const cif = parseMmcif(
    `data_a\nloop_\n${columns.map((name) => `_atom_site.${name}\n`).join("")}${rows}`,
    "x",
  );
  expect(cif.models[0].map(({ element }) => element)).toEqual(["C", "Zn", "O"]);
  expect(cif.warnings).toEqual(["x: atom of the unknown element ? left out (1: row 2 )"]);
});

test("an atom called as its residue is an ion wherever its name stands; mercury is not hydrogen (gemmi: Hg)", () => {
  const names = [
    ["HG  ", " HG", "Hg"],
    [" CL ", " CL", "Cl"],
    [" Na+", "Na+", "Na"],
    ["HG  ", "CYS", "H"],
    [" CA ", "ALA", "C"],
  ];
  const text = names.map(([name, residue]) => atomLine(name, residue)).join("\n");
  expect(parsePdb(text, "x").models[0].map(({ element }) => element)).toEqual(
    names.map(([, , element]) => element),
  );
});

test.each([
  ["lower case", (text: string) => text.toLowerCase()],
  ["a byte order mark", (text: string) => `\ufeff${text}`],
  ["line ends of old Macs", (text: string) => text.replaceAll("\n", "\r")],
])("no atom is lost to %s", (_, change) => {
  const text = change(`${atomLine(" C  ", "ALA", " C")}\n${atomLine(" O  ", "ALA", " O")}\n`);
  const elements = (content: string | Uint8Array) =>
    parsePdb(content, "x").models[0].map(({ element }) => element);
  expect(elements(text)).toEqual(["C", "O"]);
  expect(elements(new TextEncoder().encode(text))).toEqual(["C", "O"]);
});

test("a selection without a range of residues keeps those without a number, as hexadecimal ones of VMD are", async () => {
  const read = await readAtoms(golden("atoms/residue_10000.pdb"), { select: { excludeHydrogen: true } });
  expect(read.models[0]).toHaveLength(3);
  const few = await readAtoms(golden("atoms/residue_10000.pdb"), { select: { residueNumbers: [1, 99999] } });
  expect(few.models[0]).toHaveLength(2);
  const hex = parsePdb(atomLine(" C  ", "ALA", " C").replace("A   1 ", "A271a "), "x");
  expect([hex.models[0][0].residueNumber, hex.warnings]).toEqual([
    Number.NaN,
    ["x: residue number that is none left open (1: line 1)"],
  ]);
});

test("CHARMM's ions are not sulphur, phosphorus and carbon; its files have no element columns", async () => {
  const { models } = await readAtoms(golden("atoms/zero_occupancy.pdb"));
  expect(models[0].map(({ element }) => element)).toEqual(["C", "H", "K", "Na", "Cl"]);
  expect(models[0].every(({ occupancy }) => occupancy === 0)).toBe(true);
});

test("a byte that is not UTF-8 is a letter of Latin-1 (gemmi, RELION)", async () => {
  expect((await readAtoms(golden("atoms/latin1.cif"))).models[0].length).toBeGreaterThan(0);
  const { blocks } = await readStar(golden("star/latin1.star"));
  expect(JSON.stringify(blocks.flatMap(({ items }) => items))).not.toContain("\ufffd");
  expect(starTable({ name: "x", blocks }, blocks[0].name).rows).toBeGreaterThan(0);
});

test.each(["pdb", "cif", "star"])("gzip around .%s changes nothing, and its name neither", async (ending) => {
  const from = golden(
    { pdb: "atoms/two_models.pdb", cif: "atoms/latin1.cif", star: "star/latin1.star" }[ending] ?? "",
  );
  const packed = join(scratch, `packed.${ending}.gz`);
  const bytes = gzipSync(readFileSync(from));
  writeFileSync(packed, bytes);
  expect(await identifyFile(packed)).toBe(await identifyFile(from));
  const read = async (path: string) =>
    ending === "star" ? (await readStar(path)).blocks : (await readAtoms(path)).models;
  expect(await read(packed)).toEqual(await read(from));
  writeFileSync(packed, bytes.subarray(0, bytes.length - 9));
  await expect(read(packed)).rejects.toThrow(
    /expected a whole gzip file, found one that is damaged or cut off/,
  );
});

test("copies by non-crystallographic symmetry that are not in the file, and confidences in place of B-factors, are told", () => {
  const given = "MTRIX1   1  1.000000  0.000000  0.000000        0.00000    1\n";
  const told = "MTRIX1   2 -1.000000  0.000000  0.000000        0.00000\n";
  expect(parsePdb(`${given}${told}${carbonAt(1)}`, "x").warnings).toEqual([
    "x: 1 further copy by non-crystallographic symmetry (MTRIX, struct_ncs_oper) is told and not made; take the file of the assembly, or make them first (gemmi convert --expand-ncs=new)",
  ]);
  expect(parsePdb(`${given}${carbonAt(1)}`, "x").warnings).toEqual([]);
  const predicted = parsePdb(
    `TITLE     ALPHAFOLD MONOMER V2.0 PREDICTION FOR X\n${carbonAt(1)}`,
    "x",
  ).warnings;
  expect(predicted).toEqual([
    "x: a predicted model, whose B-factors are a confidence (pLDDT) and no motion of atoms; --b-factor-scaling 0 leaves them out",
  ]);
  const cif = (more: string) =>
    parseMmcif(
      `data_x\n${more}loop_\n_atom_site.type_symbol\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\nC 0 0 0\n`,
      "x",
    ).warnings;
  expect(cif("_ma_qa_metric.name pLDDT\n")).toEqual(predicted);
  expect(
    cif("loop_\n_struct_ncs_oper.id\n_struct_ncs_oper.code\n1 given\n2 generate\n3 generate\n").join(),
  ).toMatch(/^x: 2 further copies by non-crystallographic symmetry/);
});
