import type { Backend } from "../../compute/index.ts";
import { type Image, requireNotAborted, type Shape2, VitrineError } from "../../core/index.ts";
import type { RadialCurve } from "../../optics/index.ts";
import type { BoxConventions } from "../leopard/boxes.ts";
import { type BoxPosition, extractBoxes } from "../particles/boxes.ts";
import type { LocalStatistics, StoredImages } from "../particles/localStatistics.ts";
import { rowsByMicrograph } from "../particles/micrographCounts.ts";
import type { StackParticle } from "../particles/particleStack.ts";
import { type PreparedMicrograph, preprocessImages, preprocessMicrograph } from "../search/searchFilters.ts";
import { requireContrast } from "../search/searchInputs.ts";
import { boxesAtOnce, sumMovieBoxes } from "./movieBoxes.ts";
import { type RefineTask, rowsOf, type StatisticMap } from "./refineTask.ts";

/** A particle's box, ready to be correlated. */
export interface PreparedBox {
  /** Of the particle in the task. */
  readonly index: number;
  readonly image: Float32Array;
  /** Mean and standard deviation of the search's correlations for every position of the template in the box. */
  readonly mean: Float32Array;
  readonly deviation: Float32Array;
  /** Of the micrograph or, where boxes are filtered, of the box. */
  readonly whitening: RadialCurve | null;
}

/** Boxes that are made at a time. */
const SLICE = 64;

type CutOptions = { readonly conventions: BoxConventions; readonly signal: AbortSignal | undefined };

/**
 * Cuts out and filters the boxes of a task, micrograph by micrograph. Outside the micrograph lies its mirror image; what the
 * deviation is there, the conventions say.
 */
export async function* cutBoxes(
  backend: Backend,
  task: RefineTask,
  options: CutOptions,
): AsyncGenerator<PreparedBox> {
  if (task.images !== undefined)
    return yield* storedBoxes(backend, task, { ...options, images: task.images });
  const groups = rowsByMicrograph(task.particles, rowsOf(task));
  const slice = task.movie === undefined ? SLICE : boxesAtOnce(task.boxSize);
  for (const [path, indices] of groups) {
    const micrograph = await task.readImage(path);
    requireContrast(micrograph.data, path);
    requireSameShape(task, micrograph, path);
    const filtered = task.filtersMicrographs ? await filterMicrograph(backend, micrograph, task) : null;
    const maps = new MapCache(task, micrograph.shape);
    for (let at = 0; at < indices.length; at += slice) {
      requireNotAborted(options.signal, "refinement");
      const some = indices.slice(at, at + slice);
      const boxes = await boxesOf(backend, task, { ...options, indices: some, micrograph, filtered });
      for (const [i, index] of some.entries())
        yield { index, ...boxes[i], ...(await maps.windows(index, options.conventions)) };
    }
  }
}

/** Boxes that the stack itself holds. @throws {VitrineError} shape: of another size */
async function* storedBoxes(
  backend: Backend,
  task: RefineTask,
  { images: { data, shape }, ...options }: CutOptions & { readonly images: StoredImages },
): AsyncGenerator<PreparedBox> {
  const { boxSize, filters } = task;
  const [, height, width] = shape;
  if (height !== boxSize[0] || width !== boxSize[1]) {
    const at = "particle_stack /image_stack";
    const [expected, found] = [`boxes of ${boxSize.join(" x ")}`, `${height} x ${width}`];
    throw new VitrineError({ code: "shape", at, expected, found });
  }
  const area = height * width;
  for (const [, indices] of rowsByMicrograph(task.particles, rowsOf(task))) {
    const maps = new MapCache(task, undefined);
    for (let at = 0; at < indices.length; at += SLICE) {
      requireNotAborted(options.signal, "refinement");
      const some = indices.slice(at, at + SLICE);
      const images = some.map((index) => data.slice(index * area, (index + 1) * area));
      const boxes = await preprocessImages(backend, { images, shape: boxSize }, filters);
      for (const [i, index] of some.entries())
        yield { index, ...boxes[i], ...(await maps.windows(index, options.conventions)) };
    }
  }
}

interface BoxSource extends CutOptions {
  readonly indices: readonly number[];
  readonly micrograph: Image;
  /** The micrograph filtered as a whole; null where boxes are filtered. */
  readonly filtered: PreparedMicrograph | null;
}

/** Boxes of some particles, filtered. */
async function boxesOf(
  backend: Backend,
  task: RefineTask,
  { indices, micrograph, filtered, conventions, signal }: BoxSource,
): Promise<PreparedMicrograph[]> {
  const { boxSize, filters, movie } = task;
  const positions = indices.map((index) => cornerOf(task, index));
  const cut = { boxSize, padding: "reflect" } as const;
  const isFiltered = filtered !== null && (movie === undefined || !conventions.movie.filtersBoxes);
  const data = filtered?.image ?? micrograph.data;
  const images =
    movie === undefined
      ? extractBoxes({ data, shape: micrograph.shape }, positions, cut)
      : await sumMovieBoxes(backend, movie, {
          ...cut,
          particles: indices,
          positions,
          conventions: conventions.movie,
          signal,
        });
  if (isFiltered) return images.map((image) => ({ image, whitening: filtered.whitening }));
  const whitening = filtered === null ? {} : { whitening: filtered.whitening };
  return await preprocessImages(backend, { images, shape: boxSize, ...whitening }, filters);
}

