import { readFileSync } from "node:fs";
import { parseCsv, writeHdf5 } from "../../src/io/index.ts";

/** A table of particles as a stack of Leopard-EM 1.3, with the sizes of its boxes and of its template. */
export async function writeStackOf(
  csvPath: string,
  path: string,
  sizes: { readonly box: number; readonly template: number },
): Promise<void> {
  const table = parseCsv(readFileSync(csvPath, "utf8"), csvPath);
  const columns = table.columns.filter((column) => column !== "");
  const cells = (column: string) => ({ data: table.rows.map((row) => row[column]) });
  const size = (side: number) => [BigInt(side), BigInt(side)];
  await writeHdf5(path, {
    attributes: { extracted_box_size: size(sizes.box), original_template_size: size(sizes.template) },
    groups: {
      particles: {
        attributes: { columns },
        datasets: Object.fromEntries(columns.map((column) => [column, cells(column)])),
      },
    },
  });
}

/** A configuration whose tables are stacks of which it says no sizes. */
export function withoutSizes(config: string): string {
  return config
    .replace(/df_path: (.*)\.csv/g, "hdf5_path: $1.h5")
    .replace(/\n *(extracted_box_size|original_template_size):[^\n]*(\n *-[^\n]*)*/g, "");
}
