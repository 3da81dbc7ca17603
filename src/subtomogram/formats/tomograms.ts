import { VitrineError } from "../../core/index.ts";
import { readStar, type StarFile, type StarTable, starTable } from "../../io/index.ts";

/** What is known of a tomogram: of the images as they were taken, without binning. */
export interface Tomogram {
  readonly name: string;
  readonly pixelSizeA?: number;
  /** Voxels (x, y, z). */
  readonly size?: readonly [number, number, number];
  /** Where the molecules are looked for, for tables that say nothing of their tomograms. */
  readonly otherwise?: TomogramVolume;
}

/** A tomogram of any binning, or what a tilt series would make. */
export interface TomogramVolume {
  /** Å of a voxel; undefined where neither the file nor the user says. */
  readonly pixelSizeA: number | undefined;
  /** Voxels (x, y, z). */
  readonly size: readonly [number, number, number];
}

/** Finds a tomogram by its name; one without a name is the only one. */
export type TomogramOf = (name: string) => Tomogram;

/** What tables leave out of their tomograms. */
export interface TomogramOptions {
  /** Å of a voxel without binning; in place of what a table says. */
  readonly pixelSizeA?: number;
  /** Voxels (x, y, z) without binning, of all tomograms. */
  readonly tomogramSize?: readonly [number, number, number];
  /** RELION's tomograms.star, which says both of each. */
  readonly tomograms?: string;
}

/**
 * What the options say of tomograms.
 *
 * @param otherwise  what counts where neither they nor the table say
 * @throws {VitrineError} the errors of `readStar`; missing: a table or column of tomograms.star
 */
export async function openTomograms(
  { pixelSizeA, tomogramSize, tomograms }: TomogramOptions,
  otherwise?: TomogramVolume,
): Promise<TomogramOf> {
  const listed =
    tomograms === undefined ? new Map<string, Tomogram>() : listTomograms(await readStar(tomograms));
  return (name) => {
    const found = listed.get(name);
    const pixel = pixelSizeA ?? found?.pixelSizeA;
    const size = tomogramSize ?? found?.size;
    return {
      name,
      ...(pixel !== undefined && { pixelSizeA: pixel }),
      ...(size !== undefined && { size }),
      ...(otherwise !== undefined && { otherwise }),
    };
  };
}

/** RELION's table of tomograms: 5 has them in `global`, 4 in `global` too, by other columns. */
function listTomograms(file: StarFile): Map<string, Tomogram> {
  const table = starTable(file, "global");
  const number = (row: number, name: string) => (table.has(name) ? table.numbers(name)[row] : undefined);
  return new Map(
    Array.from({ length: table.rows }, (_, row) => {
      const name = table.value(row, "rlnTomoName");
      const pixelSizeA = number(row, "rlnTomoTiltSeriesPixelSize");
      const [x, y, z] = ["X", "Y", "Z"].map((axis) => number(row, `rlnTomoSize${axis}`));
      const size = x === undefined || y === undefined || z === undefined ? undefined : ([x, y, z] as const);
      return [
        name,
        { name, ...(pixelSizeA !== undefined && { pixelSizeA }), ...(size !== undefined && { size }) },
      ];
    }),
  );
}

/** Hears of what is left out, doubtful or guessed. */
export type Warn = (message: string, kind: "warning") => void;

/** Å of a voxel. @throws {VitrineError} missing: nobody says */
export function requirePixelSize({ name, pixelSizeA, otherwise }: Tomogram, at: string): number {
  const pixel = pixelSizeA ?? otherwise?.pixelSizeA;
  if (pixel !== undefined && pixel > 0) return pixel;
  const hint =
    "Give it with --pixel-size (pixelSizeA), in Å without binning, or a tomograms.star with --tomograms";
  throw new VitrineError({
    code: "missing",
    at: place(at, name),
    expected: "a pixel size",
    found: "none",
    hint,
  });
}

/**
 * Voxels (x, y, z) of the pixel size that counts: a binned tomogram has as many more of them.
 *
 * @throws {VitrineError} missing: nobody says
 */
export function requireSize(
  { name, size, otherwise }: Tomogram,
  pixelSizeA: number,
  at: string,
): readonly [number, number, number] {
  if (size !== undefined) return size;
  if (otherwise !== undefined) {
    const [x, y, z] = otherwise.size.map((n) =>
      Math.round((n * (otherwise.pixelSizeA ?? pixelSizeA)) / pixelSizeA),
    );
    return [x, y, z];
  }
  const hint =
    "Give it with --tomogram-size X,Y,Z (tomogramSize), in voxels without binning, or a tomograms.star with --tomograms";
  const expected = "the tomogram's size, from whose centre RELION 5 counts";
  throw new VitrineError({ code: "missing", at: place(at, name), expected, found: "none", hint });
}

function place(at: string, name: string): string {
  return name === "" ? at : `${at} tomogram ${name}`;
}

/** The first of these columns that a table has. */
export function columnOf(table: StarTable, ...names: readonly string[]): string | undefined {
  return names.find((name) => table.has(name));
}
