import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { parseYaml, type StarFile, type StarTable, starPairs, starTable } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { PARTICLE_COLUMNS, type ParticleTable } from "./particles.ts";
import { float64Text } from "./pythonText.ts";
import {
  columnOfOwn,
  DEFOCUS_COLUMNS,
  MICROGRAPH_PIXEL_SIZES,
  OPTICS_PREFIX,
  OWN_BLOCK,
  OWN_COLUMNS,
  ownColumn,
  PIXEL_SIZES,
  RELATIVE_DEFOCUS,
  SAME_COLUMNS,
  SAME_OPTICS,
} from "./starColumns.ts";

/** Differences up to this (Å, px) are rounding: RELION writes six digits behind the point. */
const ROUNDING = 0.005;

const A_PER_UM = 1e4;

/** A file on its way into a table. */
interface Reading {
  readonly file: StarFile;
  readonly particles: StarTable;
  /** Columns of the table that the file was made of; undefined where another program made or rewrote it. */
  readonly listed: readonly string[] | undefined;
  /** Texts by our names, as far as they are known. */
  readonly columns: Map<string, readonly string[]>;
  /** RELION's columns that are ours by now. */
  readonly used: Set<string>;
}

/** How a STAR file becomes a table. */
export interface StarToParticlesOptions {
  /** Side of the template's box in pixels, which `pos_x` and `pos_y` need where the file does not come from Vitrine. */
  readonly templateSize?: number;
  /** Å, of the micrographs: instead of what the file says, which is ambiguous where movies were binned. */
  readonly pixelSizeA?: number;
  readonly onLog?: Log;
}

/**
 * The particles of a STAR file, RELION 3.1 (with optics) or older, as a table.
 *
 * A file of `particlesToStar` gives the same table, text by text. What another program changed since then counts: moved
 * coordinates and origins move every position, and another defocus replaces the micrograph's. Other files give the columns that
 * follow from RELION's; columns that a table does not know keep their names, those of the optics behind `optics.`.
 *
 * @throws {VitrineError} missing: no table with rlnCoordinateX; format: a cell that is no number, an optics group that is not
 *   there
 */
export function starToParticles(file: StarFile, options: StarToParticlesOptions = {}): ParticleTable {
  const particles = particlesOf(file);
  const columns = new Map<string, readonly string[]>();
  const reading = {
    file,
    particles,
    listed: listedColumns(file),
    columns,
    used: new Set(["rlnOpticsGroup"]),
  };
  addOwn(reading);
  addOptics(reading, options);
  addSame(reading);
  addDefocus(reading);
  addPositions(reading, options);
  if (!columns.has("particle_index"))
    addDerived(
      reading,
      "particle_index",
      Array.from({ length: particles.rows }, (_, i) => String(i)),
    );
  for (const name of particles.columns)
    if (!reading.used.has(name)) columns.set(name, particles.column(name));
  return tableOf(reading);
}

function particlesOf(file: StarFile): StarTable {
  for (const block of file.blocks)
    for (const item of block.items) if (item.kind === "table" && item.has("rlnCoordinateX")) return item;
  throw new VitrineError({
    code: "missing",
    at: file.name,
    expected: "a table with rlnCoordinateX",
    found: file.blocks.map(({ name }) => `data_${name}`).join(", ") || "no block",
  });
}

function listedColumns(file: StarFile): readonly string[] | undefined {
  const block = file.blocks.find(({ name }) => name === OWN_BLOCK);
  const text = block === undefined ? undefined : starPairs(block).get(OWN_COLUMNS);
  return text === undefined
    ? undefined
    : parseYaml(text, z.array(z.string()), `${file.name} _${OWN_COLUMNS}`);
}

function addOwn({ particles, columns, used }: Reading): void {
  for (const name of particles.columns) {
    const own = columnOfOwn(name);
    if (own === undefined) continue;
    columns.set(own, particles.column(name));
    used.add(name);
  }
}

function addSame({ particles, columns, used, listed }: Reading): void {
  for (const [relion, ...ours] of SAME_COLUMNS) {
    if (!particles.has(relion)) continue;
    columns.set(sourceOf(ours, listed, particles), particles.column(relion));
    used.add(relion);
  }
}

