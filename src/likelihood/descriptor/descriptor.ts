import { VitrineError } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { createPolarGrid, type PolarGrid } from "../grid/polarGrid.ts";
import { type ViewingAngles, viewingAnglesFromDistance } from "../grid/viewingAngles.ts";
import type { Precision } from "../precision.ts";
import { parseAtomSelection } from "../templates/selection.ts";

/** What an atom looks like; `default` is a hard sphere. */
export type AtomShape = "gaussian" | "hard-sphere" | "default";

/** A number of each axis: x (axis 0 of images) and y. */
export type Xy = readonly [x: number, y: number];

/** What images and templates must agree in, and how templates are made: the content of `parameters.npz`. */
export interface ImageDescriptor {
  readonly nPixels: Xy;
  readonly pixelSizeA: Xy;
  /** nPixels · pixelSizeA. */
  readonly boxSizeA: Xy;
  readonly precision: Precision;
  readonly polarGrid: PolarGrid;
  readonly viewingAngles: ViewingAngles;
  /** What the viewing angles follow from; null where they are a list, which no file holds. */
  readonly viewingDistance: number | null;
  /** Å, of every atom; null takes those of residues. */
  readonly atomRadiiA: number | null;
  /** Which atoms of a structure; null takes all. */
  readonly atomSelection: string | null;
  /** Take the CA atoms with the radius of their residue, whatever radii and selection say. */
  readonly useProteinResidueModel: boolean;
  readonly atomShape: AtomShape;
}

/** What may be left out of a descriptor. */
export interface IndividualValues {
  /** Default single. */
  readonly precision?: Precision;
  /** 1 (default): up to the Nyquist frequency. */
  readonly resolutionFactor?: number;
  /** Default 1 / 4π / resolutionFactor. */
  readonly viewingDistance?: number;
  /** Instead of a distance. */
  readonly viewingAngles?: ViewingAngles;
  /** Default 2 · nPixels; even. */
  readonly nInplanes?: number;
  readonly atomRadiiA?: number | null;
  /** Default `name CA`. */
  readonly atomSelection?: string | null;
  /** Default true. */
  readonly useProteinResidueModel?: boolean;
  /** Default gaussian. */
  readonly atomShape?: AtomShape;
}

/** Distance of shells: a quarter cycle per half box. */
const DIST_RADII = 0.25;

/**
 * The descriptor of square images, with what CryoLike's `from_individual_values` takes by default.
 *
 * @throws {VitrineError} range: numbers that are not above 0, counts that are not whole or an odd `nInplanes`; format: an unknown option, or a selection that cannot be read
 *
 * @example
 * const descriptor = fromIndividualValues(128, 1.5, { resolutionFactor: 0.8, viewingDistance: 0.2 });
 */
export function fromIndividualValues(
  nPixels: number,
  pixelSizeA: number,
  values: IndividualValues = {},
): ImageDescriptor {
  requireKnownOptions("fromIndividualValues", values, KEYS);
  const { resolutionFactor = 1, viewingDistance, viewingAngles, nInplanes = 2 * nPixels } = values;
  if (viewingDistance !== undefined && viewingAngles !== undefined)
    throw new VitrineError({
      code: "range",
      at: "fromIndividualValues viewingAngles",
      expected: "either viewing angles or a viewing distance",
      found: "both",
    });
  requireAbove("resolutionFactor", resolutionFactor);
  if (typeof values.atomSelection === "string") parseAtomSelection(values.atomSelection);
  const distance = viewingDistance ?? 1 / (4 * Math.PI) / resolutionFactor;
  return createDescriptor({
    nPixels: [nPixels, nPixels],
    pixelSizeA: [pixelSizeA, pixelSizeA],
    precision: values.precision ?? "single",
    radiusMax: resolutionFactor * nPixels * 0.25,
    distRadii: DIST_RADII,
    nInplanes,
    ...(viewingAngles === undefined ? { viewingDistance: distance } : { viewingAngles }),
    atomRadiiA: values.atomRadiiA ?? null,
    atomSelection: values.atomSelection === undefined ? "name CA" : values.atomSelection,
    useProteinResidueModel: values.useProteinResidueModel ?? true,
    atomShape: values.atomShape ?? "gaussian",
  });
}

