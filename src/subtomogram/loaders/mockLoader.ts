import type { Backend } from "../../compute/index.ts";
import { type Shape3, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { quaternionMatrix } from "../molecules/quaternion.ts";
import { centreOf } from "../sampling/boxes.ts";
import { type PlacedVolume, sampleVolumes } from "../sampling/relative.ts";
import { addNoise, loseWedge } from "../simulate/imaging.ts";
import { type TiltModel, type TiltRange, toTiltModel } from "../tilt/tilt.ts";
import { Loader, type LoaderChanges } from "./loader.ts";
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
  /** Frequencies that are lost; default none. acryo projects and back-projects instead. */
  readonly tiltModel?: TiltModel | TiltRange;
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
      const noisy = addNoise(data, noise, seed + SEED_STEP * this.#rows[index]);
      yield (await this.#seen(backend, { data: noisy, shape }, index)).data;
      index++;
    }
  }

  async #seen(backend: Backend, volume: PipeImage, index: number): Promise<PipeImage> {
    const tilt = this.tiltOf(index);
    return tilt.kind === "none"
      ? volume
      : loseWedge(backend, volume, { tilt, rotation: this.molecules.rotator[index] });
  }

  override tiltOf(_: number): TiltModel {
    return toTiltModel(this.#options.tiltModel);
  }

  override replace({ molecules, outputShape, order }: LoaderChanges): MockLoader {
    if (molecules !== undefined && molecules.count !== this.count)
      throw new VitrineError({
        code: "shape",
        at: "replace",
        expected: `${this.count} molecules`,
        found: `${molecules.count}`,
      });
    const changes = {
      ...(outputShape !== undefined && { outputShape }),
      ...(order !== undefined && { order }),
    };
    return new MockLoader(this.template, molecules ?? this.molecules, {
      ...this.#options,
      ...changes,
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
