import type { Pool } from "../../compute/index.ts";
import { progressTeller, requireNotAborted, VitrineError } from "../../core/index.ts";
import { fileExists, requireKnownOptions, writeTogether, writeTorch } from "../../io/index.ts";
import { type ProgramOptions, withPool } from "../../program/index.ts";
import {
  type ComparatorOptions,
  type ComparatorRequest,
  compareWith,
  completeCorrelation,
  type IntegratedOptions,
  optimalPose,
} from "../correlation/comparators.ts";
import { type CompareMethod, type PreparedTemplates, prepareTemplates } from "../correlation/prepared.ts";
import type { TemplateSide } from "../correlation/sides.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { ensureDescriptor } from "../descriptor/descriptorFile.ts";
import type { Displacer } from "../displacements/configureDisplacement.ts";
import { displacementsPath, type LikelihoodPaths, likelihoodPaths } from "../files.ts";
import { shellResolutionsA } from "../grid/polarValues.ts";
import type { AnglesFrom } from "../images/polarCtf.ts";
import { measureNoisePower, whiten } from "../images/whitening.ts";
import { marginalLogLikelihood } from "../integrated/integralModel.ts";
import type { NoisePrior } from "../integrated/noisePrior.ts";
import { posePosteriorWith } from "../integrated/posePosterior.ts";
import { computeLikelihoodOptimalPose } from "../integrated/singlePose.ts";
import { drawLikelihood } from "../picture/likelihoodPictures.ts";
import { isDouble } from "../precision.ts";
import { configureLikelihoodFiles, type LikelihoodFiles } from "./fileManager.ts";
import { methodOf } from "./method.ts";
import {
  displacementsContent,
  fullOutput,
  logLikelihoodOutput,
  type Output,
  poseOutputs,
} from "./outputs.ts";
import { posteriorPaths, writePosePosteriors } from "./posteriorFiles.ts";
import { readParticleStack, readPolarStack } from "./readStacks.ts";
import { writeNoisePower } from "./tables.ts";

/** Beside files, parameters and displacements; defaults are CryoLike's where it has them, `method` is `auto`. */
export interface RunLikelihoodOptions extends Omit<CompareMethod, "precision">, ProgramOptions {
  /** Instead of the file manager's. */
  readonly iTemplate?: number;
  readonly nStacks?: number;
  /** Skip stacks whose files of this call are all there; a partial set is made again. Default false: files are replaced. */
  readonly skipExist?: boolean;
  /** Whether batches are as large as memory allows where they are not given; default true. Without it 128 images and 1 template, as CryoLike's. */
  readonly discoverBatchSize?: boolean;
  /** Write log-likelihoods over all poses. */
  readonly integrated?: boolean;
  /** Write log-likelihoods in the best pose. */
  readonly poseLikelihood?: boolean;
  /** Write posteriors over viewing directions, displacements and in-plane rotations into OUT/template0/pose_posterior, with tables of the likeliest views and poses and pictures. */
  readonly posePosterior?: boolean;
  readonly noisePrior?: NoisePrior;
  /** Divide images and templates of every stack by the root of the images' mean power on each shell, and write it into OUT/template0/noise_power. */
  readonly whiten?: boolean;
  /** Multiply CTFs with exp(-B s²/4) and the scale of the particles' table, which CryoLike reads and does not use. */
  readonly ctfEnvelope?: boolean;
  /** What defocus angles are counted from: axis 0 of images or, as RELION and cryoSPARC, axis 1; default as the stacks say, in stacks of CryoLike `rows`. */
  readonly ctfAngles?: AnglesFrom;
  /** CryoLike's faults and pickles. */
  readonly compat?: boolean;
  /** Draw particles with their best templates, the distribution of what was found, and the particles' power into OUT/template0/plots. */
  readonly picture?: boolean;
}

/** What a run did with one stack. */
export interface StackReport {
  readonly iTemplate: number;
  readonly stack: number;
  readonly images: number;
  readonly skipped: boolean;
  /** No correlation is further from the exact one, rounding apart. */
  readonly errorBound: number;
}

/** What a run did. */
export interface LikelihoodReport {
  readonly images: number;
  readonly stacks: readonly StackReport[];
  readonly files: readonly string[];
}

/** Options that decide about results, by name. */
export const RUN_KEYS = {
  method: true,
  errorBound: true,
  nTemplatesPerBatch: true,
  nImagesPerBatch: true,
  memoryBytes: true,
  nImages: true,
  workers: true,
  signal: true,
  onProgress: true,
  onLog: true,
  onBackend: true,
  iTemplate: true,
  nStacks: true,
  skipExist: true,
  discoverBatchSize: true,
  integrated: true,
  poseLikelihood: true,
  posePosterior: true,
  noisePrior: true,
  whiten: true,
  ctfEnvelope: true,
  ctfAngles: true,
  compat: true,
  picture: true,
} as const;

