import { elementCount, type Shape3, VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import type { NumberArray } from "../../pipe/index.ts";
import { requireOrder, requireScale } from "../loaders/subtomogramLoader.ts";
import type { RunChoice } from "../loaders/subvolumes.ts";
import { normalizeTemplate, type Template } from "../loaders/templates.ts";
import { type RotationsInput, rotationGrid, warnOfSteps } from "../models/rotationGrid.ts";
import { Molecules } from "../molecules/molecules.ts";
import { IDENTITY, type Quaternion, type Zyx } from "../molecules/quaternion.ts";
import { type Tomogram, type TomogramInput, toTomogram } from "../sampling/tomogram.ts";
import { withBackend } from "../withBackend.ts";
import { curvatureTaps, filterBlock, gaussianReach, gaussianTaps } from "./blobs.ts";
import { boxSums, matchBlock, turnTemplate } from "./matchTemplate.ts";
import { type BlockSearch, pickInBlocks, type ScoredBlock } from "./pickInBlocks.ts";

/** What all pickers take. */
export interface PickOptions extends RunChoice {
  /** nm/voxel; default what the image's file says. */
  readonly scale?: number;
  /** Lowest score; default 0. */
  readonly minScore?: number;
  /** Where molecules can be, of the tomogram's shape: where it is 0 nothing is picked. */
  readonly within?: NumberArray;
}

/** Options of a picker by a template. */
export interface PickTemplateOptions extends PickOptions {
  /** Rotations that are tried; default the template as it is. */
  readonly rotations?: RotationsInput;
  /** Of the spline that turns the template; default 1. */
  readonly order?: 0 | 1 | 3;
  /** Two molecules are farther apart, nm; default 1. */
  readonly minDistance?: number;
  /**
   * Least share of a window's voxels that are not exactly 0, as tomograms are where no tilt shows anything: 0 to 1; default 0. Windows with less are no places
   * for molecules.
   */
  readonly minCoverage?: number;
  /**
   * Match the template's mirror image along z too, and tell which fits better: a tomogram of the wrong hand has poor hits. Those of both come with the
   * feature `hand`, 1 of the template as it is and -1 of its mirror image; default false.
   */
  readonly bothHands?: boolean;
}

const KEYS = {
  scale: true,
  minScore: true,
  within: true,
  backend: true,
  signal: true,
  onProgress: true,
  onLog: true,
} as const;

/**
 * Bright blobs: maxima of minus the Laplacian of a Gaussian.
 *
 * @param sigma  nm; a ball of radius r shows best at r / 1.7
 * @returns      not turned, with the feature `score`; none lies outside of the tomogram, as acryo's at its edges do
 */
export async function pickLoG(
  image: TomogramInput,
  sigma: number,
  options: PickOptions = {},
): Promise<Molecules> {
  requireKnownOptions("pickLoG", options, KEYS);
  const { tomogram, scale } = inputOf(image, options);
  const px = sigmaPx(sigma, "pickLoG sigma", { tomogram, scale, onLog: options.onLog });
  const [smooth, curve] = [gaussianTaps(px), curvatureTaps(px)];
  const score = async (values: Float32Array, shape: Shape3) => {
    const [z, y, x] = [
      filterBlock(values, shape, [curve, smooth, smooth]),
      filterBlock(values, shape, [smooth, curve, smooth]),
      filterBlock(values, shape, [smooth, smooth, curve]),
    ];
    return { scores: z.map((value, i) => -value - y[i] - x[i]) };
  };
  return picked(
    tomogram,
    { reach: gaussianReach(px), radius: px, score },
    { ...options, scale, offset: [0, 0, 0] },
  );
}

/**
 * Bright blobs: maxima of the difference of two Gaussians.
 *
 * @param sigmaLow, sigmaHigh  nm, the second the larger
 */
export async function pickDoG(
  image: TomogramInput,
  [sigmaLow, sigmaHigh]: readonly [low: number, high: number],
  options: PickOptions = {},
): Promise<Molecules> {
  requireKnownOptions("pickDoG", options, KEYS);
  const { tomogram, scale } = inputOf(image, options);
  const [low, high] = [sigmaLow, sigmaHigh].map((sigma) =>
    sigmaPx(sigma, "pickDoG sigma", { tomogram, scale, onLog: options.onLog }),
  );
  if (!(low < high))
    throw new VitrineError({
      code: "range",
      at: "pickDoG",
      expected: "a second sigma above the first",
      found: `${sigmaLow}, ${sigmaHigh}`,
    });
  const [near, far] = [gaussianTaps(low), gaussianTaps(high)];
  const score = async (values: Float32Array, shape: Shape3) => {
    const around = filterBlock(values, shape, [far, far, far]);
    return { scores: filterBlock(values, shape, [near, near, near]).map((value, i) => value - around[i]) };
  };
  return picked(
    tomogram,
    { reach: gaussianReach(high), radius: low, score },
    { ...options, scale, offset: [0, 0, 0] },
  );
}

/**
 * What looks like a template in one of the rotations: maxima of the correlation coefficient of the template with the window about each
 * place. Windows lie wholly inside the tomogram.
 *
 * @returns  turned, with the feature `score`
 * @throws {VitrineError} shape: a template larger than the tomogram; range: one value alone in the template
 */
export async function pickTemplate(
  image: TomogramInput,
  template: Template,
  options: PickTemplateOptions = {},
): Promise<Molecules> {
  requireKnownOptions("pickTemplate", options, {
    ...KEYS,
    rotations: true,
    order: true,
    minDistance: true,
    minCoverage: true,
    bothHands: true,
  });
  const minCoverage = requireShare(options.minCoverage ?? 0);
  if (options.bothHands === true) return pickBothHands(image, template, options);
  const { tomogram, scale } = inputOf(image, options);
  const volume = await normalizeTemplate(template, scale);
  requireFits(volume.shape, tomogram);
  warnOfSteps(options.rotations, options.onLog);
  const rotations = rotationGrid(options.rotations);
  const radius = positive(options.minDistance ?? 1, "pickTemplate minDistance") / scale;
  const reach = Math.ceil(Math.max(...volume.shape) / 2);
  return withBackend(options.backend, async (backend) => {
    const turned = await turnTemplate(backend, volume, {
      rotations,
      order: requireOrder(options.order ?? 1),
    });
    requireContrast(turned.norms);
    const score = async (values: Float32Array, shape: Shape3, from: Zyx) => {
      const scored = await matchBlock(backend, turned, { values, shape });
      blankOutside(scored, { shape, from, box: volume.shape, tomogram });
      if (minCoverage > 0) blankUncovered(scored, { values, shape, box: volume.shape, minCoverage });
      return scored;
    };
    const offset: Zyx = [half(volume.shape[0]), half(volume.shape[1]), half(volume.shape[2])];
    return picked(tomogram, { reach, radius, score, tie: TIE }, { ...options, scale, offset, rotations });
  });
}

/** Transforms of two blocks in single precision give one window scores that differ by less. */
const TIE = 1e-5;

async function pickBothHands(
  image: TomogramInput,
  template: Template,
  options: PickTemplateOptions,
): Promise<Molecules> {
  const { scale, tomogram } = inputOf(image, options);
  const volume = await normalizeTemplate(template, scale);
  const [depth, height, width] = volume.shape;
  const plane = height * width;
  const mirror = volume.data.map(
    (_, i) => volume.data[(depth - 1 - Math.floor(i / plane)) * plane + (i % plane)],
  );
  const one = { ...options, bothHands: false };
  const hands = [
    await pickTemplate(image, volume, one),
    await pickTemplate(image, { data: mirror, shape: volume.shape }, one),
  ];
  const best = hands.map(({ features }) =>
    features.score.reduce((most: number, score) => Math.max(most, Number(score)), 0),
  );
  if (best[1] > best[0])
    options.onLog?.(
      `${tomogram.name}: the template's mirror image fits better, ${best[1].toPrecision(3)} to ${best[0].toPrecision(3)}: is the tomogram of the other hand?`,
      "warning",
    );
  return Molecules.concat(
    hands.map((found, i) =>
      found.withFeatures({ hand: new Array<number>(found.count).fill(i === 0 ? 1 : -1) }),
    ),
  );
}

/** From the voxel that stands for a window to its centre. */
function half(side: number): number {
  return side % 2 === 0 ? 0.5 : 0;
}

async function picked(
  tomogram: Tomogram,
  search: Omit<BlockSearch, "minScore">,
  {
    scale,
    offset,
    rotations = [IDENTITY],
    minScore = 0,
    within,
    ...run
  }: PickOptions & {
    readonly scale: number;
    readonly offset: Zyx;
    readonly rotations?: readonly Quaternion[];
  },
): Promise<Molecules> {
  const isAllowed = searchMask(within, tomogram);
  const score: BlockSearch["score"] = async (values, shape, from) => {
    const scored = await search.score(values, shape, from);
    if (isAllowed !== undefined)
      blank(scored, shape, (z, y, x) => isAllowed(z + from[0], y + from[1], x + from[2]));
    return scored;
  };
  const { picks, lowest, highest } = await pickInBlocks(tomogram, { ...search, score, minScore }, run);
  if (-lowest > highest && highest < Number.POSITIVE_INFINITY && lowest < 0)
    run.onLog?.(
      `${tomogram.name}: the lowest score, ${lowest.toPrecision(3)}, is farther from 0 than the highest, ${highest.toPrecision(3)}: is the contrast inverted?`,
      "warning",
    );
  const pos = picks.map(({ place }) => place.map((at, axis) => (at + offset[axis]) * scale));
  return new Molecules(
    pos,
    picks.map(({ rotation }) => rotations[rotation]),
    { score: picks.map((pick) => pick.score) },
  );
}

/** Windows that leave the tomogram show its edge again and again: no place for a molecule. */
function blankOutside(
  scored: ScoredBlock,
  { shape, from, box, tomogram }: { shape: Shape3; from: Zyx; box: Shape3; tomogram: Tomogram },
): void {
  const first = box.map((side) => Math.floor((side - 1) / 2));
  const isInside = (at: number, axis: number) =>
    at - first[axis] >= 0 && at - first[axis] + box[axis] <= tomogram.shape[axis];
  blank(
    scored,
    shape,
    (z, y, x) => isInside(z + from[0], 0) && isInside(y + from[1], 1) && isInside(x + from[2], 2),
  );
}

/** Windows of which too much is empty. */
function blankUncovered(
  scored: ScoredBlock,
  {
    values,
    shape,
    box,
    minCoverage,
  }: { values: Float32Array; shape: Shape3; box: Shape3; minCoverage: number },
): void {
  const [, height, width] = shape;
  const middle = box.map((side) => Math.floor((side - 1) / 2));
  const filled = boxSums(
    Float64Array.from(values, (value) => (value === 0 ? 0 : 1)),
    shape,
    box,
  );
  const least = minCoverage * elementCount(box);
  blank(scored, shape, (z, y, x) => {
    const [z0, y0, x0] = [z - middle[0], y - middle[1], x - middle[2]];
    return z0 >= 0 && y0 >= 0 && x0 >= 0 && filled[(z0 * height + y0) * width + x0] >= least;
  });
}

function blank(
  { scores }: ScoredBlock,
  [depth, height, width]: Shape3,
  keep: (z: number, y: number, x: number) => boolean,
): void {
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, at++) if (!keep(z, y, x)) scores[at] = Number.NEGATIVE_INFINITY;
}

