/** Folders of a comparison of images with structures, as they lie beside each other. */
import { fileExists, listFolder } from "../../io/index.ts";
import { likelihoodPaths, particleStackPaths, templateListPath } from "../files.ts";

/** Paths of what was found; absent: nothing of that kind lies there. */
export interface ResultFolders {
  /** Results of `vitrine likelihood`, of the best poses. */
  readonly run?: string;
  /** Results of `vitrine ensemble`. */
  readonly ensemble?: string;
  readonly templates?: string;
  readonly particles?: string;
  readonly parameters?: string;
}

/** Folders beside a result that are looked into. */
const MOST = 100;

/** By the names in a folder: whether it is a run of likelihoods. */
export function isLikelihoodRun(names: ReadonlySet<string>): boolean {
  return names.has("template0") && names.has("displacements_set.pt");
}

/** By the names in a folder: whether it has what an ensemble is judged by. */
export function isEnsemble(names: ReadonlySet<string>): boolean {
  return ["ranking.csv", "weights.csv", "posteriors.csv"].every((name) => names.has(name));
}

/**
 * Finds what belongs to a result: it names none of its inputs, so that they are looked for beside it, those with the usual names first.
 *
 * @param path  a run's folder, or an ensemble's
 */
export async function findResultFolders(path: string): Promise<ResultFolders> {
  const parent = path.replace(/[/\\][^/\\]*[/\\]*$/, "") || "/";
  // what lies beside may not be there for who asks
  const names = (await listFolder(parent).catch(() => [])).slice(0, MOST);
  const beside = names.map((name) => `${parent}/${name}`);
  const first = async (usual: string, isOne: (folder: string) => Promise<boolean>) => {
    const ordered = [...new Set([`${parent}/${usual}`, ...beside])];
    for (const folder of ordered) if (await isOne(folder)) return folder;
    return undefined;
  };
  const isRun = (folder: string) => fileExists(likelihoodPaths(folder, 0, 0).optimalTemplate);
  const hasTables = async (folder: string) => isEnsemble(new Set(await listFolder(folder).catch(() => [])));
  const found = {
    run: (await isRun(path)) ? path : await first("likelihood", isRun),
    ensemble: (await hasTables(path)) ? path : await first("ensemble", hasTables),
    templates: await first("templates", (folder) => fileExists(templateListPath(folder))),
    particles: await first("particles", (folder) => fileExists(particleStackPaths(folder, 0).fourier)),
    parameters: await first("parameters.npz", async (file) => /\.npz$/.test(file) && fileExists(file)),
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
}
