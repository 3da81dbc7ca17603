import type { Log } from "../../program/index.ts";

/** Optics of other programs' particles that belong in a configuration, where there are fields for them. */
const UNUSED =
  /^(?:optics\.)?(?:rln(?:BeamTilt[XY]|OddZernike|EvenZernike|MagMat\d\d|MtfFileName)|cisTEMBeamTilt[XY])$/;

/** Values of columns that change nothing. */
const IDENTITY: Readonly<Record<string, number>> = { rlnMagMat00: 1, rlnMagMat11: 1 };

/**
 * Says once which optics that particles of another program tell are not used: those that are not nothing.
 *
 * @param text  the cell of a column and a row
 */
export function tellUnusedOptics(
  columns: readonly string[],
  { rows, text, at }: { rows: number; text: (row: number, column: string) => string; at: string },
  onLog: Log | undefined,
): void {
  const unused = columns.filter((column) => {
    if (!UNUSED.test(column)) return false;
    const nothing = IDENTITY[column.replace(/^optics\./, "")] ?? 0;
    for (let row = 0; row < rows; row++) if (!isNothing(text(row, column), nothing)) return true;
    return false;
  });
  if (unused.length === 0) return;
  const names = unused.map((column) => column.replace(/^optics\./, "")).join(", ");
  onLog?.(`${at}: ${names} are not used; the configuration's optics are`, "warning");
}

/** A number that changes nothing, a list of zeros, or no text. */
function isNothing(text: string, nothing: number): boolean {
  const numbers = text.replace(/[[\]"']/g, "").split(",");
  return numbers.every((one) => one.trim() === "" || one.trim() === "None" || Number(one) === nothing);
}
