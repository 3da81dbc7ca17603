import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import type { CtfOptics, MicrographCtf } from "../particles/micrographCtf.ts";
import { commonEnd, listed, type MicrographFile } from "../particles/micrographFiles.ts";
import { projectPath } from "../particles/projectPath.ts";
import { fileStem } from "../search/resultNames.ts";
import type { MicrographChoice } from "../search/searchedMicrograph.ts";
import { readCtfs } from "./ctfTable.ts";

/** One search of several. */
export interface MatchTarget {
  readonly configPath: string;
  /** What its particle table and picture have in their names, beginning with `_`; no two targets have the same. */
  readonly suffix: string;
  /** In the place of the configuration's; absent where each configuration names its own. */
  readonly micrograph?: MicrographChoice;
}

/** Which micrographs are searched. */
export interface TargetRequest {
  /** Several, each with a micrograph of its own; or one, for all of `micrographs`. */
  readonly configs: readonly string[];
  /** Paths of micrographs, or of `micrographs_ctf.star` that name them. */
  readonly micrographs?: readonly string[];
  /** STAR files or texts of CTFFIND with the defocus of `micrographs`. */
  readonly ctf?: readonly string[];
  readonly onLog?: Log;
}

const KEYS: OptionKeys<TargetRequest> = { configs: true, micrographs: true, ctf: true, onLog: true };

/**
 * The searches that are asked for. Results are named after micrographs (`mip_a.mrc`), or configurations where each has its own; where two
 * files have one name, their folders come in, as many as tell them apart.
 *
 * A micrograph without a row in `ctf`, and a row without a micrograph, are told as warnings; the micrograph is left out, since another's
 * defocus would find nothing.
 *
 * @throws {VitrineError} unsupported: several configurations with `micrographs`, a CTF for none; missing: a file, or no micrograph that is
 *   left; exists: one of them twice; as `readCtfs`
 */
export async function matchTargets(request: TargetRequest): Promise<MatchTarget[]> {
  requireKnownOptions("matchTargets", request, KEYS);
  const { configs, micrographs } = request;
  if (micrographs === undefined) {
    if (request.ctf !== undefined) throw unsupported("--ctf", "micrographs to give them to", "none");
    const suffixes = distinctSuffixes(configs);
    return configs.map((configPath, i) => ({ configPath, suffix: suffixes[i] }));
  }
  if (configs.length !== 1)
    throw unsupported("--micrographs", "one configuration", `${configs.length} of them`);
  const { ctf, onLog } = request;
  const tables = { ...(ctf && { ctf }), ...(onLog && { onLog }) };
  const chosen = await micrographFiles(micrographs, tables);
  const suffixes = distinctSuffixes(chosen.map(({ path }) => path));
  return chosen.map((choice, i) => {
    return { configPath: configs[0], suffix: suffixes[i], micrograph: { ...choice, suffix: suffixes[i] } };
  });
}

/**
 * Files of micrographs: paths, or tables that name them, with their CTFs.
 *
 * @throws {VitrineError} as {@link matchTargets}
 */
export async function micrographFiles(
  micrographs: readonly string[],
  request: Pick<TargetRequest, "ctf" | "onLog">,
): Promise<MicrographFile[]> {
  requireKnownOptions("micrographFiles", request, { ctf: true, onLog: true });
  const chosen = await filesOf(micrographs, request);
  if (chosen.length > 0) return chosen;
  const at = [...micrographs, ...(request.ctf ?? [])].join(" ");
  throw new VitrineError({ code: "missing", at, expected: "micrographs to search", found: "none" });
}

async function filesOf(
  micrographs: readonly string[],
  { ctf, onLog }: Pick<TargetRequest, "ctf" | "onLog">,
): Promise<MicrographFile[]> {
  const tables = micrographs.filter((path) => /\.(star|cs)$/i.test(path));
  const listed: MicrographFile[] = [];
  for (const table of tables) {
    for (const { name, at, optics } of await readCtfs(table, onLog)) {
      const path = await projectPath(name, table, at).catch((error) => missingOnly(error, onLog));
      if (path !== undefined) listed.push({ path, optics, isLookedAt: true });
    }
  }
  const paths = micrographs.filter((path) => !tables.includes(path));
  if (ctf === undefined) return [...listed, ...paths.map((path) => ({ path }))];
  const rows: MicrographCtf[] = [];
  for (const table of ctf) rows.push(...(await readCtfs(table, onLog)));
  return [...listed, ...withCtfs(paths, rows, onLog)];
}

/** One file of many that is not there is worth a warning, with where it was looked for; all else is an error. */
function missingOnly(error: unknown, onLog: Log | undefined): undefined {
  if (!(error instanceof VitrineError) || error.code !== "missing") throw error;
  onLog?.(`${error.message} It is left out`, "warning");
}

/** Gives each micrograph the CTF of its name. */
function withCtfs(
  paths: readonly string[],
  rows: readonly MicrographCtf[],
  onLog: Log | undefined,
): MicrographFile[] {
  const used = new Set<MicrographCtf>();
  const found = paths.flatMap((path): (MicrographFile & { readonly optics: CtfOptics })[] => {
    const row = rowOf(path, rows);
    if (row === undefined) return [];
    used.add(row);
    return [{ path, optics: row.optics, isLookedAt: true }];
  });
  const lost = paths.filter((path) => !found.some((one) => one.path === path));
  const idle = rows.filter((row) => !used.has(row));
  if (lost.length > 0) onLog?.(`no CTF for ${listed(lost)}: left out`, "warning");
  if (idle.length > 0)
    onLog?.(`no micrograph for ${listed(idle.map(({ at, name }) => `${name} (${at})`))}`, "warning");
  return found;
}

/** The row whose name has the most in common with a path, from its end; the file's name at least, without its extension. */
function rowOf(path: string, rows: readonly MicrographCtf[]): MicrographCtf | undefined {
  const stem = ctfStem(path);
  const same = rows.filter(({ name }) => ctfStem(name) === stem);
  return same.sort((a, b) => commonEnd(path, b.name) - commonEnd(path, a.name))[0];
}

/** What CTF programs add to a micrograph's name goes. */
function ctfStem(path: string): string {
  return fileStem(path).replace(/_(PS|diag|ctf|ctffind[45]?|avrot)$/i, "");
}

/** Names of files, with as many of their folders as tell them apart. @throws {VitrineError} exists: one file twice */
export function distinctSuffixes(paths: readonly string[]): string[] {
  const parts = paths.map((path) => path.split(/[/\\]/).filter((part) => part !== "" && part !== "."));
  const deepest = Math.max(...parts.map(({ length }) => length));
  for (let depth = 1; depth <= deepest; depth++) {
    const names = parts.map((all) => `_${[...all.slice(-depth, -1), fileStem(all.at(-1) ?? "")].join("_")}`);
    if (new Set(names).size === names.length) return names;
  }
  const twin = paths.find((path, i) => paths.indexOf(path) < i) ?? paths[0];
  const expected = "each file once, since results are named after them";
  throw new VitrineError({ code: "exists", at: twin, expected, found: "it twice, or two of its name" });
}

function unsupported(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "unsupported", at, expected, found });
}
