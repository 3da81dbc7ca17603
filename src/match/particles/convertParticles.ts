import { VitrineError } from "../../core/index.ts";
import { fileExists, identifyFile, parseCsv, readStar, readText, writeStar } from "../../io/index.ts";
import { isHdf5Name, readParticlesHdf5 } from "./hdf5Particles.ts";
import { writeParticles } from "./particles.ts";
import { particlesToStar } from "./particlesToStar.ts";
import { type StarToParticlesOptions, starToParticles } from "./starToParticles.ts";

/** Options of {@link convertParticles}. */
export interface ConvertParticlesOptions extends StarToParticlesOptions {
  /** Replace what is there (default false). */
  readonly overwrite?: boolean;
}

/**
 * Writes a table of particles, CSV, STAR or Leopard-EM 1.3's HDF5, as another one (or an older STAR file as RELION 3.1's); the ending of `to` tells
 * which.
 *
 * @returns  how many particles there are
 * @throws {VitrineError} unsupported: a file that is neither; range: an ending that is neither; exists: the path is taken; and
 *   the errors of `parseCsv`, `readStar`, {@link particlesToStar} and {@link starToParticles}
 */
export async function convertParticles(
  from: string,
  to: string,
  { overwrite = false, ...options }: ConvertParticlesOptions = {},
): Promise<number> {
  const isStar = /\.star$/i.test(to);
  if (!isStar && !/\.csv$/i.test(to) && !isHdf5Name(to)) {
    throw new VitrineError({
      code: "range",
      at: to,
      expected: "a path that ends with .star, .csv or .h5",
      found: "another",
    });
  }
  const table = await readTable(from, options);
  if (!overwrite && (await fileExists(to))) {
    const hint = "Remove it, choose another name, or replace it with --overwrite";
    throw new VitrineError({
      code: "exists",
      at: to,
      expected: "nothing of this name",
      found: "something",
      hint,
    });
  }
  if (isStar) await writeStar(to, particlesToStar(table, from), { overwrite });
  else await writeParticles(to, table, { overwrite });
  return table.rows.length;
}

async function readTable(from: string, options: StarToParticlesOptions) {
  const kind = await identifyFile(from);
  if (kind === "star") return starToParticles(await readStar(from), options);
  if (kind === "hdf5") return readParticlesHdf5(from);
  if (kind === "csv") return parseCsv(await readText(from), from);
  throw new VitrineError({
    code: "unsupported",
    at: from,
    expected: "particles as a CSV, STAR or HDF5 file",
    found: kind,
  });
}
