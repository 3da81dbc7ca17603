import type { Backend } from "../../compute/index.ts";
import { elementCount, progressTeller, type Shape3, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Log } from "../../program/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { type TiltModel, type TiltRange, toTiltModel } from "../tilt/tilt.ts";
import { imageScale } from "../tiltSeries/common.ts";
import { type CtfCorrection, DOSE_KV } from "../tiltSeries/filter.ts";
import { type ImageLevels, isSeen, openTiltImages, pixelsOf } from "../tiltSeries/images.ts";
import { type BoxOfImages, reconstructBoxes } from "../tiltSeries/reconstruct.ts";
import { scoreBoxesOnTilt } from "../tiltSeries/scoreOnTilt.ts";
import type { TiltSeries } from "../tiltSeries/tiltSeries.ts";
import { reconstructPlanes, type TomogramPlanes } from "../tiltSeries/tomogram.ts";
import { ownBackend, withBackend } from "../withBackend.ts";
import { CHANGE_KEYS, Loader, type LoaderChanges } from "./loader.ts";
import { requireScale } from "./subtomogramLoader.ts";
import { requireShape, type VolumeRequest } from "./subvolumes.ts";
import { normalizeMask, normalizeTemplates, type Template } from "./templates.ts";
import {
  type ReconstructTomogramOptions,
  SCORE_KEYS,
  type ScoreOnTiltChoices,
  TOMOGRAM_KEYS,
} from "./tiltSeriesCalls.ts";

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

