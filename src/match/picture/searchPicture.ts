import type { EulerZyz, Image } from "../../core/index.ts";
import type { Peak, ScoreMap } from "../peaks/peaks.ts";

/** A particle of a picture; x and y are the left and top edge of its box, as in a table. */
export interface FoundParticle extends Peak, EulerZyz {
  /** From the micrograph's defocus. */
  readonly relativeDefocusA?: number;
}

/** Left and top edge of the boxes of particles that are known to be there. */
export type PlantedParticles = readonly { readonly x: number; readonly y: number }[];

/** What `drawSearchPicture` shows. */
export interface SearchPicture {
  readonly title: string;
  readonly micrograph: Image;
  /** z-scores of the positions where the template lies inside the micrograph: (H - n + 1, W - n + 1). */
  readonly scaledMip: ScoreMap;
  /** n of the (n, n, n) template. */
  readonly templateSize: number;
  /** Best first; x and y are the left and top edge of the box. */
  readonly particles: readonly FoundParticle[];
  /** A particle is found above this z-score. */
  readonly cutoff: number;
  /** Correlations a pixel of the map: what the largest value of noise alone depends on. */
  readonly correlations: number;
  /** Whether more than one defocus was searched: the table then says each particle's. */
  readonly hasDefocusSearch?: boolean;
  /** How many times larger the pixels were from which the map of z-scores comes, where a coarse pass made it. */
  readonly coarseFactor?: number;
  /** Marked if given. */
  readonly planted?: PlantedParticles;
  /** Lines below the panels. */
  readonly notes?: readonly string[];
}
