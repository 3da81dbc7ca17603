import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import {
  type CsvTable,
  parseYaml,
  requireKnownOptions,
  type StarFile,
  type StarTable,
  starPairs,
  starTable,
  starTables,
} from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { cistemColumns, cistemTable } from "./cistem.ts";
import { PARTICLE_COLUMNS } from "./particles.ts";
import { type ParticleColumns, rowsOf } from "./particlesToStar.ts";
import { float64Text } from "./pythonText.ts";
import {
  columnOfOwn,
  DEFOCUS_COLUMNS,
  OPTICS_PREFIX,
  OWN_BLOCK,
  OWN_COLUMNS,
  opticsGroupName,
  ownColumn,
  PIXEL_SIZES,
  RELATIVE_DEFOCUS,
  SAME_COLUMNS,
  SAME_OPTICS,
} from "./starColumns.ts";
import { firstRow, type OriginOptions, originsPx, starPixels } from "./starPixels.ts";

/** Differences up to this (Å, px) are rounding: RELION writes six digits behind the point. */
const ROUNDING = 0.005;

/** What gives the text of a row. */
type Texts = (row: number) => string;

/** A file on its way into a table. */
interface Reading {
  readonly file: StarFile;
  readonly particles: StarTable;
  /** Columns of the table that the file was made of; undefined where another program made or rewrote it. */
  readonly listed: readonly string[] | undefined;
  /** Texts by our names, as far as they are known. */
  readonly columns: Map<string, Texts>;
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
 * The particles of a STAR file, RELION 3.1 (with optics) or older, as a table; or those of cisTEM, as `cistemColumns`.
 *
 * A file of `particlesToStar` gives the same table, text by text. What another program changed since then counts: moved
 * coordinates and origins move every position, and another defocus replaces the micrograph's. Other files give the columns that
 * follow from RELION's; columns that a table does not know keep their names, those of the optics behind `optics.`.
 *
 * @throws {VitrineError} missing: no table with rlnCoordinateX; format: a cell that is no number, an optics group that is not
 *   there
 */
export function starToParticles(file: StarFile, options: StarToParticlesOptions = {}): CsvTable {
  requireKnownOptions("starToParticles", options, { templateSize: true, pixelSizeA: true, onLog: true });
  return rowsOf(starColumns(file, options));
}

/** As {@link starToParticles}, of a file of any size. */
export function starColumns(file: StarFile, options: StarToParticlesOptions = {}): ParticleColumns {
  const ofCistem = cistemTable(file);
  if (ofCistem !== undefined) return cistemColumns(ofCistem, file.name, options);
  const particles = particlesOf(file);
  tellOtherBlocks(file, particles, options.onLog);
  const columns = new Map<string, Texts>();
  const reading = {
    file,
    particles,
    listed: listedColumns(file),
    columns,
    used: new Set(["rlnOpticsGroup"]),
  };
  addOwn(reading);
  const imageSize = addOptics(reading, options);
  addSame(reading);
  addDefocus(reading);
  addPositions(reading, { ...options, imageSize });
  if (!columns.has("particle_index")) addDerived(reading, "particle_index", String);
  for (const name of particles.columns)
    if (!reading.used.has(name)) columns.set(name, textsOf(particles, name));
  return tableOf(reading);
}

function particlesOf(file: StarFile): StarTable {
  const found = file.blocks.flatMap(starTables).find((table) => table.has("rlnCoordinateX"));
  if (found !== undefined) return found;
  const areMicrographs = file.blocks
    .flatMap(starTables)
    .some((table) => table.has("rlnMicrographName") && table.has("rlnDefocusU"));
  throw new VitrineError({
    code: "missing",
    at: file.name,
    expected: "a table with rlnCoordinateX",
    found: file.blocks.map(({ name }) => `data_${name}`).join(", ") || "no block",
    ...(areMicrographs && {
      hint: "It tells the optics of micrographs: match --micrographs … --ctf takes it",
    }),
  });
}

/** Of a file of particles, optics are used; what else is in it has no place in a table. */
function tellOtherBlocks(file: StarFile, particles: StarTable, onLog: Log | undefined): void {
  const others = file.blocks.filter(
    (block) =>
      block.items.length > 0 &&
      !starTables(block).includes(particles) &&
      block.name !== "optics" &&
      block.name !== OWN_BLOCK,
  );
  if (others.length === 0) return;
  const names = others.map(({ name }) => `data_${name}`).join(", ");
  onLog?.(
    `${file.name}: ${names} ${others.length === 1 ? "is" : "are"} left out; particles and optics are taken`,
    "warning",
  );
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
    columns.set(own, textsOf(particles, name));
    used.add(name);
  }
}

