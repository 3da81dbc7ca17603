import { type Command, Option } from "commander";
import { glob, isDynamicPattern } from "tinyglobby";
import { VitrineError } from "../core/index.ts";
import { type ManyReport, type MatchTarget, matchTargets, type RefineReport } from "../match/index.ts";
import type { Log } from "../program/index.ts";

/** What {@link addMicrographOptions} parses to. */
export interface MicrographArguments {
  readonly micrographs?: string[];
  readonly ctf?: string[];
}

/** The options by which one configuration searches several micrographs. */
export function addMicrographOptions(command: Command): Command {
  const collect = (file: string, files: string[] = []) => [...files, file];
  return command
    .option(
      "--micrographs <paths>",
      "search these with the one configuration: a path, a pattern in quotes ('Micrographs/*.mrc'), or RELION's micrographs_ctf.star, which gives each its own defocus; may be repeated",
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
  const isMicrograph = (path: string) => micrographs !== undefined && /\.(mrcs?|tiff?)$/i.test(path);
  const configs = files.filter((path) => !isMicrograph(path));
  const more = files.filter(isMicrograph);
  return matchTargets({
    configs,
    onLog,
    ...(micrographs && { micrographs: await expand([...micrographs, ...more], "--micrographs") }),
    ...(ctf && { ctf: await expand(ctf, "--ctf") }),
  });
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

/** A line a micrograph, then the joint table. */
export function manyText({ micrographs, particles, files }: ManyReport): string {
  const width = Math.max(...micrographs.map(({ micrographPath }) => micrographPath.length));
  return [
    `${particles} particles in ${micrographs.length} ${micrographs.length === 1 ? "micrograph" : "micrographs"}`,
    ...micrographs.map(
      ({ micrographPath, particles, zCutoff }) =>
        `  ${micrographPath.padEnd(width)}  ${String(particles).padStart(5)} above z ${zCutoff.toFixed(2)}`,
    ),
    ...files.map((file) => `wrote ${file}`),
    "",
  ].join("\n");
}
