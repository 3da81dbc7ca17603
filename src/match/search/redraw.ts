import { elementCount, type Shape2, VitrineError } from "../../core/index.ts";
import { openMrc, prepareResultFiles, writeFileAtomic, writeTogether } from "../../io/index.ts";
import type { MapPaths, ResultPaths } from "../config/resultPaths.ts";
import { valuesAtPeaks } from "../particles/particles.ts";
import type { Peak, ScoreMap } from "../peaks/peaks.ts";
import { checkPeakOptions, choosePeaks } from "../peaks/peaksChoice.ts";
import { type ConfiguredSearch, resultPlaces, withSearches } from "./configuredSearch.ts";
import { readHdf5Map } from "./hdf5Maps.ts";
import type { MatchOptions } from "./matchOptions.ts";
import { correlationCount } from "./resultMaps.ts";
import { foundParticles, type SearchReport } from "./results.ts";
import { encodeSearchPicture } from "./searchPicture.ts";

/** How a picture is drawn again; `picturePath` is where it goes, `particlesPath` the table of a search with a coarse pass. */
export type RedrawOptions = Omit<
  MatchOptions,
  "part" | "resume" | "compatBatch" | "checkpointSeconds" | "picturePath"
> & { readonly picturePath: string };

/** What a picture shows; of several templates those of all. */
export type PictureReport = Pick<SearchReport, "particles" | "files"> & {
  readonly zCutoff: number;
  /** Of the coarse pass whose maps were drawn; absent where those of the full search were. */
  readonly coarseFactor?: number;
};

/** A picture of one template's search. */
export interface DrawnSearch extends Omit<PictureReport, "files"> {
  readonly png: Uint8Array;
}

/** Draws the pictures of a configuration's searches, each by `draw`, and writes them together. */
export async function redrawWith(
  configPath: string,
  options: RedrawOptions,
  draw: (search: ConfiguredSearch) => Promise<DrawnSearch>,
): Promise<PictureReport> {
  return withSearches(configPath, options, async (set) => {
    checkPeakOptions(set.results);
    const files = set.searches.map(({ results }) => results.picturePath ?? options.picturePath);
    await prepareResultFiles({
      ...resultPlaces(set, files),
      hint: "Allow it with --overwrite, or choose another path",
    });
    return writeTogether(async (pending) => {
      const found: Omit<PictureReport, "files">[] = [];
      for (const [i, search] of set.searches.entries()) {
        const { png, ...chosen } = await draw(search);
        await pending.write(files[i], (path) => writeFileAtomic(path, png, { overwrite: true }));
        found.push(chosen);
      }
      const particles = found.flatMap((one) => one.particles);
      return { particles, files, zCutoff: Math.min(...found.map(({ zCutoff }) => zCutoff)) };
    });
  });
}

/**
 * Draws a search from its finished maps, with its particles chosen anew.
 *
 * @throws {VitrineError} missing: a map; shape: a map of another micrograph or template
 */
export async function drawSearch(search: ConfiguredSearch): Promise<DrawnSearch> {
  const { settings, space, template, micrograph, planted, results } = search;
  const maps = mapReader(search);
  const correlations = correlationCount(space);
  const scaledMip = await maps.read("scaledMip");
  const mip = results.peaks?.kind === "p" ? await maps.read("mip") : scaledMip;
  const { peaks, zCutoff } = choosePeaks({ scaledMip, mip: () => mip, correlations }, results);
  const particles = foundParticles(peaks, await maps.valuesAt(peaks));
  const pictured = { settings, templateSize: template.size, micrograph, planted, zScores: () => scaledMip };
  return { png: encodeSearchPicture(pictured, { particles, zCutoff, correlations }), particles, zCutoff };
}

/** Reads the maps of a search, whose shape follows from its inputs. */
function mapReader({ settings, template, micrograph }: ConfiguredSearch) {
  const [height, width] = micrograph.shape;
  const shape: Shape2 = [height - template.size + 1, width - template.size + 1];
  const read = (map: keyof MapPaths) => readResultMap(settings.results, map, shape);
  return {
    read,
    valuesAt: async (peaks: readonly Peak[]) => ({
      orientationPhi: valuesAtPeaks(peaks, await read("orientationPhi")),
      orientationTheta: valuesAtPeaks(peaks, await read("orientationTheta")),
      orientationPsi: valuesAtPeaks(peaks, await read("orientationPsi")),
      relativeDefocus: valuesAtPeaks(peaks, await read("relativeDefocus")),
    }),
  };
}

/** A finished map, from a file of its own or from HDF5 results. @throws {VitrineError} missing; shape: another one than expected */
export async function readResultMap(
  results: ResultPaths,
  map: keyof MapPaths,
  shape: Shape2,
): Promise<ScoreMap> {
  const path = results[map];
  if (results.hdf5 !== undefined) {
    const image = await readHdf5Map(path, map);
    if (image.shape.join() !== shape.join()) throw wrongShape(path, image.shape, shape);
    return image;
  }
  const file = await openMrc(path);
  try {
    if (file.header.shape.join() !== [1, ...shape].join()) throw wrongShape(path, file.header.shape, shape);
    return { data: await file.readSections(0, 1, new Float32Array(elementCount(shape))), shape };
  } finally {
    await file.close();
  }
}

function wrongShape(at: string, found: readonly number[], shape: Shape2): VitrineError {
  return new VitrineError({
    code: "shape",
    at,
    expected: `one section of ${shape[0]} x ${shape[1]}, what the micrograph and the template give`,
    found: found.join(" x "),
    hint: "Name the micrograph and the template of the search that made this map",
  });
}
