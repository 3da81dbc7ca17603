import type { ParticleStack } from "./particleStack.ts";

/** How many particles of a table lie in one micrograph. */
export interface MicrographCount {
  readonly micrographPath: string;
  readonly particles: number;
}

/** The micrographs of a table, in the order in which they come first. */
export function micrographCounts({ particles }: Pick<ParticleStack, "particles">): MicrographCount[] {
  const counts = new Map<string, number>();
  for (const { micrographPath } of particles)
    counts.set(micrographPath, (counts.get(micrographPath) ?? 0) + 1);
  return [...counts].map(([micrographPath, count]) => ({ micrographPath, particles: count }));
}
