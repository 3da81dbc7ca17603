import { VitrineError } from "../../core/index.ts";
import type { ParticleStack } from "../particles/particleStack.ts";

/** Which particles tell how well a template fits. */
export interface ParticleChoice {
  /** Those of at least this z-score; default 8, or none where only `bestN` is given. */
  readonly minSnr?: number;
  /** At most so many of them, the best. */
  readonly bestN?: number;
}

/** Particles by their indices, ascending. */
export interface ChosenParticles {
  readonly indices: readonly number[];
  /** The z-score that no particle reached, so that all count; null where particles reached it. */
  readonly missed: number | null;
}

/** Leopard-EM's, where nothing is said. */
const DEFAULT_MIN_SNR = 8;

/** Leopard-EM's choice: those above a z-score, or all where there is none; of these the best. NaN lies below every number. */
export function chooseParticles(
  zScores: readonly number[],
  { minSnr, bestN }: ParticleChoice,
): ChosenParticles {
  const limit = minSnr ?? (bestN === undefined ? DEFAULT_MIN_SNR : Number.NEGATIVE_INFINITY);
  const scores = zScores.map((z) => (Number.isNaN(z) ? Number.NEGATIVE_INFINITY : z));
  const all = scores.map((_, i) => i);
  const above = all.filter((i) => scores[i] >= limit);
  const eligible = above.length > 0 ? above : all;
  const best = eligible.toSorted((a, b) => scores[b] - scores[a] || a - b).slice(0, bestN);
  return { indices: best.sort((a, b) => a - b), missed: above.length > 0 ? null : limit };
}

/**
 * Leopard-EM's objective of a template: the mean z-score of the particles that this template's own z-scores choose.
 *
 * @param onLog  learns that no particle reaches the z-score, so that all count
 */
export function meanOfChosen(
  zScores: readonly number[],
  choice: ParticleChoice,
  onLog?: (message: string) => void,
): number {
  const { indices, missed } = chooseParticles(zScores, choice);
  if (missed !== null)
    onLog?.(`no particle has a z-score of ${missed} or more, all ${zScores.length} are taken`);
  return indices.reduce((sum, i) => sum + zScores[i], 0) / indices.length;
}

/**
 * The part of a table that counts, by the z-scores that stand in it: those of a refinement, else of the search.
 *
 * Leopard-EM chooses anew with every template, by its z-scores. A worse template then loses its weakest particles, and the mean of the
 * few that are left may be larger than that of a better one.
 *
 * @param onLog  learns that no particle reaches the default of 8, so that all count
 * @throws {VitrineError} range: no particle reaches the `minSnr` that was given; missing: a table without rows
 */
export function chooseFromTable(
  stack: ParticleStack,
  choice: ParticleChoice,
  onLog?: (message: string) => void,
): ParticleStack {
  const { path, table, particles } = stack;
  requireRows(stack);
  const { indices, missed } = chooseParticles(tableScores(stack), choice);
  if (missed !== null) {
    const found = `no particle has a z-score of ${missed} or more`;
    if (choice.minSnr !== undefined) throw tooStrict(path, missed, tableScores(stack));
    onLog?.(`${path}: ${found}, all ${particles.length} are taken`);
  }
  const rows = indices.map((i) => table.rows[i]);
  return { ...stack, table: { ...table, rows }, particles: indices.map((i) => particles[i]) };
}

/** @throws {VitrineError} missing: a table without rows */
export function requireRows({ path, particles }: ParticleStack): void {
  if (particles.length > 0) return;
  throw new VitrineError({ code: "missing", at: path, expected: "at least one particle", found: "none" });
}

/** NaN where a cell holds none. */
function tableScores({ table: { columns, rows } }: ParticleStack): number[] {
  const scoresOf = (column: string) => rows.map((row) => Number.parseFloat(row[column] ?? ""));
  const refined = scoresOf("refined_scaled_mip");
  const isRefined = columns.includes("refined_scaled_mip") && refined.every(Number.isFinite);
  return isRefined ? refined : scoresOf("scaled_mip");
}

function tooStrict(at: string, limit: number, scores: readonly number[]): VitrineError {
  const largest = Math.max(...scores.filter(Number.isFinite));
  return new VitrineError({
    code: "range",
    at,
    expected: `a particle with a z-score of at least ${limit}`,
    found: Number.isFinite(largest) ? `${largest} at most` : "none with a z-score",
    hint: "Lower it with --min-snr, or take the best with --best-n",
  });
}