/** A movie's frames lie on its micrograph pixel by pixel. */
function requireSameShape({ movie }: RefineTask, { shape }: Image, path: string): void {
  if (movie === undefined || movie.movie.shape.join() === shape.join()) return;
  throw new VitrineError({
    code: "shape",
    at: movie.movie.name,
    expected: `frames of ${shape.join(" x ")}, as ${path}`,
    found: movie.movie.shape.join(" x "),
  });
}

/** Scaled so that white noise in a box gives correlations of variance 1; the 1 more on each side is Leopard-EM's. */
async function filterMicrograph(backend: Backend, micrograph: Image, { filters, boxSize }: RefineTask) {
  const { image, whitening } = await preprocessMicrograph(backend, micrograph, filters);
  const factor = Math.sqrt(image.length / ((boxSize[0] + 1) * (boxSize[1] + 1)));
  for (let i = 0; i < image.length; i++) image[i] *= factor;
  return { image, whitening };
}

/** Top-left corner of a particle's box, and of its window in the maps: whole pixels, also where its position is not. */
export function cornerOf({ particles, boxSize, template }: RefineTask, index: number): BoxPosition {
  const margin = (axis: number) => Math.floor((boxSize[axis] - template.size) / 2);
  const { posY, posX } = particles[index];
  return { y: Math.trunc(posY - margin(0)), x: Math.trunc(posX - margin(1)) };
}

/** The windows of a particle that its stack holds. @throws {VitrineError} shape: for boxes of another size */
function storedWindows(
  { mean, deviation: stored, shape: [, height, width] }: LocalStatistics,
  { index, window, deviation }: StoredWindow,
): { mean: Float32Array; deviation: Float32Array } {
  if (height !== window[0] || width !== window[1])
    throw new VitrineError({
      code: "shape",
      at: "particle_stack /local_stats",
      expected: `windows of ${window.join(" x ")}, of the box less the template`,
      found: `${height} x ${width}`,
      hint: "Give extracted_box_size and original_template_size as the stack was written with",
    });
  const [from, to] = [index * height * width, (index + 1) * height * width];
  return { mean: mean.slice(from, to), deviation: stored.slice(from, to).map((mapped) => deviation(mapped)) };
}

interface StoredWindow extends Pick<BoxConventions, "deviation"> {
  readonly index: number;
  readonly window: Shape2;
}

/** The maps of one micrograph's particles, each read once. */
class MapCache {
  readonly #task: RefineTask;
  readonly #shape: Shape2 | undefined;
  readonly #images = new Map<string, Image>();

  /** @param shape  of the micrograph, where that is known */
  constructor(task: RefineTask, shape: Shape2 | undefined) {
    this.#task = task;
    const { size } = task.template;
    this.#shape = shape && [shape[0] - size + 1, shape[1] - size + 1];
  }

  async windows(
    index: number,
    { deviation, deviationOutside: value }: BoxConventions,
  ): Promise<{ mean: Float32Array; deviation: Float32Array }> {
    const { particles, boxSize, template, statistics } = this.#task;
    const { correlationAveragePath, correlationVariancePath } = particles[index];
    const window = [boxSize[0] - template.size + 1, boxSize[1] - template.size + 1] as const;
    if (statistics !== undefined) return storedWindows(statistics, { index, window, deviation });
    if (correlationAveragePath === "") return whiteNoise(window);
    const corner = [cornerOf(this.#task, index)];
    const average = await this.#read("correlationAverage", correlationAveragePath, particles[index]);
    const variance = await this.#read("correlationVariance", correlationVariancePath, particles[index]);
    const [mean] = extractBoxes(average, corner, { boxSize: window });
    const [map] = extractBoxes(variance, corner, { boxSize: window, value });
    return { mean, deviation: map.map((mapped) => deviation(mapped)) };
  }

  async #read(map: StatisticMap, path: string, { at, micrographPath }: StackParticle): Promise<Image> {
    const key = `${map} ${path}`; // all maps may lie in one file
    const known = this.#images.get(key);
    if (known !== undefined) return known;
    const image = await this.#task.readImage(path, map);
    if (this.#shape !== undefined && image.shape.join() !== this.#shape.join()) {
      throw new VitrineError({
        code: "shape",
        at: `${at} ${path}`,
        expected: `${this.#shape.join(" x ")}, the places of the template in ${micrographPath}`,
        found: image.shape.join(" x "),
      });
    }
    this.#images.set(key, image);
    return image;
  }
}

/** What correlations with white noise have, where no search told their own. */
function whiteNoise([height, width]: Shape2): { mean: Float32Array; deviation: Float32Array } {
  const count = height * width;
  return { mean: new Float32Array(count), deviation: new Float32Array(count).fill(1) };
}