/**
 * The best pose of every image of every stack: correlation, template, displacement and rotation, in CryoLike's files.
 *
 * @param paramsInput  a descriptor, or the path of its `parameters.npz`
 * @throws {VitrineError} missing, shape, type, range: files that are not there or do not belong together; format: an unknown option
 *
 * @example
 * const files = await configureLikelihoodFiles({ folderTemplates: "templates", folderParticles: "particles", folderOutput: "likelihood" });
 * const displacer = configureDisplacement({ maxDisplacementPixels: 3, nDisplacementsX: 5, nDisplacementsY: 5 });
 * await runLikelihoodOptimalPose(files, "parameters.npz", displacer, { integrated: true });
 */
export function runLikelihoodOptimalPose(
  fileManager: LikelihoodFiles,
  paramsInput: string | ImageDescriptor,
  displacer: Displacer,
  options: RunLikelihoodOptions = {},
): Promise<LikelihoodReport> {
  return run({
    fileManager,
    paramsInput,
    displacer,
    options: checked("runLikelihoodOptimalPose", options),
    pathsOf: posePaths,
    outputs: poses,
  });
}

/**
 * All correlations of every image of every stack, (images, templates, displacements, inplanes), one file a stack.
 *
 * @throws {VitrineError} as {@link runLikelihoodOptimalPose}
 */
export function runLikelihoodFullCrossCorrelation(
  fileManager: LikelihoodFiles,
  paramsInput: string | ImageDescriptor,
  displacer: Displacer,
  options: RunLikelihoodOptions = {},
): Promise<LikelihoodReport> {
  const given = checked("runLikelihoodFullCrossCorrelation", options);
  return run({
    fileManager,
    paramsInput,
    displacer,
    options: given,
    pathsOf: fullPaths,
    outputs: everything,
  });
}

function checked(at: string, options: RunLikelihoodOptions): RunLikelihoodOptions {
  requireKnownOptions(at, options, RUN_KEYS);
  return options;
}

/** What is made of one stack. */
interface StackWork {
  /** Where results of these templates lie, and the number of the stack. */
  readonly folder: string;
  readonly stack: number;
  readonly paths: LikelihoodPaths;
  readonly prepared: PreparedTemplates;
  readonly request: ComparatorRequest;
  readonly descriptor: ImageDescriptor;
  readonly options: RunLikelihoodOptions;
  /** Of the stack, where it is whitened. */
  readonly noisePower?: Float64Array;
  /** Gets how many pairs of image and template of the stack are done, in which pass. */
  readonly onPairs: (done: number, pass?: number) => void;
}

interface Run {
  readonly fileManager: LikelihoodFiles;
  readonly paramsInput: string | ImageDescriptor;
  readonly displacer: Displacer;
  readonly options: RunLikelihoodOptions;
  readonly pathsOf: (paths: LikelihoodPaths, options: RunLikelihoodOptions) => readonly string[];
  readonly outputs: (work: StackWork) => Promise<{
    readonly outputs: readonly Output[];
    readonly errorBound: number;
    readonly pictures: readonly string[];
  }>;
}

