import { type KnownKeys, refuseUnknownKeys } from "../../io/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { ensureDescriptor } from "../descriptor/descriptorFile.ts";
import { type ConvertParticlesOptions, convertSources, type ParticlesReport } from "./convert.ts";
import { cryosparcJobSources, indexedCsSources, indexedStarSources, pairedSources } from "./sources.ts";

const COMMON = [
  ..."folderOutput batchSize nStacksMax pixelSizeA downsampleFactor downsampleType overwrite compat".split(
    " ",
  ),
  ..."signal onProgress onLog onStack".split(" "),
];

function known(name: string, ...own: readonly string[]): KnownKeys {
  return { known: [...COMMON, ...own], at: `${name} options` };
}

/** Of tables whose angles may be in radians. */
export interface PairedOptions extends ConvertParticlesOptions {
  /** Default true. */
  readonly defocusAngleIsDegree?: boolean;
  /** Default true. */
  readonly phaseShiftIsDegree?: boolean;
}

/**
 * Converts stacks of particles (MRC) and their tables (STAR), which come in pairs, row by row; every pair makes stacks of its own.
 *
 * @param paramsInput  a descriptor, or the path of its `parameters.npz`
 * @throws {VitrineError} as `convertSources`; shape: not as many stacks as tables, or images as rows; missing: files
 */
export async function convertParticleStacksFromPairedStarAndMrcFiles(
  paramsInput: string | ImageDescriptor,
  particleFileList: readonly string[],
  starFileList: readonly string[],
  options: PairedOptions = {},
): Promise<ParticlesReport> {
  const { defocusAngleIsDegree, phaseShiftIsDegree, ...others } = options;
  refuseUnknownKeys(
    options,
    known("convertParticleStacksFromPairedStarAndMrcFiles", "defocusAngleIsDegree", "phaseShiftIsDegree"),
  );
  const angles = {
    ...(defocusAngleIsDegree !== undefined && { defocusAngleIsDegree }),
    ...(phaseShiftIsDegree !== undefined && { phaseShiftIsDegree }),
  };
  const descriptor = await ensureDescriptor(paramsInput);
  return convertSources(descriptor, await pairedSources(particleFileList, starFileList, angles), others);
}

/** Of tables that name images. */
export interface IndexedParticlesOptions extends ConvertParticlesOptions {
  /** Where the files of the images lie, whatever folders the table names. */
  readonly mrcFolder?: string;
}

/**
 * Converts the particles of a STAR file of RELION, which names the image of each (`000001@particles.mrcs`), restacked across files.
 *
 * @throws {VitrineError} as `convertSources` and `readStarLens`; missing: none of its files
 */
export async function convertParticleStacksFromIndexedStarFile(
  paramsInput: string | ImageDescriptor,
  starFile: string,
  options: IndexedParticlesOptions = {},
): Promise<ParticlesReport> {
  const { mrcFolder, ...others } = options;
  refuseUnknownKeys(options, known("convertParticleStacksFromIndexedStarFile", "mrcFolder"));
  const descriptor = await ensureDescriptor(paramsInput);
  return convertSources(
    descriptor,
    await indexedStarSources(starFile, { mrcFolder, onLog: options.onLog }),
    others,
  );
}

/** Converts the particles of a `.cs` file of cryoSPARC, restacked across files. @throws {VitrineError} as `convertSources` and `readCsLens`; missing: none of its files */
export async function convertParticleStacksFromIndexedCryosparcFile(
  paramsInput: string | ImageDescriptor,
  fileCs: string,
  options: IndexedParticlesOptions = {},
): Promise<ParticlesReport> {
  const { mrcFolder, ...others } = options;
  refuseUnknownKeys(options, known("convertParticleStacksFromIndexedCryosparcFile", "mrcFolder"));
  const descriptor = await ensureDescriptor(paramsInput);
  return convertSources(
    descriptor,
    await indexedCsSources(fileCs, { mrcFolder, onLog: options.onLog }),
    others,
  );
}

/** Of a job's folder. */
export interface CryosparcJobOptions extends ConvertParticlesOptions {
  /** Default: that of the folder, or of the only job in it. */
  readonly jobNumber?: number;
}

/** Converts the stacks that a job of cryoSPARC has restacked or down-sampled. @throws {VitrineError} as `convertSources` and `cryosparcJobSources` */
export async function convertParticleStacksFromCryosparcJobDirectory(
  paramsInput: string | ImageDescriptor,
  folderCryosparc: string,
  options: CryosparcJobOptions = {},
): Promise<ParticlesReport> {
  const { jobNumber, ...others } = options;
  refuseUnknownKeys(options, known("convertParticleStacksFromCryosparcJobDirectory", "jobNumber"));
  const descriptor = await ensureDescriptor(paramsInput);
  return convertSources(
    descriptor,
    await cryosparcJobSources(folderCryosparc, jobNumber, options.onLog),
    others,
  );
}
