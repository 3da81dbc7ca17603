import { VitrineError } from "../../core/index.ts";
import { readMrcImage, writeMrc, writeStar } from "../../io/index.ts";
import { type BoxOptions, extractBoxes } from "../particles/boxes.ts";
import { type ParticleStack, readParticleStack } from "../particles/particleStack.ts";
import type { ParticleTable } from "../particles/particles.ts";
import { particlesToStar } from "../particles/particlesToStar.ts";
import { prepareFiles } from "../search/results.ts";

/** How particles are extracted. */
export interface ExtractOptions extends Pick<BoxOptions, "bounds" | "padding" | "value"> {
  /** Side of a box in pixels. */
  readonly boxSize: number;
  /** The stack, `.mrcs`; its table lies beside it as `.star`. Default `particles.mrcs`. */
  readonly stackPath?: string;
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
}

/** What was extracted. */
export interface ExtractReport {
  readonly particles: number;
  readonly files: readonly string[];
}

/**
 * Cuts the boxes of a particle table's particles out of their micrographs and writes them as a stack (MRC, float32, values as
 * they are) and a STAR file of RELION 3.1 that names each image. A particle's centre, refined where it is, comes to lie at pixel
 * floor(box / 2).
 *
 * @throws {VitrineError} as `readParticleStack`; range: no particles, a box size that is none, a box that leaves its micrograph
 *   with `bounds: "error"`; exists: a result that is there
 */
export async function extractParticles(
  tablePath: string,
  { boxSize, stackPath = "particles.mrcs", overwrite = false, signal, ...cut }: ExtractOptions,
): Promise<ExtractReport> {
  const stack = await readParticleStack(tablePath);
  requireBox(boxSize, stack);
  const starPath = `${stackPath.replace(/\.mrcs?$/, "")}.star`;
  await prepareFiles([stackPath, starPath], [tablePath], { mayReplace: overwrite, ways: "--overwrite" });
  const data = await cutAll(stack, { ...cut, boxSize: [boxSize, boxSize], signal });
  const count = stack.particles.length;
  const [{ pixelSizeA }] = stack.particles;
  const shape = [count, boxSize, boxSize] as const;
  const star = particlesToStar(imageTable(stack, stackPath, boxSize), tablePath);
  await writeMrc(stackPath, { data, shape, voxelSizeA: pixelSizeA, kind: "stack" }, { overwrite });
  await writeStar(starPath, star, { overwrite });
  return { particles: count, files: [stackPath, starPath] };
}

function requireBox(boxSize: number, { path, particles }: ParticleStack): void {
  if (!(Number.isInteger(boxSize) && boxSize >= 2)) {
    const expected = "a whole number from 2";
    throw new VitrineError({ code: "range", at: "box size", expected, found: String(boxSize) });
  }
  if (particles.length > 0) return;
  throw new VitrineError({ code: "range", at: path, expected: "at least one particle", found: "none" });
}

/** All boxes one after the other, in the table's order; each micrograph is read once. */
async function cutAll(
  { particles, table, hasRefinedPositions }: ParticleStack,
  { signal, ...options }: BoxOptions & { signal: AbortSignal | undefined },
): Promise<Float32Array> {
  const area = options.boxSize[0] * options.boxSize[1];
  const data = new Float32Array(particles.length * area);
  const prefix = hasRefinedPositions ? "refined_pos" : "pos";
  for (const path of new Set(particles.map(({ micrographPath }) => micrographPath))) {
    if (signal?.aborted) throw stopped(signal);
    const micrograph = await readMrcImage(path);
    particles.forEach(({ micrographPath }, i) => {
      if (micrographPath !== path) return;
      const [y, x] = ["y", "x"].map((axis) => Number(table.rows[i][`${prefix}_${axis}_img`]));
      const [box] = extractBoxes(micrograph, [{ y, x }], { ...options, reference: "center" });
      data.set(box, i * area);
    });
  }
  return data;
}

/** The table with the columns by which RELION finds an image; a column without a name (pandas' row number) goes. */
function imageTable({ table }: ParticleStack, stackPath: string, boxSize: number): ParticleTable {
  const name = stackPath.replace(/^.*[/\\]/, "");
  const more = ["rlnImageName", "optics.rlnImageSize", "optics.rlnImageDimensionality"];
  const rows = table.rows.map(({ "": _, ...row }, i) => ({
    ...row,
    rlnImageName: `${String(i + 1).padStart(6, "0")}@${name}`,
    "optics.rlnImageSize": boxSize,
    "optics.rlnImageDimensionality": 2,
  }));
  return { columns: [...table.columns.filter((column) => column !== ""), ...more], rows };
}

function stopped(signal: AbortSignal): VitrineError {
  const fault = { code: "aborted", at: "extract", expected: "to finish", found: "an abort" } as const;
  return new VitrineError(fault, { cause: signal.reason });
}
