import { type ImageSource, type OptionKeys, openImage, requireKnownOptions } from "../../io/index.ts";
import { fromFile } from "../../pipe/index.ts";
import { PROGRAM_KEYS, type ProgramOptions, runProgram } from "../../program/index.ts";
import type { RotationsInput } from "../models/rotationGrid.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { type PickOptions, pickDoG, pickLoG, pickTemplate } from "../pick/pickers.ts";
import { requireTablePath, writeTable } from "./moleculeTable.ts";

/** How molecules are picked. */
export type PickMethod =
  | { readonly kind: "log"; readonly sigma: number }
  | { readonly kind: "dog"; readonly sigmas: readonly [low: number, high: number] }
  | {
      readonly kind: "template";
      readonly templatePath: string;
      readonly rotations?: RotationsInput;
      readonly minDistance?: number;
      /** As `pickTemplate` has it. */
      readonly bothHands?: boolean;
    };

/** What is picked of which tomogram, and where it goes. */
export interface PickProgramOptions extends ProgramOptions {
  readonly tomogramPath: string;
  readonly method: PickMethod;
  /** nm/voxel; default what the tomogram's file says. */
  readonly scale?: number;
  /** Lowest score; default 0. */
  readonly minScore?: number;
  /** Table of molecules: .csv or .parquet. */
  readonly outPath: string;
  readonly overwrite?: boolean;
}

const KEYS: OptionKeys<PickProgramOptions> = {
  ...PROGRAM_KEYS,
  tomogramPath: true,
  method: true,
  scale: true,
  minScore: true,
  outPath: true,
  overwrite: true,
};

/** What was picked. */
export interface PickReport {
  readonly molecules: number;
  /** The best score; null where nothing was found. */
  readonly bestScore: number | null;
  readonly files: readonly string[];
}

/** Picks molecules of a tomogram of any size and writes their table. @throws {VitrineError} as the pickers and readers; exists */
export async function runPick(options: PickProgramOptions): Promise<PickReport> {
  requireKnownOptions("runPick", options, KEYS);
  const { tomogramPath, method, outPath, overwrite = false } = options;
  requireTablePath(outPath);
  const inputs = method.kind === "template" ? [tomogramPath, method.templatePath] : [tomogramPath];
  await using image = await openImage(tomogramPath);
  return await runProgram({ inputs, outputs: [outPath], overwrite }, options, async ({ pool, results }) => {
    const { scale, minScore, signal, onProgress, onLog } = options;
    const molecules = await pickBy(method, image, {
      backend: pool,
      ...(scale !== undefined && { scale }),
      ...(minScore !== undefined && { minScore }),
      ...(signal && { signal }),
      ...(onProgress && { onProgress }),
      ...(onLog && { onLog }),
    });
    await writeTable(results, outPath, molecules);
    const scores = molecules.features.score.map(Number);
    const bestScore = scores.length === 0 ? null : scores.reduce((most, score) => Math.max(most, score));
    return { molecules: molecules.count, bestScore, files: [outPath] };
  });
}

function pickBy(method: PickMethod, image: ImageSource, options: PickOptions): Promise<Molecules> {
  switch (method.kind) {
    case "log":
      return pickLoG(image, method.sigma, options);
    case "dog":
      return pickDoG(image, method.sigmas, options);
    case "template": {
      const { templatePath, rotations, minDistance, bothHands } = method;
      return pickTemplate(image, fromFile(templatePath), {
        ...options,
        ...(rotations !== undefined && { rotations }),
        ...(minDistance !== undefined && { minDistance }),
        ...(bothHands !== undefined && { bothHands }),
      });
    }
  }
}
