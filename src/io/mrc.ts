import { type Shape3, VitrineError } from "../core/index.ts";

/**
 * How an MRC file stores its values: 0 int8 (or unsigned, see {@link MrcHeader.unsignedBytes}), 1 int16, 2 float32,
 * 4 complex of two float32, 6 uint16, 12 float16, 101 unsigned 4 bit, two to a byte.
 */
export type MrcMode = 0 | 1 | 2 | 4 | 6 | 12 | 101;

/** Three numbers along x, y and z (MRC's order; shapes are z, y, x). */
export type Xyz = readonly [x: number, y: number, z: number];

/** The header of an MRC file (MRC2014), with names and units. Values are those of the file unless said otherwise. */
export interface MrcHeader {
  /** Sections, rows, columns, in the order in which they are stored. */
  readonly shape: Shape3;
  readonly mode: MrcMode;
  readonly bigEndian: boolean;
  /** Mode 0 holds 0..255 and not -128..127 (IMOD's flag). */
  readonly unsignedBytes: boolean;
  /** What the sections are: from the space group (0: image or stack; 401 and above: stack of volumes; else one volume). */
  readonly kind: "image" | "stack" | "volume" | "volumeStack";
  readonly spaceGroup: number;
  /** Index of the first column, row and section in the whole map (nxstart, nystart, nzstart). */
  readonly start: Xyz;
  /** Samples along the cell (mx, my, mz); for a stack of volumes mz is the number of sections of each. */
  readonly sampling: Xyz;
  /** Length of the cell in Å. */
  readonly cellA: Xyz;
  readonly cellAnglesDeg: Xyz;
  /** Å per voxel: cell / sampling; 0 where the file does not say. */
  readonly voxelSizeA: Xyz;
  /** Which of x = 1, y = 2, z = 3 runs along columns, rows and sections (mapc, mapr, maps). */
  readonly axes: Xyz;
  /** Position of the first voxel in Å, as stored (IMOD may store it with the opposite sign). */
  readonly originA: Xyz;
  /** As stored: may be NaN, or min above max where the writer did not compute them. */
  readonly statistics: {
    readonly min: number;
    readonly max: number;
    readonly mean: number;
    readonly rms: number;
  };
  /** Kind of the extended header (CCP4, FEI1, SERI ...), empty where not given. */
  readonly extendedType: string;
  /** Length of the extended header in bytes. */
  readonly extendedBytes: number;
  /** Up to ten lines of text of at most 80 characters. */
  readonly labels: readonly string[];
}

/** Bytes of the main header. */
export const MRC_HEADER_BYTES = 1024;

const MODES: readonly number[] = [0, 1, 2, 4, 6, 12, 101] satisfies MrcMode[];
const IMOD_STAMP = 1146047817;
const IMOD_SIGNED = 1;
const IMOD_FOUR_BITS = 16;
const LABELS = { offset: 224, length: 80, most: 10 } as const;

/**
 * Reads the 1024 bytes of an MRC header.
 *
 * The byte order is that of the machine stamp where the numbers make sense in it, else the one in which they do
 * (old files have no stamp, some a wrong one).
 *
 * @param bytes  at least 1024 bytes, from the start of the file; any view
 * @param at     how messages call the file
 * @throws {VitrineError} format: too short, unknown mode, a size below 1, axes that are no permutation;
 *   unsupported: IMOD's older 4-bit files
 *
 * Source: Cheng et al. 2015, J Struct Biol 192:146 (MRC2014); IMOD's mrc_format.txt for the IMOD stamp.
 */
export function parseMrcHeader(bytes: Uint8Array, at: string): MrcHeader {
  if (bytes.length < MRC_HEADER_BYTES)
    throw wrong(
      at,
      "a header of 1024 bytes",
      `${bytes.length} bytes`,
      "The file is truncated or no MRC file",
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, MRC_HEADER_BYTES);
  const bigEndian = readByteOrder(view);
  const fields = fieldReader(view, !bigEndian);
  const mode = checkMode(fields.int(12), at, trimmed(bytes.subarray(208, 211)) === "MAP");
  const spaceGroup = fields.int(88);
  const flags = fields.int(152) === IMOD_STAMP ? fields.int(156) : IMOD_SIGNED;
  if (mode === 0 && flags & IMOD_FOUR_BITS) throw oldFourBits(at);
  const [sampling, cellA] = [fields.ints(28), fields.floats(40)];
  const extendedBytes = checkExtendedBytes(fields.int(92), at);
  const shape = checkShape(fields.ints(0), at);
  return {
    shape,
    mode,
    bigEndian,
    unsignedBytes: mode === 0 && !(flags & IMOD_SIGNED),
    kind: kindOf(spaceGroup, shape[0]),
    spaceGroup,
    start: fields.ints(16),
    sampling,
    cellA,
    cellAnglesDeg: fields.floats(52),
    voxelSizeA: voxelSizes(cellA, sampling),
    axes: checkAxes(fields.ints(64), at),
    originA: fields.floats(196),
    statistics: {
      min: fields.float(76),
      max: fields.float(80),
      mean: fields.float(84),
      rms: fields.float(216),
    },
    extendedType: extendedBytes === 0 ? "" : trimmed(bytes.subarray(104, 108)),
    extendedBytes,
    labels: readLabels(bytes, fields.int(220)),
  };
}

