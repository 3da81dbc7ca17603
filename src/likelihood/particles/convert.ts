import {
  createYield,
  firstNotFinite,
  type Progress,
  progressTeller,
  requireNotAborted,
  VitrineError,
} from "../../core/index.ts";
import {
  listFolder,
  type MrcFile,
  openMrc,
  prepareResultFiles,
  writeNpzValues,
  writeTorch,
} from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { type ParticleStackPaths, particleStackPaths } from "../files.ts";
import { createPolarTransform, type PolarTransform } from "../fourier/polarTransform.ts";
import {
  centerPhysicalImages,
  downsamplePhysicalImages,
  requireDownsampleFactor,
} from "../images/physical.ts";
import { normalizePolarImages } from "../images/polar.ts";
import { isDouble, realArray } from "../precision.ts";
import type { PhysicalStack, PolarStack } from "../stacks.ts";
import { lensRows } from "./lensTable.ts";
import { descriptorOfStacks } from "./pixelSizes.ts";
import {
  type PlannedSource,
  type PlannedStack,
  planSources,
  planStacks,
  type StackSource,
} from "./planStacks.ts";
import { stackEntries } from "./stackMetadata.ts";

/** What all conversions of particles take. */
export interface ConvertParticlesOptions {
  /** Default the working directory. */
  readonly folderOutput?: string;
  /** Images of a stack; default 1024. */
  readonly batchSize?: number;
  /** Stop after so many stacks. */
  readonly nStacksMax?: number;
  /** Å of a pixel of the files; default what tables and headers say. */
  readonly pixelSizeA?: number;
  /** Pixels that become one along each axis: 1 (default) or even. */
  readonly downsampleFactor?: number;
  /** Default mean. */
  readonly downsampleType?: "mean" | "max";
  /** Replace stacks that are there. */
  readonly overwrite?: boolean;
  /** Keep, as CryoLike does, the lists of files and images of the whole table in every stack, not those of its own images. */
  readonly compat?: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
  readonly onLog?: Log;
  /** Gets every stack when it is written. */
  readonly onStack?: (stack: WrittenStack) => void | Promise<void>;
}

/** A stack of particles, written. */
export interface WrittenStack {
  readonly index: number;
  readonly paths: ParticleStackPaths;
  readonly physical: PhysicalStack;
  readonly fourier: PolarStack;
  readonly descriptor: ImageDescriptor;
}

/** What was converted. */
export interface ParticlesReport {
  readonly folder: string;
  readonly stacks: number;
  readonly images: number;
}

/** Images that are read and transformed at a time. */
const CHUNK = 32;

/**
 * Converts particles to stacks: images with mean 0, divided by their largest absolute value, and their transforms of norm 1.
 *
 * @throws {VitrineError} as `planSources`, `descriptorOfStacks`, `prepareResultFiles`; shape: images of another size than the parameters';
 *   range: an image that is the same everywhere or has values that are no numbers; aborted
 */
export async function convertSources(
  params: ImageDescriptor,
  sources: readonly StackSource[],
  options: ConvertParticlesOptions,
): Promise<ParticlesReport> {
  const {
    folderOutput = ".",
    batchSize = 1024,
    nStacksMax,
    downsampleFactor: factor = 1,
    onLog,
    overwrite = false,
  } = options;
  requireDownsampleFactor(factor);
  const planned = await planSources(sources);
  const stacks = planStacks(planned, { batchSize, nStacksMax });
  for (const warning of new Set(planned.flatMap(({ lens }) => lens.warnings))) onLog?.(warning, "warning");
  for (const source of planned) requireSize(source, params, factor);
  const { pixelSizeA } = options;
  const descriptor = descriptorOfStacks(params, planned, { pixelSizeA, factor, onLog });
  const paths = stacks.map((_, i) => particleStackPaths(folderOutput, i));
  const outputs = paths.flatMap(({ fourier, metadata, physical }) => [fourier, metadata, physical]);
  await prepareResultFiles({ inputs: [...new Set(planned.map(({ path }) => path))], outputs, overwrite });
  await warnOfOthers(folderOutput, stacks.length, onLog);
  await writeStacks({ stacks, paths, descriptor, planned }, options);
  return { folder: folderOutput, stacks: stacks.length, images: imagesOf(stacks) };
}

const imagesOf = (stacks: readonly PlannedStack[]) => stacks.reduce((sum, { count }) => sum + count, 0);

function requireSize({ path, header }: PlannedSource, { nPixels }: ImageDescriptor, factor: number): void {
  const [, rows, columns] = header.shape;
  const [x, y] = [Math.floor(rows / factor), Math.floor(columns / factor)];
  if (x === nPixels[0] && y === nPixels[1]) return;
  throw new VitrineError({
    code: "shape",
    at: path,
    expected: `images of ${nPixels[0]} x ${nPixels[1]} pixels, as the parameters say`,
    found: `${rows} x ${columns}${factor > 1 ? `, down-sampled ${x} x ${y}` : ""}`,
    hint: "Down-sample by another factor (--downsample), or make parameters for these images",
  });
}

/** Stacks of an earlier run with more of them. */
async function warnOfOthers(folder: string, stacks: number, onLog: Log | undefined): Promise<void> {
  const numbers = (await listFolder(`${folder}/fft`)).flatMap((name) =>
    [/^particles_fourier_stack_(\d{6})\.pt$/.exec(name)?.[1] ?? ""].filter(Boolean).map(Number),
  );
  const others = numbers.filter((number) => number >= stacks);
  if (others.length > 0)
    onLog?.(
      `${folder}: ${others.length} stacks of an earlier run stay there, from number ${Math.min(...others)} on`,
      "warning",
    );
}