function searchMask(within: NumberArray | undefined, { shape }: Tomogram) {
  if (within === undefined) return undefined;
  if (within.shape.length !== 3 || within.shape.some((side, axis) => side !== shape[axis]))
    throw new VitrineError({
      code: "shape",
      at: "within",
      expected: `the tomogram's ${shape.join(" x ")}`,
      found: within.shape.join(" x "),
    });
  const [, height, width] = shape;
  return (z: number, y: number, x: number) =>
    z >= 0 &&
    y >= 0 &&
    x >= 0 &&
    z < shape[0] &&
    y < height &&
    x < width &&
    within.data[(z * height + y) * width + x] !== 0;
}

function inputOf(image: TomogramInput, { scale }: PickOptions) {
  const tomogram = toTomogram(image);
  return { tomogram, scale: requireScale(scale ?? tomogram.scale, tomogram.name) };
}

/** A Gaussian in voxels. @throws {VitrineError} range: not above 0, or wider than the tomogram */
function sigmaPx(
  sigma: number,
  at: string,
  { tomogram, scale, onLog }: { tomogram: Tomogram; scale: number; onLog: PickOptions["onLog"] },
): number {
  const px = positive(sigma, at) / scale;
  const longest = Math.max(...tomogram.shape);
  if (px > longest / 2) {
    const expected = `at most half of the tomogram's longest side, ${((longest * scale) / 2).toPrecision(4)} nm`;
    throw new VitrineError({ code: "range", at, expected, found: `${sigma} nm` });
  }
  if (px < SMALLEST_SIGMA)
    onLog?.(
      `${at} of ${sigma} nm is ${px.toPrecision(2)} voxels: single voxels, and noise, are picked`,
      "warning",
    );
  return px;
}

/** Voxels: narrower Gaussians do not join a voxel with the next. */
const SMALLEST_SIGMA = 0.3;

function requireShare(value: number): number {
  if (value >= 0 && value <= 1) return value;
  const at = "pickTemplate minCoverage";
  throw new VitrineError({ code: "range", at, expected: "a share from 0 to 1", found: `${value}` });
}

function positive(value: number, at: string): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new VitrineError({ code: "range", at, expected: "a number above 0, nm", found: `${value}` });
}

function requireFits(box: Shape3, { name, shape }: Tomogram): void {
  if (box.every((side, axis) => side <= shape[axis])) return;
  const expected = `at most the tomogram's ${shape.join(" x ")} voxels`;
  throw new VitrineError({ code: "shape", at: `template for ${name}`, expected, found: box.join(" x ") });
}

function requireContrast(norms: readonly number[]): void {
  if (norms.every((norm) => norm > 0)) return;
  throw new VitrineError({
    code: "range",
    at: "template",
    expected: "more than one value",
    found: "one value everywhere",
  });
}