/** What of a header's statistics its writer computed. */
export type MrcStatistics = Partial<MrcHeader["statistics"]>;

/**
 * The statistics that a header gives. A maximum below the minimum, a mean below both and an rms below 0 say that they were not computed,
 * as NaN does (MRC2014): such values are left out.
 */
export function knownMrcStatistics({ min, max, mean, rms }: MrcHeader["statistics"]): MrcStatistics {
  const hasRange = max >= min && Number.isFinite(max - min);
  return {
    ...(hasRange && { min, max }),
    ...(mean >= Math.min(min, max) && Number.isFinite(mean) && { mean }),
    ...(rms >= 0 && Number.isFinite(rms) && { rms }),
  };
}

/**
 * The 1024 bytes of a header, such that {@link parseMrcHeader} gives it back. `kind` and `voxelSizeA` are not written:
 * they follow from `spaceGroup`, `cellA` and `sampling`.
 */
export function formatMrcHeader(header: MrcHeader): Uint8Array {
  const bytes = new Uint8Array(MRC_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  const little = !header.bigEndian;
  const int = (offset: number, ...values: number[]) =>
    values.forEach((value, i) => {
      view.setInt32(offset + 4 * i, value, little);
    });
  const float = (offset: number, ...values: number[]) =>
    values.forEach((value, i) => {
      view.setFloat32(offset + 4 * i, value, little);
    });
  const { min, max, mean, rms } = header.statistics;
  int(0, header.shape[2], header.shape[1], header.shape[0], header.mode, ...header.start, ...header.sampling);
  float(40, ...header.cellA, ...header.cellAnglesDeg);
  int(64, ...header.axes);
  float(76, min, max, mean);
  int(88, header.spaceGroup, header.extendedBytes);
  writeText(bytes, 104, header.extendedType.slice(0, 4));
  int(108, 20141);
  if (header.unsignedBytes) int(152, IMOD_STAMP, 0);
  float(196, ...header.originA);
  writeText(bytes, 208, "MAP ");
  bytes.set(header.bigEndian ? [0x11, 0x11] : [0x44, 0x44], 212);
  float(216, rms);
  int(220, header.labels.length);
  header.labels.forEach((label, i) => {
    writeText(bytes, LABELS.offset + LABELS.length * i, label.slice(0, LABELS.length).padEnd(LABELS.length));
  });
  return bytes;
}

/** Bytes of one row; rows of 4-bit values are padded to whole bytes. */
export function mrcRowBytes({ shape, mode }: Pick<MrcHeader, "shape" | "mode">): number {
  return mode === 101 ? Math.ceil(shape[2] / 2) : shape[2] * BYTES_PER_VALUE[mode];
}

/** Where the values begin, in bytes. */
export function mrcDataOffset({ extendedBytes }: Pick<MrcHeader, "extendedBytes">): number {
  return MRC_HEADER_BYTES + extendedBytes;
}

/** What a header says that is not used as it stands: bytes behind its sections, sides of its cell that are none, and angles. */
export function mrcOddities(header: MrcHeader, fileBytes: number): string[] {
  const [sections, rows] = header.shape;
  const rest = fileBytes - mrcDataOffset(header) - sections * rows * mrcRowBytes(header);
  const odd = header.cellA.flatMap((side, i) =>
    side < 0 || !Number.isFinite(side) ? [`${"xyz"[i]} ${side}`] : [],
  );
  return [
    ...(rest > 0
      ? [
          `header.nz ${sections}: ${rest} bytes behind its sections are not read; a header that counts too few hides images`,
        ]
      : []),
    ...(odd.length > 0 ? [`header.cella ${odd.join(", ")} Å is no length: no size of a pixel there`] : []),
    ...(isOblique(header)
      ? [
          `header.cellb ${header.cellAnglesDeg.join(", ")}°: axes of the cell are not at right angles, voxels are taken as if they were`,
        ]
      : []),
  ];
}

/** Largest difference from a right angle, °: headers round. */
const RIGHT_ANGLE_TOLERANCE = 0.1;

/** Whether a map lies in a cell of a crystal whose axes are not at right angles; angles of 0 are not given. */
export function isOblique({ cellAnglesDeg }: Pick<MrcHeader, "cellAnglesDeg">): boolean {
  return cellAnglesDeg.some((angle) => angle > 0 && Math.abs(angle - 90) > RIGHT_ANGLE_TOLERANCE);
}

/**
 * Refuses a header that promises more than the file holds, before anything is allocated. Bytes beyond the values are
 * allowed: several programs pad their files.
 *
 * @throws {VitrineError} format
 */
export function checkMrcSize(header: MrcHeader, fileSize: number, at: string): void {
  const [sections, rows] = header.shape;
  const needed = mrcDataOffset(header) + sections * rows * mrcRowBytes(header);
  if (needed <= fileSize) return;
  const what = `${needed} bytes (${header.shape.join(" x ")}, mode ${header.mode}, extended header ${header.extendedBytes})`;
  throw wrong(at, what, `${fileSize} bytes`, "The file is truncated or its header lies about its size");
}

const BYTES_PER_VALUE = { 0: 1, 1: 2, 2: 4, 4: 8, 6: 2, 12: 2 } as const;

function readByteOrder(view: DataView): boolean {
  const stamped = view.getUint8(212) === 0x11;
  if (makesSense(view, !stamped)) return stamped;
  return makesSense(view, stamped) ? !stamped : stamped;
}

function makesSense(view: DataView, little: boolean): boolean {
  const { int, ints } = fieldReader(view, little);
  return (
    MODES.includes(int(12)) &&
    ints(0).every((length) => length > 0) &&
    ints(64).every((axis) => axis >= 0 && axis <= 3)
  );
}

function fieldReader(view: DataView, little: boolean) {
  const int = (offset: number) => view.getInt32(offset, little);
  const float = (offset: number) => view.getFloat32(offset, little);
  const ints = (offset: number): Xyz => [int(offset), int(offset + 4), int(offset + 8)];
  const floats = (offset: number): Xyz => [float(offset), float(offset + 4), float(offset + 8)];
  return { int, float, ints, floats };
}

function kindOf(spaceGroup: number, sections: number): MrcHeader["kind"] {
  if (spaceGroup === 0) return sections === 1 ? "image" : "stack";
  return spaceGroup >= 401 ? "volumeStack" : "volume";
}

function voxelSizes(cell: Xyz, sampling: Xyz): Xyz {
  return [voxelSize(cell[0], sampling[0]), voxelSize(cell[1], sampling[1]), voxelSize(cell[2], sampling[2])];
}

function voxelSize(cell: number, samples: number): number {
  const size = cell / samples;
  return samples > 0 && size > 0 && Number.isFinite(size) ? size : 0;
}

function isMode(mode: number): mode is MrcMode {
  return MODES.includes(mode);
}

/** The mark of an MRC file may be absent from an old one. */
function checkMode(mode: number, at: string, hasMark: boolean): MrcMode {
  if (isMode(mode)) return mode;
  throw wrong(
    `${at} header.mode`,
    `one of ${MODES.join(", ")}`,
    `${mode}`,
    hasMark
      ? "Convert with IMOD newstack -mode 2"
      : "The file is damaged or no MRC file: vitrine info tells what it is",
  );
}

function checkShape([columns, rows, sections]: Xyz, at: string): Shape3 {
  if (columns > 0 && rows > 0 && sections > 0) return [sections, rows, columns];
  const found = `${columns}, ${rows}, ${sections}`;
  throw wrong(`${at} header.nx, ny, nz`, "sizes of at least 1", found, "The file is damaged or no MRC file");
}

function checkExtendedBytes(length: number, at: string): number {
  if (length >= 0) return length;
  throw wrong(`${at} header.nsymbt`, "a length of at least 0", `${length}`, "The file is damaged");
}

/** Old writers leave all three at 0 and mean the usual order. */
function checkAxes(axes: Xyz, at: string): Xyz {
  if (axes.every((axis) => axis === 0)) return [1, 2, 3];
  if ([1, 2, 3].every((axis) => axes.includes(axis))) return axes;
  throw wrong(
    `${at} header.mapc, mapr, maps`,
    "a permutation of 1, 2, 3",
    axes.join(", "),
    "The file is damaged",
  );
}

function oldFourBits(at: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `${at} header.imodFlags`,
    expected: "4-bit values as mode 101",
    found: "IMOD's older mode 0 with two values in a byte",
    hint: "Convert with IMOD newstack -mode 101",
  });
}

function readLabels(bytes: Uint8Array, count: number): string[] {
  const labels = Math.min(Math.max(count, 0), LABELS.most);
  return Array.from({ length: labels }, (_, i) => {
    const offset = LABELS.offset + LABELS.length * i;
    return trimmed(bytes.subarray(offset, offset + LABELS.length));
  });
}

function trimmed(bytes: Uint8Array): string {
  const text = String.fromCharCode(...bytes);
  return text.split("\0", 1)[0].trimEnd();
}

/** Latin-1; a character beyond it becomes a question mark. */
function writeText(bytes: Uint8Array, offset: number, text: string): void {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    bytes[offset + i] = code < 256 ? code : 0x3f;
  }
}

function wrong(at: string, expected: string, found: string, hint: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found, hint });
}
