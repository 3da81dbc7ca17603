/** What the page asks for of results: the page does, and an export keeps it. */

/** Side of tiles of searches. */
export const MAP_TILE = 512;

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Halves of each other down to one tile. */
export function mapLevels(full: Size): Size[] {
  const levels = [full];
  for (let factor = 2; Math.max(levels.at(-1)!.height, levels.at(-1)!.width) > MAP_TILE; factor *= 2)
    levels.push({ height: Math.ceil(full.height / factor), width: Math.ceil(full.width / factor) });
  return levels;
}

/** Place and pose of a particle. */
export interface PosedParticle {
  readonly y: number;
  readonly x: number;
  readonly phiDeg: number;
  readonly thetaDeg: number;
  readonly psiDeg: number;
  /** NaN: nobody knows. */
  readonly relativeDefocusA: number;
}

/** Whether the template can be seen as the particle is. */
export function hasPose({ phiDeg, thetaDeg, psiDeg }: PosedParticle): boolean {
  return [phiDeg, thetaDeg, psiDeg].every(Number.isFinite);
}

/** What is asked for of a particle and its template. */
export function particleQuery({ y, x, phiDeg, thetaDeg, psiDeg, relativeDefocusA }: PosedParticle) {
  const defocus = Number.isFinite(relativeDefocusA) ? relativeDefocusA : 0;
  return { y, x, phi: phiDeg, theta: thetaDeg, psi: psiDeg, defocus };
}

interface Volume {
  readonly at: string;
  readonly name: string;
  readonly shape: readonly [depth: number, height: number, width: number];
  /** nm/voxel; null: its file does not say. */
  readonly scale: number | null;
}

interface Table {
  readonly at: string;
  readonly columns: readonly string[];
}

/** The files of a folder that are shown; undefined: there is none of this kind. */
export interface ShownFiles<V, T> {
  readonly tomogram: V | undefined;
  readonly average: V | undefined;
  readonly table: T | undefined;
}

/** Chosen files by their addresses. */
export interface ChosenFiles {
  readonly tomogram?: string | undefined;
  readonly average?: string | undefined;
  readonly table?: string | undefined;
}

/** The largest volume is the tomogram; the average one that is called so, else the smallest; of tables one with scores comes first. */
export function shownFiles<V extends Volume, T extends Table>(
  { volumes, tables }: { readonly volumes: readonly V[]; readonly tables: readonly T[] },
  chosen: ChosenFiles,
): ShownFiles<V, T> {
  const bySize = [...volumes].sort((a, b) => voxelsOf(b) - voxelsOf(a));
  const find = (at: string | undefined) => volumes.find((volume) => volume.at === at);
  const tomogram = find(chosen.tomogram) ?? bySize.at(0);
  const others = bySize.filter((volume) => volume !== tomogram);
  const named = [/average/i, /template|reference/i].map((name) =>
    others.find((other) => name.test(other.name)),
  );
  const average = find(chosen.average) ?? named[0] ?? named[1] ?? others.at(-1);
  const table =
    tables.find(({ at }) => at === chosen.table) ??
    tables.find(({ columns }) => columns.includes("score")) ??
    tables.at(0);
  return { tomogram, average, table };
}

function voxelsOf({ shape }: Volume): number {
  return shape[0] * shape[1] * shape[2];
}

/** Side of boxes where there is no average, voxels. */
const BOX = 32;

/** Side of the volume about a molecule: that of the average. */
export function boxSide(average: Pick<Volume, "shape"> | undefined): number {
  return average === undefined ? BOX : Math.max(...average.shape);
}

/** Farthest shifts of a landscape to choose from, nm. */
export const SHIFTS_NM = [1, 2, 4] as const;

/** Columns of numbers by their names. */
type Columns = Readonly<Record<string, ArrayLike<number>>>;

/** The structure that an image is most likely of; without posteriors, that it looks most like. */
export function bestStructure(columns: Columns, structures: number, image: number): number {
  const quantity = columns["posterior-0"] === undefined ? "correlation" : "posterior";
  const worth = (k: number) => columns[`${quantity}-${k}`]?.[image] ?? 0;
  let best = 0;
  for (let k = 1; k < structures; k++) if (worth(k) > worth(best)) best = k;
  return best;
}
