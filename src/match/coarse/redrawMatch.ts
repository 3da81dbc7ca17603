import { elementCount, type Shape2 } from "../../core/index.ts";
import { fileExists, readHdf5, requireKnownOptions } from "../../io/index.ts";
import { PROGRAM_KEYS } from "../../program/index.ts";
import { MAP_NAMES, type ResultPaths } from "../config/resultPaths.ts";
import { RESULT_KEYS } from "../optionKeys.ts";
import { fileName } from "../particles/compareParticles.ts";
import { readParticleStack } from "../particles/particleStack.ts";
import type { ConfiguredSearch } from "../search/configuredSearch.ts";
import {
  type DrawnSearch,
  drawSearch,
  type PictureReport,
  type RedrawOptions,
  readResultMap,
  redrawWith,
} from "../search/redraw.ts";
import { correlationCount } from "../search/resultMaps.ts";
import { suffixedResults } from "../search/resultNames.ts";
import { SLICE_KEYS } from "../search/searchInputs.ts";
import { encodeSearchPicture } from "../search/searchPicture.ts";
import { coarseSize } from "./coarseInputs.ts";
import { enlargedMap } from "./coarseResults.ts";
import { sampledCutoff, sampleSize } from "./coarseSample.ts";

/** How a picture is drawn again. */
export type RedrawMatchOptions = RedrawOptions & {
  /** Of the coarse pass that made the maps; default: none where the full search's map is there, else that of the coarse map beside it. */
  readonly coarseFactor?: number;
  /** Orientations that gave mean and deviation, as then. */
  readonly samples?: number;
};

/** Factors that are looked for. */
const LARGEST_FACTOR = 16;

/**
 * Draws the picture of a search from its finished maps: nothing is searched. Particles are chosen anew, of a search with a coarse pass among
 * those of its table, since they were measured at full resolution. Of several templates each has a picture of its own.
 *
 * @throws {VitrineError} missing: a map or table; shape: a map of another micrograph or template; and whatever is wrong with the configuration
 */
export async function redrawMatch(configPath: string, options: RedrawMatchOptions): Promise<PictureReport> {
  requireKnownOptions("redrawMatch", options, {
    ...RESULT_KEYS,
    ...SLICE_KEYS,
    ...PROGRAM_KEYS,
    micrograph: true,
    templates: true,
    tiffRows: true,
    coarseFactor: true,
    samples: true,
  });
  const { coarseFactor, samples, ...redraw } = options;
  let drawn: number | undefined;
  const report = await redrawWith(configPath, redraw, async (search) => {
    const factor = coarseFactor ?? (await findFactor(search));
    if (factor === undefined) return drawSearch(search);
    drawn = factor;
    if (coarseFactor === undefined)
      options.onLog?.(`no ${search.settings.results.scaledMip}: drawing the coarse pass beside it`, "note");
    return drawCoarse(search, { factor, ...(samples !== undefined && { samples }) });
  });
  return { ...report, ...(drawn !== undefined && { coarseFactor: drawn }) };
}

async function findFactor({ settings: { results } }: ConfiguredSearch): Promise<number | undefined> {
  if ((await fileExists(results.scaledMip)) && (await holdsScores(results))) return undefined;
  for (let factor = 2; factor <= LARGEST_FACTOR; factor++)
    if (await fileExists(suffixedResults(results, `_coarse${factor}`).scaledMip)) return factor;
  return undefined;
}

/** HDF5 results of a search with a coarse pass hold mean and deviation alone. */
async function holdsScores({ hdf5, scaledMip }: ResultPaths): Promise<boolean> {
  return hdf5 === undefined || readHdf5(scaledMip, (file) => file.has(`/tensors/${MAP_NAMES.scaledMip}`));
}

async function drawCoarse(
  search: ConfiguredSearch,
  { factor, samples }: { readonly factor: number; readonly samples?: number },
): Promise<DrawnSearch> {
  const { settings, space, template, micrograph, planted, results } = search;
  const size = coarseSize(micrograph.shape, template.size, factor);
  const coarseShape: Shape2 = [size.shape[0] - size.template + 1, size.shape[1] - size.template + 1];
  const [height, width] = micrograph.shape;
  const shape: Shape2 = [height - template.size + 1, width - template.size + 1];
  const paths = suffixedResults(settings.results, `_coarse${factor}`);
  const scores = enlargedMap(await readResultMap(paths, "scaledMip", coarseShape), { factor, shape });
  const correlations = correlationCount(space);
  const orientations = space.eulerAnglesDeg.length / 3;
  const drawn = sampleSize(orientations, samples);
  const { falsePositives } = results;
  const counts = { falsePositives, pixels: elementCount(shape), correlations };
  const zCutoff = results.zCutoff ?? sampledCutoff(counts, { drawn, orientations });
  const particles = await particlesAbove(search, zCutoff);
  const pictured = { settings, templateSize: template.size, micrograph, planted, coarseFactor: factor };
  const found = { particles, zCutoff, correlations };
  return { png: encodeSearchPicture({ ...pictured, zScores: () => scores }, found), particles, zCutoff };
}

/** Particles of the search's table, best first. */
async function particlesAbove({ settings, results }: ConfiguredSearch, zCutoff: number) {
  const { particles, table } = await readParticleStack(results.particlesPath);
  return particles
    .map(({ posX, posY, phiDeg, thetaDeg, psiDeg, relativeDefocusA, micrographPath }, i) => ({
      ...{ x: posX, y: posY, phiDeg, thetaDeg, psiDeg, relativeDefocusA, micrographPath },
      zScore: Number(table.rows[i].refined_scaled_mip ?? table.rows[i].scaled_mip),
    }))
    .filter(({ micrographPath }) => fileName(micrographPath) === fileName(settings.micrographPath))
    .filter(({ zScore }) => zScore > zCutoff)
    .map(({ micrographPath: _, ...particle }) => particle)
    .sort((a, b) => b.zScore - a.zScore);
}
