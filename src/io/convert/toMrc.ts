import { openWritable, removeFile, renameFile } from "#files";
import type { PixelType } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import { bytesOf, HOST_IS_LITTLE_ENDIAN } from "../byteOrder.ts";
import { formatMrcHeader, MRC_HEADER_BYTES, type MrcHeader, type MrcMode, type Xyz } from "../mrc.ts";
import type { ImageSource } from "../source/source.ts";
import { startIn, stepIn } from "./geometry.ts";
import { outerAxes, piecesOf, type WalkOptions } from "./pieces.ts";
import { RunningStatistics } from "./statistics.ts";

/** Modes that hold the values of a type exactly; the other types have none. */
const MODES: Readonly<Partial<Record<PixelType, MrcMode>>> = {
  int8: 0,
  int16: 1,
  float32: 2,
  uint8: 6,
  uint16: 6,
};

const OWN_LABEL = "Written by Vitrine";
const MOST_LABELS = 10;
/** The first space group that says a stack of volumes. */
const VOLUME_STACK = 401;
const XYZ = ["x", "y", "z"] as const;

/**
 * Writes an image as MRC2014, piece by piece, whole or not at all: a volume where `z` is its only axis before `y`, a stack of
 * volumes where `z` is the last of several, else a stack of images. Voxel sizes, origin and, of an MRC file, its start,
 * space group, cell angles and labels are kept.
 *
 * @throws {VitrineError} unsupported: colours, or a type that no mode holds; range: more sections than the header counts; storage
 */
export async function writeMrcSource(source: ImageSource, path: string, options: WalkOptions): Promise<void> {
  const mode = modeOf(source, path);
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const file = await openWritable(temporary, { create: true });
  try {
    const statistics = new RunningStatistics();
    let position = MRC_HEADER_BYTES;
    for await (const { data } of piecesOf(source, options)) {
      statistics.add(data);
      const bytes = bytesOf(source.dtype === "uint8" ? Uint16Array.from(data) : data);
      await file.write([bytes], position);
      position += bytes.length;
    }
    await file.write([formatMrcHeader(mrcHeaderOf(source, { mode, path, statistics }))], 0);
    await file.sync();
    await file.close();
    await renameFile(temporary, path);
  } catch (error) {
    await file.close();
    await removeFile(temporary);
    throw error;
  }
}

function modeOf({ dtype, axes }: ImageSource, at: string): MrcMode {
  const mode = MODES[dtype];
  const isColour = axes.some(({ name }) => name === "sample");
  if (mode !== undefined && !isColour) return mode;
  throw new VitrineError({
    code: "unsupported",
    at,
    expected: `grey values of ${Object.keys(MODES).join(", ")}`,
    found: `${dtype}${isColour ? " in colour" : ""}`,
    hint: "Write .npy or .zarr instead, which hold every type",
  });
}

function mrcHeaderOf(
  source: ImageSource,
  { mode, path, statistics }: { mode: MrcMode; path: string; statistics: RunningStatistics },
): MrcHeader {
  const [{ shape }] = source.levels;
  const [rows, columns] = shape.slice(-2);
  const outer = outerAxes(source);
  const sections = shape.slice(0, -2).reduce((product, side) => product * side, 1);
  if (sections >= 2 ** 31) throw tooMany(path, sections);
  const kind = mrcKind(outer, shape);
  const depth = kind === "stack" || kind === "image" ? 1 : shape[outer.length - 1];
  const sampling: Xyz = [columns, rows, depth];
  const voxelSizeA = voxelSizeOf(source);
  const own = ownFields(source);
  return {
    shape: [sections, rows, columns],
    mode,
    bigEndian: !HOST_IS_LITTLE_ENDIAN,
    unsignedBytes: false,
    kind,
    spaceGroup: kind === "volumeStack" ? VOLUME_STACK : kind === "volume" ? own.spaceGroup : 0,
    start: own.start,
    sampling,
    cellA: [sampling[0] * voxelSizeA[0], sampling[1] * voxelSizeA[1], sampling[2] * voxelSizeA[2]],
    cellAnglesDeg: own.cellAnglesDeg,
    voxelSizeA,
    axes: [1, 2, 3],
    originA: own.originA ?? originOf(source),
    statistics: statistics.result(),
    extendedType: "",
    extendedBytes: 0,
    labels: own.labels,
  };
}

function mrcKind(outer: readonly string[], shape: readonly number[]): MrcHeader["kind"] {
  if (outer.length === 0) return "image";
  if (outer.at(-1) !== "z") return "stack";
  // a stack of one volume is read as that volume
  return shape.slice(0, outer.length - 1).every((side) => side === 1) ? "volume" : "volumeStack";
}

/** 0 where it is not known; of a depth whose step is not known it is the width's, as a cell must have a depth. */
function voxelSizeOf(source: ImageSource): Xyz {
  const [x = 0, y = x, z = x] = XYZ.map((name) => stepIn(source, name, "angstrom"));
  return [x, y, z];
}

function originOf(source: ImageSource): Xyz {
  const [x = 0, y = 0, z = 0] = XYZ.map((name) => startIn(source, name, "angstrom"));
  return [x, y, z];
}

interface OwnFields extends Pick<MrcHeader, "start" | "spaceGroup" | "cellAnglesDeg" | "labels"> {
  readonly originA?: Xyz;
}

/** What an MRC file says that no other format has. */
function ownFields({ metadata }: ImageSource): OwnFields {
  const triple = (value: unknown): Xyz | undefined => {
    if (!Array.isArray(value) || value.length !== 3 || !value.every(Number.isFinite)) return undefined;
    return [value[0], value[1], value[2]];
  };
  const { spaceGroup, labels } = metadata;
  const texts = Array.isArray(labels) ? labels.filter((label) => typeof label === "string") : [];
  const others = texts.filter((label) => label.trim() !== "" && label !== OWN_LABEL);
  const originA = triple(metadata.originA);
  return {
    start: triple(metadata.start) ?? [0, 0, 0],
    spaceGroup:
      typeof spaceGroup === "number" && spaceGroup > 0 && spaceGroup < VOLUME_STACK ? spaceGroup : 1,
    cellAnglesDeg: triple(metadata.cellAnglesDeg) ?? [90, 90, 90],
    labels: [...others.slice(0, MOST_LABELS - 1), OWN_LABEL],
    ...(originA !== undefined && { originA }),
  };
}

function tooMany(at: string, sections: number): VitrineError {
  return new VitrineError({ code: "range", at, expected: "fewer than 2^31 sections", found: `${sections}` });
}
