import type { Command } from "commander";
import type { MapobjectEdit, MapobjectEditReport } from "../experiment/index.ts";
import { writeFileAtomic } from "../io/index.ts";

/** What {@link addUndo} parses to. */
export interface UndoArguments {
  readonly undo?: string;
  readonly overwrite?: boolean;
}

/** The options that keep what takes a change back. */
export function addUndo(command: Command): Command {
  return command
    .option("--undo <file.json>", "write the edit that takes the change back (vitrine objects edit reads it)")
    .option("--overwrite", "replace a file that is there");
}

/**
 * Makes a change, and writes its undo where that is wanted: a file that cannot be made leaves everything as it was.
 *
 * @throws {VitrineError} exists, missing, storage: of the file; and what the change throws
 */
export async function withUndo(
  { undo, overwrite = false }: UndoArguments,
  change: () => Promise<MapobjectEditReport>,
): Promise<MapobjectEditReport> {
  if (undo === undefined) return change();
  const kept: MapobjectEditReport[] = [];
  async function* text() {
    kept.push(await change());
    yield textOf(kept[0].inverse);
  }
  await writeFileAtomic(undo, text(), { overwrite });
  return kept[0];
}

function textOf(inverse: MapobjectEdit): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(inverse)}\n`);
}