const KEYS = {
  precision: true,
  resolutionFactor: true,
  viewingDistance: true,
  viewingAngles: true,
  nInplanes: true,
  atomRadiiA: true,
  atomSelection: true,
  useProteinResidueModel: true,
  atomShape: true,
} as const;

/** The values of a descriptor's file. */
export interface DescriptorValues
  extends Omit<ImageDescriptor, "boxSizeA" | "polarGrid" | "viewingAngles" | "viewingDistance"> {
  readonly radiusMax: number;
  readonly distRadii: number;
  readonly nInplanes: number;
  readonly viewingDistance?: number;
  readonly viewingAngles?: ViewingAngles;
}

/** A descriptor with its grids. @throws {VitrineError} range: sizes, counts or distances that cannot be */
export function createDescriptor({
  radiusMax,
  distRadii,
  nInplanes,
  viewingDistance,
  viewingAngles,
  ...values
}: DescriptorValues): ImageDescriptor {
  const { nPixels, pixelSizeA, atomRadiiA } = values;
  for (const size of pixelSizeA) requireAbove("pixelSizeA", size);
  for (const count of nPixels) requireWhole("nPixels", count);
  requireWhole("nInplanes", nInplanes);
  if (atomRadiiA !== null) requireAbove("atomRadiiA", atomRadiiA);
  if (nInplanes % 2 !== 0)
    throw wrong("nInplanes", "an even number: opposite points of an image are conjugate", `${nInplanes}`);
  return {
    ...values,
    boxSizeA: [nPixels[0] * pixelSizeA[0], nPixels[1] * pixelSizeA[1]],
    polarGrid: createPolarGrid({ radiusMax, distRadii, nInplanes }),
    viewingAngles: viewingAngles ?? viewingAnglesFromDistance(viewingDistance ?? Number.NaN),
    viewingDistance: viewingAngles === undefined ? (viewingDistance ?? null) : null,
  };
}

/** The same descriptor of images with another pixel size. @throws {VitrineError} range: not above 0 */
export function withPixelSize(descriptor: ImageDescriptor, pixelSizeA: Xy): ImageDescriptor {
  for (const size of pixelSizeA) requireAbove("pixelSizeA", size);
  const { nPixels } = descriptor;
  return { ...descriptor, pixelSizeA, boxSizeA: [nPixels[0] * pixelSizeA[0], nPixels[1] * pixelSizeA[1]] };
}

/** In what two descriptors differ that images and templates must agree in; nothing where they may be compared. */
export function incompatibilities(one: ImageDescriptor, other: ImageDescriptor): string[] {
  const pairs: readonly (readonly [name: string, ...values: (number | Xy)[]])[] = [
    ["radius_max", one.polarGrid.radiusMax, other.polarGrid.radiusMax],
    ["dist_radii", one.polarGrid.distRadii, other.polarGrid.distRadii],
    ["n_inplanes", one.polarGrid.nInplanes, other.polarGrid.nInplanes],
    ["n_pixels", one.nPixels, other.nPixels],
    ["pixel_size", one.pixelSizeA, other.pixelSizeA],
  ];
  return pairs.filter(([, a, b]) => `${a}` !== `${b}`).map(([name, a, b]) => `${name} ${a} and ${b}`);
}

/** Whether images of the one descriptor may be compared with templates of the other: exactly the same grids, pixels and pixel sizes. */
export function isCompatibleWith(one: ImageDescriptor, other: ImageDescriptor): boolean {
  return incompatibilities(one, other).length === 0;
}

function requireAbove(name: string, value: number): void {
  if (value > 0 && Number.isFinite(value)) return;
  throw wrong(name, "a number above 0", `${value}`);
}

function requireWhole(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return;
  throw wrong(name, "a whole number above 0", `${value}`);
}

function wrong(name: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "range", at: `image descriptor ${name}`, expected, found });
}
