import { type Command, Option } from "commander";
import { glob, isDynamicPattern } from "tinyglobby";
import { VitrineError } from "../core/index.ts";
import {
  type ManyReport,
  type MatchTarget,
  type MicrographFile,
  matchTargets,
  micrographFiles,
  type RefineReport,
} from "../match/index.ts";
import type { Log } from "../program/index.ts";
import { nothingFound } from "./nothingFound.ts";

/** What {@link addMicrographOptions} parses to. */
export interface MicrographArguments {
  readonly micrographs?: string[];
  readonly ctf?: string[];
}

/** What a search does with `--micrographs`. */
const SEARCHED = "search these with the one configuration";

/** The options that name micrographs. @param use  what is done with them */
export function addMicrographOptions(command: Command, use = SEARCHED): Command {
  const collect = (file: string, files: string[] = []) => [...files, file];
  return command
    .option(
      "--micrographs <paths>",
      `${use}: a path, a pattern in quotes ('Micrographs/*.mrc'), or RELION's micrographs_ctf.star, which gives each its own defocus; may be repeated`,
      collect,
    )
    .addOption(
      new Option(
        "--ctf <paths>",
        "defocus of the --micrographs: RELION's micrographs_ctf.star, or texts of CTFFIND ('ctf/*.txt'); may be repeated",
      ).argParser(collect),
    );
}

/** Whether several searches are asked for. */
export function isMany(files: readonly string[], { micrographs, ctf }: MicrographArguments): boolean {
  return files.length > 1 || micrographs !== undefined || ctf !== undefined;
}

/**
 * The searches that are asked for. Of the files without an option micrographs are those by their names, since a shell puts what fits a pattern
 * without quotes there.
 *
 * @throws {VitrineError} as `matchTargets`; missing: nothing fits a pattern
 */
export async function targetsOf(
  files: readonly string[],
  { micrographs, ctf }: MicrographArguments,
  onLog: Log,
): Promise<MatchTarget[]> {
  const { inputs: configs, micrographs: all } = divided(files, micrographs);
  return matchTargets({
    configs,
    onLog,
    ...(all && { micrographs: await expand(all, "--micrographs") }),
    ...(ctf && { ctf: await expand(ctf, "--ctf") }),
  });
}

/**
 * The micrographs whose particles alone are wanted, and the other files; no micrographs where none are asked for.
 *
 * @throws {VitrineError} as {@link targetsOf}; unsupported: CTFs without micrographs
 */
export async function chosenMicrographs(
  files: readonly string[],
  { micrographs, ctf }: MicrographArguments,
  onLog: Log,
): Promise<{ readonly inputs: readonly string[]; readonly micrographs?: readonly MicrographFile[] }> {
  const { inputs, micrographs: all } = divided(files, micrographs);
  if (all === undefined) {
    if (ctf === undefined) return { inputs };
    const [expected, found] = ["micrographs to give them to (--micrographs)", "none"];
    throw new VitrineError({ code: "unsupported", at: "--ctf", expected, found });
  }
  const ctfs = ctf && (await expand(ctf, "--ctf"));
  const paths = await expand(all, "--micrographs");
  return { inputs, micrographs: await micrographFiles(paths, { onLog, ...(ctfs && { ctf: ctfs }) }) };
}

/** A shell puts what fits a pattern without quotes among the files. */
function divided(files: readonly string[], micrographs: readonly string[] | undefined) {
  if (micrographs === undefined) return { inputs: files };
  const isMicrograph = (path: string) => /\.(mrcs?|tiff?)$/i.test(path);
  return {
    inputs: files.filter((path) => !isMicrograph(path)),
    micrographs: [...micrographs, ...files.filter(isMicrograph)],
  };
}

/** Patterns as the files that fit them, in order; other paths as they are. */
async function expand(paths: readonly string[], at: string): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const files = isDynamicPattern(path)
      ? (await glob(path, { absolute: path.startsWith("/") })).sort()
      : [path];
    if (files.length === 0)
      throw new VitrineError({ code: "missing", at, expected: `files that fit ${path}`, found: "none" });
    found.push(...files);
  }
  return [...new Set(found)];
}

/** A line a micrograph, where there are several. */
export function micrographLines(counts: RefineReport["micrographs"]): string[] {
  if (counts.length < 2) return [];
  const width = Math.max(...counts.map(({ micrographPath }) => micrographPath.length));
  return counts.map(
    ({ micrographPath, particles }) =>
      `  ${micrographPath.padEnd(width)}  ${String(particles).padStart(5)} particles`,
  );
}

function bestOf(micrographs: ManyReport["micrographs"]): number | undefined {
  const known = micrographs.flatMap(({ bestZScore }) => (bestZScore === undefined ? [] : [bestZScore]));
  return known.length === 0 ? undefined : Math.max(...known);
}

/** A line a micrograph, then the joint table. */
export function manyText({ micrographs, particles, files }: ManyReport): string {
  const width = Math.max(...micrographs.map(({ micrographPath }) => micrographPath.length));
  return [
    `${particles} particles in ${micrographs.length} ${micrographs.length === 1 ? "micrograph" : "micrographs"}`,
    ...micrographs.map(
      ({ micrographPath, particles: count, zCutoff, bestZScore: best }) =>
        `  ${micrographPath.padEnd(width)}  ${String(count).padStart(5)} above z ${zCutoff.toFixed(2)}${best === undefined ? "" : `, the best is ${best.toFixed(2)}`}`,
    ),
    ...(particles === 0 ? [nothingFound(bestOf(micrographs))] : []),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}
