import { type StarFile, starPairs } from "../star/star.ts";

/** What is said where a file tells how its atoms make a molecule of several copies, which nobody but who wrote it can do. */
function assemblyLine(at: string, copies: number): string[] {
  if (copies < 2) return [];
  return [
    `${at}: its biological assembly is ${copies} copies of these atoms, of which one is read; take the file of the assembly (-assembly1.cif, .pdb1), with --models all where it has several models`,
  ];
}

/** Copies by non-crystallographic symmetry that a file leaves to its reader, as those of viruses do. */
function ncsLine(at: string, copies: number): string[] {
  if (copies === 0) return [];
  const words = copies === 1 ? "1 further copy" : `${copies} further copies`;
  return [
    `${at}: ${words} by non-crystallographic symmetry (MTRIX, struct_ncs_oper) ${copies === 1 ? "is" : "are"} told and not made; take the file of the assembly, or make them first (gemmi convert --expand-ncs=new)`,
  ];
}

/** Models that were predicted have in place of B-factors how sure their atoms are. */
function confidenceLine(at: string): string[] {
  return [
    `${at}: a predicted model, whose B-factors are a confidence (pLDDT) and no motion of atoms; --b-factor-scaling 0 leaves them out`,
  ];
}

/** What an mmCIF file tells of its atoms beside them. */
export function mmcifRemarks(file: StarFile, at: string): string[] {
  const copies = cellsOf(file, "struct_ncs_oper.code").filter(
    (code) => code.toLowerCase() === "generate",
  ).length;
  const isPredicted = cellsOf(file, "ma_qa_metric.name").some((name) => /plddt/i.test(name));
  return [...mmcifAssembly(file, at), ...ncsLine(at, copies), ...(isPredicted ? confidenceLine(at) : [])];
}

/** What a PDB file tells of its atoms beside them. */
export function pdbRemarks(text: string, at: string): string[] {
  // column 60 says of a copy that its atoms are in the file
  const copies = (text.match(/^MTRIX1.{0,53}$|^MTRIX1.{53}[^1\r\n].*$/gm) ?? []).length;
  const isPredicted = /^(TITLE|REMARK|HEADER|COMPND).*(ALPHAFOLD|ESMFOLD|PLDDT)/im.test(text);
  return [...pdbAssembly(text, at), ...ncsLine(at, copies), ...(isPredicted ? confidenceLine(at) : [])];
}

/** Of the first assembly of an mmCIF file: one operation for each copy. */
function mmcifAssembly(file: StarFile, at: string): string[] {
  const [expression] = cellsOf(file, "pdbx_struct_assembly_gen.oper_expression");
  return expression === undefined ? [] : assemblyLine(at, countOf(expression));
}

/** All values of a field of mmCIF, in lower case as `category.name`. */
function cellsOf(file: StarFile, field: string): string[] {
  const isIt = (name: string) => name.toLowerCase() === field;
  return file.blocks.flatMap((block) => {
    const single = [...starPairs(block)].flatMap(([name, value]) => (isIt(name) ? value : []));
    const tables = block.items.flatMap((item) => {
      const column = item.kind === "table" ? item.columns.find(isIt) : undefined;
      return item.kind === "table" && column !== undefined ? item.column(column) : [];
    });
    return [...single, ...tables];
  });
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
function pdbAssembly(text: string, at: string): string[] {
  const [, first = ""] = text.split(/^REMARK 350 BIOMOLECULE: *\d+.*$/m);
  const remarks = first === "" ? text : first;
  return assemblyLine(at, (remarks.match(/^REMARK 350 +BIOMT1 +\d+ /gm) ?? []).length);
}
