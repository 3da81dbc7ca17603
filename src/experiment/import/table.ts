import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { parseCsv, parseWellName, parseWithSchema, readText, type WellPlace } from "../../io/index.ts";
import type { Found, FoundImage } from "./found.ts";

const text = z.string().min(1);
const whole = z
  .string()
  .regex(/^-?\d+$/)
  .transform(Number)
  .optional();
const real = z
  .string()
  .refine((value) => value.trim() !== "" && Number.isFinite(Number(value)), "a number")
  .transform(Number)
  .optional();

const rowSchema = z.strictObject({
  path: text,
  plate: text.optional(),
  well: text,
  site: whole,
  y: whole,
  x: whole,
  channel: text.optional(),
  t: whole,
  z: whole,
  cycle: whole,
  yUm: real,
  xUm: real,
});

/**
 * Reads a table of images: a line of the columns `path` and `well`, and whichever of `plate site y x channel t z cycle yUm xUm` it has;
 * empty cells are left out.
 *
 * @param plate  name of the plate where no column says it
 * @throws {VitrineError} missing, storage: the file; format: an unknown column, or a cell that is not what the column holds
 */
export async function readImageTable(path: string, plate: string): Promise<Found> {
  const { rows } = parseCsv(await readText(path), path);
  if (rows.length === 0)
    throw new VitrineError({ code: "missing", at: path, expected: "a row an image", found: "none" });
  return { microscope: "a table", images: rows.map((row, i) => imageOf(row, { path, plate, line: i + 2 })) };
}

function imageOf(
  cells: Readonly<Record<string, string>>,
  where: { readonly path: string; readonly plate: string; readonly line: number },
): FoundImage {
  const given = Object.fromEntries(Object.entries(cells).filter(([, cell]) => cell !== ""));
  const row = parseWithSchema(given, rowSchema, `${where.path} line ${where.line}`);
  const { y, x, t, z: zplane, yUm, xUm, well, site, plate = where.plate, channel, cycle } = row;
  const isGrid = y !== undefined || x !== undefined;
  return {
    path: row.path.replaceAll("\\", "/"),
    plate,
    well: wellOf(well, `${where.path} line ${where.line}`),
    site: site ?? (isGrid ? Number.NaN : 0),
    ...(isGrid && { grid: [y ?? 0, x ?? 0] as const }),
    ...(channel !== undefined && { channel }),
    ...(t !== undefined && { tpoint: t }),
    ...(zplane !== undefined && { zplane }),
    ...(cycle !== undefined && { cycle }),
    ...(yUm !== undefined && xUm !== undefined && { positionUm: [yUm, xUm] as const }),
  };
}

/** @throws {VitrineError} format: no name of a well, in this line */
function wellOf(name: string, at: string): WellPlace {
  try {
    return parseWellName(name);
  } catch (error) {
    if (!(error instanceof VitrineError)) throw error;
    throw new VitrineError({ ...error.fault, at: `${at} ${error.fault.at}` }, { cause: error });
  }
}
