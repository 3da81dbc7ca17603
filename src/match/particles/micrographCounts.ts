import type { StackParticle } from "./particleStack.ts";

/** How many particles of a table lie in one micrograph. */
export interface MicrographCount {
  readonly micrographPath: string;
  readonly particles: number;
}

type Placed = Pick<StackParticle, "micrographPath">;

/** The micrographs of a table, in the order in which they come first. */
export function micrographCounts({
  particles,
}: {
  readonly particles: readonly Placed[];
}): MicrographCount[] {
  return [...rowsByMicrograph(particles)].map(([micrographPath, rows]) => {
    return { micrographPath, particles: rows.length };
  });
}

/** Rows by their micrographs, in the order in which these come first. @param rows  default all */
export function rowsByMicrograph(
  particles: readonly Placed[],
  rows: readonly number[] = [...particles.keys()],
): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  for (const row of rows) {
    const { micrographPath } = particles[row];
    const group = groups.get(micrographPath);
    if (group === undefined) groups.set(micrographPath, [row]);
    else group.push(row);
  }
  return groups;
}
