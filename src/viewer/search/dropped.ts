/** What a file that was dropped is, and what it holds. */
import { type Image, VitrineError, type Volume } from "../../core/index.ts";
import {
  type Atom,
  flipRows,
  kindOfContent,
  openMrc,
  openUnpacked,
  readAtoms,
  readMrcImage,
  readMrcVolume,
  readText,
  readTiffImage,
  readUnpackedHead,
  tiffRowsLine,
} from "../../io/index.ts";
import { isCtffind, type MatchTemplateYaml, parseCtffind, parseMatchConfig } from "../../match/index.ts";
import type { SearchFields } from "./fields.ts";

/** What was dropped. */
export type Dropped =
  | { readonly kind: "micrograph"; readonly image: Image; readonly notes: readonly string[] }
  | { readonly kind: "map"; readonly volume: Volume; readonly notes: readonly string[] }
  | { readonly kind: "atoms"; readonly atoms: readonly Atom[]; readonly notes: readonly string[] }
  | { readonly kind: "config"; readonly config: MatchTemplateYaml }
  | { readonly kind: "ctf"; readonly fields: Partial<SearchFields> };

const MRC = /\.(mrcs?|map|rec|ccp4)(\.gz)?$/i;
const ATOMS = /\.(pdb|ent|cif|mmcif)(\.gz)?$/i;
const CONFIG = /\.(ya?ml|json)$/i;
/** Enough to see what a file is. */
const FIRST_BYTES = 4096;

/**
 * Reads a file that was dropped.
 *
 * @throws {VitrineError} format: no micrograph, map, structure, configuration or fit of a CTF; shape: a stack, or a map that is no cube;
 *   and as their readers
 */
export async function readDropped(file: File): Promise<Dropped> {
  const kind = await kindOf(file);
  if (kind === "tiff") return readTiffMicrograph(file);
  if (kind === "mrc" || MRC.test(file.name)) return readMrc(file);
  if (kind === "pdb" || kind === "mmcif" || ATOMS.test(file.name)) return readStructure(file);
  if (kind === "text" || kind === "unknown" || CONFIG.test(file.name)) {
    const text = await readText(file);
    if (CONFIG.test(file.name)) return { kind: "config", config: parseMatchConfig(text, file.name) };
    if (isCtffind(text)) return { kind: "ctf", fields: ctfFields(parseCtffind(text, file.name)) };
  }
  const expected =
    "a micrograph (MRC, TIFF), a map (MRC), a structure (PDB, mmCIF), a configuration (YAML) or CTFFIND's text";
  throw new VitrineError({
    code: "format",
    at: file.name,
    expected,
    found: `a file of another kind (${kind})`,
  });
}

async function kindOf(file: File) {
  const opened = await openUnpacked(file);
  try {
    return kindOfContent(await readUnpackedHead(opened, FIRST_BYTES));
  } finally {
    await opened.close();
  }
}

async function readTiffMicrograph(file: File): Promise<Dropped> {
  const image = await readTiffImage(file);
  flipRows(image.data, image.shape[1], image.shape[0]);
  return { kind: "micrograph", image, notes: [tiffRowsLine(file.name).replace(/;.*$/s, "")] };
}

/** One section is a micrograph, a cube a map. */
async function readMrc(file: File): Promise<Dropped> {
  const opened = await openMrc(file);
  const { shape } = opened.header;
  await opened.close();
  if (shape[0] === 1) return { kind: "micrograph", image: await readMrcImage(file), notes: [] };
  if (shape[0] === shape[1] && shape[1] === shape[2]) {
    const notes: string[] = [];
    return { kind: "map", volume: await readMrcVolume(file, (line) => notes.push(line)), notes };
  }
  throw new VitrineError({
    code: "shape",
    at: `${file.name} header.shape`,
    expected: "one section, a micrograph, or a cube, a map",
    found: shape.join(" x "),
    hint: "Sum a movie to one section; pad a map to a cube",
  });
}

async function readStructure(file: File): Promise<Dropped> {
  const { models, warnings } = await readAtoms(file);
  const notes = [...warnings];
  if (models.length > 1) notes.push(`${file.name}: the first of ${models.length} models is taken`);
  const atoms = models[0].filter(({ occupancy }) => occupancy > 0);
  const empty = models[0].length - atoms.length;
  if (atoms.length === 0)
    throw new VitrineError({
      code: "range",
      at: `${file.name} occupancy`,
      expected: "atoms that are there",
      found: "0 of every atom, as simulation programs write it",
      hint: "Make the map with vitrine simulate-map --ignore-occupancy, and drop that",
    });
  if (empty > 0) notes.push(`${file.name}: ${empty} atoms have occupancy 0 and add nothing`);
  return { kind: "atoms", atoms, notes };
}

/** What a fit says, under the form's own names. @throws {VitrineError} range: a fit that failed */
function ctfFields({ optics, at }: ReturnType<typeof parseCtffind>): Partial<SearchFields> {
  const failed = Object.entries(optics).find(([, value]) => !Number.isFinite(value));
  if (failed === undefined) return optics;
  const [field, value] = failed;
  throw new VitrineError({ code: "range", at: `${at} ${field}`, expected: "a number", found: String(value) });
}

/** Twice the largest distance of an atom from their middle, Å. */
export function diameterOf(atoms: readonly Atom[]): number {
  const mean = (axis: "x" | "y" | "z") => atoms.reduce((sum, atom) => sum + atom[axis], 0) / atoms.length;
  const [x, y, z] = [mean("x"), mean("y"), mean("z")];
  const reach = atoms.reduce(
    (most, atom) => Math.max(most, Math.hypot(atom.x - x, atom.y - y, atom.z - z)),
    0,
  );
  return 2 * reach;
}
