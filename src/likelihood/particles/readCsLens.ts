import { VitrineError } from "../../core/index.ts";
import { type FileSource, type NpyRecords, readNpyRecords } from "../../io/index.ts";
import type { ImagePlaces, LensTable } from "./lensTable.ts";
import { severalValues } from "./readStarLens.ts";

/**
 * Reads lenses, and places of images, from a `.cs` file of cryoSPARC.
 *
 * @param isIndexed  whether it says where images lie
 * @throws {VitrineError} missing: fields of the CTF or of images, no particles; undeterminable: several voltages, aberrations, contrasts or
 *   pixel sizes; range: values that are no numbers; and the errors of `readNpyRecords`
 */
export async function readCsLens(source: FileSource, isIndexed: boolean): Promise<LensTable> {
  const records = await readNpyRecords(source);
  if (records.rows === 0)
    throw new VitrineError({ code: "missing", at: records.name, expected: "particles", found: "none" });
  const column = (name: string) => columnOf(records, name);
  const only = (name: string) => {
    const found = [...new Set(column(name))];
    if (found.length === 1) return found[0];
    throw severalValues(`${records.name} ${name}`, found);
  };
  return {
    name: records.name,
    count: records.rows,
    kind: "cs",
    defocusUA: column("ctf/df1_A"),
    defocusVA: column("ctf/df2_A"),
    defocusAngleRad: column("ctf/df_angle_rad"),
    phaseShiftRad: column("ctf/phase_shift_rad"),
    csMm: only("ctf/cs_mm"),
    voltageKv: only("ctf/accel_kv"),
    amplitudeContrast: only("ctf/amp_contrast"),
    angles: null,
    // as CryoLike, which leaves them unread
    bFactorA2: null,
    scale: null,
    pixelSizeA: isIndexed && records.has("blob/psize_A") ? only("blob/psize_A") : null,
    images: isIndexed ? placesOf(records) : null,
    warnings: [],
  };
}

function columnOf(records: NpyRecords, name: string): Float64Array {
  return Float64Array.from({ length: records.rows }, (_, row) => {
    const value = records.number(row, name);
    if (Number.isFinite(value)) return value;
    const at = `${records.name} row ${row + 1} ${name}`;
    throw new VitrineError({ code: "range", at, expected: "a number", found: `${value}` });
  });
}

function placesOf(records: NpyRecords): ImagePlaces {
  const rows = Array.from({ length: records.rows }, (_, row) => row);
  return {
    files: rows.map((row) => records.text(row, "blob/path")),
    indices: Int32Array.from(rows, (row) => records.number(row, "blob/idx")),
  };
}
