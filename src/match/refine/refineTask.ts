import type { Image, Matrix3, Shape2 } from "../../core/index.ts";
import type { MatchFilters } from "../config/config.ts";
import type { LocalStatistics, StoredImages } from "../particles/localStatistics.ts";
import type { StackParticle } from "../particles/particleStack.ts";
import type { TemplateSource } from "../search/searchInputs.ts";
import type { ParticleMovie } from "./movieBoxes.ts";

/** A map that a particle names, which may be one of several in a file. */
export type StatisticMap = "correlationAverage" | "correlationVariance";

/** Particles, and what is tried on each of them. */
export interface RefineTask {
  readonly particles: readonly StackParticle[];
  /** Which of them are refined; default all. The others only have their say where all particles share something, as a mean pixel size. */
  readonly rows?: readonly number[];
  readonly template: TemplateSource;
  /** Each is tried as offset times the particle's rotation. */
  readonly offsets: readonly Matrix3[];
  /** What slices are taken with where that is not the offsets rounded to float32: Leopard-EM's constrained search. */
  readonly sliceOffsets?: readonly Matrix3[];
  /** Whether slices keep the template's frequencies where the CTF's are magnified, as in Leopard-EM's constrained search. */
  readonly keepsSlices?: boolean;
  readonly defocusOffsetsA: ArrayLike<number>;
  readonly pixelSizeOffsetsA: ArrayLike<number>;
  readonly boxSize: Shape2;
  readonly filters: MatchFilters;
  /** Filter whole micrographs, not boxes. */
  readonly filtersMicrographs: boolean;
  /** Reads a micrograph, or a map that a particle names: of HDF5 results the one of this name. */
  readonly readImage: (path: string, map?: StatisticMap) => Promise<Image>;
  /** Of the particles, in the place of the maps that they name. */
  readonly statistics?: LocalStatistics;
  /** Boxes of all particles, in the place of the micrographs; each is filtered by its own spectrum. */
  readonly images?: StoredImages;
  /** Where boxes come from its frames, and the micrograph gives only its spectrum. */
  readonly movie?: ParticleMovie;
}

/** The particles of a task that are refined, by their rows. */
export function rowsOf({ particles, rows }: Pick<RefineTask, "particles" | "rows">): readonly number[] {
  return rows ?? [...particles.keys()];
}
