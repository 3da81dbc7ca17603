import { VitrineError } from "../../core/index.ts";
import { fileExists, makeFolder, requireKnownOptions } from "../../io/index.ts";
import { type ParticleStackPaths, particleStackPaths, templateListPath } from "../files.ts";
import { readTemplateList } from "./templateList.ts";

/** Where a run of likelihoods reads and writes. */
export interface LikelihoodFilesOptions {
  /** Holds `template_file_list.npy`. */
  readonly folderTemplates: string;
  /** Holds `fft/particles_fourier_stack_000000.pt` and so on, each with its `.npz`. */
  readonly folderParticles: string;
  readonly folderOutput: string;
  /** Stacks of particles, from the first on; default 1. */
  readonly nStacks?: number;
  /** Which templates of the list, from 0; default 0. */
  readonly iTemplate?: number;
}

/** Files of a run that are there. */
export interface LikelihoodFiles {
  readonly folderTemplates: string;
  readonly folderParticles: string;
  readonly folderOutput: string;
  readonly iTemplate: number;
  /** The templates' stack. */
  readonly templates: string;
  /** Every stack of particles, with its number. */
  readonly stacks: readonly (ParticleStackPaths & { readonly stack: number })[];
}

const KEYS = {
  folderTemplates: true,
  folderParticles: true,
  folderOutput: true,
  nStacks: true,
  iTemplate: true,
} as const;

/**
 * Finds the files of a run and makes the folders of its results.
 *
 * @throws {VitrineError} missing: names all files that are not there; range: an index beyond the list, with its length; format: an unknown option
 *
 * @example
 * const files = await configureLikelihoodFiles({ folderTemplates: "templates", folderParticles: "particles", folderOutput: "likelihood", nStacks: 3 });
 */
export async function configureLikelihoodFiles(options: LikelihoodFilesOptions): Promise<LikelihoodFiles> {
  requireKnownOptions("configureLikelihoodFiles", options, KEYS);
  const { folderTemplates, folderParticles, folderOutput, nStacks = 1, iTemplate = 0 } = options;
  requireWhole("nStacks", nStacks, 1);
  const list = templateListPath(folderTemplates);
  const stacks = Array.from({ length: nStacks }, (_, stack) => ({
    stack,
    ...particleStackPaths(folderParticles, stack),
  }));
  const wanted = [list, ...stacks.flatMap(({ fourier, metadata }) => [fourier, metadata])];
  await requireThere(wanted);
  const templates = await templatesOf(list, iTemplate);
  const folder = `${folderOutput}/template${iTemplate}`;
  await makeFolder(folderOutput);
  for (const name of ["cross_correlation", "optimal_pose", "log_likelihood"])
    await makeFolder(`${folder}/${name}`);
  return { folderTemplates, folderParticles, folderOutput, iTemplate, templates, stacks };
}

/** The stack of number `index`. Paths are as they were written: relative to the working folder, else to that of the list. */
async function templatesOf(list: string, index: number): Promise<string> {
  requireWhole("iTemplate", index, 0);
  const paths = await readTemplateList(list);
  const path = paths[index];
  if (path === undefined) {
    const expected = paths.length === 1 ? "0, the only one" : `a number from 0 to ${paths.length - 1}`;
    throw new VitrineError({ code: "range", at: `${list} iTemplate`, expected, found: `${index}` });
  }
  if (await fileExists(path)) return path;
  const beside = `${list.slice(0, -"/template_file_list.npy".length)}/${path}`;
  if (await fileExists(beside)) return beside;
  throw missing(`no ${path}, which ${list} names, from here or from its folder`);
}

async function requireThere(paths: readonly string[]): Promise<void> {
  const lacking: string[] = [];
  for (const path of paths) if (!(await fileExists(path))) lacking.push(path);
  if (lacking.length > 0) throw missing(`no ${lacking.join(", no ")}`);
}

function missing(found: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at: "likelihood files",
    expected: "all files of the run",
    found,
    hint: "Make them with `vitrine templates` and `vitrine particles`, or take fewer stacks",
  });
}

function requireWhole(name: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  const at = `configureLikelihoodFiles ${name}`;
  throw new VitrineError({ code: "range", at, expected: `a whole number from ${least}`, found: `${value}` });
}
