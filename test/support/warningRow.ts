import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A program and an input of which something is dropped, guessed, cut, unknown or implausible. */
export interface WarningRow {
  readonly name: string;
  /** Writes what is read into an empty folder; the call. */
  readonly call: (folder: string) => readonly string[] | Promise<readonly string[]>;
  /** The one line: the file and field that it is about, and the option or key that changes it, where there is one. */
  readonly says: RegExp;
}

/** A golden file by its path. */
export const golden = (file: string) => fileURLToPath(new URL(`../golden/${file}`, import.meta.url));

/** A file of the folder. */
export const written = (folder: string, name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

/** A line of an atom. */
export const ATOM = (serial: number, alternate = " ", occupancy = "1.00", x = "0.000") =>
  `ATOM  ${String(serial).padStart(5)}  CA ${alternate}GLY A   1    ${x.padStart(8)}   0.000   0.000  ${occupancy}  0.00           C  `;

/** Atoms as a PDB file. */
export const pdb = (folder: string, lines: readonly string[]) =>
  written(folder, "a.pdb", `${lines.join("\n")}\n`);
