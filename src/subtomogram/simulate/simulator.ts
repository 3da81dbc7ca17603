import type { Backend } from "../../compute/index.ts";
import { type Shape2, type Shape3, VitrineError } from "../../core/index.ts";
import { type OptionKeys, requireKnownOptions } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { requireOrder, requireScale } from "../loaders/subtomogramLoader.ts";
import { type RunChoice, requireShape } from "../loaders/subvolumes.ts";
import { normalizeTemplate, type Template } from "../loaders/templates.ts";
import { type FeatureRow, featureRow } from "../molecules/features.ts";
import { Molecules } from "../molecules/molecules.ts";
import {
  IDENTITY,
  multiplyQuaternions,
  type Quaternion,
  rotateVector,
  type Zyx,
} from "../molecules/quaternion.ts";
import { withBackend } from "../withBackend.ts";
import { addBlock, type Placement, placeTemplate, sumAlongZ } from "./blocks.ts";
import {
  acryoBlocks,
  acryoImageBlocks,
  type BlockLayout,
  type Drawn,
  wholeBlocks,
  wholeImageBlocks,
} from "./layout.ts";
import { splineRange } from "./splineRange.ts";
import { type DrawingTeller, tellDrawing } from "./telling.ts";
import { tiltFrame, viewFrame } from "./views.ts";

/** Molecules and what they look like. */
export interface SimulatedComponent {
  readonly name: string;
  readonly molecules: Molecules;
  readonly template: Template;
}

/** How a simulator draws. */
export interface SimulatorOptions {
  /** nm/voxel. */
  readonly scale: number;
  /** Of the spline; default 3. */
  readonly order?: 0 | 1 | 3;
  /** Default worker threads of each call alone. */
  readonly backend?: Backend;
}

/** Options of one drawing; progress counts molecules, of a tilt series those of all images. */
export interface SimulateOptions extends RunChoice {
  /**
   * As acryo 0.9.1: templates of even sides half a voxel off along every axis, and what a turned template has beyond a box of its own shape cut off;
   * default false.
   */
  readonly compat?: boolean;
}

const KEYS: OptionKeys<SimulateOptions> = {
  compat: true,
  backend: true,
  signal: true,
  onProgress: true,
  onLog: true,
};

/** Red, green and blue of a molecule, 0 to 1. */
export type Colormap = (features: FeatureRow, index: number) => readonly [number, number, number];

/** Images of a tilt series, (tilts, height, width). */
export interface ImageStack {
  readonly data: Float32Array;
  readonly shape: readonly [count: number, height: number, width: number];
}

/** A direction of view: the image's axes in the tomogram, and what lies at its centre. */
export interface ProjectionView {
  /** nm (z, y, x). */
  readonly center: Zyx;
  /** Along which the image's columns and rows run; where they are not orthogonal, `xaxis` is turned until it is, which is said. */
  readonly xaxis: Zyx;
  readonly yaxis: Zyx;
}

/**
 * Draws tomograms, images and tilt series of molecules that are known: without noise, background or optics. Never changed: what adds
 * molecules gives another.
 *
 * @example
 * const tomogram = await new TomogramSimulator({ scale: 0.5 }).addMolecules(molecules, template).simulate([60, 120, 120]);
 */
export class TomogramSimulator {
  readonly scale: number;
  readonly order: 0 | 1 | 3;
  readonly components: readonly SimulatedComponent[];
  readonly #backend: Backend | undefined;

  /** @throws {VitrineError} range: a scale not above 0, or another order */
  constructor(options: SimulatorOptions, components: readonly SimulatedComponent[] = []) {
    requireKnownOptions("TomogramSimulator", options, { scale: true, order: true, backend: true });
    this.scale = requireScale(options.scale, "TomogramSimulator");
    this.order = requireOrder(options.order ?? 3);
    this.#backend = options.backend;
    this.components = components;
  }

  /** With molecules that look like the template. @throws {VitrineError} exists: a name that is taken */
  addMolecules(
    molecules: Molecules,
    template: Template,
    name = `${this.components.length}`,
  ): TomogramSimulator {
    if (this.components.some((one) => one.name === name))
      throw new VitrineError({ code: "exists", at: "addMolecules", expected: "another name", found: name });
    return this.#with([...this.components, { name, molecules, template }]);
  }

