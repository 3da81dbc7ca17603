import {
  type ImageSource,
  type OptionKeys,
  openImage,
  refuseOtherPicture,
  requireKnownOptions,
} from "../../io/index.ts";
import { fromFile } from "../../pipe/index.ts";
import { PROGRAM_KEYS, type ProgramOptions, runProgram } from "../../program/index.ts";
import { requireScale } from "../loaders/subtomogramLoader.ts";
import type { RotationsInput } from "../models/rotationGrid.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { type PickOptions, pickDoG, pickLoG, pickTemplate } from "../pick/pickers.ts";
import { drawPicks } from "../pictures/picks.ts";
import { toTomogram } from "../sampling/tomogram.ts";
import { given, writePicture } from "./frame.ts";
import { requireTablePath, writeTable } from "./moleculeTable.ts";

/** How molecules are picked. */
export type PickMethod =
  | { readonly kind: "log"; readonly sigma: number }
  | { readonly kind: "dog"; readonly sigmas: readonly [low: number, high: number] }
  | {
      readonly kind: "template";
      readonly templatePath: string;
      /** nm/voxel of the template; default what its file says. */
      readonly templateScale?: number;
      readonly rotations?: RotationsInput;
      readonly minDistance?: number;
      readonly minCoverage?: number;
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
  /** File of the tomogram's shape: where it is 0 nothing is picked. */
  readonly withinPath?: string;
  /** Table of molecules: .csv or .parquet. */
  readonly outPath: string;
  /** PNG of a section with the molecules in it. */
  readonly picturePath?: string;
  readonly overwrite?: boolean;
}

const METHOD_KEYS: {
  readonly [Kind in PickMethod["kind"]]: OptionKeys<Extract<PickMethod, { kind: Kind }>>;
} = {
  log: { kind: true, sigma: true },
  dog: { kind: true, sigmas: true },
  template: {
    kind: true,
    templatePath: true,
    templateScale: true,
    rotations: true,
    minDistance: true,
    minCoverage: true,
    bothHands: true,
  },
};

const KEYS: OptionKeys<PickProgramOptions> = {
  ...PROGRAM_KEYS,
  tomogramPath: true,
  method: true,
  scale: true,
  minScore: true,
  withinPath: true,
  outPath: true,
  picturePath: true,
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
  requireKnownOptions<object>("runPick method", options.method, METHOD_KEYS[options.method.kind]);
  const { tomogramPath, method, outPath, picturePath, overwrite = false } = options;
  requireTablePath(outPath);
  refuseOtherPicture(picturePath);
  const { withinPath } = options;
  const others = withinPath === undefined ? [] : [withinPath];
  const own = method.kind === "template" ? [tomogramPath, method.templatePath] : [tomogramPath];
  const inputs = [...own, ...others];
  const files = picturePath === undefined ? [outPath] : [outPath, picturePath];
  await using image = await openImage(tomogramPath);
  const tomogram = toTomogram(image);
  const told = given(options, "onLog");
  for (const line of tomogram.warnings ?? []) options.onLog?.(line, "warning");
  return await runProgram({ inputs, outputs: files, overwrite }, options, async ({ pool, results }) => {
    const choices = given(options, "scale", "minScore", "signal", "onProgress", "onLog");
    // Of the tomogram's own voxels, whatever its file says of their size.
    const within =
      withinPath === undefined ? {} : { within: await fromFile(withinPath, 1, undefined, told)(1) };
    const molecules = await pickBy(method, image, { backend: pool, ...choices, ...within });
    await writeTable(results, outPath, molecules);
    const scale = requireScale(options.scale ?? tomogram.scale, tomogramPath);
    await writePicture(results, picturePath, () => drawPicks(tomogram, molecules, scale));
    const scores = molecules.features.score.map(Number);
    const bestScore = scores.length === 0 ? null : scores.reduce((most, score) => Math.max(most, score));
    return { molecules: molecules.count, bestScore, files };
  });
}

function pickBy(method: PickMethod, image: ImageSource, options: PickOptions): Promise<Molecules> {
  switch (method.kind) {
    case "log":
      return pickLoG(image, method.sigma, options);
    case "dog":
      return pickDoG(image, method.sigmas, options);
    case "template": {
      const { templatePath, templateScale, rotations, minDistance, minCoverage, bothHands } = method;
      const template = fromFile(templatePath, templateScale, undefined, given(options, "onLog"));
      return pickTemplate(image, template, {
        ...options,
        ...(rotations !== undefined && { rotations }),
        ...(minDistance !== undefined && { minDistance }),
        ...(minCoverage !== undefined && { minCoverage }),
        ...(bothHands !== undefined && { bothHands }),
      });
    }
  }
}
