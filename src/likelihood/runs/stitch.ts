import { VitrineError } from "../../core/index.ts";
import {
  fileExists,
  makeFolder,
  readTorchTensor,
  requireKnownOptions,
  writeTogether,
  writeTorch,
} from "../../io/index.ts";
import { type LikelihoodPaths, likelihoodPaths } from "../files.ts";

/** Which results become matrices. */
export interface StitchOptions {
  /** Where the results are. */
  readonly folderOutput: string;
  /** Default `likelihood_matrix` beside that. */
  readonly folderMatrix?: string;
  /** Default: as many as there are, from 0 on. */
  readonly nTemplates?: number;
  readonly nStacks?: number;
  /** Default true. */
  readonly crossCorrelation?: boolean;
  /** Integrated log-likelihoods; default: where they are there. */
  readonly integrated?: boolean;
  /** Log-likelihoods in the best pose; default: where they are there. */
  readonly optimal?: boolean;
}

/** What was stitched. */
export interface StitchReport {
  readonly templates: number;
  readonly images: number;
  readonly files: readonly string[];
}

type Kind = "crossCorrelation" | "integrated" | "optimal";

const SOURCES: Readonly<
  Record<Kind, { readonly of: (paths: LikelihoodPaths) => string; readonly name: string }>
> = {
  crossCorrelation: { of: (paths) => paths.crossCorrelation, name: "cross_correlation_matrix" },
  integrated: {
    of: (paths) => paths.logLikelihoodIntegrated,
    name: "integrated_fourier_log_likelihood_matrix",
  },
  optimal: { of: (paths) => paths.logLikelihoodOptimal, name: "optimal_fourier_log_likelihood_matrix" },
};

const KEYS = {
  folderOutput: true,
  folderMatrix: true,
  nTemplates: true,
  nStacks: true,
  crossCorrelation: true,
  integrated: true,
  optimal: true,
} as const;

/**
 * Puts the results of all templates' runs together: matrices (templates, images), images of all stacks in turn.
 *
 * @throws {VitrineError} missing: results of a template or stack that are not there, all named; shape: runs of other stacks
 *
 * @example
 * await stitchLogLikelihoodMatrices({ folderOutput: "likelihood" }); // likelihood_matrix/cross_correlation_matrix.pt
 */
export async function stitchLogLikelihoodMatrices(options: StitchOptions): Promise<StitchReport> {
  requireKnownOptions("stitchLogLikelihoodMatrices", options, KEYS);
  const { folderOutput, folderMatrix = matrixFolder(folderOutput) } = options;
  const counts = await countsOf(options);
  const kinds = await kindsOf(options);
  await requireResults(kinds, folderOutput, counts);
  const matrices: [path: string, matrix: Matrix][] = [];
  for (const kind of kinds) {
    matrices.push([`${folderMatrix}/${SOURCES[kind].name}.pt`, await matrixOf(kind, folderOutput, counts)]);
  }
  await makeFolder(folderMatrix);
  await writeTogether(async (results) => {
    for (const [path, matrix] of matrices)
      await results.write(path, (temporary) => writeTorch(temporary, matrix));
  });
  const [templates, images] = matrices[0][1].shape;
  return { templates, images, files: matrices.map(([path]) => path) };
}

interface Matrix {
  readonly shape: readonly [templates: number, images: number];
  readonly data: Float32Array | Float64Array;
}

function matrixFolder(folderOutput: string): string {
  const parent = /^(.*[/\\])[^/\\]+[/\\]*$/.exec(folderOutput)?.[1] ?? "";
  return `${parent}likelihood_matrix`;
}

async function countsOf({ folderOutput, nTemplates, nStacks }: StitchOptions) {
  const templates =
    nTemplates ?? (await countUntil((i) => likelihoodPaths(folderOutput, i, 0).crossCorrelation));
  const stacks = nStacks ?? (await countUntil((i) => likelihoodPaths(folderOutput, 0, i).crossCorrelation));
  if (templates > 0 && stacks > 0) return { templates, stacks };
  throw new VitrineError({
    code: "missing",
    at: folderOutput,
    expected: "results of a likelihood",
    found: `no ${likelihoodPaths(folderOutput, 0, 0).crossCorrelation}`,
    hint: "Run `vitrine likelihood` first",
  });
}

async function countUntil(path: (i: number) => string): Promise<number> {
  let count = 0;
  while (await fileExists(path(count))) count++;
  return count;
}

async function kindsOf(options: StitchOptions): Promise<Kind[]> {
  const { crossCorrelation = true, folderOutput } = options;
  const first = likelihoodPaths(folderOutput, 0, 0);
  const isWanted = async (kind: "integrated" | "optimal") =>
    options[kind] ?? (await fileExists(SOURCES[kind].of(first)));
  const kinds: Kind[] = crossCorrelation ? ["crossCorrelation"] : [];
  for (const kind of ["integrated", "optimal"] as const) if (await isWanted(kind)) kinds.push(kind);
  if (kinds.length > 0) return kinds;
  throw new VitrineError({
    code: "range",
    at: "stitchLogLikelihoodMatrices",
    expected: "results to stitch",
    found: "none",
  });
}

/** Names all that miss before anything is read. */
async function requireResults(
  kinds: readonly Kind[],
  folder: string,
  { templates, stacks }: { readonly templates: number; readonly stacks: number },
): Promise<void> {
  const lacking: string[] = [];
  for (const kind of kinds)
    for (let template = 0; template < templates; template++)
      for (let stack = 0; stack < stacks; stack++) {
        const path = SOURCES[kind].of(likelihoodPaths(folder, template, stack));
        if (!(await fileExists(path))) lacking.push(path);
      }
  if (lacking.length === 0) return;
  const hint = "Run `vitrine likelihood` for all templates and stacks with the same options, or stitch fewer";
  throw new VitrineError({
    code: "missing",
    at: folder,
    expected: `results of ${templates} template stacks and ${stacks} stacks of particles`,
    found: `no ${lacking.join(", no ")}`,
    hint,
  });
}

async function matrixOf(
  kind: Kind,
  folder: string,
  { templates, stacks }: { readonly templates: number; readonly stacks: number },
): Promise<Matrix> {
  const rows: (Float32Array | Float64Array)[] = [];
  for (let template = 0; template < templates; template++) {
    const parts: number[] = [];
    let isDouble = false;
    for (let stack = 0; stack < stacks; stack++) {
      const { data } = await readTorchTensor(SOURCES[kind].of(likelihoodPaths(folder, template, stack)));
      isDouble ||= data instanceof Float64Array;
      for (const value of data as Iterable<number>) parts.push(value);
    }
    rows.push(isDouble ? Float64Array.from(parts) : Float32Array.from(parts));
  }
  const images = rows[0].length;
  const other = rows.findIndex((row) => row.length !== images);
  if (other >= 0) {
    const at = `${folder}/template${other}`;
    throw new VitrineError({
      code: "shape",
      at,
      expected: `${images} images, as template 0 has`,
      found: `${rows[other].length}`,
    });
  }
  const isDouble = rows.some((row) => row instanceof Float64Array);
  const data = isDouble ? new Float64Array(images * templates) : new Float32Array(images * templates);
  rows.forEach((row, i) => {
    data.set(row, i * images);
  });
  return { shape: [templates, images], data };
}