/** Side of a box's transform by the box's. Boxes of tomograms overlap, so that less is enough. */
const PADDING = 3;
const TOMOGRAM_PADDING = 2;

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
    const { outputShape, backend, padding = PADDING, scale = shared.imageScale } = options;
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
   * @param options  `onLog`: hears that doses are weighed for 300 kV where nobody says the voltage
   * @throws {VitrineError} missing: no pixel size, neither in the series nor in the images' file, or no defocus or dose where `ctf` or `doseWeighting`
   *   needs it; range: a scale finer than the images, a padding below 1
   */
  static async open(
    tiltSeries: TiltSeries,
    molecules: Molecules,
    { onLog, ...options }: BackProjectionLoaderOptions & { readonly onLog?: Log } = {},
  ): Promise<BackProjectionLoader> {
    requireKnownOptions("BackProjectionLoader.open", options, KEYS);
    const { ctf } = options;
    if (options.doseWeighting === true) requireDoses(tiltSeries, onLog);
    if (ctf !== undefined && ctf !== "none" && !tiltSeries.hasCtf) throw withoutCtf(tiltSeries);
    const nm = await imageScale(tiltSeries.tilts[0].imagePath, tiltSeries.scale);
    const shared = { imageScale: nm, levels: new Map<string, ImageLevels>() };
    return new BackProjectionLoader(tiltSeries, molecules, { ...options, shared });
  }

  override async *readVolumes({ shape, backend, signal }: VolumeRequest): AsyncGenerator<Float32Array> {
    await using images = await this.#images();
    yield* reconstructBoxes(this.tiltSeries, images, {
      ...this.#how(backend, signal),
      boxes: this.#boxes(),
      shape,
    });
  }

  /**
   * The tomogram of the images, acryo's `reconstruct_tomogram`: bright where the images are dark, unless `invert` is false. The tilt series' centre lies at
   * voxel side // 2 of each axis, so that places of molecules are its voxels times the scale where `tomogramCenter` is that.
   *
   * @throws {VitrineError} as {@link reconstructPlanes}
   */
  async reconstructTomogram(options: ReconstructTomogramOptions): Promise<PipeImage> {
    requireKnownOptions("reconstructTomogram", options, TOMOGRAM_KEYS);
    const { shape } = options;
    const data = new Float32Array(elementCount(shape));
    for await (const planes of this.reconstructPlanes(options))
      data.set(planes.data, planes.z * shape[1] * shape[2]);
    return { data, shape };
  }

  /**
   * The same, some planes at a time from the first to the last, in the memory of one layer of boxes. Progress counts boxes.
   *
   * @throws {VitrineError} range: `patchSize` below 8, `blendMargin` beyond half of it
   */
  async *reconstructPlanes(options: ReconstructTomogramOptions): AsyncGenerator<TomogramPlanes> {
    requireKnownOptions("reconstructPlanes", options, TOMOGRAM_KEYS);
    const { shape, backend, signal, onProgress, onLog: _, ...patches } = options;
    const sides = requireShape(shape, "reconstructTomogram");
    await using own = await ownBackend(backend ?? this.backend);
    await using images = await this.#images();
    const tell = progressTeller(onProgress, { unit: "patches" });
    const how = this.#how(own.backend, signal, this.#options.padding ?? TOMOGRAM_PADDING);
    yield* reconstructPlanes(this.tiltSeries, images, { ...how, ...patches, shape: sides, onPatch: tell });
  }

  /**
   * How well each template fits each image of the tilt series at each molecule's place, acryo's `score_on_tilt`: without a search.
   *
   * @returns  for each template (molecules, tilts)
   * @throws {VitrineError} as `score`; missing: `ctf` without defocus; range: a molecule that no image shows
   */
  async scoreOnTilt(
    templates: Template | readonly Template[],
    options: ScoreOnTiltChoices = {},
  ): Promise<readonly Float32Array[]> {
    requireKnownOptions("scoreOnTilt", options, SCORE_KEYS);
    const { mask, cutoff, method = "zncc", ctf = false, backend, signal, onProgress } = options;
    if (ctf && !this.tiltSeries.hasCtf) throw withoutCtf(this.tiltSeries);
    requireRange("cutoff", cutoff === undefined || cutoff > 0, "cycles/voxel above 0", cutoff ?? 0);
    const made = await normalizeTemplates(templates, this.scale);
    const tell = progressTeller(onProgress, { unit: "molecules" });
    const total = this.count * made.length;
    return withBackend(backend ?? this.backend, async (own) => {
      await using images = await this.#images();
      const scores: Float32Array[] = [];
      for (const [i, template] of made.entries()) {
        const onMolecule = (done: number) => tell(i * this.count + done, total);
        const masked = await normalizeMask(mask, [template], { scale: this.scale });
        const choices = {
          template,
          mask: masked,
          cutoff,
          isCentred: method === "zncc",
          withCtf: ctf,
          onMolecule,
        };
        const all = { ...this.#how(own, signal), ...choices, boxes: this.#boxes() };
        scores.push(await scoreBoxesOnTilt(this.tiltSeries, images, all));
      }
      return scores;
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

  override replace(changes: LoaderChanges): BackProjectionLoader {
    requireKnownOptions("replace", changes, CHANGE_KEYS);
    const { molecules = this.molecules, order: _, ...others } = changes;
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

  #images(normalize = this.#options.normalize ?? true) {
    return openTiltImages(this.tiltSeries.tilts, {
      centre: this.tiltSeries.detectorCentre,
      ...(normalize && { levels: this.#shared.levels }),
    });
  }

  #boxes(): readonly BoxOfImages[] {
    return this.molecules.rotator.map((rotation, i) => {
      return { place: this.#placeOf(i), rotation, at: `molecule ${i}` };
    });
  }

  #how(backend: Backend, signal: AbortSignal | undefined, padding = this.#options.padding ?? PADDING) {
    const { ctf, doseWeighting = false, invert = true, tomogramHand = 1 } = this.#options;
    return {
      ...{ scale: this.scale, padding, invert, tomogramHand, doseWeighting, backend, signal },
      imageScale: this.#shared.imageScale,
      ctf: ctf ?? (this.tiltSeries.hasCtf ? ("flip" as const) : ("none" as const)),
    };
  }

  #placeOf(index: number): Zyx {
    const [z, y, x] = this.molecules.place(index);
    const [cz, cy, cx] = this.#options.tomogramCenter ?? [0, 0, 0];
    return [z - cz, y - cy, x - cx];
  }
}

function requireDoses({ name: at, tilts, optics }: TiltSeries, onLog: Log | undefined): void {
  const without = tilts.filter(({ preExposurePerA2 }) => preExposurePerA2 === undefined).length;
  if (without > 0) {
    const expected = "each tilt's dose before (rlnMicrographPreExposure, ExposureDose of an .mdoc)";
    const hint = "Leave doses out: no --dose-weighting (doseWeighting)";
    const found = `none of ${without} of ${tilts.length}`;
    throw new VitrineError({ code: "missing", at, expected, found, hint });
  }
  if (optics === undefined)
    onLog?.(`${at}: nothing says the voltage; doses are weighed for ${DOSE_KV} kV`, "warning");
}

function withoutCtf({ name: at }: TiltSeries): VitrineError {
  const expected = "each tilt's defocus, and the optics";
  const hint = "Leave the CTF as it is with ctf: none";
  return new VitrineError({ code: "missing", at, expected, found: "none", hint });
}

/** Pixel sizes of two files of one series differ by so much. */
const ROUNDING = 1e-3;

function requireRange(at: string, holds: boolean, expected: string, found: number): void {
  if (holds) return;
  throw new VitrineError({ code: "range", at: `BackProjectionLoader ${at}`, expected, found: `${found}` });
}