/** Sets a column that follows from others, unless the file was made of a table without it. */
function addDerived({ columns, listed }: Reading, name: string, texts: readonly string[]): void {
  if (listed === undefined || listed.includes(name)) columns.set(name, texts);
}

/** Which of our columns RELION's was: the first that the table had, and so is not kept beside it. */
function sourceOf(
  ours: readonly string[],
  listed: readonly string[] | undefined,
  particles: StarTable,
): string {
  const last = ours[ours.length - 1];
  if (listed !== undefined) return ours.find((name) => listed.includes(name)) ?? last;
  return particles.has(ownColumn(last)) ? ours[0] : last;
}

/** Values of the optics for each particle; older files have them in the particles' own rows. */
function addOptics(
  { file, particles, columns, used }: Reading,
  { pixelSizeA, onLog }: StarToParticlesOptions,
): void {
  const spread = opticsByParticle(file, particles);
  const find = (name: string) => {
    const values = spread.get(name) ?? (particles.has(name) ? particles.column(name) : undefined);
    if (values !== undefined) used.add(name);
    return values;
  };
  for (const [relion, ours] of SAME_OPTICS) {
    const values = find(relion);
    if (values !== undefined) columns.set(ours, values);
  }
  const sizes = MICROGRAPH_PIXEL_SIZES.map(find);
  const stated = sizes.find((values) => values !== undefined) ?? oldPixelSizes(particles);
  const size = pixelSizeA === undefined ? stated : Array(particles.rows).fill(float64Text(pixelSizeA));
  if (pixelSizeA === undefined) tellPixelSizes(sizes, file.name, onLog);
  if (size !== undefined) columns.set("pixel_size", size);
  const isSame = (values: readonly string[]) =>
    size !== undefined && values.every((value, i) => value === size[i]);
  for (const [name, values] of spread) {
    const isKnown = used.has(name) && (!PIXEL_SIZES.includes(name) || isSame(values));
    if (!isKnown && name !== "rlnOpticsGroupName") columns.set(OPTICS_PREFIX + name, values);
  }
}

/** Where only the sizes before binning and after extraction are there, either step may have changed them. */
function tellPixelSizes(
  [micrograph, image, original]: readonly (readonly string[] | undefined)[],
  at: string,
  onLog: Log | undefined,
): void {
  if (micrograph !== undefined || image === undefined || original === undefined) return;
  const row = image.findIndex((value, i) => Number(value) !== Number(original[i]));
  if (row < 0) return;
  onLog?.(
    `${at}: rlnImagePixelSize ${image[row]} is taken for the micrograph's, not rlnMicrographOriginalPixelSize ${original[row]}, the movie's before binning; --pixel-size says another, if particles were scaled down`,
    "warning",
  );
}

function opticsByParticle(file: StarFile, particles: StarTable): ReadonlyMap<string, readonly string[]> {
  if (!particles.has("rlnOpticsGroup") || !file.blocks.some(({ name }) => name === "optics"))
    return new Map();
  const optics = starTable(file, "optics");
  const rows = new Map(optics.column("rlnOpticsGroup").map((group, row) => [group, row]));
  const groupRows = particles.column("rlnOpticsGroup").map((group, i) => {
    const row = rows.get(group);
    if (row !== undefined) return row;
    const at = `${file.name} particle ${i} rlnOpticsGroup`;
    const expected = `one of the groups ${[...rows.keys()].join(", ")}`;
    throw new VitrineError({ code: "format", at, expected, found: group });
  });
  const names = optics.columns.filter((name) => name !== "rlnOpticsGroup");
  return new Map(
    names.map((name) => {
      const values = optics.column(name);
      return [name, groupRows.map((row) => values[row])];
    }),
  );
}

/** RELION up to 3.0: the detector's pixels in µm and the magnification. */
function oldPixelSizes(particles: StarTable): string[] | undefined {
  if (!particles.has("rlnDetectorPixelSize") || !particles.has("rlnMagnification")) return undefined;
  const magnifications = particles.numbers("rlnMagnification");
  const sizes = particles.numbers("rlnDetectorPixelSize");
  // Twelve digits: the quotient's last ones are noise.
  return Array.from(sizes, (um, i) =>
    float64Text(Number(((um * A_PER_UM) / magnifications[i]).toPrecision(12))),
  );
}