async function run(given: Run): Promise<LikelihoodReport> {
  const { options, displacer, pathsOf } = given;
  const files = await filesOf(given.fileManager, options);
  const descriptor = await ensureDescriptor(given.paramsInput);
  const templates = await readPolarStack(files.templates, descriptor);
  const displacements = displacer({ templates, descriptor });
  requireDisplacements(displacements);
  const side = { templates, displacements, grid: descriptor.polarGrid, boxSizeA: descriptor.boxSizeA };
  const written: string[] = [];
  const reports: StackReport[] = [];
  const tell = progressTeller(options.onProgress, { unit: "pairs" });
  const record = displacementsPath(files.folderOutput);
  await write([[record, displacementsContent(displacements, options.compat ?? false)]]);
  const method = await methodOf(options, { files, side, descriptor });
  await withPool(options, async (pool: Pool) => {
    const prepare = (own: TemplateSide) => inFile(files.templates, () => prepareTemplates(pool, own, method));
    // Noise is that of a stack: templates that are whitened with it serve no other.
    const shared = options.whiten ? undefined : await prepare(side);
    try {
      for (const [i, { stack, ...place }] of files.stacks.entries()) {
        requireNotAborted(options.signal, "likelihood");
        const paths = likelihoodPaths(files.folderOutput, files.iTemplate, stack);
        const results = pathsOf(paths, options);
        const report = { iTemplate: files.iTemplate, stack };
        if (options.skipExist && (await areThere(results))) {
          options.onLog?.(`stack ${stack}: its results are there`, "note");
          reports.push({ ...report, images: 0, skipped: true, errorBound: 0 });
          continue;
        }
        const particles = await readParticleStack(place, descriptor, options);
        const noise = options.whiten
          ? { noisePower: measureNoisePower(particles.images, descriptor.polarGrid) }
          : undefined;
        const request = whitened({ ...side, ...particles }, noise?.noisePower);
        const pairs = particles.images.shape[0] * templates.shape[0];
        // All stacks are taken to have as many.
        const passes = options.posePosterior ? 2 : 1;
        const onPairs = (done: number, pass = 0) =>
          tell(i * pairs + Math.floor((pass * pairs + done) / passes), files.stacks.length * pairs);
        const folder = `${files.folderOutput}/template${files.iTemplate}`;
        const prepared = shared ?? (await prepare(request));
        const work = { folder, stack, paths, prepared, request, descriptor, options, onPairs, ...noise };
        const compare = () =>
          given.outputs(work).finally(() => {
            if (shared === undefined) prepared.dispose();
          });
        const { outputs, errorBound, pictures } = await inFile(place.fourier, compare);
        await write(outputs);
        written.push(...outputs.map(([path]) => path), ...pictures);
        if (noise !== undefined) {
          const resolutionsA = shellResolutionsA(descriptor.polarGrid, descriptor.boxSizeA[0]);
          written.push(
            ...(await writeNoisePower(paths.noiseTable, { power: noise.noisePower, resolutionsA })),
          );
        }
        reports.push({ ...report, images: particles.images.shape[0], skipped: false, errorBound });
      }
    } finally {
      shared?.dispose();
    }
  });
  const images = reports.reduce((sum, report) => sum + report.images, 0);
  return { images, stacks: reports, files: [record, ...written] };
}

/** Errors of an image or a template name the file that it is of. */
async function inFile<Result>(path: string, work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VitrineError) || !/^(image|template) \d+$/.test(error.fault.at)) throw error;
    throw new VitrineError({ ...error.fault, at: `${path} ${error.fault.at}` }, { cause: error });
  }
}

/** Those of the manager, unless the call names others. */
async function filesOf(
  manager: LikelihoodFiles,
  { iTemplate, nStacks }: RunLikelihoodOptions,
): Promise<LikelihoodFiles> {
  if (
    (iTemplate ?? manager.iTemplate) === manager.iTemplate &&
    (nStacks ?? manager.stacks.length) === manager.stacks.length
  )
    return manager;
  const { folderTemplates, folderParticles, folderOutput } = manager;
  return configureLikelihoodFiles({
    ...{ folderTemplates, folderParticles, folderOutput },
    iTemplate: iTemplate ?? manager.iTemplate,
    nStacks: nStacks ?? manager.stacks.length,
  });
}

/** Results come to their places together, over those that are there. */
async function write(outputs: readonly Output[]): Promise<void> {
  await writeTogether(async (results) => {
    for (const [path, content] of outputs)
      await results.write(path, (temporary) => writeTorch(temporary, content));
  });
}

async function areThere(paths: readonly string[]): Promise<boolean> {
  for (const path of paths) if (!(await fileExists(path))) return false;
  return true;
}

/** Templates in place of CTFs, which bounds of compression are the tighter for. */
function whitened(request: ComparatorRequest, noisePower: Float64Array | undefined): ComparatorRequest {
  if (noisePower === undefined) return request;
  const { images, templates } = request;
  return { ...request, images: whiten(images, noisePower), templates: whiten(templates, noisePower) };
}

function comparison(work: StackWork): ComparatorOptions {
  const { options, onPairs } = work;
  const { signal } = options;
  return {
    onProgress: onPairs,
    ...(signal && { signal }),
    ...((options.posePosterior || (options.integrated && !options.compat)) && {
      integrated: integratedOf(work),
    }),
  };
}

/** Templates of other viewing angles than the parameters' stand for equal shares. */
function integratedOf({ descriptor, options, request, noisePower }: StackWork): IntegratedOptions {
  const { nPixels, viewingAngles } = descriptor;
  const { noisePrior, onLog } = options;
  const [templates] = request.templates.shape;
  const isTheirs = viewingAngles.count === templates;
  if (!isTheirs) {
    onLog?.(
      `the parameters have ${viewingAngles.count} viewing angles, the templates ${templates}: all templates count alike in integrated likelihoods`,
      "warning",
    );
  }
  return {
    pixels: nPixels[0] * nPixels[1],
    ...(isTheirs && { weights: viewingAngles.weights }),
    ...(noisePrior !== undefined && { noisePrior }),
    ...(noisePower && { noisePower }),
  };
}

