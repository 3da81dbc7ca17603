// Good files of tables, structures and pictures for the fuzzer, and how they are read.

import { readFileSync } from "node:fs";
import { openTiff, parseMmcif, parsePdb, parseStar } from "../../src/io/index.ts";
import type { Target } from "./target.ts";

const STAR = [
  "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnVoltage #2\n1 300.0\n2 200.0\n\ndata_particles\nloop_\n_rlnX\n1\n'a b'\n",
  "# c\ndata_\n_a 'it''s'\n_b\n;text\n of lines\n;\nloop_ _c.x _c.y 1 \"2\" ? .\n",
];

const ATOM = "ATOM      1  CA  ALA A   1      11.104   6.134  -6.504  1.00  0.00           C  \n";

const PDB = [
  `MODEL        1\n${ATOM}${ATOM.replace("   1      11", "A000      11")}ENDMDL\nMODEL        2\n${ATOM}ENDMDL\n`,
  ATOM.slice(0, 60).repeat(3).replaceAll("0.00", "0.00\n"),
];

const NAMES = ["group_PDB", "type_symbol", "label_atom_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy"];

const MMCIF = [
  `data_x\nloop_\n${NAMES.map((name) => `_atom_site.${name}\n`).join("")}ATOM C CA 1.0 2 3(1) 1\nHETATM ZN "ZN" -1 . 2 ?\n`.replace(
    "-1 . 2",
    "-1 0 2",
  ),
  `data_x\n${NAMES.map((name, i) => `_atom_site.${name} ${["ATOM", "C", "CA", "1", "2", "3", "1"][i]}\n`).join("")}`,
];

/** Files of another program, in the folder in which the tests run. */
const TIFFS = [
  "packbits",
  "half-predictor",
  "lzw-flat",
  "lzw-predictor",
  "double-predictor-tiles",
  "rgb-predictor",
];
const tiffSeeds = () => TIFFS.map((name) => readFileSync(`test/golden/match-extra/tiff/${name}.tif`));

const bytesOf = (texts: readonly string[]) => texts.map((text) => new TextEncoder().encode(text));

/** Characters of all cells. */
function readCells(bytes: Uint8Array): number {
  let length = 0;
  for (const { items } of parseStar(bytes, "a.star").blocks)
    for (const item of items) {
      if (item.kind === "pair") length += item.value.length;
      else for (const name of item.columns) for (const cell of item.column(name)) length += cell.length;
    }
  return length;
}

/** Every page of a TIFF file. */
async function readPages(bytes: Uint8Array): Promise<number> {
  const file = await openTiff(new Blob([bytes.slice()]));
  let length = 0;
  for (const index of file.pages.keys())
    length = Math.max(length, (await file.readPage(index)).data.byteLength);
  return length;
}

export const STRUCTURES: Readonly<Record<string, Target>> = {
  star: { cases: 10_000, seeds: bytesOf(STAR), most: (bytes) => 16 * bytes, parse: readCells },
  pdb: {
    cases: 5_000,
    seeds: bytesOf(PDB),
    most: (bytes) => 16 * bytes,
    parse: (bytes) => parsePdb(bytes, "a.pdb").models.length,
  },
  mmcif: {
    cases: 5_000,
    seeds: bytesOf(MMCIF),
    most: (bytes) => 16 * bytes,
    parse: (bytes) => parseMmcif(bytes, "a.cif").models.length,
  },
  tiff: {
    cases: 6_000,
    seeds: tiffSeeds(),
    // LZW unfolds most; values of one bit become bytes.
    most: (bytes) => 8 * 4096 * bytes,
    parse: readPages,
  },
};
