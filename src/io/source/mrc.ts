import type { PixelType } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { JsonObject, JsonValue } from "../dataset/dataset.ts";
import { openUnpacked } from "../gzip.ts";
import {
  checkMrcSize,
  knownMrcStatistics,
  MRC_HEADER_BYTES,
  type MrcHeader,
  mrcDataOffset,
  mrcOddities,
  mrcRowBytes,
  parseMrcHeader,
} from "../mrc.ts";
import { zyxShape } from "../mrcAxes.ts";
import { sourceAxis } from "./axes.ts";
import type { SourceFacts } from "./chunked.ts";
import { type RawLayout, rawSource } from "./raw.ts";
import type { ImageSource } from "./source.ts";

/** Types that hold the values of each mode exactly; complex values have none. */
const TYPES: Readonly<Record<MrcHeader["mode"], PixelType | undefined>> = {
  0: "int8",
  1: "int16",
  2: "float32",
  4: undefined,
  6: "uint16",
  12: "float32",
  101: "uint8",
};

/** Places that differ by less, in pixels, are the same: headers round them. */
const SAME_PLACE = 0.01;

/**
 * An MRC file as a source: a volume (z, y, x), a stack of images (time, y, x), a stack of volumes (time, z, y, x), an image
 * (y, x), whichever way its columns, rows and sections run. Lengths are in Å. A box is read by its rows, so that a small one of a
 * large tomogram costs little.
 *
 * @throws {VitrineError} unsupported: complex values; and the errors of `openMrc`
 */
export async function openMrcSource(path: string): Promise<ImageSource> {
  const file = await openUnpacked(path);
  try {
    const header = parseMrcHeader(await file.read(0, Math.min(file.size, MRC_HEADER_BYTES)), file.name);
    checkMrcSize(header, file.size, file.name);
    const dtype = header.unsignedBytes ? "uint8" : TYPES[header.mode];
    if (dtype === undefined) throw complexValues(file.name);
    const warnings = [...(file.warning ? [file.warning] : []), ...mrcOddities(header, file.size)];
    const facts = factsOf(header, { name: file.name, dtype, warnings });
    return rawSource(facts, {
      file,
      offset: mrcDataOffset(header),
      strides: stridesOf(header, facts),
      storage: STORAGE[header.mode] ?? "plain",
      bigEndian: header.bigEndian,
    });
  } catch (error) {
    await file.close();
    throw error;
  }
}

const STORAGE: Readonly<Record<number, RawLayout["storage"]>> = { 12: "half", 101: "nibble" };

interface Told {
  readonly name: string;
  readonly dtype: PixelType;
  readonly warnings: string[];
}

function factsOf(header: MrcHeader, { name, dtype, warnings }: Told): SourceFacts {
  const [sections, rows, columns] = zyxShape(header);
  const depth = volumeDepth(header, warnings);
  const names = outerNames(header, depth);
  const outer = names.length === 2 ? [sections / depth, depth] : names.map(() => sections);
  const shape = [...outer, rows, columns];
  const axes = [...names, "y", "x"];
  const sizeA = (axis: string) => header.voxelSizeA[XYZ.indexOf(axis)] ?? 0;
  const at = firstVoxel(header, warnings);
  return {
    name,
    axes: axes.map((axis) => sourceAxis(axis, { unit: sizeA(axis) > 0 ? "angstrom" : undefined })),
    dtype,
    levels: [
      {
        shape,
        chunkShape: chunkShape(header, shape),
        scale: axes.map((axis) => sizeA(axis) || 1),
        translation: axes.map((axis) => at[XYZ.indexOf(axis)] ?? 0),
      },
    ],
    channels: [],
    isLabels: false,
    metadata: metadataOf(header),
    warnings,
  };
}

/** Names of the axes in the order of the header's numbers. */
const XYZ = ["x", "y", "z"];

/** Sections of one volume of a stack of volumes; of all others, all of them. */
function volumeDepth(header: MrcHeader, warnings: string[]): number {
  const [sections] = zyxShape(header);
  if (header.kind !== "volumeStack") return sections;
  const depth = header.sampling[2];
  if (depth > 0 && sections % depth === 0 && header.axes[2] === 3) return depth;
  warnings.push(
    `header.ispg ${header.spaceGroup} says a stack of volumes, but ${sections} sections are no whole number of volumes of ` +
      `header.mz ${depth} sections: read as one volume`,
  );
  return sections;
}

function outerNames({ kind, ...header }: MrcHeader, depth: number): string[] {
  const [sections] = zyxShape(header);
  if (kind === "volumeStack") return depth === sections ? ["z"] : ["time", "z"];
  if (kind === "volume") return ["z"];
  return kind === "image" && sections === 1 ? [] : ["time"];
}

/** A section of the file, in whichever direction it lies. */
function chunkShape({ axes }: MrcHeader, shape: readonly number[]): number[] {
  const slowest = shape.length === 2 ? -1 : shape.length - axes[2];
  return shape.map((length, axis) => (axis === slowest || axis < shape.length - 3 ? 1 : length));
}

function stridesOf(header: MrcHeader, { levels }: SourceFacts): number[] {
  const { shape } = levels[0];
  const rowBytes = mrcRowBytes(header);
  const size = header.mode === 101 ? 0.5 : rowBytes / header.shape[2];
  const steps = [size, rowBytes, rowBytes * header.shape[1]];
  const along = (axis: number) => steps[header.axes.indexOf(axis)];
  const planes = shape.length === 4 ? [along(3) * shape[1], along(3)] : [along(3)];
  return shape.length === 2 ? [along(2), along(1)] : [...planes, along(2), along(1)];
}

/** Place of the first voxel in Å along x, y, z: the origin, else where the map begins in its cell. */
function firstVoxel(header: MrcHeader, warnings: string[]): number[] {
  const started = inXyz(header, header.start).map((start, i) => start * header.voxelSizeA[i]);
  const origin = header.originA.map((place) => (Number.isFinite(place) ? place : 0));
  if (origin.every((place) => place === 0)) return started;
  const differ = started.some(
    (place, i) => Math.abs(place - origin[i]) > SAME_PLACE * (header.voxelSizeA[i] || 1),
  );
  if (differ && started.some((place) => place !== 0))
    warnings.push(
      `header.origin (${origin.join(", ")} Å) and header.nxstart, nystart, nzstart (${started.join(", ")} Å) differ: the ` +
        "origin was taken",
    );
  return origin;
}

function metadataOf(header: MrcHeader): JsonObject {
  const { labels, spaceGroup, cellAnglesDeg, extendedType, statistics } = header;
  const finite = (value: number): JsonValue => (Number.isFinite(value) ? value : null);
  return {
    labels,
    spaceGroup,
    cellAnglesDeg: cellAnglesDeg.map(finite),
    // as stored, so that another MRC file gets both
    start: inXyz(header, header.start),
    originA: header.originA.map(finite),
    ...(extendedType !== "" && { extendedType }),
    statistics: { ...knownMrcStatistics(statistics) },
  };
}

/** Numbers of columns, rows and sections along x, y, z. */
function inXyz({ axes }: MrcHeader, values: readonly number[]): number[] {
  return [1, 2, 3].map((axis) => values[axes.indexOf(axis)]);
}

function complexValues(at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `${at} header.mode`,
    expected: "real values",
    found: "4 (complex)",
    hint: "It is a Fourier transform: give the image or map itself",
  });
}
