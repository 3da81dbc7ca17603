import type { Backend } from "../../compute/index.ts";
import { pickOptions, requireNotAborted } from "../../core/index.ts";
import { type FrameExposure, sumFrames } from "../../optics/index.ts";
import { DEFAULT_BOXES, type MovieConventions } from "../leopard/boxes.ts";
import { BOX_KEYS, type BoxOptions, type BoxPosition, boxCorners, extractBoxes } from "../particles/boxes.ts";
import type { Movie } from "./movie.ts";

/** A movie, and how its frames become the boxes of a table's particles. */
export interface ParticleMovie {
  readonly movie: Movie;
  /** (frames, particles, 2): pixels along y and x by which a particle's image is moved in each frame. */
  readonly shiftsPx: Float64Array;
  /** Of each particle, for its weights by exposure. */
  readonly pixelSizesA: readonly number[];
  readonly exposure: FrameExposure;
}

/** Which boxes are summed, and how they are cut. */
export interface MovieBoxOptions extends BoxOptions {
  /** Of each box: the particle's row in the table. */
  readonly particles: readonly number[];
  /** Of each box, as for {@link extractBoxes}. */
  readonly positions: readonly BoxPosition[];
  readonly conventions?: MovieConventions;
  readonly signal?: AbortSignal | undefined;
}

/** What the boxes that are summed at a time may take. */
const BUDGET = 512 * 2 ** 20;

/** A value of a box in the frame, the batch, two spectra, and the transform's own memory. */
const BYTES_PER_PIXEL = 32;

/** How many boxes of a shape are summed at a time; the movie is read once for so many. */
export function boxesAtOnce([height, width]: BoxOptions["boxSize"]): number {
  return Math.max(1, Math.floor(BUDGET / (BYTES_PER_PIXEL * height * width)));
}

/**
 * Cuts particles' boxes out of every frame of a movie, moves them so that a particle lies in its place, weights them by exposure
 * and adds them. Frames lose their mean. One frame is in memory at a time.
 *
 * Whole pixels are a matter of where a box is cut; only the rest is a Fourier shift, so that no more than half a pixel goes round
 * the edges of a box.
 *
 * @returns (boxHeight, boxWidth) values each
 * @throws {VitrineError} as {@link extractBoxes} and the movie; aborted
 */
export async function sumMovieBoxes(
  backend: Backend,
  source: ParticleMovie,
  options: MovieBoxOptions,
): Promise<Float32Array[]> {
  const { particles, boxSize, conventions = DEFAULT_BOXES.movie, signal } = options;
  const shifts = particles.map((particle) => particleShifts(source, particle, conventions));
  const sum = await sumFrames(backend, frameBoxes(source.movie, shifts, options), {
    shape: boxSize,
    pixelSizeA: particles.map((particle) => source.pixelSizesA[particle]),
    batch: particles.length,
    exposure: source.exposure,
    turnsNyquist: conventions.turnsNyquist,
    shiftsPx: (frame) => shifts.flatMap(({ rest }) => [rest[2 * frame], rest[2 * frame + 1]]),
    ...(signal && { signal }),
  });
  const area = boxSize[0] * boxSize[1];
  return particles.map((_, i) => sum.subarray(i * area, (i + 1) * area));
}

/** A particle's shifts, (frames, 2) each: whole pixels and what remains. */
interface Shifts {
  readonly whole: Float64Array;
  readonly rest: Float64Array;
}

function particleShifts(
  { movie, shiftsPx }: ParticleMovie,
  particle: number,
  { cutShiftPx }: MovieConventions,
): Shifts {
  const count = shiftsPx.length / movie.frames;
  const all = Float64Array.from(
    { length: 2 * movie.frames },
    (_, i) => shiftsPx[(i >> 1) * count + 2 * particle + (i % 2)],
  );
  const whole = all.map((shift) => cutShiftPx(shift));
  return { whole, rest: all.map((shift, i) => shift - whole[i]) };
}

/** All boxes of one frame after the other. */
async function* frameBoxes(
  movie: Movie,
  shifts: readonly Shifts[],
  { positions, signal, ...cut }: MovieBoxOptions,
): AsyncGenerator<Float32Array> {
  const corners = boxCorners(positions, cut);
  const batch = new Float32Array(positions.length * cut.boxSize[0] * cut.boxSize[1]);
  for (let frame = 0; frame < movie.frames; frame++) {
    requireNotAborted(signal, "boxes of a movie");
    const data = await movie.readFrame(frame);
    removeMean(data);
    const moved = corners.map(({ y, x }, i) => {
      const { whole } = shifts[i];
      return { y: y - whole[2 * frame], x: x - whole[2 * frame + 1] };
    });
    const boxes = extractBoxes({ data, shape: movie.shape }, moved, {
      ...pickOptions<BoxOptions>(cut, BOX_KEYS),
      reference: "top-left",
    });
    boxes.forEach((box, i) => {
      batch.set(box, i * box.length);
    });
    yield batch;
  }
}

function removeMean(data: Float32Array): void {
  let sum = 0;
  for (const value of data) sum += value;
  const mean = sum / data.length;
  for (let i = 0; i < data.length; i++) data[i] -= mean;
}
