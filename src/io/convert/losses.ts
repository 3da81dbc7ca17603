import type { ImageCollection, ImageSource } from "../source/source.ts";
import { placeOf, startIn, stepIn } from "./geometry.ts";
import type { ConvertFormat, ConvertOptions } from "./options.ts";
import { outerAxes } from "./pieces.ts";
import { OME_FIELDS } from "./toOmeTiff.ts";

/** What a format can hold of an image besides its values. */
interface Holds {
  /** Names of axes before `y`; all where left out. */
  readonly axes?: readonly string[];
  /** Values of axes that are no indices: times, names of positions. */
  readonly values?: true;
  readonly channelNames?: true;
  readonly channelColors?: true;
  readonly pixelSize?: true;
  /** Pixels that are no squares. */
  readonly pixelRatio?: true;
  readonly zStep?: true;
  readonly timeStep?: true;
  readonly origin?: true;
  readonly levels?: true;
}

const SIZES = { pixelSize: true, pixelRatio: true, zStep: true } as const;

const HOLDS: Readonly<Record<Exclude<ConvertFormat, "png">, Holds>> = {
  mrc: { axes: ["time", "z"], ...SIZES, origin: true },
  npy: { axes: [] },
  tiff: { axes: [], pixelSize: true },
  "ome-tiff": {
    axes: ["time", "channel", "z"],
    channelNames: true,
    channelColors: true,
    ...SIZES,
    timeStep: true,
    origin: true,
    levels: true,
  },
  ndtiff: { values: true, channelNames: true, pixelSize: true, zStep: true, timeStep: true },
  "ome-zarr": {
    axes: ["time", "channel", "z"],
    channelNames: true,
    channelColors: true,
    ...SIZES,
    timeStep: true,
    origin: true,
    levels: true,
  },
};

const NAMES: Readonly<Record<ConvertFormat, string>> = {
  mrc: "MRC",
  npy: ".npy",
  tiff: "TIFF",
  "ome-tiff": "OME-TIFF",
  ndtiff: "NDTiff",
  "ome-zarr": "OME-Zarr",
  png: "PNG",
};

/** What is left out of a file that holds several images. */
export function imagesLeftOut(
  collection: ImageCollection,
  { image }: Pick<ConvertOptions, "image">,
): string[] {
  const { name, images, labels, wells = [] } = collection;
  const well = wells.find(({ fields }) => fields.length > 1);
  const orWell =
    well === undefined ? "" : `, or a well with all its fields (--image ${JSON.stringify(well.image)})`;
  const lines: string[] = [];
  if (image === undefined && images.length > 1)
    lines.push(
      `${name}: the first of ${images.length} images is taken, ${JSON.stringify(images[0])}; image (--image NAME) chooses another of ${few(images)}${orWell}`,
    );
  if (labels.length > 0 && !labels.includes(image ?? ""))
    lines.push(`${name}: labels are left out: ${few(labels)}; image (--image ${labels[0]}) takes one`);
  return lines;
}

/** What of an image the format cannot hold, a line each with what keeps it. */
export function leftOut(source: ImageSource, to: string, format: Exclude<ConvertFormat, "png">): string[] {
  const holds = HOLDS[format];
  const facts: readonly Loss[] = [
    axesLost(source, holds),
    [
      holds.values === undefined && valuesOf(source).length > 0,
      `values of ${few(valuesOf(source))}`,
      ["ndtiff"],
    ],
    [
      holds.channelNames === undefined && source.channels.some(({ name }) => name !== undefined),
      `names of channels (${few(source.channels.map(({ name = "?" }) => name))})`,
      ["ome-zarr", "ome-tiff"],
    ],
    [
      holds.channelColors === undefined && source.channels.some(({ color }) => color !== undefined),
      "colours of channels",
      ["ome-zarr", "ome-tiff"],
    ],
    ...sizesLost(source, holds),
    [
      format === "ome-zarr" && placeOf(source, "sample") >= 0,
      "colours of a pixel: they become channels",
      ["tiff", "npy"],
    ],
    [source.isLabels, "the fact that values are names of objects", []],
    metadataLost(source, format),
  ];
  const lines = facts.flatMap(([isLost, what, keepers]) =>
    isLost ? [`${to}: ${NAMES[format]} has no place for ${what}${keptBy(keepers)}`] : [],
  );
  const { length } = source.levels;
  if (holds.levels === undefined && length > 1)
    lines.push(`${to}: ${length - 1} lower levels are left out; level (--level N) writes one of them`);
  return lines;
}

