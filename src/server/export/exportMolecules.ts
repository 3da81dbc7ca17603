/** What an export keeps of molecules in tomograms: sections of all volumes, tables, and of the first molecules their boxes and landscapes. */
import type { ExportDesk } from "./desk.ts";
import { boxSide, SHIFTS_NM, shownFiles } from "./shown.ts";

/** Molecules of a table that are shown in their boxes. */
const MOST_BOXES = 500;
/** Bytes of a volume's sections: of a larger one, some are left out. */
const MOST_BYTES = 2 ** 28;
/** Pixels of a section's side at most, as the server answers. */
const MOST_SIDE = 768;
const AXES = ["z", "y", "x"] as const;

interface Volume {
  readonly at: string;
  readonly name: string;
  readonly shape: readonly [depth: number, height: number, width: number];
  readonly scale: number | null;
}

interface FolderFacts {
  readonly volumes: readonly Volume[];
  readonly tables: readonly { readonly at: string; readonly columns: readonly string[] }[];
}

/** A folder of tables of molecules, or one table. */
export async function exportMolecules(at: string, desk: ExportDesk): Promise<void> {
  const facts = JSON.parse(String((await desk.keep("subtomogram", { at })).body)) as FolderFacts;
  for (const volume of facts.volumes) await exportSections(volume, desk);
  for (const table of facts.tables) {
    desk.place(table.at);
    const { tomogram } = shownFiles(facts, { table: table.at });
    const query = { at: table.at, tomogram: tomogram?.at };
    if (await desk.keepOnce("subtomogram/molecules", query, `molecules of ${table.at}`))
      await exportBoxes(facts, table.at, desk);
  }
}

/** Every section across each axis. */
async function exportSections({ at, shape }: Volume, desk: ExportDesk): Promise<void> {
  desk.place(at);
  const every = stepOf(shape);
  if (every > 1) {
    desk.step(at, every);
    desk.leaveOut(`sections of ${at} but each ${every}th: of others the one before is shown`);
  }
  if (Math.max(...shape) > MOST_SIDE)
    desk.leaveOut(`voxels of ${at} by themselves: its sections have ${MOST_SIDE} pixels a side at most`);
  for (const [a, axis] of AXES.entries())
    for (let index = 0; index < shape[a]; index += every)
      await desk.keepOnce("subtomogram/slice", { at, axis, index }, `sections of ${at}`);
}

/** Sections are so far apart that they are not too many bytes. */
function stepOf(shape: readonly number[]): number {
  const bytes = AXES.reduce((sum, _, a) => {
    const [rows, columns] = shape.filter((__, i) => i !== a);
    const factor = Math.max(1, Math.ceil(Math.max(rows, columns) / MOST_SIDE));
    return sum + (4 * shape[a] * rows * columns) / factor ** 2;
  }, 0);
  return 2 ** Math.max(0, Math.ceil(Math.log2(bytes / MOST_BYTES)));
}

async function exportBoxes(facts: FolderFacts, table: string, desk: ExportDesk): Promise<void> {
  const { tomogram, average } = shownFiles(facts, { table });
  if (tomogram === undefined) return;
  if (tomogram.scale === null) {
    desk.leaveOut(`boxes of molecules of ${table}: ${tomogram.at} does not say how large its voxels are`);
    return;
  }
  const { count } = await desk.ask<{ readonly count: number }>("subtomogram/molecules", {
    at: table,
    tomogram: tomogram.at,
    format: "json",
  });
  if (count > MOST_BOXES)
    desk.leaveOut(`boxes and landscapes of molecules of ${table} but the first ${MOST_BOXES}`);
  if (average !== undefined)
    desk.leaveOut(
      `landscapes of ${table} beyond ${SHIFTS_NM[0]} nm, or with other files than those shown first`,
    );
  for (let molecule = 0; molecule < Math.min(count, MOST_BOXES); molecule++) {
    const which = { tomogram: tomogram.at, table, molecule };
    const box = { ...which, size: boxSide(average) };
    await desk.keepOnce("subtomogram/box", box, `boxes of some molecules of ${table}`);
    if (average === undefined) continue;
    const landscape = { ...which, template: average.at, maxShift: SHIFTS_NM[0] };
    await desk.keepOnce("subtomogram/landscape", landscape, `landscapes of some molecules of ${table}`);
  }
}
