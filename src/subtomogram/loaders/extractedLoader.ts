import type { Backend } from "../../compute/index.ts";
import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import {
  type ImageSource,
  type PutSection,
  prepareResultFiles,
  requireKnownOptions,
  writeMrcStack,
  writeTogether,
} from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { readMoleculesCsv, writeMoleculesCsv } from "../molecules/csv.ts";
import type { Molecules } from "../molecules/molecules.ts";
import {
  IDENTITY,
  invertQuaternion,
  multiplyQuaternions,
  quaternionMatrix,
  rotateVector,
} from "../molecules/quaternion.ts";
import { type PlacedVolume, sampleVolumes } from "../sampling/relative.ts";
import { type Tomogram, toTomogram } from "../sampling/tomogram.ts";
import { type TiltModel, type TiltRange, toTiltModel } from "../tilt/tilt.ts";
import { withBackend } from "../withBackend.ts";
import { CHANGE_KEYS, Loader, type LoaderChanges } from "./loader.ts";
import { closeOwn, openOwn } from "./ownFiles.ts";
import { requireOrder, requireScale } from "./subtomogramLoader.ts";
import {
  eachVolume,
  type RunChoice,
  requireMolecules,
  requireShape,
  type Subvolumes,
  type VolumeRequest,
} from "./subvolumes.ts";

/** Options of an extraction. */
export interface ExtractOptions extends RunChoice {
  /** Of the boxes, voxels; default the loader's. Larger than what is aligned later, if molecules shall move. */
  readonly outputShape?: Shape3 | number;
  /** Changes each box before it is written, as a filter. */
  readonly transform?: (volume: PipeImage, index: number) => PipeImage | Promise<PipeImage>;
  readonly overwrite?: boolean;
}

/** How extracted boxes are read. */
export interface ExtractedLoaderOptions {
  readonly order?: 0 | 1 | 3;
  /** Of the boxes, not larger than the extracted ones; default these. */
  readonly outputShape?: Shape3 | number;
  readonly tiltModel?: TiltModel | TiltRange;
  readonly backend?: Backend;
}

/** Less is the rounding of tables: it would put the outer voxels of a box that nothing moved outside of it. acryo's. */
const LEAST_SHIFT_PX = 1e-4;
const LEAST_TURN = 1e-6;

/** Of a stack of boxes, one below the other along z. */
const tablePath = (path: string) => `${path.replace(/\.\w+$/, "")}.csv`;

/**
 * Writes the boxes of a loader one below the other along z into an MRC file, and the molecules beside it as CSV of the same name: for
 * many alignments of the same molecules, which then read small files in order.
 *
 * @param path  ends with .mrc
 * @throws {VitrineError} missing: no molecules, or no shape; exists: a file is there
 */
export async function extractSubtomograms(
  set: Subvolumes,
  path: string,
  options: ExtractOptions = {},
): Promise<void> {
  requireKnownOptions("extractSubtomograms", options, {
    outputShape: true,
    transform: true,
    overwrite: true,
    backend: true,
    signal: true,
    onProgress: true,
    onLog: true,
  });
  const { outputShape, transform, overwrite = false, ...run } = options;
  requireMolecules(set, "extractSubtomograms");
  const shape = requireShape(outputShape ?? set.outputShape, "extractSubtomograms");
  const [depth, rows, columns] = shape;
  const table = tablePath(path);
  await prepareResultFiles({
    inputs: [],
    outputs: [path, table],
    overwrite,
    hint: "Allow it with overwrite",
  });
  const stack = { sections: depth * set.molecules.count, rows, columns, voxelSizeA: 10 * set.scale };
  const planes = (backend: Backend) => async (put: PutSection) => {
    const visit = async (data: Float32Array, index: number) => {
      const made = transform === undefined ? data : (await transform({ data, shape }, index)).data;
      for (let z = 0; z < depth; z++)
        await put(index * depth + z, made.subarray(z * rows * columns, (z + 1) * rows * columns));
    };
    await eachVolume(set, shape, { ...run, backend, visit });
  };
  await withBackend(run.backend ?? set.backend, (backend) =>
    writeTogether(async (results) => {
      await results.write(path, (temporary) => writeMrcStack(temporary, stack, planes(backend)));
      await results.write(table, (temporary) =>
        writeMoleculesCsv(temporary, set.molecules, { floatPrecision: null, overwrite: true }),
      );
    }),
  );
}

/**
 * Boxes that {@link extractSubtomograms} wrote. Molecules that an alignment moves are read out of their boxes where they then are, so that
 * the boxes' margins are all they can move.
 */
export class ExtractedSubvolumeLoader extends Loader<ExtractedSubvolumeLoader> {
  readonly #stack: Tomogram;
  readonly #box: Shape3;
  readonly #tiltModel: TiltModel;
  /** Where each molecule was when its box was extracted, and which box it is. */
  readonly #origin: { readonly molecules: Molecules; readonly rows: readonly number[] };

  private constructor(parts: {
    readonly stack: Tomogram;
    readonly molecules: Molecules;
    readonly origin: { readonly molecules: Molecules; readonly rows: readonly number[] };
    readonly box: Shape3;
    readonly scale: number;
    readonly options: ExtractedLoaderOptions;
  }) {
    const { stack, molecules, origin, box, scale, options } = parts;
    super({
      molecules,
      scale,
      order: requireOrder(options.order ?? 3),
      outputShape: requireShape(options.outputShape ?? box, "ExtractedSubvolumeLoader"),
      backend: options.backend,
    });
    this.#stack = stack;
    this.#box = box;
    this.#origin = origin;
    this.#tiltModel = toTiltModel(options.tiltModel);
  }