function addDefocus(reading: Reading): void {
  const { particles, columns, used } = reading;
  const relative = RELATIVE_DEFOCUS.map((name) => columns.get(name)).find((texts) => texts !== undefined);
  for (const [relion, ours] of DEFOCUS_COLUMNS) {
    if (!particles.has(relion)) continue;
    used.add(relion);
    const kept = columns.get(ours);
    const defocus = particles.numbers(relion);
    const texts = particles.column(relion).map((text, i) => {
      const micrographs = defocus[i] - Number(relative?.[i] ?? 0);
      if (kept !== undefined && Math.abs(Number(kept[i]) - micrographs) <= ROUNDING) return kept[i];
      return relative === undefined ? text : float64Text(micrographs);
    });
    columns.set(ours, texts);
  }
  if (relative === undefined)
    addDerived(
      reading,
      "relative_defocus",
      Array.from({ length: particles.rows }, () => "0.0"),
    );
}

/** Positions in pixels, in Å, and of the box's corner, where coordinates or origins say that the particle moved. */
function addPositions(reading: Reading, { templateSize }: StarToParticlesOptions): void {
  const { columns } = reading;
  const sizes = columns.get("pixel_size")?.map(Number);
  for (const axis of ["x", "y"] as const) {
    const prefix = columns.has(`refined_pos_${axis}_img`) ? "refined_" : "";
    const [corner, centre] = [`${prefix}pos_${axis}`, `${prefix}pos_${axis}_img`];
    const inA = `${centre}_angstrom`;
    const { positions, isMoved } = positionsPx(reading, axis, sizes);
    const [corners, before] = [columns.get(corner), columns.get(inA)];
    if (isMoved) columns.set(centre, positions.map(float64Text));
    const shifts = positions.map((position, i) => {
      const shift = position - Number(before?.[i]) / (sizes?.[i] ?? 1);
      return before !== undefined && sizes !== undefined && Math.abs(shift) > ROUNDING ? shift : 0;
    });
    if (corners !== undefined)
      columns.set(
        corner,
        corners.map((text, i) => (shifts[i] === 0 ? text : float64Text(Number(text) + shifts[i]))),
      );
    else if (templateSize !== undefined)
      addDerived(
        reading,
        corner,
        positions.map((position) => float64Text(position - Math.floor(templateSize / 2))),
      );
    if (sizes === undefined) continue;
    const positionsA = positions.map((position, i) =>
      before !== undefined && shifts[i] === 0 ? before[i] : float64Text(position * sizes[i]),
    );
    addDerived(reading, inA, positionsA);
  }
}

/** Where the particles are: their coordinates less the origins that RELION's refinement found. */
function positionsPx(
  { particles, used }: Reading,
  axis: "x" | "y",
  sizes: readonly number[] | undefined,
): { readonly positions: number[]; readonly isMoved: boolean } {
  const coordinates = particles.numbers(`rlnCoordinate${axis.toUpperCase()}`);
  const origins = originsPx(particles, axis, sizes);
  if (origins !== undefined)
    used.add(`rlnOrigin${axis.toUpperCase()}`).add(`rlnOrigin${axis.toUpperCase()}Angst`);
  const positions = Array.from(coordinates, (value, i) => value - (origins?.[i] ?? 0));
  return { positions, isMoved: origins?.some((origin) => origin !== 0) ?? false };
}

/** In Å since RELION 3.1, in pixels before. */
function originsPx(
  particles: StarTable,
  axis: "x" | "y",
  sizes: readonly number[] | undefined,
): Float64Array | undefined {
  const name = `rlnOrigin${axis.toUpperCase()}`;
  if (particles.has(name)) return particles.numbers(name);
  if (!particles.has(`${name}Angst`) || sizes === undefined) return undefined;
  return particles.numbers(`${name}Angst`).map((originA, i) => originA / sizes[i]);
}

/** Columns as they were listed, else in the order of a match table, others behind. */
function tableOf({ columns, listed, particles }: Reading): ParticleTable {
  const wanted = [...(listed ?? PARTICLE_COLUMNS), ...columns.keys()];
  const order = [...new Set(wanted)].filter((name) => columns.has(name));
  const texts = order.map((name) => columns.get(name) ?? []);
  const rowOf = (row: number) => Object.fromEntries(order.map((name, i) => [name, texts[i][row]]));
  return { columns: order, rows: Array.from({ length: particles.rows }, (_, row) => rowOf(row)) };
}