  /** Some of the components, by their names. @throws {VitrineError} missing: no such name */
  subset(names: string | readonly string[]): TomogramSimulator {
    const wanted = typeof names === "string" ? [names] : names;
    const found = wanted.map((name) => {
      const component = this.components.find((one) => one.name === name);
      if (component !== undefined) return component;
      const known = this.components.map((one) => one.name).join(", ");
      throw new VitrineError({ code: "missing", at: "subset", expected: `one of ${known}`, found: name });
    });
    return this.#with(found);
  }

  /** All molecules, with the name of their component as the feature `component`. */
  collectMolecules(): Molecules {
    return Molecules.concat(
      this.components.map(({ name, molecules }) =>
        molecules.withFeatures({ component: new Array<string>(molecules.count).fill(name) }),
      ),
    );
  }

  /** A tomogram (z, y, x). */
  async simulate(shape: Shape3, options: SimulateOptions = {}): Promise<PipeImage> {
    requireKnownOptions("simulate", options, KEYS);
    const volume = emptyVolume(requireShape(shape, "simulate"));
    const teller = this.#teller("simulate", volume.shape, options);
    const add: Add = (block, { start }) => addBlock(volume, block, { start });
    await this.#draw(this.#inVolume(options), { teller, add }, options);
    teller.end();
    return volume;
  }

  /**
   * A tomogram in colours, (3, z, y, x): each template from 0 to 1 in the colour of its molecule. With `compat` as acryo, whose templates lie
   * between the least and largest coefficient of their spline, and whose 0 is not black.
   */
  async simulateColor(shape: Shape3, colormap: Colormap, options: SimulateOptions = {}) {
    requireKnownOptions("simulateColor", options, KEYS);
    const { order } = this;
    const channels = [0, 1, 2].map(() => emptyVolume(requireShape(shape, "simulateColor")));
    const ranges = new Map<PipeImage, readonly [number, number]>();
    const teller = this.#teller("simulateColor", channels[0].shape, options);
    const add: Add = (block, { start }, { features, index, template }) => {
      const known =
        ranges.get(template) ?? (options.compat ? splineRange(template, order) : [0, largestOf(template)]);
      ranges.set(template, known);
      colormap(features, index).forEach((share, channel) => {
        addBlock(channels[channel], block, {
          start,
          weight: share / (known[1] - known[0]),
          offset: known[0],
        });
      });
    };
    await this.#draw(this.#inVolume(options), { teller, add }, options);
    teller.end();
    const [depth, height, width] = channels[0].shape;
    const data = new Float32Array(3 * channels[0].data.length);
    channels.forEach((channel, i) => {
      data.set(channel.data, i * channel.data.length);
    });
    return { data, shape: [3, depth, height, width] as const };
  }

  /**
   * The sum along z of a tomogram of any depth, (1, y, x). acryo forgets the first molecule of each component and what lies below z = 0, as
   * `compat` does.
   */
  async simulate2d([height, width]: Shape2, options: SimulateOptions = {}): Promise<ImageStack> {
    requireKnownOptions("simulate2d", options, KEYS);
    const image = emptyVolume(requireShape([1, height, width], "simulate2d"));
    const isAcryos = options.compat === true;
    const teller = this.#teller("simulate2d", [Number.POSITIVE_INFINITY, height, width], options);
    const add: Add = (block, { start }, { index }) => {
      if (isAcryos && index === 0) return;
      const sum = sumAlongZ(block, isAcryos ? Math.max(0, -start[0]) : 0);
      addBlock(image, sum, { start: [0, start[1], start[2]] });
    };
    await this.#draw(this.#inVolume(options), { teller, add }, options);
    teller.end();
    return image;
  }

  /** An image of the molecules in a direction of view, (1, y, x): line sums. */
  async simulateProjection(
    [height, width]: Shape2,
    view: ProjectionView,
    options: SimulateOptions = {},
  ): Promise<ImageStack> {
    requireKnownOptions("simulateProjection", options, KEYS);
    requireKnownOptions("simulateProjection view", view, { center: true, xaxis: true, yaxis: true });
    const teller = this.#teller("simulateProjection", [Number.POSITIVE_INFINITY, height, width], options);
    const frame = viewFrame(view, options.onLog);
    const image = await this.#project([height, width], { frame, centreNm: view.center, teller }, options);
    teller.end();
    return image;
  }

