/** Particles above a cutoff as a file, made of the table that an export has of all of them. */
import { formatCsv, formatStar, parseCsv } from "../../../io/index.ts";
import { particlesToStar } from "../../../match/index.ts";
import { ask, type Query } from "../../scene/api.ts";

/** @throws {Error} a table that is left out */
export async function tableAbove(
  query: Query,
  { cutoff, as }: { readonly cutoff: number; readonly as: "csv" | "star" },
): Promise<Blob> {
  const text = await (await ask("match/table", query)).text();
  const { columns, rows } = parseCsv(text, "particles.csv");
  // of a refinement its own values count
  const score = columns.includes("refined_scaled_mip") ? "refined_scaled_mip" : "scaled_mip";
  const above = { columns, rows: rows.filter((row) => Number(row[score]) > cutoff) };
  return new Blob([as === "csv" ? formatCsv(columns, above.rows) : formatStar(particlesToStar(above))]);
}
