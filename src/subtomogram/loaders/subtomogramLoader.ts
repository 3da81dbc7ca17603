import type { Backend } from "../../compute/index.ts";
import { type Shape3, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { binTomogram, computeBinned } from "../sampling/binning.ts";
import { centreOf, readBoxes } from "../sampling/boxes.ts";
import { isInside } from "../sampling/region.ts";
import { type Tomogram, type TomogramInput, toTomogram } from "../sampling/tomogram.ts";
import { type TiltModel, type TiltRange, toTiltModel } from "../tilt/tilt.ts";
import { CHANGE_KEYS, Loader, type LoaderChanges } from "./loader.ts";
import { closeOwn, openOwn, sharesFile } from "./ownFiles.ts";
import { spatialOrder } from "./spatialOrder.ts";
import { requireShape, type VolumeRequest } from "./subvolumes.ts";

/** How boxes are read of a tomogram. */
export interface SubtomogramLoaderOptions {
  /** nm/voxel; default what the image's file says. */
  readonly scale?: number;
  /** Of the spline: 0 the nearest voxel, 1 linear, 3 cubic (default). */
  readonly order?: 0 | 1 | 3;
  /** Voxels of the boxes (z, y, x), or one side of cubes; default: of each call. */
  readonly outputShape?: Shape3 | number;
  /** Read so much around that no turned corner lies outside of what is read; default false: such corners get the region's mean. */
  readonly cornerSafe?: boolean;
  /** What the tomogram lacks: lowest and highest tilt, or a model; default nothing. */
  readonly tiltModel?: TiltModel | TiltRange;
  /** Resolution of a pyramid; default 0, the full one. */
  readonly level?: number;
  /** What computes; default worker threads of each call alone. */
  readonly backend?: Backend;
}

const KEYS: OptionKeys<SubtomogramLoaderOptions> = {
  scale: true,
  order: true,
  outputShape: true,
  cornerSafe: true,
  tiltModel: true,
  level: true,
  backend: true,
};

/** What a loader of a tomogram is made anew with. */
export interface SubtomogramLoaderChanges extends LoaderChanges {
  readonly cornerSafe?: boolean;
  readonly tiltModel?: TiltModel | TiltRange;
}

const CHANGES: OptionKeys<SubtomogramLoaderChanges> = { ...CHANGE_KEYS, cornerSafe: true, tiltModel: true };

/**
 * Molecules of one tomogram. What lies outside of the tomogram is filled with means, as acryo fills it; a box that is wholly outside
 * is an error that names the molecule, see {@link inside}.
 *
 * @example
 * const loader = await SubtomogramLoader.imread("tomogram.mrc", molecules, { outputShape: 32 });
 * const { data, shape } = await loader.average(); // (32, 32, 32)
 */
export class SubtomogramLoader extends Loader<SubtomogramLoader> {
  readonly tomogram: Tomogram;
  readonly cornerSafe: boolean;
  readonly tiltModel: TiltModel;

  /**
   * @param image      (z, y, x): an array, an open source of any size (it stays the caller's to close), or another tomogram
   * @param molecules  places in nm: voxel i lies at i * scale
   * @throws {VitrineError} missing: no scale, neither given nor in the image; range: a scale that is not above 0, another order;
   *   shape: no volume
   */
  constructor(image: TomogramInput, molecules: Molecules, options: SubtomogramLoaderOptions = {}) {
    requireKnownOptions("SubtomogramLoader", options, KEYS);
    const tomogram = toTomogram(image, options.level === undefined ? {} : { level: options.level });
    const { order = 3, outputShape, cornerSafe = false, tiltModel, backend } = options;
    super({
      molecules,
      scale: requireScale(options.scale ?? tomogram.scale, tomogram.name),
      order: requireOrder(order),
      outputShape: outputShape === undefined ? undefined : requireShape(outputShape, "SubtomogramLoader"),
      backend,
    });
    this.tomogram = tomogram;
    this.cornerSafe = cornerSafe;
    this.tiltModel = toTiltModel(tiltModel);
  }

  /**
   * Molecules of a tomogram in a file of any size: MRC, TIFF, `.npy`, OME-Zarr. The file stays open until {@link close}, or while the process lives.
   *
   * @example
   * await using loader = await SubtomogramLoader.imread("tomogram.mrc", molecules); // closed at the block's end
   */
  static async imread(
    path: string,
    molecules: Molecules,
    options: SubtomogramLoaderOptions = {},
  ): Promise<SubtomogramLoader> {
    requireKnownOptions("SubtomogramLoader.imread", options, KEYS);
    const { level, ...others } = options;
    return openOwn(path, (source, own) => {
      const tomogram = own(toTomogram(source, level === undefined ? {} : { level }));
      return new SubtomogramLoader(tomogram, molecules, others);
    });
  }

  override close(): Promise<void> {
    return closeOwn(this.tomogram);
  }

  override readVolumes(request: VolumeRequest): AsyncIterable<Float32Array> {
    const { molecules, scale, order, cornerSafe } = this;
    return readBoxes(this.tomogram, { ...request, molecules, scale, order, cornerSafe });
  }

  override tiltOf(_: number): TiltModel {
    return this.tiltModel;
  }

  override replace(changes: SubtomogramLoaderChanges): SubtomogramLoader {
    requireKnownOptions("replace", changes, CHANGES);
    const { molecules = this.molecules, ...others } = changes;
    const { scale, order, outputShape, cornerSafe, tiltModel, backend } = this;
    return new SubtomogramLoader(this.tomogram, molecules, {
      scale,
      order,
      cornerSafe,
      tiltModel,
      ...(outputShape !== undefined && { outputShape }),
      ...(backend !== undefined && { backend }),
      ...others,
    });
  }

  override select(indices: readonly number[]): SubtomogramLoader {
    return this.replace({ molecules: this.molecules.subset(indices) });
  }

  /**
   * Of a tomogram of sums over cubes of voxels: `binSize` times the scale. Molecules stay at the same part of the image: since voxel 0
   * lies at 0 in both, their places move by (binSize - 1) / 2 voxels.
   *
   * @param options  `compute`: read the whole now and keep it in memory (default true); else each box is summed when it is read
   * @throws {VitrineError} range: not a whole number from 1, or larger than the tomogram
   */
  async binning(
    binSize = 2,
    options: { readonly compute?: boolean; readonly signal?: AbortSignal } = {},
  ): Promise<SubtomogramLoader> {
    requireKnownOptions("binning", options, { compute: true, signal: true });
    const { compute = true, signal } = options;
    const tomogram = compute
      ? await computeBinned(this.tomogram, binSize, signal)
      : sharesFile(binTomogram(this.tomogram, binSize), this.tomogram);
    const shift = (-(binSize - 1) / 2) * this.scale;
    const { order, outputShape, cornerSafe, tiltModel, backend } = this;
    return new SubtomogramLoader(tomogram, this.molecules.translate([shift, shift, shift]), {
      scale: this.scale * binSize,
      order,
      cornerSafe,
      tiltModel,
      ...(outputShape !== undefined && { outputShape }),
      ...(backend !== undefined && { backend }),
    });
  }

  /** Those whose boxes have something of the tomogram: the others could not be read. */
  inside(outputShape?: Shape3 | number): SubtomogramLoader {
    const shape = requireShape(outputShape ?? this.outputShape, "inside");
    const { order, cornerSafe, scale, molecules } = this;
    const indices = Array.from({ length: this.count }, (_, i) => i).filter((i) =>
      isInside(this.tomogram.shape, centreOf(molecules, i, scale), { shape, order, cornerSafe }),
    );
    return this.select(indices);
  }

  /**
   * In an order in which neighbours are read one after the other: parts of a file are then read once. {@link orderRestore} puts them
   * back.
   */
  orderOptimize(): OrderedLoader {
    const order = spatialOrder(
      this.molecules,
      this.tomogram.shape.map((side) => side * this.scale),
    );
    return { loader: this.select(order), order };
  }

  /** Back in the order before {@link orderOptimize}: also of what an alignment made of that loader. */
  orderRestore(order: readonly number[]): SubtomogramLoader {
    if (order.length !== this.count || new Set(order).size !== order.length)
      throw new VitrineError({
        code: "shape",
        at: "orderRestore",
        expected: `the order of ${this.count} molecules, as orderOptimize gave it`,
        found: `${order.length} places`,
      });
    const back = new Array<number>(order.length);
    order.forEach((from, to) => {
      back[from] = to;
    });
    return this.select(back);
  }
}

/** What `orderOptimize` gives: where each molecule was before. */
export interface OrderedLoader {
  readonly loader: SubtomogramLoader;
  readonly order: readonly number[];
}

/** @throws {VitrineError} missing: no scale; range: not above 0 */
export function requireScale(scale: number | undefined, at: string): number {
  if (scale !== undefined && Number.isFinite(scale) && scale > 0) return scale;
  const hint = "Give it with --scale (scale), in nm/voxel";
  if (scale === undefined)
    throw new VitrineError({ code: "missing", at, expected: "a voxel size", found: "none", hint });
  throw new VitrineError({
    code: "range",
    at: `${at} scale`,
    expected: "a number above 0",
    found: `${scale}`,
    hint,
  });
}

/** @throws {VitrineError} range: another order */
export function requireOrder(order: number): 0 | 1 | 3 {
  if (order === 0 || order === 1 || order === 3) return order;
  throw new VitrineError({ code: "range", at: "order", expected: "0, 1 or 3", found: `${order}` });
}