type Loss = readonly [isLost: boolean, what: string, keepers: readonly ConvertFormat[]];

function axesLost(source: ImageSource, { axes }: Holds): Loss {
  const outer = outerAxes(source);
  const lost = axes === undefined ? [] : outer.filter((name) => !axes.includes(name));
  return [lost.length > 0, `the names of axes (${lost.join(", ")})`, ["ome-zarr", "ndtiff"]];
}

/** Axes before `y`, but for channels, whose values are no indices from 0. */
function valuesOf({ axes }: ImageSource): string[] {
  const isNumbered = (values: readonly (number | string)[]) => values.every((value, i) => value === i);
  return axes.flatMap(({ name, values }) =>
    values !== undefined && name !== "channel" && !isNumbered(values) ? [name] : [],
  );
}

function sizesLost(source: ImageSource, holds: Holds): Loss[] {
  const [x, y, z] = ["x", "y", "z"].map((name) => stepIn(source, name, "micrometer"));
  const t = stepIn(source, "time", "second");
  const starts = ["x", "y", "z"].map((name) => startIn(source, name, "micrometer") ?? 0);
  const keepers = ["ome-zarr", "ome-tiff"] as const;
  return [
    [holds.pixelSize === undefined && x !== undefined, `the size of a pixel (${text(x)} µm)`, keepers],
    [
      holds.pixelSize !== undefined && holds.pixelRatio === undefined && x !== y && y !== undefined,
      `pixels that are no squares (${text(x)} x ${text(y)} µm)`,
      ["mrc", ...keepers],
    ],
    [holds.zStep === undefined && z !== undefined, `the step along z (${text(z)} µm)`, ["mrc", ...keepers]],
    [holds.timeStep === undefined && t !== undefined, `the time between images (${text(t)} s)`, keepers],
    [
      holds.origin === undefined && starts.some((start) => start !== 0),
      `the place of the first pixel (${starts.map(text).join(", ")} µm along x, y, z)`,
      ["mrc", ...keepers],
    ],
  ];
}

/** Fields of MRC, OME-Zarr, OME-XML and Micro-Manager that say nothing of the image, or that its axes and channels tell already. */
const UNTOLD = [
  ...["statistics", "spaceGroup", "cellAnglesDeg", "start", "originA"],
  ...["version", "multiscales", "omero", "Name"],
  ...["PixelSize_um", "PixelSizeUm", "z-step_um", "Interval_ms", "ChNames"],
];

/** Keys of metadata; MRC takes its own back. */
function metadataLost({ metadata }: ImageSource, format: ConvertFormat): Loss {
  const own = (key: string) =>
    UNTOLD.includes(key) ||
    (key === "labels" && format === "mrc") ||
    (OME_FIELDS.includes(key) && format === "ome-tiff");
  const isOurs = (value: unknown) => Array.isArray(value) && value.join() === "Written by Vitrine";
  const lost = Object.entries(metadata).flatMap(([key, value]) => (own(key) || isOurs(value) ? [] : [key]));
  return [lost.length > 0, `further metadata (${few(lost)})`, []];
}

function keptBy(keepers: readonly ConvertFormat[]): string {
  return keepers.length === 0 ? "" : `; format (--format) ${keepers.join(" or ")} keeps it`;
}

function few(names: readonly string[]): string {
  return names.length > 6 ? `${names.slice(0, 6).join(", ")} and ${names.length - 6} more` : names.join(", ");
}

function text(value: number | undefined): string {
  return value === undefined ? "not known" : String(Number(value.toPrecision(6)));
}
