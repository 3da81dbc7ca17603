import { type Image, type Shape3, VitrineError, type Volume } from "../core/index.ts";
import { bytesOf } from "./byteOrder.ts";
import { allocate, type FileSource, type RandomAccessFile } from "./files.ts";
import { openUnpacked } from "./gzip.ts";
import {
  checkMrcSize,
  isOblique,
  MRC_HEADER_BYTES,
  type MrcHeader,
  mrcOddities,
  parseMrcHeader,
  type Xyz,
} from "./mrc.ts";
import { toZyx, zyxShape } from "./mrcAxes.ts";
import {
  decodeMrcRows,
  isFloatMode,
  mrcSectionLength,
  rowBlocks,
  stagingBytes,
  toHostOrder,
} from "./mrcValues.ts";
import { refuseOtherKind } from "./notMrc.ts";
import { stackTaken } from "./source/volumeAxes.ts";

/** Old headers round their cells; a difference up to this is taken for that. */
const LARGEST_SIDE_DIFFERENCE = 0.01;

/** An open MRC file, whose sections are read as they are needed. Whoever opened it closes it. */
export interface MrcFile {
  /** How messages call the file. */
  readonly name: string;
  readonly header: MrcHeader;
  /** Of the file, unpacked. */
  readonly bytes: number;
  /**
   * Reads sections `first` to `first + count - 1`, as they are stored.
   *
   * @param into  where the values go, exactly as long as the result (it may lie in shared memory); without it a new array
   * @returns     (count, rows, columns) values; mode 4 gives real and imaginary part in turn, so twice as many
   * @throws {VitrineError} range: no such sections, or more than memory holds; shape: `into` of another length;
   *   format: the file became shorter
   */
  readSections(first: number, count: number, into?: Float32Array): Promise<Float32Array>;
  /** The extended header as it is; its kind is `header.extendedType`. */
  readExtendedHeader(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/**
 * Opens an MRC file and reads its header.
 *
 * @throws {VitrineError} missing, storage: the file; format: no MRC header, or a file shorter than its header promises
 */
export async function openMrc(source: FileSource): Promise<MrcFile> {
  const file = await openUnpacked(source);
  try {
    const head = await file.read(0, Math.min(file.size, MRC_HEADER_BYTES));
    refuseOtherKind(head, file.name);
    const header = parseMrcHeader(head, file.name);
    checkMrcSize(header, file.size, file.name);
    return mrcFile(file, header);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/**
 * Reads an MRC file that holds one section: an image, or a stack or volume of one.
 *
 * @returns  (y, x) image; `pixelSizeA` is that of x, 0 where the file does not say
 * @throws {VitrineError} shape: several sections; unsupported: complex values, or pixels whose sides differ by more than
 *   1 % (less is the rounding of old headers); and the errors of {@link openMrc}
 */
export async function readMrcImage(source: FileSource): Promise<Image> {
  const { data, shape, voxelSizeA } = await readWhole(source, ({ header, name }) => checkImage(header, name));
  return { data, shape: [shape[1], shape[2]], pixelSizeA: voxelSizeA[0] };
}

/**
 * Reads an MRC file as one volume. A stack of images is read as the volume of its sections: many programs write volumes
 * without saying so. Files whose axes are in another order are brought to (z, y, x).
 *
 * @param onWarning  hears what {@link checkMrcVolume} gives
 * @returns  (z, y, x) map; `voxelSizeA` is that of x, 0 where the file does not say
 * @throws {VitrineError} shape: a stack of several volumes; unsupported: complex values, or voxels whose sides differ by
 *   more than 1 % (less is the rounding of old headers); and the errors of {@link openMrc}
 */
export async function readMrcVolume(
  source: FileSource,
  onWarning: (message: string) => void = () => {},
): Promise<Volume> {
  const { data, shape, voxelSizeA } = await readWhole(source, (file) => {
    checkMrcVolume(file).forEach(onWarning);
  });
  return { data, shape, voxelSizeA: voxelSizeA[0] };
}

function mrcFile(file: RandomAccessFile, header: MrcHeader): MrcFile {
  return {
    name: file.name,
    header,
    bytes: file.size,
    async readSections(first, count, into) {
      checkSections(header.shape[0], first, { count, at: file.name });
      const target = sectionTarget(header, count, { into, at: file.name });
      await (isFloatMode(header.mode) ? readFloats : readDecoded)(file, header, { first, count, target });
      return target;
    },
    readExtendedHeader: () => file.read(MRC_HEADER_BYTES, header.extendedBytes),
    close: () => file.close(),
  };
}

interface Part {
  readonly first: number;
  readonly count: number;
  readonly target: Float32Array;
}

/** Float values need no buffer between: they are read where they belong and swapped there if need be. */
async function readFloats(
  file: RandomAccessFile,
  header: MrcHeader,
  { first, count, target }: Part,
): Promise<void> {
  for (const block of rowBlocks(header, first, count)) {
    const bytes = bytesOf(target.subarray(block.from, block.to));
    await file.read(block.offset, block.bytes, bytes);
    toHostOrder(bytes, header);
  }
}

async function readDecoded(
  file: RandomAccessFile,
  header: MrcHeader,
  { first, count, target }: Part,
): Promise<void> {
  const staging = new Uint8Array(stagingBytes(header, count));
  for (const block of rowBlocks(header, first, count)) {
    const bytes = await file.read(block.offset, block.bytes, staging);
    decodeMrcRows(bytes, header, target.subarray(block.from, block.to));
  }
}

function checkSections(sections: number, first: number, { count, at }: { count: number; at: string }): void {
  const whole = Number.isInteger(first) && Number.isInteger(count);
  if (whole && first >= 0 && count >= 1 && first + count <= sections) return;
  throw new VitrineError({
    code: "range",
    at: `${at} readSections(${first}, ${count})`,
    expected: `sections within 0..${sections - 1}`,
    found: `${first}..${first + count - 1}`,
  });
}

function sectionTarget(
  header: MrcHeader,
  count: number,
  { into, at }: { into: Float32Array | undefined; at: string },
): Float32Array {
  const length = count * mrcSectionLength(header);
  if (into === undefined) return allocate(() => new Float32Array(length), length * 4, at);
  if (into.length === length) return into;
  throw new VitrineError({
    code: "shape",
    at: `${at} into`,
    expected: `${length} values`,
    found: `${into.length}`,
  });
}

/** What tells whether a file is one volume. */
type MrcVolumeFile = Pick<MrcFile, "header" | "name" | "bytes">;

interface Whole {
  readonly data: Float32Array;
  readonly shape: Shape3;
  readonly voxelSizeA: Xyz;
}

async function readWhole(source: FileSource, check: (file: MrcFile) => void): Promise<Whole> {
  const file = await openMrc(source);
  try {
    const { header, name } = file;
    checkReal(header, name);
    check(file);
    const stored = await file.readSections(0, header.shape[0]);
    return { data: toZyx(stored, header), shape: zyxShape(header), voxelSizeA: header.voxelSizeA };
  } finally {
    await file.close();
  }
}

function checkReal(header: MrcHeader, at: string): void {
  if (header.mode !== 4) return;
  throw new VitrineError({
    code: "unsupported",
    at: `${at} header.mode`,
    expected: "real values",
    found: "4 (complex)",
    hint: "It is a Fourier transform: give the image or map itself",
  });
}

/**
 * Refuses a map whose voxels are not cubes. Sides that the file leaves open agree with any, as does that along the sections of a stack of
 * images: it says nothing of a distance between them.
 *
 * @throws {VitrineError} unsupported: sides that differ by more than 1 % (less is the rounding of old headers), a cell without right angles
 */
export function requireCubicVoxels(
  { kind, voxelSizeA, cellAnglesDeg }: Pick<MrcHeader, "kind" | "voxelSizeA" | "cellAnglesDeg">,
  at: string,
): void {
  checkSides(kind === "stack" ? voxelSizeA.slice(0, 2) : voxelSizeA, at);
  if (isOblique({ cellAnglesDeg })) throw oblique(cellAnglesDeg, at);
}

function checkImage(header: MrcHeader, at: string): void {
  checkSides(header.voxelSizeA.slice(0, 2), at);
  const [sections] = zyxShape(header);
  if (sections === 1) return;
  throw new VitrineError({
    code: "shape",
    at,
    expected: "one section along z",
    found: `${sections}`,
    hint: `Write one as an image (vitrine convert IN OUT.mrc --at ${header.kind === "stack" ? "time" : "z"}=0; of a movie take the sum of its frames)`,
  });
}

/**
 * Whether a file is one volume of voxels that are cubes.
 *
 * @returns  what it leaves open or hides, each with the file's name: sections of a stack of images that are taken for those of a volume, bytes
 *   behind them
 * @throws {VitrineError} shape: a stack of several volumes; unsupported: voxels whose sides differ by more than 1 %, or without right angles
 */
export function checkMrcVolume({ header, name: at, bytes }: MrcVolumeFile): readonly string[] {
  requireCubicVoxels(header, at);
  const depth = header.sampling[2];
  const odd = mrcOddities(header, bytes).map((line) => `${at}: ${line}`);
  if (header.kind === "stack")
    return [...odd, stackTaken(`${at}: header.ispg ${header.spaceGroup}`, zyxShape(header)[0])];
  if (header.kind !== "volumeStack" || header.shape[0] === depth) return odd;
  throw new VitrineError({
    code: "shape",
    at,
    expected: "one volume",
    found: `${header.shape[0]} sections in volumes of ${depth}`,
    hint: `Read one of them with openMrc(...).readSections(${depth} * index, ${depth})`,
  });
}

function oblique(cellAnglesDeg: Xyz, at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `${at} header.cellb`,
    expected: "a cell with right angles",
    found: `${cellAnglesDeg.join(", ")}°, a crystal's`,
    hint: "Resample the map to a box with right angles first, or mend its header if that is wrong",
  });
}

/** Sides that the file leaves open (0) agree with any. */
function checkSides(sidesA: readonly number[], at: string): void {
  const known = sidesA.filter((side) => side > 0);
  if (known.length === 0 || Math.max(...known) <= Math.min(...known) * (1 + LARGEST_SIDE_DIFFERENCE)) return;
  throw new VitrineError({
    code: "unsupported",
    at: `${at} header.voxelSizeA`,
    expected: "the same size along every axis, within 1 %",
    found: `${sidesA.map((side) => Number(side.toPrecision(6))).join(", ")} Å`,
    hint: "Resample it to one size first, or mend its header if that is wrong (vitrine info shows it)",
  });
}
