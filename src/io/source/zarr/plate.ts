import { z } from "zod";
import { Semaphore, VitrineError } from "../../../core/index.ts";
import { parseWithSchema } from "../../schema.ts";
import type { ImageCollection, PlateField } from "../source.ts";
import { childFolder, type KnownNodes, readNode } from "./node.ts";

export type Plate = NonNullable<ImageCollection["plate"]>;

/** Wells that are looked at at once. */
const AT_ONCE = 16;

const name = z.union([z.string(), z.number().transform(String)]);
const named = z.array(z.object({ name }));

const plateSchema = z.object({
  name: z.string().nullish(),
  rows: named,
  columns: named,
  acquisitions: z.array(z.object({ id: z.number().int(), name: z.string().nullish() })).nullish(),
  wells: z.array(
    z.object({ path: z.string(), rowIndex: z.unknown().optional(), columnIndex: z.unknown().optional() }),
  ),
});

const wellSchema = z.object({
  images: z.array(z.object({ path: name, acquisition: z.number().int().nullish() })),
});

interface Well {
  readonly path: string;
  readonly rowIndex: number;
  readonly columnIndex: number;
}

/**
 * The fields of a plate, well by well.
 *
 * @throws {VitrineError} missing, type, format: metadata that are none of a plate
 */
export async function readPlate(
  folder: string,
  value: unknown,
  known: KnownNodes,
): Promise<{ readonly plate: Plate; readonly warnings: readonly string[] }> {
  const at = `${folder} plate`;
  const plate = parseWithSchema(value, plateSchema, at);
  const rows = plate.rows.map((row) => row.name);
  const columns = plate.columns.map((column) => column.name);
  const warnings: string[] = [];
  const wells = plate.wells.map((well) => placeOf(well, { rows, columns, at, warnings }));
  const looking = new Semaphore(AT_ONCE);
  const fields = await Promise.all(
    wells.map((well) => looking.run(() => readWell(folder, well, { rows, columns, warnings, known }))),
  );
  return {
    plate: {
      ...(typeof plate.name === "string" && { name: plate.name }),
      rows,
      columns,
      fields: fields.flat(),
      ...acquisitionNames(plate.acquisitions ?? []),
    },
    warnings,
  };
}

function acquisitionNames(
  listed: readonly { readonly id: number; readonly name?: string | null | undefined }[],
): Pick<Plate, "acquisitions"> {
  const named = listed.flatMap(({ id, name }) => (name ? [[String(id), name] as const] : []));
  return named.length === 0 ? {} : { acquisitions: Object.fromEntries(named) };
}

/** The fields that a well lists. @throws {VitrineError} missing, type: metadata that are none of a well */
export function wellFields(value: unknown, at: string) {
  return parseWithSchema(value, wellSchema, `${at} well`).images;
}

interface Names {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly warnings: string[];
}

/** The path counts; indices that say another thing are told. */
function placeOf(
  { path, rowIndex, columnIndex }: z.infer<typeof plateSchema>["wells"][number],
  { rows, columns, at, warnings }: Names & { readonly at: string },
): Well {
  const parts = path.split("/");
  const found = { rowIndex: rows.indexOf(parts[0]), columnIndex: columns.indexOf(parts[1]) };
  if (parts.length !== 2 || found.rowIndex < 0 || found.columnIndex < 0) {
    const expected = "a path of one of the rows and one of the columns";
    throw new VitrineError({
      code: "format",
      at: `${at} wells`,
      expected,
      found: JSON.stringify(path.slice(0, 60)),
    });
  }
  const told = { rowIndex, columnIndex };
  for (const key of ["rowIndex", "columnIndex"] as const) {
    if (told[key] === undefined || told[key] === found[key]) continue;
    warnings.push(
      `plate.wells: ${key} of ${path} is ${JSON.stringify(told[key])}, its path says ${found[key]}`,
    );
  }
  return { path, ...found };
}

async function readWell(
  folder: string,
  { path, rowIndex, columnIndex }: Well,
  { rows, columns, warnings, known }: Names & { readonly known: KnownNodes },
): Promise<readonly PlateField[]> {
  const place = childFolder(folder, path, `${folder} plate`);
  const node = await readNode(place, known);
  if (node?.kind !== "group" || node.attributes.well === undefined) {
    warnings.push(`plate.wells: ${path} is listed, but there is no well: left out`);
    return [];
  }
  const column = columns[columnIndex];
  const well = rows[rowIndex] + (/^\d$/.test(column) ? `0${column}` : column);
  return wellFields(node.attributes.well, place).map((field, i) => ({
    image: `${path}/${field.path}`,
    well,
    rowIndex,
    columnIndex,
    field: i,
    ...(typeof field.acquisition === "number" && { acquisition: field.acquisition }),
  }));
}
