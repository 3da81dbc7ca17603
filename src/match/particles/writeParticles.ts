import { requireKnownOptions } from "../../core/index.ts";
import { formatCsv, refuseOtherEnding, writeFileAtomic, writeStar } from "../../io/index.ts";
import { isHdf5Name, writeParticlesHdf5 } from "./hdf5Particles.ts";
import type { ParticleTable } from "./particles.ts";
import { particlesToStar } from "./particlesToStar.ts";

/** Refuses a name of a table that promises what is no table. @throws {VitrineError} range */
export function checkTableName(path: string): void {
  refuseOtherEnding(path, /\.(csv|star|h5|hdf5)$/i, "a name that ends with .csv, .star or .h5");
}

/**
 * Writes a particle table as CSV, as RELION's STAR with all of its own columns where the name ends with .star, or as Leopard-EM 1.3's
 * HDF5 where it ends with .h5 or .hdf5, whole or not at all.
 *
 * @param given  name: that of the file where `path` is a temporary one
 * @throws {VitrineError} exists: a file of that name, unless `overwrite`; storage: what the file system reports
 */
export async function writeParticles(
  path: string,
  { columns, rows }: ParticleTable,
  given: { readonly name?: string; readonly overwrite?: boolean } = {},
): Promise<void> {
  requireKnownOptions("writeParticles", given, { name: true, overwrite: true });
  const { name = path, ...options } = given;
  if (isHdf5Name(name)) return writeParticlesHdf5(path, { columns, rows }, options);
  if (/\.star$/i.test(name)) return writeStar(path, particlesToStar({ columns, rows }, name), options);
  await writeFileAtomic(path, new TextEncoder().encode(formatCsv(columns, rows)), options);
}
