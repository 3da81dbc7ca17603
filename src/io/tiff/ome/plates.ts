import type { OmeField, OmePlate } from "./model.ts";
import { NO_UNIT, quantityOf } from "./quantity.ts";
import { attribute, indexOf, within, type Xml } from "./xml.ts";

/** Wells beyond the largest plate (1536) and again as many. */
const MOST_SIDES = 1000;

/** Plates of OME-XML with their fields, and what of them does not agree. */
export function parsePlates(root: Xml): {
  readonly plates: readonly OmePlate[];
  readonly warnings: readonly string[];
} {
  const warnings: string[] = [];
  const plates = within(root, "Plate").map((plate) => plateOf(plate, warnings));
  return { plates, warnings };
}

function plateOf(plate: Xml, warnings: string[]): OmePlate {
  const acquisitions = acquisitionsOf(plate);
  const fields: OmeField[] = [];
  for (const well of within(plate, "Well")) {
    const [row, column] = [indexOf(well, "Row"), indexOf(well, "Column")];
    if (row === undefined || column === undefined || row >= MOST_SIDES || column >= MOST_SIDES) {
      warnings.push(`a well without a row or column (${attribute(well, "ID") ?? "no ID"}) is left out`);
      continue;
    }
    fields.push(...fieldsOf(well, { row, column, acquisitions }));
  }
  const count = (name: string, used: number) =>
    Math.min(MOST_SIDES, Math.max(used, indexOf(plate, name) ?? 0));
  const rows = count(
    "Rows",
    fields.reduce((most, { row }) => Math.max(most, row + 1), 0),
  );
  const columns = count(
    "Columns",
    fields.reduce((most, { column }) => Math.max(most, column + 1), 0),
  );
  const name = attribute(plate, "Name");
  const named = (convention: string, missing: string) => {
    const byLetter = (attribute(plate, convention) ?? missing) === "letter";
    return (_: unknown, i: number) => (byLetter ? letters(i) : String(i + 1));
  };
  return {
    ...(name !== undefined && { name }),
    rows: Array.from({ length: rows }, named("RowNamingConvention", "letter")),
    columns: Array.from({ length: columns }, named("ColumnNamingConvention", "number")),
    fields,
  };
}

function fieldsOf(
  well: Xml,
  { row, column, acquisitions }: Pick<OmeField, "row" | "column"> & { acquisitions: Map<string, number> },
): OmeField[] {
  const fields: OmeField[] = [];
  for (const [field, sample] of within(well, "WellSample").entries()) {
    const image = attribute(within(sample, "ImageRef")[0], "ID");
    // a well that was planned and not taken
    if (image === undefined) continue;
    const acquisition = acquisitions.get(attribute(sample, "ID") ?? "");
    const [y, x] = [quantityOf(sample, "PositionY", NO_UNIT), quantityOf(sample, "PositionX", NO_UNIT)];
    fields.push({
      ...{ row, column, field, image },
      ...(acquisition !== undefined && { acquisition }),
      ...(y !== undefined && x !== undefined && { stage: { y, x } }),
    });
  }
  return fields;
}

/** The number of the acquisition that names a sample of a well. */
function acquisitionsOf(plate: Xml): Map<string, number> {
  const found = new Map<string, number>();
  for (const [i, acquisition] of within(plate, "PlateAcquisition").entries())
    for (const sample of within(acquisition, "WellSampleRef")) {
      const id = attribute(sample, "ID");
      if (id !== undefined) found.set(id, i);
    }
  return found;
}

/** Names of rows: A to Z, then AA. */
export function letters(index: number): string {
  const last = String.fromCharCode(65 + (index % 26));
  return index < 26 ? last : letters(Math.floor(index / 26) - 1) + last;
}
