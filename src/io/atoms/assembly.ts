import { type StarFile, starPairs } from "../star/star.ts";

const CATEGORY = "pdbx_struct_assembly_gen.";

/** What is said where a file tells how its atoms make a molecule of several copies, which nobody but who wrote it can do. */
function assemblyLine(at: string, copies: number): string[] {
  if (copies < 2) return [];
  return [
    `${at}: its biological assembly is ${copies} copies of these atoms, of which one is read; take the file of the assembly (-assembly1.cif, .pdb1), with --models all where it has several models`,
  ];
}

/** Of the first assembly of an mmCIF file: one operation for each copy. */
export function mmcifAssembly(file: StarFile, at: string): string[] {
  for (const block of file.blocks) {
    const single = [...starPairs(block)].find(([name]) => isOperations(name))?.[1];
    if (single !== undefined) return assemblyLine(at, countOf(single));
    for (const item of block.items) {
      if (item.kind !== "table" || item.rows === 0) continue;
      const column = item.columns.find(isOperations);
      if (column !== undefined) return assemblyLine(at, countOf(item.value(0, column)));
    }
  }
  return [];
}

function isOperations(name: string): boolean {
  return name.toLowerCase() === `${CATEGORY}oper_expression`;
}

/** Operations of an expression: `1`, `1,2,3`, `(1-60)`, `(1-5)(61-88)`, where each of the one goes with each of the other. */
function countOf(expression: string): number {
  const groups = expression.match(/\([^()]*\)/g) ?? [expression];
  return groups.reduce((product, group) => product * countOfGroup(group.replace(/[()]/g, "")), 1);
}

function countOfGroup(group: string): number {
  return group.split(",").reduce((sum, part) => {
    const [, from, to] = /^\s*(\d+)\s*-\s*(\d+)\s*$/.exec(part) ?? [];
    return sum + (from === undefined ? 1 : Math.max(1, Number(to) - Number(from) + 1));
  }, 0);
}

/** Of the first biomolecule of a PDB file: the matrices of its REMARK 350. */
export function pdbAssembly(text: string, at: string): string[] {
  const [, first = ""] = text.split(/^REMARK 350 BIOMOLECULE: *\d+.*$/m);
  const remarks = first === "" ? text : first;
  return assemblyLine(at, (remarks.match(/^REMARK 350 +BIOMT1 +\d+ /gm) ?? []).length);
}