function addSame({ particles, columns, used, listed }: Reading): void {
  for (const [relion, ...ours] of SAME_COLUMNS) {
    if (!particles.has(relion)) continue;
    columns.set(sourceOf(ours, listed, particles), textsOf(particles, relion));
    used.add(relion);
  }
}

/** Sets a column that follows from others, unless the file was made of a table without it. */
function addDerived({ columns, listed }: Reading, name: string, texts: Texts): void {
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

/** Values of the optics for each particle; older files have them in the particles' own rows. @returns the images' pixel size */
function addOptics(reading: Reading, { pixelSizeA, onLog }: StarToParticlesOptions): Texts | undefined {
  const { file, particles, columns, used } = reading;
  const spread = opticsByParticle(file, particles);
  const find = (name: string) => {
    const values = spread.get(name) ?? (particles.has(name) ? textsOf(particles, name) : undefined);
    if (values !== undefined) used.add(name);
    return values;
  };
  for (const [relion, ours] of SAME_OPTICS) {
    const values = find(relion);
    if (values !== undefined) columns.set(ours, values);
  }
  const { micrograph: size, image } = starPixels(find, { particles, at: file.name, pixelSizeA, onLog });
  if (particles.has("rlnOpticsGroup") && spread.size === 0 && !columns.has("voltage"))
    onLog?.(
      `${file.name}: rlnOpticsGroup without data_optics: ${size === undefined ? "pixel size (--pixel-size), " : ""}voltage and the like are left open`,
      "warning",
    );
  if (size !== undefined) columns.set("pixel_size", size);
  const isSame = (values: Texts) =>
    size !== undefined && firstRow(particles.rows, (row) => values(row) !== size(row)) < 0;
  for (const [name, values] of spread) {
    const isKnown = used.has(name) && (!PIXEL_SIZES.includes(name) || isSame(values));
    if (!isKnown && (name !== "rlnOpticsGroupName" || keepsGroupNames(reading)))
      columns.set(OPTICS_PREFIX + name, values);
  }
  const imageSize = `${OPTICS_PREFIX}rlnImagePixelSize`;
  if (image !== undefined && particles.has("rlnImageName") && !isSame(image) && !columns.has(imageSize))
    columns.set(imageSize, image);
  return image;
}

/** Names that say more than a number: of groups that are refined apart though their optics are alike. */
function keepsGroupNames({ file, listed }: Reading): boolean {
  const name = "rlnOpticsGroupName";
  if (listed !== undefined) return listed.includes(OPTICS_PREFIX + name);
  return !starTable(file, "optics")
    .column(name)
    .every((one, i) => one === opticsGroupName(i + 1));
}

function textsOf(particles: StarTable, name: string): Texts {
  return (row) => particles.value(row, name);
}

function opticsByParticle(file: StarFile, particles: StarTable): ReadonlyMap<string, Texts> {
  if (!particles.has("rlnOpticsGroup") || !file.blocks.some(({ name }) => name === "optics"))
    return new Map();
  const optics = starTable(file, "optics");
  const groups = optics.column("rlnOpticsGroup");
  const rows = new Map(groups.map((group, row) => [group, row]));
  requireEachOnce(groups, `${file.name} data_optics rlnOpticsGroup`);
  const groupRows = new Uint32Array(particles.rows).map((_, i) => {
    const group = particles.value(i, "rlnOpticsGroup");
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
      return [name, (row: number) => values[groupRows[row]]];
    }),
  );
}

/** A number that stands for two groups of optics. @throws {VitrineError} format: it is there twice */
export function requireEachOnce(groups: readonly string[], at: string): void {
  const again = groups.find((group, i) => groups.indexOf(group) !== i);
  if (again === undefined) return;
  const hint = "Give each group a number of its own";
  throw new VitrineError({ code: "format", at, expected: "each group once", found: `${again} twice`, hint });
}

