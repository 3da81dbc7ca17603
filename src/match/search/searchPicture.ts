import { encodePng } from "../../io/index.ts";
import type { MatchSettings } from "../config/config.ts";
import type { ScoreMap } from "../peaks/peaks.ts";
import { drawSearchPicture } from "../picture/picture.ts";
import type { FoundParticle, PlantedParticles } from "../picture/searchPicture.ts";
import type { SearchedMicrograph } from "./searchedMicrograph.ts";

/** What the picture of a search shows beside its particles. */
export interface PicturedResults {
  readonly settings: MatchSettings;
  readonly templateSize: number;
  /** Made when a picture is drawn. */
  readonly zScores: () => ScoreMap;
  readonly micrograph: SearchedMicrograph;
  readonly planted?: PlantedParticles | undefined;
  /** Of the map of z-scores, where a coarse pass made it. */
  readonly coarseFactor?: number;
}

/** A PNG of micrograph, z-scores, particles and histogram. */
export function encodeSearchPicture(
  { settings, templateSize, zScores, micrograph, planted, coarseFactor }: PicturedResults,
  found: {
    readonly particles: readonly FoundParticle[];
    readonly zCutoff: number;
    readonly correlations: number;
  },
): Uint8Array {
  const { particles, zCutoff, correlations } = found;
  const canvas = drawSearchPicture({
    title: settings.micrographPath,
    micrograph: { ...micrograph.image, pixelSizeA: settings.optics.pixelSizeA },
    scaledMip: zScores(),
    templateSize,
    particles,
    cutoff: zCutoff,
    correlations,
    hasDefocusSearch: settings.defocus !== null,
    ...(coarseFactor !== undefined && { coarseFactor }),
    ...(planted !== undefined && { planted }),
    notes: [`Template ${settings.templatePath}, ${correlations} correlations per pixel`],
  });
  return encodePng({ ...canvas, channels: 3 });
}