  /** A tilt series about y of a tomogram, (tilts, y, x): line sums at these angles. */
  async simulateTiltSeries(
    degrees: readonly number[],
    shape: Shape3,
    options: SimulateOptions = {},
  ): Promise<ImageStack> {
    requireKnownOptions("simulateTiltSeries", options, KEYS);
    const [depth, height, width] = requireShape(shape, "simulateTiltSeries");
    const sides: Zyx = [Number.POSITIVE_INFINITY, height, width];
    const teller = this.#teller("simulateTiltSeries", sides, options, degrees.length);
    const nm = (side: number) => ((side - 1) / 2) * this.scale;
    const centreNm: Zyx = [nm(depth), nm(height), nm(width)];
    const data = new Float32Array(degrees.length * height * width);
    for (const [i, degree] of degrees.entries()) {
      const view = { frame: tiltFrame(degree), centreNm, teller };
      const image = await this.#project([height, width], view, options);
      data.set(image.data, i * height * width);
    }
    teller.end();
    return { data, shape: [degrees.length, height, width] };
  }

  async #project(
    [height, width]: Shape2,
    {
      frame,
      centreNm,
      teller,
    }: { readonly frame: Quaternion; readonly centreNm: Zyx; readonly teller: DrawingTeller },
    options: SimulateOptions,
  ): Promise<ImageStack> {
    const image = emptyVolume(requireShape([1, height, width], "projection"));
    const rounded = options.compat === true ? Math.fround : (value: number) => value;
    const scale = rounded(this.scale);
    const view: View = {
      frame,
      placed(nm) {
        const off = (axis: number) => rounded(rounded(nm[axis] - rounded(centreNm[axis])) / scale);
        const [z, y, x] = rotateVector(frame, [off(0), off(1), off(2)]);
        return [z, rounded(y + (height - 1) / 2), rounded(x + (width - 1) / 2)];
      },
      layout: options.compat === true ? acryoImageBlocks : wholeImageBlocks,
    };
    const add: Add = (block, { start }) =>
      addBlock(image, sumAlongZ(block), { start: [0, start[1], start[2]] });
    await this.#draw(view, { teller, add }, options);
    return image;
  }

  /** Places as they are, in voxels. */
  #inVolume({ compat = false }: SimulateOptions): View {
    const rounded = compat ? Math.fround : (value: number) => value;
    const scale = rounded(this.scale);
    return {
      frame: IDENTITY,
      placed: ([z, y, x]) => [rounded(z / scale), rounded(y / scale), rounded(x / scale)],
      layout: compat ? acryoBlocks : wholeBlocks,
    };
  }

  /** Draws every molecule's block. */
  async #draw(
    { frame, placed, layout }: View,
    { teller, add }: { readonly teller: DrawingTeller; readonly add: Add },
    options: SimulateOptions,
  ): Promise<void> {
    const { order } = this;
    await withBackend(options.backend ?? this.#backend, async (backend) => {
      for (const [i, { molecules, template }] of this.components.entries()) {
        const image = await normalizeTemplate(template, this.scale);
        const drawn = molecules.rotator.map((rotation, index): Drawn => {
          return { place: placed(molecules.place(index)), rotation: multiplyQuaternions(frame, rotation) };
        });
        const { box, placements } = layout(image, drawn, order);
        const visit = (data: Float32Array, index: number) => {
          const features = featureRow(molecules.features, index);
          add({ data, shape: box }, placements[index], { features, index, template: image });
          teller.drew(i, index, drawn[index].place);
        };
        await placeTemplate(image, placements, { backend, order, box, signal: options.signal, visit });
      }
    });
  }

  #teller(at: string, sides: Zyx, options: SimulateOptions, images = 1): DrawingTeller {
    return tellDrawing({ at, components: this.components, sides, images }, options);
  }

  #with(components: readonly SimulatedComponent[]): TomogramSimulator {
    const backend = this.#backend;
    return new TomogramSimulator(
      { scale: this.scale, order: this.order, ...(backend && { backend }) },
      components,
    );
  }
}

/** Where a drawing shows molecules. */
interface View {
  /** Turns the tomogram's vectors into those of what is drawn. */
  readonly frame: Quaternion;
  /** Of a place in nm, voxels. */
  readonly placed: (nm: Zyx) => Zyx;
  readonly layout: (template: PipeImage, drawn: readonly Drawn[], order: 0 | 1 | 3) => BlockLayout;
}

type Add = (
  block: PipeImage,
  placement: Placement,
  molecule: { readonly features: FeatureRow; readonly index: number; readonly template: PipeImage },
) => void;

function emptyVolume(shape: Shape3): { readonly data: Float32Array; readonly shape: Shape3 } {
  return { data: new Float32Array(shape[0] * shape[1] * shape[2]), shape };
}

function largestOf({ data }: PipeImage): number {
  return data.reduce((most, value) => Math.max(most, value), 0) || 1;
}