function posePaths(
  paths: LikelihoodPaths,
  { integrated, poseLikelihood, posePosterior, whiten: isWhitened }: RunLikelihoodOptions,
): string[] {
  return [
    ...[
      paths.crossCorrelation,
      paths.optimalTemplate,
      paths.optimalDisplacementX,
      paths.optimalDisplacementY,
    ],
    paths.optimalInplaneRotation,
    ...(integrated ? [paths.logLikelihoodIntegrated] : []),
    ...(poseLikelihood ? [paths.logLikelihoodOptimal] : []),
    ...(posePosterior ? posteriorPaths(paths) : []),
    ...(isWhitened ? [paths.noiseTable.csv, paths.noiseTable.png] : []),
  ];
}

async function poses(work: StackWork) {
  const { paths, prepared, request, descriptor, options, folder, stack } = work;
  const pictures: string[] = [];
  const found = await compareWith(prepared, request, { ...comparison(work), aggregation: optimalPose });
  const outputs = poseOutputs(paths, found);
  const double = isDouble(descriptor.precision);
  if (options.integrated) {
    const own = options.compat ? undefined : found.integratedLogLikelihoodM;
    const values = own ?? constantLikelihood(work);
    outputs.push(logLikelihoodOutput(paths.logLikelihoodIntegrated, values, double));
  }
  if (options.poseLikelihood) {
    const { logLikelihoodM } = computeLikelihoodOptimalPose(request, found, integratedOf(work));
    outputs.push(logLikelihoodOutput(paths.logLikelihoodOptimal, logLikelihoodM, double));
  }
  if (options.posePosterior) {
    const posteriors = await posePosteriors(work, found.integratedLogLikelihoodMS ?? new Float64Array());
    outputs.push(...posteriors.outputs);
    pictures.push(...posteriors.pictures);
  }
  if (options.picture)
    pictures.push(...(await drawLikelihood(folder, { stack, request, pose: found, descriptor })));
  return { outputs, errorBound: found.errorBound, pictures };
}

async function posePosteriors(work: StackWork, integrals: Float64Array) {
  const { paths, prepared, request, descriptor, options, onPairs } = work;
  const integrated = integratedOf({ ...work, options: { ...options, onLog: () => {} } });
  const found = await posePosteriorWith(prepared, request, {
    ...{ integrated, integrals, onProgress: (done) => onPairs(done, 1) },
    ...(options.signal && { signal: options.signal }),
  });
  const angles = integrated.weights === undefined ? undefined : descriptor.viewingAngles;
  const { displacements } = request;
  return writePosePosteriors(paths, found, {
    ...{ angles, displacements, isDouble: isDouble(descriptor.precision) },
  });
}

/** CryoLike's wrapper integrates zeros: the same number for every image. */
function constantLikelihood({ request, descriptor }: StackWork): Float64Array {
  const [images, templates] = [request.images.shape[0], request.templates.shape[0]];
  const { weights, count } = descriptor.viewingAngles;
  return marginalLogLikelihood(new Float64Array(images * templates), templates, {
    ...(count === templates && { weights }),
    ...{ displacements: request.displacements.x.length, inplanes: request.grid.nInplanes, compat: true },
  });
}

function fullPaths(paths: LikelihoodPaths, { whiten: isWhitened }: RunLikelihoodOptions): string[] {
  const { csv, png } = paths.noiseTable;
  return [paths.crossCorrelationFull, ...(isWhitened ? [csv, png] : [])];
}

async function everything(work: StackWork) {
  const { paths, prepared, request, options } = work;
  const found = await compareWith(prepared, request, {
    ...comparison({ ...work, options: { ...options, integrated: false } }),
    aggregation: completeCorrelation,
  });
  const shape = [
    request.images.shape[0],
    request.templates.shape[0],
    request.displacements.x.length,
    request.grid.nInplanes,
  ];
  return {
    outputs: [fullOutput(paths, found, { shape, compat: options.compat ?? false })],
    errorBound: found.errorBound,
    pictures: [],
  };
}

function requireDisplacements({
  x,
  y,
}: {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}): void {
  const isRight =
    x.length === y.length && x.length > 0 && [...Array.from(x), ...Array.from(y)].every(Number.isFinite);
  if (isRight) return;
  const found = `${x.length} of x and ${y.length} of y`;
  throw new VitrineError({
    code: "shape",
    at: "displacer",
    expected: "as many finite displacements in x as in y, one at least",
    found,
  });
}
