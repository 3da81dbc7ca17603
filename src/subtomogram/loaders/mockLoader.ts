import type { Backend } from "../../compute/index.ts";
import { type Shape3, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { quaternionFromRotvec, quaternionMatrix, type Zyx } from "../molecules/quaternion.ts";
import { centreOf } from "../sampling/boxes.ts";
import { type PlacedVolume, sampleVolumes } from "../sampling/relative.ts";
import { backProject } from "../simulate/backProject.ts";
import { addNoise, loseWedge } from "../simulate/imaging.ts";
import { singleAxis, type TiltModel, type TiltRange, toTiltModel } from "../tilt/tilt.ts";
import { CHANGE_KEYS, Loader, type LoaderChanges } from "./loader.ts";
import { requireOrder, requireScale } from "./subtomogramLoader.ts";
import { requireShape, type VolumeRequest } from "./subvolumes.ts";

/** How a mock tomogram looks. */
export interface MockLoaderOptions {
  /** nm/voxel. */
  readonly scale: number;
  readonly order?: 0 | 1 | 3;
  /** Of the boxes; default the template's. */
  readonly outputShape?: Shape3 | number;
  /** Deviation of Gaussian noise; default 0. */
  readonly noise?: number;
  readonly seed?: number;
  /** Frequencies that are lost; default none. */
  readonly tiltModel?: TiltModel | TiltRange;
  /** Tilts about `centralAxis` at which a box is projected, gets its noise, and is back-projected, as acryo does, about an axis of the box, however the molecule is turned; in place of `tiltModel`. */
  readonly degrees?: readonly number[];
  /** (z, y, x): y (default) or x. */
  readonly centralAxis?: Zyx;
  /**
   * As acryo 0.9.1: back-projection about a voxel, not the centre of the box, mirrored along z, of a volume that is blurred, about y whatever
   * `centralAxis` is, by a ramp that is another one where a side is no multiple of four; default false.
   */
  readonly compat?: boolean;
  readonly backend?: Backend;
}

/** Of molecules that were selected: which they were before. */
interface MockRows {
  /** @internal */
  readonly rows?: readonly number[];
}

const KEYS: OptionKeys<MockLoaderOptions & MockRows> = {
  scale: true,
  order: true,
  outputShape: true,
  noise: true,
  seed: true,
  tiltModel: true,
  degrees: true,
  centralAxis: true,
  compat: true,
  backend: true,
  rows: true,
};

/** What tells the noise of one molecule from the next. */
const SEED_STEP = 7919;

/**
 * Molecules of tomograms that show one template each, its centre at 0, and noise: for trying alignments, whose truth is known. A molecule at
 * 0 without rotation sees the template as it is.
 */
export class MockLoader extends Loader<MockLoader> {
  readonly template: PipeImage;
  readonly #options: MockLoaderOptions;
  /** Which molecule of the first loader each is: noise goes with it. */
  readonly #rows: readonly number[];

  /** @throws {VitrineError} range: scale, order, noise */
  constructor(template: PipeImage, molecules: Molecules, options: MockLoaderOptions & MockRows) {
    requireKnownOptions("MockLoader", options, KEYS);
    super({
      molecules,
      scale: requireScale(options.scale, "MockLoader"),
      order: requireOrder(options.order ?? 3),
      outputShape: requireShape(options.outputShape ?? template.shape, "MockLoader"),
      backend: options.backend,
    });
    this.template = template;
    requireTilts(options, template.shape);
    const { rows, ...own } = options;
    this.#options = own;
    this.#rows = rows ?? molecules.rotator.map((_, i) => i);
  }

  override async *readVolumes({ shape, backend, signal }: VolumeRequest): AsyncGenerator<Float32Array> {
    const { noise = 0, seed = 0 } = this.#options;
    const region = this.template.shape;
    let index = 0;
    for await (const data of sampleVolumes(this.#placed(), {
      region,
      box: shape,
      order: this.order,
      backend,
      signal,
    })) {
      const own = seed + SEED_STEP * this.#rows[index];
      if (this.#options.degrees !== undefined)
        yield await this.#backProjected({ data, shape }, { backend, signal, noise, seed: own });
      else yield (await this.#seen(backend, { data: addNoise(data, noise, own), shape }, index)).data;
      index++;
    }
  }

  async #backProjected(
    volume: PipeImage,
    {
      backend,
      signal,
      noise,
      seed,
    }: {
      readonly backend: Backend;
      readonly signal: AbortSignal | undefined;
      readonly noise: number;
      readonly seed: number;
    },
  ): Promise<Float32Array> {
    const { degrees = [], centralAxis = Y_AXIS, compat = false } = this.#options;
    // What is turned about x is turned about y with both exchanged; acryo turns about x and back-projects about y.
    const isAlongX = centralAxis[2] !== 0 && !compat;
    const axis = compat ? centralAxis : Y_AXIS;
    const upright = isAlongX ? exchanged(volume) : volume;
    const [depth, height, width] = upright.shape;
    const box: Shape3 = [Math.ceil(Math.hypot(depth, height, width)), height, width];
    const source = compat ? smoothed(upright) : upright;
    const centre: Zyx = [(depth - 1) / 2, (height - 1) / 2, (width - 1) / 2];
    const sign = isAlongX ? -1 : 1;
    async function* turned() {
      for (const angle of degrees) {
        const turn = quaternionMatrix(quaternionFromRotvec(alongAxis(axis, (sign * angle * Math.PI) / 180)));
        yield { data: source.data, turn, centre, outside: 0 };
      }
    }
    const sums = new Float32Array(degrees.length * height * width);
    let at = 0;
    for await (const data of sampleVolumes(turned(), {
      region: upright.shape,
      box,
      order: 3,
      backend,
      signal,
    })) {
      data.forEach((value, i) => {
        sums[at + (i % (height * width))] += value;
      });
      at += height * width;
    }
    const projections = {
      data: addNoise(sums, noise, seed),
      // acryo back-projects at the negated angles, which mirrors the box along z.
      anglesDeg: degrees.map((angle) => (compat ? 1 : -1) * sign * angle),
      lines: height,
      length: width,
    };
    const found = { data: backProject(projections, upright.shape, { compat }), shape: upright.shape };
    return (isAlongX ? exchanged(found) : found).data;
  }

  async #seen(backend: Backend, volume: PipeImage, index: number): Promise<PipeImage> {
    const tilt = this.tiltOf(index);
    return tilt.kind === "none"
      ? volume
      : loseWedge(backend, volume, { tilt, rotation: this.molecules.rotator[index] });
  }

  override tiltOf(_: number): TiltModel {
    const { tiltModel, degrees, centralAxis = Y_AXIS } = this.#options;
    if (degrees === undefined) return toTiltModel(tiltModel);
    const [low, high] = [Math.min(...degrees), Math.max(...degrees)];
    // A turn about x lifts what a tilt about x lowers.
    return centralAxis[2] !== 0 ? singleAxis([-high, -low], "x") : singleAxis([low, high]);
  }

  override replace(changes: LoaderChanges): MockLoader {
    requireKnownOptions("replace", changes, CHANGE_KEYS);
    const { molecules, outputShape, order } = changes;
    if (molecules !== undefined && molecules.count !== this.count)
      throw new VitrineError({
        code: "shape",
        at: "replace",
        expected: `${this.count} molecules`,
        found: `${molecules.count}`,
      });
    const others = {
      ...(outputShape !== undefined && { outputShape }),
      ...(order !== undefined && { order }),
    };
    return new MockLoader(this.template, molecules ?? this.molecules, {
      ...this.#options,
      ...others,
      rows: this.#rows,
    });
  }

  override select(indices: readonly number[]): MockLoader {
    const rows = indices.map((index) => this.#rows[index]);
    return new MockLoader(this.template, this.molecules.subset(indices), { ...this.#options, rows });
  }

  async *#placed(): AsyncGenerator<PlacedVolume> {
    const middle = this.template.shape.map((side) => (side - 1) / 2);
    for (let i = 0; i < this.count; i++) {
      const [z, y, x] = centreOf(this.molecules, i, this.scale);
      const turn = quaternionMatrix(this.molecules.rotator[i]);
      yield {
        data: this.template.data,
        turn,
        centre: [z + middle[0], y + middle[1], x + middle[2]],
        outside: 0,
      };
    }
  }
}

const Y_AXIS: Zyx = [0, 1, 0];

function requireTilts({ degrees, centralAxis = Y_AXIS, tiltModel }: MockLoaderOptions, shape: Shape3): void {
  const fail = (at: string, expected: string, found: string) => {
    throw new VitrineError({ code: "range", at: `MockLoader ${at}`, expected, found });
  };
  if (degrees === undefined) return;
  if (tiltModel !== undefined) fail("tiltModel", "none beside degrees, which say it", "one");
  if (new Set(degrees).size < 2 || !degrees.every((angle) => Math.abs(angle) <= 90))
    fail("degrees", "at least two angles from -90 to 90", `[${degrees}]`);
  if (!["0,1,0", "0,0,1"].includes(centralAxis.join()))
    fail("centralAxis", "[0, 1, 0] or [0, 0, 1] (z, y, x)", `[${centralAxis}]`);
  if (Math.min(...shape) < 4) fail("template", "at least four voxels along each side", shape.join(" x "));
}

function alongAxis([z, y, x]: Zyx, length: number): Zyx {
  return [z * length, y * length, x * length];
}

/** y and x exchanged. */
function exchanged({ data, shape: [depth, height, width] }: PipeImage): PipeImage {
  const out = new Float32Array(data.length);
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let x = 0; x < width; x++)
      for (let y = 0; y < height; y++, at++) out[at] = data[(z * height + y) * width + x];
  return { data: out, shape: [depth, width, height] };
}

/** Values taken for coefficients of a cubic spline: what that spline has at the voxels, mirrored at the ends. */
function smoothed({ data, shape }: PipeImage): PipeImage {
  const [, height, width] = shape;
  const strides = [height * width, width, 1];
  const along = (values: Float32Array, axis: number) =>
    values.map((value, i) => {
      const [n, stride] = [shape[axis], strides[axis]];
      const place = Math.floor(i / stride) % n;
      const before = i + (place === 0 ? stride : -stride);
      const after = i + (place === n - 1 ? -stride : stride);
      return (values[before] + 4 * value + values[after]) / 6;
    });
  return { data: along(along(along(data, 0), 1), 2), shape };
}
