import type { Backend } from "../../compute/index.ts";
import { type Shape3, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { type TiltModel, type TiltRange, toTiltModel } from "../tilt/tilt.ts";
import { imageScale } from "../tiltSeries/common.ts";
import type { CtfCorrection } from "../tiltSeries/filter.ts";
import { type ImageLevels, isSeen, openTiltImages, pixelsOf } from "../tiltSeries/images.ts";
import { reconstructBoxes } from "../tiltSeries/reconstruct.ts";
import type { TiltSeries } from "../tiltSeries/tiltSeries.ts";
import { Loader, type LoaderChanges } from "./loader.ts";
import { requireScale } from "./subtomogramLoader.ts";
import { requireShape, type VolumeRequest } from "./subvolumes.ts";

/** How boxes are made of the images of a tilt series. */
export interface BackProjectionLoaderOptions {
  /** nm/voxel of the boxes, not finer than the images; default theirs. */
  readonly scale?: number;
  readonly outputShape?: Shape3 | number;
  /** Where the tomogram's centre lies, nm (z, y, x) in the molecules' coordinates; default 0. */
  readonly tomogramCenter?: Zyx;
  /** Default: about y, from the lowest to the highest angle. */
  readonly tiltModel?: TiltModel | TiltRange;
  /** Default `flip` where the tilt series says each image's defocus, else `none`. */
  readonly ctf?: CtfCorrection;
  /** Weigh frequencies by the dose before; default false. */
  readonly doseWeighting?: boolean;
  /** Less each image's mean, by its deviation; default true. */
  readonly normalize?: boolean;
  /** What is dark in the images is bright in the boxes; default true, as acryo. */
  readonly invert?: boolean;
  /** -1: the molecules' tomogram is the mirror image, along z, of the one that the images make; default 1. */
  readonly tomogramHand?: 1 | -1;
  /** Side of the transform of a box by the box's; default 3: what is less lets neighbours in. */
  readonly padding?: number;
  readonly backend?: Backend;
}

const KEYS: OptionKeys<BackProjectionLoaderOptions> = {
  scale: true,
  outputShape: true,
  tomogramCenter: true,
  tiltModel: true,
  ctf: true,
  doseWeighting: true,
  normalize: true,
  invert: true,
  tomogramHand: true,
  padding: true,
  backend: true,
};

/** What is told of images once they were read as a whole. */
interface Shared {
  readonly imageScale: number;
  readonly levels: Map<string, ImageLevels>;
}

/**
 * Molecules of a tilt series: each box is made of squares of the images about the molecule, in the molecule's own axes and without a tomogram.
 * Only those squares are read.
 *
 * @example
 * const series = await readTiltSeries("TS_01@tomograms.star");
 * const loader = await BackProjectionLoader.open(series, molecules, { outputShape: 48 });
 * const { data, shape } = await loader.average(); // (48, 48, 48)
 */
export class BackProjectionLoader extends Loader<BackProjectionLoader> {
  readonly tiltSeries: TiltSeries;
  readonly #options: BackProjectionLoaderOptions;
  readonly #shared: Shared;

  /** Use {@link open}, which reads the images' pixel size. */
  constructor(
    tiltSeries: TiltSeries,
    molecules: Molecules,
    { shared, ...options }: BackProjectionLoaderOptions & { readonly shared: Shared },
  ) {
    requireKnownOptions("BackProjectionLoader", options, KEYS);
    const { outputShape, backend, padding = 3, scale = shared.imageScale } = options;
    super({
      molecules,
      scale: requireScale(scale, "BackProjectionLoader"),
      order: 3,
      outputShape: outputShape === undefined ? undefined : requireShape(outputShape, "BackProjectionLoader"),
      backend,
    });
    requireRange(
      "scale",
      scale / shared.imageScale >= 1 - ROUNDING,
      `from the images' ${shared.imageScale} nm on`,
      scale,
    );
    requireRange("padding", padding >= 1 && padding <= 8, "1 to 8", padding);
    this.tiltSeries = tiltSeries;
    this.#options = options;
    this.#shared = shared;
  }

  /**
   * Molecules of a tilt series whose images are in files.
   *
   * @throws {VitrineError} missing: no pixel size, neither in the series nor in the images' file, or no defocus where `ctf` needs it; range: a scale
   *   finer than the images, a padding below 1
   */
  static async open(
    tiltSeries: TiltSeries,
    molecules: Molecules,
    options: BackProjectionLoaderOptions = {},
  ): Promise<BackProjectionLoader> {
    const { ctf } = options;
    if (ctf !== undefined && ctf !== "none" && !tiltSeries.hasCtf)
      throw new VitrineError({
        code: "missing",
        at: tiltSeries.name,
        expected: "each tilt's defocus, and the optics",
        found: "none",
        hint: "Leave the CTF as it is with ctf: none",
      });
    const nm = await imageScale(tiltSeries.tilts[0].imagePath, tiltSeries.scale);
    const shared = { imageScale: nm, levels: new Map<string, ImageLevels>() };
    return new BackProjectionLoader(tiltSeries, molecules, { ...options, shared });
  }

  override async *readVolumes({ shape, backend, signal }: VolumeRequest): AsyncGenerator<Float32Array> {
    const {
      ctf,
      doseWeighting = false,
      normalize = true,
      invert = true,
      tomogramHand = 1,
      padding = 3,
    } = this.#options;
    const { tiltSeries, molecules, scale } = this;
    await using images = await this.#images(normalize);
    const boxes = molecules.rotator.map((rotation, i) => ({
      place: this.#placeOf(i),
      rotation,
      at: `molecule ${i}`,
    }));
    yield* reconstructBoxes(tiltSeries, images, {
      ...{ boxes, shape, scale, padding, invert, tomogramHand, doseWeighting, backend, signal },
      imageScale: this.#shared.imageScale,
      ctf: ctf ?? (tiltSeries.hasCtf ? "flip" : "none"),
    });
  }

  override tiltOf(_: number): TiltModel {
    return this.tiltModel;
  }

  /** Which frequencies the tilt series saw. */
  get tiltModel(): TiltModel {
    const { tiltModel, tomogramHand = 1 } = this.#options;
    if (tiltModel !== undefined) return toTiltModel(tiltModel);
    const own = this.tiltSeries.tiltModel();
    if (own.kind !== "single" || tomogramHand === 1) return own;
    return { ...own, rangeDeg: [-own.rangeDeg[1], -own.rangeDeg[0]] };
  }

  override replace({ molecules = this.molecules, ...changes }: LoaderChanges): BackProjectionLoader {
    const { order: _, ...others } = changes;
    return new BackProjectionLoader(this.tiltSeries, molecules, {
      ...this.#options,
      ...others,
      shared: this.#shared,
    });
  }

  override select(indices: readonly number[]): BackProjectionLoader {
    return this.replace({ molecules: this.molecules.subset(indices) });
  }

  /** Of another tilt series of the same images, such as one without some tilts. */
  withTiltSeries(tiltSeries: TiltSeries): BackProjectionLoader {
    return new BackProjectionLoader(tiltSeries, this.molecules, { ...this.#options, shared: this.#shared });
  }

  /** Without some of the tilts, by their places in the series. @throws {VitrineError} range: no such tilt; missing: none is left */
  excludeTilts(indices: readonly number[]): BackProjectionLoader {
    return this.withTiltSeries(this.tiltSeries.excludeTilts(indices));
  }

  /** With boxes of coarser voxels, `binSize` times the scale; molecules stay. @throws {VitrineError} range: below 1 */
  binning(binSize = 2): BackProjectionLoader {
    requireRange("binning", binSize >= 1, "a number from 1", binSize);
    const options = { ...this.#options, scale: this.scale * binSize, shared: this.#shared };
    return new BackProjectionLoader(this.tiltSeries, this.molecules, options);
  }

  /** Those that at least one image shows: the others could not be read. */
  async inside(): Promise<BackProjectionLoader> {
    await using images = await this.#images(false);
    const hand = this.#options.tomogramHand ?? 1;
    const nm = this.#shared.imageScale;
    const indices = this.molecules.rotator.flatMap((_, i) => {
      const [z, y, x] = this.#placeOf(i);
      const [points] = this.tiltSeries.project([[hand * z, y, x]]);
      return isSeen(pixelsOf(points, images, nm), images) ? [i] : [];
    });
    return this.select(indices);
  }

  #images(normalize: boolean) {
    return openTiltImages(this.tiltSeries.tilts, {
      centre: this.tiltSeries.detectorCentre,
      ...(normalize && { levels: this.#shared.levels }),
    });
  }

  #placeOf(index: number): Zyx {
    const [z, y, x] = this.molecules.place(index);
    const [cz, cy, cx] = this.#options.tomogramCenter ?? [0, 0, 0];
    return [z - cz, y - cy, x - cx];
  }
}

/** Pixel sizes of two files of one series differ by so much. */
const ROUNDING = 1e-3;

function requireRange(at: string, holds: boolean, expected: string, found: number): void {
  if (holds) return;
  throw new VitrineError({ code: "range", at: `BackProjectionLoader ${at}`, expected, found: `${found}` });
}
