import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { formatCsv, formatMrc } from "../../io/index.ts";
import { mapPaths } from "../config/resultPaths.ts";
import { particleTable } from "../particles/particles.ts";
import { correlationCount } from "./resultMaps.ts";
import { mapSampler } from "./results.ts";
import { chosenParticles, type FinishedSearch, type ParticleOptions } from "./searchParticles.ts";

const SEARCH_FILES_KEYS: OptionKeys<SearchFilesOptions> = {
  particlesPath: true,
  background: true,
  peaks: true,
  maskRadiusPx: true,
  falsePositives: true,
  zCutoff: true,
};

/** A file of a search, for those who have no file system. */
export interface SearchFile {
  /** As the configuration calls it. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Which particles there are, and where their table goes. */
export interface SearchFilesOptions extends ParticleOptions {
  /** Default `particles.csv`. */
  readonly particlesPath?: string;
}

/**
 * The files that `runMatch` writes of a search: Leopard-EM's eight maps as MRC, then its table of particles as CSV, byte for byte the
 * same. Each is made when it is asked for, since all at once are as large as the search itself.
 *
 * @throws {VitrineError} as `search.particles`; unsupported: a configuration whose maps are one HDF5 file
 */
export function* searchFiles(
  finished: FinishedSearch,
  given: SearchFilesOptions = {},
): Generator<SearchFile> {
  requireKnownOptions("searchFiles", given, SEARCH_FILES_KEYS);
  const { particlesPath = "particles.csv", ...options } = given;
  const { settings, templateSize } = finished;
  if (settings.results.hdf5 !== undefined) throw noMaps(settings.results.mip);
  const { search, peaks, scaledMip } = chosenParticles(finished, options);
  const { make, sampled } = mapSampler(search, peaks, scaledMip.data);
  for (const [name, path] of mapPaths(settings.results)) {
    const content = { data: make(name), shape: scaledMip.shape, voxelSizeA: settings.optics.pixelSizeA };
    yield { path, bytes: formatMrc(content) };
  }
  if (settings.pixelSizes !== null) make("pixelSizeOffset");
  const facts = { totalCorrelations: correlationCount(search.space), templateSize };
  const { columns, rows } = particleTable(peaks, sampled(), { settings, facts });
  yield { path: particlesPath, bytes: new TextEncoder().encode(formatCsv(columns, rows)) };
}

function noMaps(path: string): VitrineError {
  const hint = "Name the eight maps in match_template_result";
  return new VitrineError({
    ...{ code: "unsupported", at: "searchFiles", expected: "maps in files of their own", hint },
    found: `one HDF5 file (${path})`,
  });
}
