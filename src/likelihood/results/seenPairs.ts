/** Images beside their best templates, displaced, turned and seen through the same CTF. */
import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { fileExists, readTorchTensor } from "../../io/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { readImageDescriptor } from "../descriptor/descriptorFile.ts";
import { likelihoodPaths, particleStackPaths, templateListPath } from "../files.ts";
import { createPolarTransform, type PolarTransform } from "../fourier/polarTransform.ts";
import { seenTemplate } from "../integrated/singlePose.ts";
import { type ParticleStack, readParticleStack, readPolarStack } from "../runs/readStacks.ts";
import { readTemplateList } from "../runs/templateList.ts";
import type { PolarStack } from "../stacks.ts";
import type { ResultFolders } from "./resultFolders.ts";
import type { RunResults } from "./runResults.ts";

/** Folders that hold everything a pair is made of. */
export type PairFolders = Required<Pick<ResultFolders, "templates" | "particles" | "parameters">>;

/** An image, and what its structure looks like in its best pose. */
export interface SeenPair {
  /** (rows, columns), C order. */
  readonly shape: readonly [number, number];
  readonly image: Float32Array;
  readonly template: Float32Array;
}

/** Reads pairs; stacks that were read last are kept. */
export interface PairReader {
  readonly descriptor: ImageDescriptor;
  /** @throws {VitrineError} range: no such image or structure; and as the readers of stacks */
  pair(run: RunResults, structure: number, image: number): Promise<SeenPair>;
}

/**
 * Opens the stacks of a run.
 *
 * @param onLog  is told what is guessed of angles of astigmatism
 * @throws {VitrineError} as `readImageDescriptor` and the list of templates
 */
export async function openPairs(
  folders: PairFolders,
  onLog?: (message: string) => void,
): Promise<PairReader> {
  const descriptor = await readImageDescriptor(folders.parameters);
  const list = templateListPath(folders.templates);
  const paths = await readTemplateList(list);
  const { nPixels, polarGrid: grid } = descriptor;
  const transform = createPolarTransform({ nPixels, grid });
  const particles = lastOf((stack: number) =>
    readParticleStack(particleStackPaths(folders.particles, stack), descriptor, {
      onLog: (message) => onLog?.(message),
    }),
  );
  const templates = lastOf(async (structure: number) =>
    readPolarStack(await templatePath(folders.templates, paths, structure), descriptor),
  );
  return {
    descriptor,
    async pair(run, structure, image) {
      const { stack, index } = placeOf(run, image);
      const poses = run.structures[structure];
      if (poses === undefined) throw outside("structure", run.structures.length, structure);
      const from = await particles(stack);
      if (from.images.shape[0] !== run.stacks[stack])
        throw new VitrineError({
          code: "shape",
          at: folders.particles,
          expected: `${run.stacks[stack]} images in stack ${stack}, as the run has`,
          found: `${from.images.shape[0]}`,
        });
      const pose = {
        optimalTemplateM: Int32Array.of(poses.template[image]),
        optimalDisplacementXM: Float64Array.of(poses.displacementXA[image]),
        optimalDisplacementYM: Float64Array.of(poses.displacementYA[image]),
        optimalInplaneRotationM: Float64Array.of(poses.inplaneRotation[image]),
      };
      const one = oneOf(from, index);
      const seen = seenTemplate(
        { ...one, templates: await templates(structure), grid, boxSizeA: descriptor.boxSizeA },
        pose,
        0,
      );
      return physicalPair(transform, { image: one.images, seen, descriptor });
    },
  };
}

/** The stack and the place in it. @throws {VitrineError} range */
function placeOf({ stacks, images }: RunResults, image: number) {
  let index = image;
  for (const [stack, length] of stacks.entries()) {
    if (index < length) return { stack, index };
    index -= length;
  }
  throw outside("image", images, image);
}

function outside(at: string, count: number, found: number): VitrineError {
  return new VitrineError({ code: "range", at, expected: `a number below ${count}`, found: `${found}` });
}

/** Where a stack of templates lies: lists name it as it was called from where they were written. */
async function templatePath(folder: string, paths: readonly string[], structure: number): Promise<string> {
  const path = paths[structure];
  if (path === undefined) throw outside("structure", paths.length, structure);
  const beside = `${folder}/${path.split(/[/\\]/).at(-1)}`;
  return (await fileExists(beside)) ? beside : path;
}

/** One image with its CTF. */
function oneOf({ images, ctf }: ParticleStack, index: number) {
  const [, shells, inplanes] = images.shape;
  const plane = 2 * shells * inplanes;
  const own = ctf.shape[1] * ctf.shape[2];
  return {
    images: {
      shape: [1, shells, inplanes] as const,
      data: images.data.subarray(index * plane, (index + 1) * plane),
    },
    ctf: {
      shape: [1, ctf.shape[1], ctf.shape[2]] as const,
      data: ctf.data.subarray(index * own, (index + 1) * own),
    },
  };
}

function physicalPair(
  transform: PolarTransform,
  {
    image,
    seen,
    descriptor,
  }: { readonly image: PolarStack; readonly seen: Float64Array; readonly descriptor: ImageDescriptor },
): SeenPair {
  const [, shells, inplanes] = image.shape;
  const data = new Float64Array(2 * seen.length);
  data.set(image.data, 0);
  data.set(seen, seen.length);
  const made = transform.toPhysical({ shape: [2, shells, inplanes], data }, descriptor.pixelSizeA);
  const [, rows, columns] = made.shape;
  const part = (i: number) =>
    Float32Array.from(made.data.subarray(i * rows * columns, (i + 1) * rows * columns));
  return { shape: [rows, columns], image: part(0), template: part(1) };
}

/** Keeps the last one that was read: stacks are large, and images of one are looked at in turn. */
function lastOf<T>(read: (key: number) => Promise<T>): (key: number) => Promise<T> {
  let last: { readonly key: number; readonly value: Promise<T> } | undefined;
  return (key) => {
    if (last?.key === key) return last.value;
    const value = read(key);
    last = { key, value };
    value.catch(() => {
      last = undefined;
    });
    return value;
  };
}

/** Posterior of an image over the views of a structure, as the run wrote it; undefined: it wrote none. */
export async function viewPosterior(
  folder: string,
  run: RunResults,
  options: { readonly structure: number; readonly image: number },
): Promise<Float64Array | undefined> {
  requireKnownOptions("viewPosterior", options, { structure: true, image: true });
  const { structure, image } = options;
  const { stack, index } = placeOf(run, image);
  const path = likelihoodPaths(folder, structure, stack).posePosterior;
  if (!(await fileExists(path))) return undefined;
  const { shape, data } = await readTorchTensor(path);
  const values = Float64Array.from(data as Iterable<number>);
  return values.subarray(index * shape[1], (index + 1) * shape[1]);
}