interface StackWork {
  readonly stacks: readonly PlannedStack[];
  readonly paths: readonly ParticleStackPaths[];
  readonly descriptor: ImageDescriptor;
  readonly planned: readonly PlannedSource[];
}

async function writeStacks(
  { stacks, paths, descriptor }: StackWork,
  { signal, onProgress, onStack, compat = false, ...options }: ConvertParticlesOptions,
): Promise<void> {
  const { nPixels, polarGrid: grid, precision } = descriptor;
  const transform = createPolarTransform({ nPixels, grid, precision });
  const tell = progressTeller(onProgress, { unit: "images" });
  const pause = createYield();
  const total = imagesOf(stacks);
  let done = 0;
  for (const [index, stack] of stacks.entries()) {
    const made = await makeStack(stack, { descriptor, transform, options }, async (count) => {
      requireNotAborted(signal, "particles");
      done += count;
      tell(done, total);
      await pause();
    });
    const { fourier, metadata, physical } = paths[index];
    await writeTorch(
      physical,
      { shape: made.physical.shape, data: Float32Array.from(made.physical.data) },
      { overwrite: true },
    );
    const dtype = isDouble(precision) ? "c16" : "c8";
    await writeTorch(
      fourier,
      { dtype, shape: made.fourier.shape, data: made.fourier.data },
      { overwrite: true },
    );
    await writeNpzValues(metadata, entriesOf(stack, descriptor, compat), { overwrite: true });
    await onStack?.({ index, paths: paths[index], descriptor, ...made });
  }
}

function entriesOf({ parts, start }: PlannedStack, descriptor: ImageDescriptor, compat: boolean) {
  const [
    {
      source: { lens },
    },
  ] = parts;
  const rows = parts.flatMap(({ source, from, to }) => source.rows.slice(from, to));
  return stackEntries(descriptor, lensRows(lens, rows), {
    ...(start !== undefined && { start }),
    // Tables of RELION and cryoSPARC count defocus angles from columns; CryoLike takes them for angles from rows.
    ...(compat ? { whole: lens } : { anglesFrom: "columns" }),
  });
}

interface Making {
  readonly descriptor: ImageDescriptor;
  readonly transform: PolarTransform;
  readonly options: Pick<ConvertParticlesOptions, "downsampleFactor" | "downsampleType">;
}

async function makeStack(
  { parts, count }: PlannedStack,
  making: Making,
  onChunk: (count: number) => Promise<void>,
): Promise<Pick<WrittenStack, "physical" | "fourier">> {
  const { nPixels, polarGrid, precision, pixelSizeA } = making.descriptor;
  const pixels = nPixels[0] * nPixels[1];
  const points = 2 * polarGrid.nShells * polarGrid.nInplanes;
  const physical = realArray(precision, count * pixels);
  const fourier = realArray(precision, count * points);
  let done = 0;
  for (const { source, from, to } of parts) {
    const file = await openMrc(source.path);
    try {
      for (let first = from; first < to; first += CHUNK) {
        const images = source.images.slice(first, Math.min(to, first + CHUNK));
        const made = await makeChunk(file, images, making);
        physical.set(made.physical.data, done * pixels);
        fourier.set(made.fourier.data, done * points);
        done += images.length;
        await onChunk(images.length);
      }
    } finally {
      await file.close();
    }
  }
  return {
    physical: { shape: [count, ...nPixels], data: physical, pixelSizeA },
    fourier: { shape: [count, polarGrid.nShells, polarGrid.nInplanes], data: fourier },
  };
}

async function makeChunk(
  file: MrcFile,
  images: readonly number[],
  { descriptor, transform, options }: Making,
) {
  const { downsampleFactor = 1, downsampleType } = options;
  const raw = await readImages(file, images);
  const small = downsamplePhysicalImages(raw, downsampleFactor, downsampleType);
  requireImages(small, images, file.name);
  const { stack: physical } = centerPhysicalImages(small);
  const { stack: fourier } = normalizePolarImages(transform.toPolar(physical), descriptor.polarGrid);
  return { physical, fourier };
}

/** In double precision, whatever they become: no sum is rounded before it is written. */
async function readImages(file: MrcFile, images: readonly number[]): Promise<PhysicalStack> {
  const [, rows, columns] = file.header.shape;
  const data = new Float32Array(images.length * rows * columns);
  for (let i = 0; i < images.length; ) {
    let next = i + 1;
    while (next < images.length && images[next] === images[next - 1] + 1) next++;
    await file.readSections(images[i], next - i, data.subarray(i * rows * columns, next * rows * columns));
    i = next;
  }
  const shape = [images.length, rows, columns] as const;
  return { shape, data: Float64Array.from(data), pixelSizeA: [1, 1] };
}

/** Names an image that cannot be normalised by its file. */
function requireImages({ shape, data }: PhysicalStack, images: readonly number[], name: string): void {
  const pixels = shape[1] * shape[2];
  for (const [i, image] of images.entries()) {
    const own = data.subarray(i * pixels, (i + 1) * pixels);
    const bad = firstNotFinite(own);
    const isFlat = bad < 0 && own.every((value) => value === own[0]);
    if (bad < 0 && !isFlat) continue;
    throw new VitrineError({
      code: "range",
      at: `${name} image ${image + 1}`,
      expected: "finite values that are not all the same",
      found: isFlat ? `${own[0]} everywhere` : `${own[bad]}`,
      hint: "Leave it out of the table",
    });
  }
}
