import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { type FileSource, sourceName } from "../files.ts";
import { readUnpacked } from "../gzip.ts";
import { contentWords, kindOfContent } from "../kindWords.ts";
import { decodeUtf16 } from "../text.ts";
import type { Structure } from "./atom.ts";
import { parseMmcif } from "./mmcif.ts";
import { parsePdb } from "./pdb.ts";
import { type AtomSelection, selectAtoms } from "./select.ts";

/** What of a structure is read. */
export interface ReadAtomsOptions {
  /** Only this model, counted from 1 in the order of the file; without it all. */
  readonly model?: number;
  /** Only these atoms; see {@link AtomSelection}. */
  readonly select?: AtomSelection;
}

/** A CIF file begins with a block, after comments (and a byte order mark, here as three Latin letters). */
const CIF_START = /^(?:ï»¿)?(?:\s|#[^\r\n]*[\r\n])*data_/i;

/** Enough for the comments at the start of a file. */
const FIRST_BYTES = 2 ** 16;

/**
 * Reads a structure from a PDB or mmCIF file, whichever its content is, as it is or packed by gzip.
 *
 * @throws {VitrineError} missing, storage: the file; format: as `parsePdb` and `parseMmcif`; range: no such model, or a
 *   selection that leaves a model without atoms
 */
export async function readAtoms(source: FileSource, options: ReadAtomsOptions = {}): Promise<Structure> {
  requireKnownOptions("readAtoms", options, { model: true, select: true });
  const { model, select } = options;
  const at = sourceName(source);
  const stored = await readUnpacked(source);
  const text = decodeUtf16(stored);
  const bytes = text === undefined ? stored : new TextEncoder().encode(text);
  requireText(bytes, at);
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, FIRST_BYTES));
  const { models, warnings } = CIF_START.test(start) ? parseMmcif(bytes, at) : parsePdb(bytes, at);
  const wanted = model === undefined ? models : [oneModel(models, model, at)];
  if (select === undefined) return { models: wanted, warnings };
  return { models: wanted.map((atoms) => requireAtoms(selectAtoms(atoms, select), at)), warnings };
}

/** @throws {VitrineError} format: a file whose first bytes are those of another kind */
function requireText(bytes: Uint8Array, at: string): void {
  const isText = ["text", "pdb", "mmcif", "star", "unknown"].includes(kindOfContent(bytes));
  if (isText && bytes.length > 0) return;
  const expected = "atoms of a PDB or mmCIF file";
  throw new VitrineError({ code: "format", at, expected, found: contentWords(bytes) });
}

function oneModel<T>(models: readonly T[], model: number, at: string): T {
  const found = models[model - 1];
  if (found !== undefined) return found;
  const expected = `a model from 1 to ${models.length}`;
  throw new VitrineError({ code: "range", at, expected, found: `${model}` });
}

function requireAtoms<T>(atoms: readonly T[], at: string): readonly T[] {
  if (atoms.length > 0) return atoms;
  const hint = "Check the names of the selection";
  throw new VitrineError({
    code: "range",
    at,
    expected: "atoms that the selection fits",
    found: "none",
    hint,
  });
}