  /**
   * Opens what {@link extractSubtomograms} wrote; the file stays open until {@link close}, or while the process lives.
   *
   * @throws {VitrineError} missing: the boxes or their molecules; shape: boxes that are not as many as molecules
   */
  static async open(path: string, options: ExtractedLoaderOptions = {}): Promise<ExtractedSubvolumeLoader> {
    requireKnownOptions("ExtractedSubvolumeLoader", options, {
      order: true,
      outputShape: true,
      tiltModel: true,
      backend: true,
    });
    const molecules = await readMoleculesCsv(tablePath(path));
    return openOwn(path, (source, own) => {
      const stack = own(stackOf(source));
      const [sections, height, width] = stack.shape;
      const depth = sections / Math.max(1, molecules.count);
      if (!Number.isInteger(depth) || depth < 1)
        throw new VitrineError({
          code: "shape",
          at: path,
          expected: `as many boxes as molecules, ${molecules.count}`,
          found: `${sections} sections`,
        });
      const rows = molecules.rotator.map((_, i) => i);
      const scale = requireScale(stack.scale, path);
      return new ExtractedSubvolumeLoader({
        stack,
        molecules,
        origin: { molecules, rows },
        box: [depth, height, width],
        scale,
        options,
      });
    });
  }

  override close(): Promise<void> {
    return closeOwn(this.#stack);
  }

  override readVolumes({ shape, backend, signal }: VolumeRequest): AsyncGenerator<Float32Array> {
    if (shape.some((side, axis) => side > this.#box[axis]))
      throw new VitrineError({
        code: "shape",
        at: this.#stack.name,
        expected: `boxes of at most ${this.#box.join(" x ")} voxels, as they were extracted`,
        found: shape.join(" x "),
      });
    return sampleVolumes(this.#placed(signal), {
      region: this.#box,
      box: shape,
      order: this.order,
      backend,
      signal,
    });
  }

  override tiltOf(_: number): TiltModel {
    return this.#tiltModel;
  }

  override replace(changes: LoaderChanges): ExtractedSubvolumeLoader {
    requireKnownOptions("replace", changes, CHANGE_KEYS);
    const { molecules = this.molecules, ...others } = changes;
    if (molecules.count !== this.count)
      throw new VitrineError({
        code: "shape",
        at: "replace",
        expected: `${this.count} molecules`,
        found: `${molecules.count}`,
      });
    return this.#with({ molecules, origin: this.#origin, changes: others });
  }

  override select(indices: readonly number[]): ExtractedSubvolumeLoader {
    const { molecules, rows } = this.#origin;
    const origin = { molecules: molecules.subset(indices), rows: indices.map((index) => rows[index]) };
    return this.#with({ molecules: this.molecules.subset(indices), origin, changes: {} });
  }

  #with(parts: {
    readonly molecules: Molecules;
    readonly origin: { readonly molecules: Molecules; readonly rows: readonly number[] };
    readonly changes: Omit<LoaderChanges, "molecules">;
  }): ExtractedSubvolumeLoader {
    const { order, outputShape, backend, scale } = this;
    const options = {
      order,
      tiltModel: this.#tiltModel,
      ...(outputShape !== undefined && { outputShape }),
      ...(backend !== undefined && { backend }),
      ...parts.changes,
    };
    const { molecules, origin } = parts;
    return new ExtractedSubvolumeLoader({
      stack: this.#stack,
      molecules,
      origin,
      box: this.#box,
      scale,
      options,
    });
  }

  async *#placed(signal: AbortSignal | undefined): AsyncGenerator<PlacedVolume> {
    const [depth, height, width] = this.#box;
    const voxels = elementCount(this.#box);
    for (const [i, row] of this.#origin.rows.entries()) {
      const data = await this.#stack.read([row * depth, 0, 0], [(row + 1) * depth, height, width], signal);
      const outside = data.reduce((sum, value) => sum + value, 0) / voxels;
      yield { data, outside, ...this.#place(i) };
    }
  }

  /** Where a molecule lies in its box. */
  #place(index: number): Pick<PlacedVolume, "turn" | "centre"> {
    const from = this.#origin.molecules;
    const back = invertQuaternion(from.rotator[index]);
    const [now, then] = [this.molecules.place(index), from.place(index)];
    const moved = rotateVector(back, [now[0] - then[0], now[1] - then[1], now[2] - then[2]]);
    const turned = multiplyQuaternions(back, this.molecules.rotator[index]);
    const shifts = moved.map((nm) => nm / this.scale);
    const isMoved = shifts.some((shift) => Math.abs(shift) > LEAST_SHIFT_PX);
    const isTurned = Math.hypot(turned[0], turned[1], turned[2]) > LEAST_TURN / 2;
    const at = (axis: number) => (this.#box[axis] - 1) / 2 + (isMoved ? shifts[axis] : 0);
    return {
      turn: quaternionMatrix(isTurned ? turned : IDENTITY),
      centre: [at(0), at(1), at(2)],
    };
  }
}

/** Sections as planes, whatever the file takes them for. */
function stackOf(source: ImageSource): Tomogram {
  const [first, ...others] = source.axes.map((axis, i) => ({ ...axis, length: source.levels[0].shape[i] }));
  if (others.length !== 2) return toTomogram(source);
  const { unit } = others[1];
  const step = source.levels[0].scale[2];
  return {
    name: source.name,
    shape: [first.length, others[0].length, others[1].length],
    ...(unit === "angstrom" && { scale: step / 10 }),
    async read(from, to, signal) {
      const ranges = [first, ...others].map(({ name }, axis) => [name, [from[axis], to[axis]]] as const);
      const { data } = await source.read({ region: Object.fromEntries(ranges), ...(signal && { signal }) });
      return Float32Array.from(data);
    },
  };
}
