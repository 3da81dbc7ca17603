import { VitrineError } from "../../core/index.ts";
import {
  encodePng,
  formatCsv,
  prepareResultFiles,
  refuseOtherPicture,
  refuseUnknownKeys,
  writeFileAtomic,
  writeTogether,
} from "../../io/index.ts";
import { symmetryRotations } from "../../optics/index.ts";
import type { Log } from "../../program/index.ts";
import { symmetryOption } from "../config/configSearch.ts";
import { drawPeaksPicture } from "../picture/peaksPicture.ts";
import { type CorrelationTable, readCorrelationTable } from "../search/correlationTable.ts";
import { DETECTION_COLUMNS, detectionRow } from "./detections.ts";
import { type InspectChoice, type InspectedPeak, inspectedPeaks } from "./inspectedPeaks.ts";

/** What is made of a correlation table; every field has the default of the command line. */
export interface InspectOptions extends Partial<Omit<InspectChoice, "symmetry">> {
  /** Every correlation as a row of CSV with its angles, defocus and z-score; default: none. */
  readonly detectionsPath?: string;
  /** PNG of the best peaks; default: none. */
  readonly picturePath?: string;
  /** Point group of the template: C1, D2, T, O, I. Default C1. */
  readonly symmetry?: string;
  readonly overwrite?: boolean;
  readonly onLog?: Log;
}

/** A peak without its neighbours. */
export interface PeakReport extends Omit<InspectedPeak, "near"> {
  /** Correlations of the table around it. */
  readonly correlations: number;
}

/** What is in a correlation table. */
export interface InspectReport {
  readonly threshold: number;
  readonly correlations: number;
  readonly peaks: readonly PeakReport[];
  readonly files: readonly string[];
}

const DEFAULTS = { maskRadiusPx: 5, limit: 20, rivalDeg: 15, symmetry: "C1", overwrite: false } as const;

/**
 * Looks at every correlation of a table, not only at the best of each place: how sharp peaks are in angle, defocus and place, and whether
 * another pose fits nearly as well.
 *
 * @throws {VitrineError} format: an unknown option; range: a radius, angle or limit that is none; unsupported: no such symmetry; exists: a result that is there;
 *   and as `readCorrelationTable`
 */
export async function inspectPeaks(tablePath: string, options: InspectOptions = {}): Promise<InspectReport> {
  const known = [...Object.keys(DEFAULTS), "detectionsPath", "picturePath", "onLog"];
  refuseUnknownKeys(options, { known, at: "inspectPeaks()" });
  const { symmetry, overwrite, onLog, ...choice } = { ...DEFAULTS, ...options };
  checkChoice(choice);
  const rotations = symmetryRotations(symmetryOption(symmetry, "symmetry", onLog));
  const { detectionsPath, picturePath } = options;
  refuseOtherPicture(picturePath);
  const files = [detectionsPath, picturePath].filter((file) => file !== undefined);
  await prepareResultFiles({ inputs: [tablePath], outputs: files, overwrite });
  const table = await readCorrelationTable(tablePath);
  const peaks = inspectedPeaks(table, { ...choice, symmetry: rotations });
  await writeTogether(async (pending) => {
    const write = (file: string, bytes: Uint8Array) =>
      pending.write(file, (path) => writeFileAtomic(path, bytes, { overwrite: true }));
    if (detectionsPath !== undefined) await write(detectionsPath, detectionsCsv(table));
    if (picturePath !== undefined) await write(picturePath, picturePng(tablePath, { table, peaks, choice }));
  });
  const reports = peaks.map(({ near, ...peak }) => ({ ...peak, correlations: near.length }));
  return { threshold: table.threshold, correlations: table.x.length, peaks: reports, files };
}

function detectionsCsv(table: CorrelationTable): Uint8Array {
  const extra = table.pixelSizeOffsetsA.length > 1 ? ["pixel_size_offset"] : [];
  const rows = Array.from(table.x, (_, row) => detectionRow(table, row));
  return new TextEncoder().encode(formatCsv([...DETECTION_COLUMNS, ...extra], rows));
}

function picturePng(
  tablePath: string,
  what: {
    readonly table: CorrelationTable;
    readonly peaks: readonly InspectedPeak[];
    readonly choice: Pick<InspectChoice, "maskRadiusPx">;
  },
): Uint8Array {
  const { table, peaks, choice } = what;
  const canvas = drawPeaksPicture({
    title: `${tablePath}: ${table.x.length} correlations above ${table.threshold.toFixed(2)}`,
    peaks,
    maskRadiusPx: choice.maskRadiusPx,
    hasDefocusSearch: table.defocusOffsetsA.length > 1,
  });
  return encodePng({ ...canvas, channels: 3 });
}

function checkChoice({ maskRadiusPx, limit, rivalDeg }: Omit<InspectChoice, "symmetry">): void {
  const faults = [
    {
      at: "maskRadiusPx",
      expected: "a radius from 0 to 200",
      found: maskRadiusPx,
      isRight: maskRadiusPx >= 0 && maskRadiusPx <= 200,
    },
    {
      at: "limit",
      expected: "a whole number of at least 1",
      found: limit,
      isRight: Number.isInteger(limit) && limit >= 1,
    },
    {
      at: "rivalDeg",
      expected: "an angle from 0 to 180",
      found: rivalDeg,
      isRight: rivalDeg >= 0 && rivalDeg <= 180,
    },
  ];
  const fault = faults.find(({ isRight }) => !isRight);
  if (fault === undefined) return;
  const { at, expected, found } = fault;
  throw new VitrineError({ code: "range", at: `inspectPeaks().${at}`, expected, found: String(found) });
}
