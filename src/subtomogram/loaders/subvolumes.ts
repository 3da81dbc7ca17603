import type { Backend } from "../../compute/index.ts";
import { elementCount, type Progress, progressTeller, type Shape3, VitrineError } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import type { TiltModel } from "../tilt/tilt.ts";
import { withBackend } from "../withBackend.ts";

/** How the work of a loader is run and watched. */
export interface RunChoice {
  /** What computes; default the loader's, else worker threads of this call alone. */
  readonly backend?: Backend;
  readonly signal?: AbortSignal;
  /** Counts molecules. */
  readonly onProgress?: (progress: Progress) => void;
  readonly onLog?: Log;
}

/** Options of what reads boxes. */
export interface LoadOptions extends RunChoice {
  /** Of the boxes, voxels; default the loader's. */
  readonly outputShape?: Shape3 | number;
}

/** What is read of a loader: boxes of this shape, of all its molecules in their order. */
export interface VolumeRequest {
  readonly shape: Shape3;
  readonly backend: Backend;
  readonly signal?: AbortSignal;
}

/** The boxes of molecules in their own axes: what averages, scores and alignments need of a loader. */
export interface Subvolumes {
  readonly molecules: Molecules;
  /** nm/voxel. */
  readonly scale: number;
  /** Of the boxes, where the loader says. */
  readonly outputShape?: Shape3 | undefined;
  readonly backend?: Backend | undefined;
  /** (z, y, x) values of each, arrays of their own. */
  readVolumes(request: VolumeRequest): AsyncIterable<Float32Array>;
  /** Which frequencies the tomogram of a molecule has. */
  tiltOf(index: number): TiltModel;
}

/** 8 GiB of floats: more is a slip of a digit. */
const MOST_VOXELS = 2 ** 31;

/** The shape of boxes, or three sides of one length. @throws {VitrineError} missing: nobody says; shape: not whole numbers from 1 */
export function requireShape(shape: Shape3 | number | undefined, at: string): Shape3 {
  if (shape === undefined)
    throw new VitrineError({
      code: "missing",
      at,
      expected: "an outputShape",
      found: "none",
      hint: "Give it to the loader or to the call, in voxels (z, y, x)",
    });
  const [z, y, x, ...more] = typeof shape === "number" ? [shape, shape, shape] : shape;
  if ([z, y, x].every((side) => Number.isInteger(side) && side >= 1) && more.length === 0) {
    if (z * y * x <= MOST_VOXELS) return [z, y, x];
    const found = `${z} x ${y} x ${x}`;
    throw new VitrineError({
      code: "range",
      at: `${at} outputShape`,
      expected: `at most ${MOST_VOXELS} voxels`,
      found,
    });
  }
  const expected = "three whole numbers of voxels from 1 (z, y, x)";
  throw new VitrineError({ code: "shape", at: `${at} outputShape`, expected, found: `[${shape}]` });
}

/** @throws {VitrineError} missing: no molecules */
export function requireMolecules({ molecules }: Subvolumes, at: string): void {
  if (molecules.count > 0) return;
  throw new VitrineError({ code: "missing", at, expected: "at least one molecule", found: "none" });
}

/** @throws {VitrineError} missing: a molecule alone */
export function requireTwo({ molecules }: Subvolumes, at: string, why: string): void {
  if (molecules.count > 1) return;
  const expected = `at least two molecules, ${why}`;
  const hint = "Give a table of more";
  throw new VitrineError({ code: "missing", at, expected, found: `${molecules.count}`, hint });
}

/** A visit to every box in turn, with its place in the list; tells how far it is. */
export async function eachVolume(
  set: Subvolumes,
  shape: Shape3,
  {
    backend,
    signal,
    onProgress,
    visit,
  }: RunChoice & {
    readonly backend: Backend;
    readonly visit: (volume: Float32Array, index: number) => void | Promise<void>;
  },
): Promise<void> {
  const tell = progressTeller(onProgress, { unit: "molecules" });
  let index = 0;
  for await (const volume of set.readVolumes({ shape, backend, ...(signal && { signal }) })) {
    await visit(volume, index++);
    tell(index, set.molecules.count);
  }
}

/** All boxes, (n, ...shape). */
export async function stackVolumes(set: Subvolumes, shape: Shape3, run: RunChoice): Promise<Float32Array> {
  const voxels = elementCount(shape);
  const stack = new Float32Array(set.molecules.count * voxels);
  await withBackend(run.backend ?? set.backend, (backend) =>
    eachVolume(set, shape, {
      ...run,
      backend,
      visit(volume, index) {
        stack.set(volume, index * voxels);
      },
    }),
  );
  return stack;
}
