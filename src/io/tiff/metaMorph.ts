import type { RandomAccessFile } from "../files.ts";
import { TAG, type TiffDirectory } from "./directory.ts";

/** What a stack of MetaMorph tells beside its pixels. */
export interface MetaMorphTags {
  /** Of the camera, in `calibrationUnits` a pixel. */
  readonly xCalibration?: number;
  readonly calibrationUnits?: string;
  /** (x, y) of the stage at each plane, µm, y down. */
  readonly stagePositions?: readonly (readonly [x: number, y: number])[];
}

/** Numbers of what is in the tags UIC1 and UIC4. */
const UIC = { xCalibration: 4, calibrationUnits: 6, stagePosition: 28 } as const;

/** Bytes a plane of what stands in UIC4 as numbers: stage and chip positions, wavelengths by the plane, heights, whether they count. */
const PLANE_BYTES: Readonly<Record<number, number>> = { 28: 16, 29: 16, 40: 8, 41: 4 };
/** Labels of places, texts with their lengths before them. */
const STAGE_LABEL = 37;
/** Texts of units and labels are short. */
const LONGEST_TEXT = 1024;
const MOST_PLANES = 2 ** 20;

/**
 * Reads calibration and stage positions of a MetaMorph stack; nothing of a file that is none, and what is cut off or beyond the file is left out:
 * pixels do not need it.
 *
 * Source: MetaMorph Stack (STK) Image File Format, Molecular Devices; the tags are little-endian.
 */
export async function readMetaMorph(
  file: RandomAccessFile,
  directory: TiffDirectory,
): Promise<MetaMorphTags | undefined> {
  const planes = directory.count(TAG.metaMorphPlanes);
  if (planes === 0 || planes > MOST_PLANES) return undefined;
  const one = await readPairs(file, directory);
  const at = (id: number) => one.get(id) ?? 0;
  const calibration = await readRationals(file, at(UIC.xCalibration), 1);
  const units = await readPascal(file, at(UIC.calibrationUnits));
  const single = planes === 1 ? await readRationals(file, at(UIC.stagePosition), 2) : undefined;
  const stage = single ?? (await readStagePositions(file, directory.place(TAG.metaMorphStage), planes));
  return {
    ...(calibration && { xCalibration: calibration[0] }),
    ...(units && { calibrationUnits: units }),
    ...(stage && { stagePositions: pairsOf(stage) }),
  };
}

/** UIC1: numbers with values, or with places of values. */
async function readPairs(file: RandomAccessFile, directory: TiffDirectory): Promise<Map<number, number>> {
  const count = directory.count(TAG.metaMorph);
  const view = await viewAt(file, directory.place(TAG.metaMorph), 8 * count);
  if (view === undefined) return new Map();
  return new Map(
    Array.from({ length: count }, (_, i) => [view.getUint32(8 * i, true), view.getUint32(8 * i + 4, true)]),
  );
}

/** UIC4: pieces of all planes one after another, each with its number before it, up to 0. */
async function readStagePositions(
  file: RandomAccessFile,
  start: number,
  planes: number,
): Promise<number[] | undefined> {
  for (let at = start; at > 0; ) {
    const id = (await viewAt(file, at, 2))?.getUint16(0, true) ?? 0;
    at += 2;
    if (id === UIC.stagePosition) return readRationals(file, at, 2 * planes);
    if (id === STAGE_LABEL) at = await behindTexts(file, at, planes);
    else if (Object.hasOwn(PLANE_BYTES, id)) at += PLANE_BYTES[id] * planes;
    else return undefined;
  }
  return undefined;
}

async function behindTexts(file: RandomAccessFile, start: number, count: number): Promise<number> {
  let at = start;
  for (let i = 0; i < count; i++) {
    const length = (await viewAt(file, at, 4))?.getUint32(0, true);
    if (length === undefined || length > LONGEST_TEXT) return 0;
    at += 4 + length;
  }
  return at;
}

/** Signed ones: a stage goes either way. */
async function readRationals(
  file: RandomAccessFile,
  at: number,
  count: number,
): Promise<number[] | undefined> {
  const view = await viewAt(file, at, 8 * count);
  if (view === undefined) return undefined;
  const values = Array.from(
    { length: count },
    (_, i) => view.getInt32(8 * i, true) / view.getInt32(8 * i + 4, true),
  );
  return values.every(Number.isFinite) ? values : undefined;
}

async function readPascal(file: RandomAccessFile, at: number): Promise<string | undefined> {
  const length = (await viewAt(file, at, 4))?.getUint32(0, true) ?? 0;
  if (length === 0 || length > LONGEST_TEXT) return undefined;
  const view = await viewAt(file, at + 4, length);
  return view && new TextDecoder("latin1").decode(view).replace(/\0.*$/s, "");
}

/** Nothing where it does not lie in the file. */
async function viewAt(file: RandomAccessFile, at: number, bytes: number): Promise<DataView | undefined> {
  if (at < 8 || at + bytes > file.size) return undefined;
  const read = await file.read(at, bytes);
  return new DataView(read.buffer, read.byteOffset, read.byteLength);
}

function pairsOf(values: readonly number[]): [number, number][] {
  return Array.from({ length: values.length / 2 }, (_, i) => [values[2 * i], values[2 * i + 1]]);
}
