import { VitrineError } from "../../core/index.ts";
import { createStarTable, type StarTable } from "./table.ts";

/** A STAR or CIF file: data blocks in order. */
export interface StarFile {
  /** How messages call it. */
  readonly name: string;
  readonly blocks: readonly StarBlock[];
}

/** A data block: values by name and tables, in order. */
export interface StarBlock {
  /** Without `data_`; empty in many older files of RELION. */
  readonly name: string;
  readonly items: readonly (StarPair | StarTable)[];
}

/** A name with one value. */
export interface StarPair {
  readonly kind: "pair";
  /** Without the leading underscore. */
  readonly name: string;
  /** Without quotes. */
  readonly value: string;
}

/**
 * The block of this name.
 *
 * @throws {VitrineError} missing: none, with the names that are there; undeterminable: several
 */
export function starBlock(file: StarFile, name: string): StarBlock {
  const found = file.blocks.filter((block) => block.name === name);
  if (found.length === 1) return found[0];
  const names = file.blocks.map((block) => `data_${block.name}`).join(", ");
  throw new VitrineError({
    code: found.length === 0 ? "missing" : "undeterminable",
    at: file.name,
    expected: `one block data_${name}`,
    found: names || "no block",
  });
}

/**
 * The first table of a block, of which {@link starTables} are all.
 *
 * @throws {VitrineError} missing: an empty block, or as {@link starBlock}
 */
export function starTable(file: StarFile, name: string): StarTable {
  const [table] = starTables(starBlock(file, name));
  if (table !== undefined) return table;
  const at = `${file.name} data_${name}`;
  throw new VitrineError({ code: "missing", at, expected: "a loop_", found: "none" });
}

const SINGLE_ROWS = new WeakMap<StarBlock, StarTable>();

/** The tables of a block. Where it has no loop, its values are a table of one row: RELION and starfile write a single row so. */
export function starTables(block: StarBlock): readonly StarTable[] {
  const tables = block.items.filter((item) => item.kind === "table");
  const pairs = starPairs(block);
  if (tables.length > 0 || pairs.size === 0) return tables;
  const cells = [...pairs].map(([name, value]) => [name, [value]]);
  const single = SINGLE_ROWS.get(block) ?? createStarTable(Object.fromEntries(cells), `data_${block.name}`);
  SINGLE_ROWS.set(block, single);
  return [single];
}

/** The values of a block that stand by themselves, by name. */
export function starPairs(block: StarBlock): Map<string, string> {
  return new Map(block.items.flatMap((item) => (item.kind === "pair" ? [[item.name, item.value]] : [])));
}
