import type { Backend } from "../../compute/index.ts";
import { requireNotAborted } from "../../core/index.ts";
import type { RadialCurve } from "../../optics/index.ts";
import type { BoxConventions } from "../leopard/boxes.ts";
import { rowsByMicrograph } from "../particles/micrographCounts.ts";
import { preprocessImages, preprocessMicrograph } from "../search/searchFilters.ts";
import { cornerOf } from "./boxStack.ts";
import { boxesAtOnce, type ParticleMovie, sumMovieBoxes } from "./movieBoxes.ts";
import { type RefineTask, rowsOf } from "./refineTask.ts";

/** A particle's box in every frame of a movie, ready to be correlated. */
export interface FrameBoxes {
  /** Of the particle in the task. */
  readonly index: number;
  readonly images: readonly Float32Array[];
  /** Of the micrograph or, where boxes are filtered, of the sum of these. */
  readonly whitening: RadialCurve | null;
}

/** Frames are neither weighted by exposure nor scaled one by one: their scores add up to those of their plain sum. */
const NO_EXPOSURE = { dosePerFrameA2: 0 };

/**
 * Cuts out and filters the boxes of a task frame by frame.
 *
 * @param movie  the task's own
 */
export async function* cutFrameBoxes(
  backend: Backend,
  { movie, ...task }: RefineTask & { readonly movie: ParticleMovie },
  {
    conventions,
    signal,
  }: { readonly conventions: BoxConventions["movie"]; readonly signal: AbortSignal | undefined },
): AsyncGenerator<FrameBoxes> {
  const { boxSize, filters } = task;
  const cut = { boxSize, padding: "reflect", conventions, signal } as const;
  const slice = Math.max(1, Math.floor(boxesAtOnce(boxSize) / movie.movie.frames));
  for (const [path, indices] of rowsByMicrograph(task.particles, rowsOf(task))) {
    const given = task.filtersMicrographs
      ? await preprocessMicrograph(backend, await task.readImage(path), filters)
      : undefined;
    for (let at = 0; at < indices.length; at += slice) {
      requireNotAborted(signal, "inspect-peaks");
      const some = indices.slice(at, at + slice);
      const positions = some.map((index) => cornerOf(task, index));
      const frames: Float32Array[][] = [];
      for (let frame = 0; frame < movie.movie.frames; frame++)
        frames.push(
          await sumMovieBoxes(backend, oneFrame(movie, frame), { ...cut, particles: some, positions }),
        );
      for (const [i, index] of some.entries()) {
        const images = frames.map((boxes) => boxes[i]);
        const stack = {
          ...{ images, shape: boxSize, isOne: true },
          ...(given && { whitening: given.whitening }),
        };
        const prepared = await preprocessImages(backend, stack, filters);
        yield { index, images: prepared.map(({ image }) => image), whitening: prepared[0].whitening };
      }
    }
  }
}

function oneFrame({ movie, shiftsPx, pixelSizesA }: ParticleMovie, frame: number): ParticleMovie {
  const count = shiftsPx.length / movie.frames;
  return {
    movie: { ...movie, frames: 1, readFrame: () => movie.readFrame(frame) },
    shiftsPx: shiftsPx.subarray(frame * count, (frame + 1) * count),
    pixelSizesA,
    exposure: NO_EXPOSURE,
  };
}
