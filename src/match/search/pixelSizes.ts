import { VitrineError } from "../../core/index.ts";
import { identifyFile, openMrc, openTiff } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { opticsValues, warnOfImplausible, warnOfRows } from "../config/plausible.ts";
import type { MovieSettings } from "../config/refineConfig.ts";
import type { StackParticle } from "../particles/particleStack.ts";
import type { TemplateSource } from "./searchInputs.ts";

/** Headers round their cells; a difference up to this is taken for that. */
const LARGEST_DIFFERENCE = 0.01;

/** Something that says how large its pixels are. */
export interface SizedFile {
  /** How messages call it. */
  readonly path: string;
  /** Å; 0 or absent where it does not say. */
  readonly pixelSizeA?: number | undefined;
}

/** The pixel size that counts, and who says so. */
export interface UsedPixelSize {
  readonly pixelSizeA: number;
  /** `the configuration`, a table and its row, an option. */
  readonly from: string;
}

/** Of every program: what it is told counts, as in Leopard-EM; a file that says otherwise is worth a word. */
export function warnOfPixelSize(
  { path, pixelSizeA = 0 }: SizedFile,
  used: UsedPixelSize,
  onLog: Log | undefined,
): void {
  if (!isOther(pixelSizeA, used.pixelSizeA)) return;
  onLog?.(
    `${path} says ${pixelSizeA} Å a pixel, ${used.from} ${used.pixelSizeA} Å, which is used`,
    "warning",
  );
}

/** Whether two pixel sizes differ; those that are not known (0) agree with any. */
export function isOther(foundA: number, usedA: number): boolean {
  return foundA > 0 && usedA > 0 && Math.abs(foundA - usedA) > LARGEST_DIFFERENCE * usedA;
}

/** What the particles of a table are refined or cut with. */
export interface ParticleInputs {
  readonly particles: readonly StackParticle[];
  readonly template?: Pick<TemplateSource, "name" | "voxelSizeA" | "warnings">;
  /** A movie from which boxes are cut. */
  readonly movie?: MovieSettings | null | undefined;
  /** How messages call a field of `movie_config`. */
  readonly movieField?: (field: string) => string;
  /** Whether micrographs are read too where there is a movie; default true. */
  readonly readsMicrographs?: boolean;
}

/**
 * Says what is odd about a table of particles and the files that it is taken together with: pixel sizes that are not the table's, and
 * optics in what seems to be another unit.
 *
 * @throws {VitrineError} whatever is wrong with the header of an image
 */
export async function warnOfParticles(
  { particles, template, movie, movieField = String, readsMicrographs = true }: ParticleInputs,
  onLog: Log | undefined,
): Promise<void> {
  if (template !== undefined) {
    for (const line of template.warnings ?? []) onLog?.(line, "warning");
    warnOfFirst({ path: template.name, pixelSizeA: template.voxelSizeA }, particles, onLog);
  }
  for (const [path, own] of readsMicrographs ? byMicrograph(particles) : [])
    warnOfFirst({ path, pixelSizeA: await readPixelSize(path).catch(ofTable(own[0])) }, own, onLog);
  if (movie) {
    warnOfFirst({ path: movie.path, pixelSizeA: await readPixelSize(movie.path) }, particles, onLog);
    const dose = (field: string, value: number) =>
      ({ at: movieField(field), quantity: "dose", value }) as const;
    const doses = [
      dose("pre_exposure", movie.preExposureA2),
      dose("fluence_per_frame", movie.dosePerFrameA2),
    ];
    warnOfImplausible(doses, onLog);
  }
  warnOfOptics(particles, onLog);
}

/** A micrograph that is not there is the affair of the table that names it. */
function ofTable({ at, micrographPath }: StackParticle): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof VitrineError) || error.code !== "missing") throw error;
    const hint =
      "Paths of a table count from the folder where the command runs: run it there, or correct them";
    const expected = "a micrograph that is there";
    const fault = {
      code: "missing",
      at: `${at} micrograph_path`,
      expected,
      found: micrographPath,
      hint,
    } as const;
    throw new VitrineError(fault, { cause: error });
  };
}

/** One word for a file, about the first particle with which it does not agree. */
function warnOfFirst(file: SizedFile, particles: readonly StackParticle[], onLog: Log | undefined): void {
  const other = particles.find(({ pixelSizeA }) => isOther(file.pixelSizeA ?? 0, pixelSizeA));
  if (other !== undefined) warnOfPixelSize(file, { pixelSizeA: other.pixelSizeA, from: other.at }, onLog);
}

function byMicrograph(particles: readonly StackParticle[]): Map<string, StackParticle[]> {
  const groups = new Map<string, StackParticle[]>();
  for (const particle of particles) {
    const group = groups.get(particle.micrographPath);
    if (group === undefined) groups.set(particle.micrographPath, [particle]);
    else group.push(particle);
  }
  return groups;
}

function warnOfOptics(particles: readonly StackParticle[], onLog: Log | undefined): void {
  const rows = particles.map(({ at, optics, pixelSizeA }) =>
    opticsValues({ ...optics, pixelSizeA }, (field) => `${at} ${field}`),
  );
  warnOfRows(rows, onLog);
}

/** Å a pixel of an image, MRC or TIFF, by its header; 0 where that does not say. */
async function readPixelSize(path: string): Promise<number> {
  if ((await identifyFile(path)) === "tiff") {
    const file = await openTiff(path);
    await file.close();
    return file.pixelSizeA ?? 0;
  }
  const file = await openMrc(path);
  await file.close();
  return file.header.voxelSizeA[0];
}