function addDefocus(reading: Reading): void {
  const { particles, columns, used } = reading;
  const relative = RELATIVE_DEFOCUS.map((name) => columns.get(name)).find((texts) => texts !== undefined);
  for (const [relion, ours] of DEFOCUS_COLUMNS) {
    if (!particles.has(relion)) continue;
    used.add(relion);
    const kept = columns.get(ours);
    const defocus = particles.numbers(relion);
    columns.set(ours, (row) => {
      const micrographs = defocus[row] - Number(relative?.(row) ?? 0);
      const before = kept?.(row);
      if (before !== undefined && Math.abs(Number(before) - micrographs) <= ROUNDING) return before;
      return relative === undefined ? particles.value(row, relion) : float64Text(micrographs);
    });
  }
  if (relative === undefined) addDerived(reading, "relative_defocus", () => "0.0");
}

/** Positions in pixels, in Å, and of the box's corner, where coordinates or origins say that the particle moved. */
function addPositions(
  reading: Reading,
  { templateSize, imageSize, onLog }: StarToParticlesOptions & { readonly imageSize: Texts | undefined },
): void {
  const { columns, file, particles } = reading;
  const sizes = numbersOf(columns.get("pixel_size"), particles.rows);
  const imageSizes = numbersOf(imageSize, particles.rows);
  const origins = { at: file.name, sizes, imageSizes, onLog };
  for (const axis of ["x", "y"] as const) {
    const prefix = columns.has(`refined_pos_${axis}_img`) ? "refined_" : "";
    const [corner, centre] = [`${prefix}pos_${axis}`, `${prefix}pos_${axis}_img`];
    const inA = `${centre}_angstrom`;
    const { coordinates, positions, isMoved } = positionsPx(reading, axis, origins);
    const [corners, before] = [columns.get(corner), columns.get(inA)];
    if (isMoved) columns.set(centre, (row) => float64Text(positions[row]));
    // images stay where they were cut
    if (isMoved && sizes !== undefined && particles.has("rlnImageName"))
      columns.set(`rlnOrigin${axis.toUpperCase()}Angst`, (row) =>
        float64Text(Number(((coordinates[row] - positions[row]) * sizes[row]).toPrecision(10))),
      );
    const shiftOf = (row: number) => {
      if (before === undefined || sizes === undefined) return 0;
      const shift = positions[row] - Number(before(row)) / sizes[row];
      return Math.abs(shift) > ROUNDING ? shift : 0;
    };
    if (corners !== undefined)
      columns.set(corner, (row) => {
        const shift = shiftOf(row);
        return shift === 0 ? corners(row) : float64Text(Number(corners(row)) + shift);
      });
    else if (templateSize !== undefined)
      addDerived(reading, corner, (row) => float64Text(positions[row] - Math.floor(templateSize / 2)));
    if (sizes === undefined) continue;
    addDerived(reading, inA, (row) =>
      before !== undefined && shiftOf(row) === 0 ? before(row) : float64Text(positions[row] * sizes[row]),
    );
  }
}

function numbersOf(texts: Texts | undefined, rows: number): Float64Array | undefined {
  return texts && new Float64Array(rows).map((_, row) => Number(texts(row)));
}

/** Where the particles are: their coordinates less the origins that RELION's refinement found. */
function positionsPx(
  { particles, used }: Reading,
  axis: "x" | "y",
  options: OriginOptions,
): {
  readonly coordinates: Float64Array;
  readonly positions: Float64Array;
  readonly isMoved: boolean;
} {
  const coordinates = particles.numbers(`rlnCoordinate${axis.toUpperCase()}`);
  const origins = originsPx(particles, axis, options);
  if (origins !== undefined)
    used.add(`rlnOrigin${axis.toUpperCase()}`).add(`rlnOrigin${axis.toUpperCase()}Angst`);
  const positions = coordinates.map((value, i) => value - (origins?.[i] ?? 0));
  return { coordinates, positions, isMoved: origins?.some((origin) => origin !== 0) ?? false };
}

/** Columns as they were listed, else in the order of a match table, others behind. */
function tableOf({ columns, listed, particles }: Reading): ParticleColumns {
  const wanted = new Set([...(listed ?? PARTICLE_COLUMNS), ...columns.keys()]);
  const ordered = [...wanted].flatMap((name) => {
    const texts = columns.get(name);
    return texts === undefined ? [] : [[name, texts] as const];
  });
  return { rows: particles.rows, columns: new Map(ordered) };
}
