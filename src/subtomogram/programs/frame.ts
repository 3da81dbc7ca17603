import type { Backend } from "../../compute/index.ts";
import type { Progress, Shape3 } from "../../core/index.ts";
import { encodePng, type ResultFiles, refuseOtherPicture, writeFileAtomic } from "../../io/index.ts";
import { type Log, type ProgramOptions, runProgram } from "../../program/index.ts";
import { type MoleculeLoader, type TomogramInputs, withLoader } from "./inputs.ts";

/** What programs of a tomogram's molecules have in common. */
interface MoleculeProgram extends TomogramInputs, ProgramOptions {
  readonly picturePath?: string;
  readonly overwrite?: boolean;
}

/** What such a program works with. */
export interface MoleculeTools {
  readonly loader: MoleculeLoader;
  readonly results: ResultFiles;
  /** What a loader's calls are run by. */
  readonly run: {
    readonly backend: Backend;
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: Progress) => void;
    readonly onLog?: Log;
  };
  /** Everything that is written. */
  readonly files: readonly string[];
}

/**
 * Opens what a program reads, checks where its results go, and runs it.
 *
 * @param shapeOf  of boxes, at a scale, where the options say none
 * @throws {VitrineError} as `withLoader`; exists: a result is there
 */
export function runOnMolecules<Result>(
  options: MoleculeProgram,
  outPaths: readonly string[],
  work: (tools: MoleculeTools) => Promise<Result>,
  shapeOf?: (scale: number) => Promise<Shape3>,
): Promise<Result> {
  const { tomogramPath, moleculesPath, picturePath, overwrite = false, signal, onProgress, onLog } = options;
  refuseOtherPicture(picturePath);
  const files = picturePath === undefined ? outPaths : [...outPaths, picturePath];
  const needs = { inputs: [tomogramPath, moleculesPath], outputs: files, overwrite };
  const onLoader = (loader: MoleculeLoader) =>
    runProgram(needs, options, ({ pool, results }) => {
      const run = {
        backend: pool,
        ...(signal && { signal }),
        ...(onProgress && { onProgress }),
        ...(onLog && { onLog }),
      };
      return work({ loader, results, run, files });
    });
  return withLoader(options, options.onLog, { work: onLoader, shapeOf });
}

type Picture = Parameters<typeof encodePng>[0];

/** Writes a picture with the other results, where one is asked for. */
export async function writePicture(
  results: ResultFiles,
  path: string | undefined,
  draw: () => Picture | Promise<Picture>,
): Promise<void> {
  if (path === undefined) return;
  const png = encodePng(await draw());
  await results.write(path, (temporary) => writeFileAtomic(temporary, png, { overwrite: true }));
}

/** Those of the options that were given. */
export function given<Options extends object, Key extends keyof Options>(
  options: Options,
  ...keys: readonly Key[]
): { readonly [Name in Key]?: Exclude<Options[Name], undefined> } {
  return Object.fromEntries(
    keys.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])),
  ) as { readonly [Name in Key]?: Exclude<Options[Name], undefined> };
}

/** Names of the files of several parts: numbered before the ending. */
export function partPaths(path: string, parts: number): readonly string[] {
  if (parts === 1) return [path];
  return Array.from({ length: parts }, (_, part) => path.replace(/(\.\w+)$/, `_${part + 1}$1`));
}
