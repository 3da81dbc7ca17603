import { type Shape2, VitrineError } from "../../core/index.ts";
import {
  type CsvTable,
  type CsvValue,
  type Hdf5Content,
  type Hdf5File,
  type Hdf5Values,
  readHdf5,
  writeHdf5,
} from "../../io/index.ts";
import type { LocalStatistics } from "./localStatistics.ts";
import { float64Text } from "./pythonText.ts";
import { toNumber } from "./tableCells.ts";

/** A table of text, and of which columns. */
interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, CsvValue>>[];
}

/** Boxes that a stack holds beside its table. */
export interface StackImages {
  /** (particles, side, side) */
  readonly data: Float32Array;
  /** Side of a box in pixels. */
  readonly side: number;
  /** Whether each box's background has mean 0 and deviation 1. */
  readonly isNormalized: boolean;
}

/** Whether a name is that of an HDF5 file. */
export function isHdf5Name(path: string): boolean {
  return /\.(h5|hdf5|hdf)$/i.test(path);
}

/** Whole numbers, which HDF5 keeps as float64 like all others. */
const WHOLE = /^(particle_index|total_correlations|pos_[xy](_img)?)$/;

/**
 * Writes a particle stack as Leopard-EM 1.3 does: `/particles` with a float64 dataset of each column of numbers and texts of the others,
 * `particle_id` (the micrograph's name and a count in it) first; with images `/image_stack`, with statistics `/local_stats`.
 *
 * The size of the template is twice the way from corner to centre; that of boxes the images', or the same.
 */
export async function writeParticlesHdf5(
  path: string,
  table: Table,
  options: {
    readonly images?: StackImages;
    readonly statistics?: LocalStatistics;
    readonly overwrite?: boolean;
  } = {},
): Promise<void> {
  const { images, statistics, ...writing } = options;
  // a refined table names some columns twice
  const columns = [...new Set(["particle_id", ...table.columns])];
  const nameOf = (column: string) => (column === "" ? "Unnamed: 0" : column); // as pandas calls it
  const ids = particleIds(table);
  const rows = table.rows.map((row, i): Table["rows"][number] => ({ ...row, particle_id: ids[i] }));
  const datasets = columns.map((column) => [
    nameOf(column),
    { data: columnData(rows.map((row) => row[column])) },
  ]);
  const group = { attributes: { columns: columns.map(nameOf) }, datasets: Object.fromEntries(datasets) };
  const stack = images && {
    image_stack: { data: images.data, shape: [table.rows.length, images.side, images.side] },
  };
  const attributes = {
    ...stackAttributes(tableTemplateSize(table), images),
    local_stats_stored: statistics !== undefined,
  };
  const groups = { particles: group, ...(statistics && { local_stats: statisticsGroup(statistics) }) };
  await writeHdf5(path, { attributes, groups, ...(stack && { datasets: stack }) }, writing);
}

function statisticsGroup({ mean, deviation, shape }: LocalStatistics): Hdf5Content {
  const datasets = {
    correlation_average: { data: mean, shape },
    correlation_variance: { data: deviation, shape }, // the deviation, as in its maps
  };
  return { datasets };
}

function stackAttributes(
  template: number,
  images: StackImages | undefined,
): NonNullable<Hdf5Content["attributes"]> {
  const box = BigInt(images?.side ?? template);
  return {
    leopard_em_version: "1.3",
    extracted_box_size: [box, box],
    original_template_size: [BigInt(template), BigInt(template)],
    global_whitening_applied: false,
    local_whitening_applied: false,
    global_normalization_applied: false,
    local_normalization_applied: images?.isNormalized ?? false,
    image_stack_stored: images !== undefined,
  };
}

/** `micrograph_00000`, counted in each micrograph. */
function particleIds({ rows }: Table): string[] {
  const counts = new Map<string, number>();
  return rows.map(({ micrograph_path }) => {
    const stem = String(micrograph_path ?? "")
      .replace(/^.*[/\\]/s, "")
      .replace(/(.)\.[^.]*$/s, "$1");
    const count = counts.get(stem) ?? 0;
    counts.set(stem, count + 1);
    return `${stem}_${String(count).padStart(5, "0")}`;
  });
}

/** The side of the template that particles were found with; 0 where the table does not say. */
export function tableTemplateSize({ rows }: Table): number {
  const [first] = rows;
  const half = first === undefined ? 0 : Number(first.pos_x_img) - Number(first.pos_x);
  return Number.isFinite(half) ? Math.max(0, Math.round(2 * half)) : 0;
}

/** Numbers where every cell is one or empty (NaN), as pandas takes them; else texts. */
function columnData(cells: readonly CsvValue[]): Float64Array | string[] {
  const texts = cells.map((cell) => (cell === null || cell === undefined ? "" : String(cell)));
  const numbers = Float64Array.from(texts, (text) => (text.trim() === "" ? Number.NaN : toNumber(text)));
  const isNumeric = texts.every(
    (text, i) => text.trim() === "" || /^nan$/i.test(text) || !Number.isNaN(numbers[i]),
  );
  return isNumeric ? numbers : texts;
}

/**
 * The table of a particle stack of Leopard-EM 1.3, as text; `particle_id` is left out.
 *
 * @throws {VitrineError} format: a damaged file, columns of unlike lengths; missing: no such table in it
 */
export async function readParticlesHdf5(path: string): Promise<CsvTable> {
  return readHdf5(path, (file) => {
    const columns = columnsOf(file).filter((column) => column !== "particle_id");
    const cells = columns.map((column) => cellsOf(column, file.read(`/particles/${column}`).data));
    const count = cells[0]?.length ?? 0;
    const odd = cells.findIndex(({ length }) => length !== count);
    if (odd >= 0) {
      const [expected, found] = [`${count} values, as ${columns[0]}`, `${cells[odd].length}`];
      throw new VitrineError({ code: "format", at: `${path} /particles/${columns[odd]}`, expected, found });
    }
    const rows = Array.from({ length: count }, (_, i) =>
      Object.fromEntries(columns.map((column, k) => [column, cells[k][i]])),
    );
    return { columns, rows };
  });
}

/**
 * Height and width of boxes and of the template, as a particle stack of Leopard-EM 1.3 says; undefined where it does not.
 *
 * @throws {VitrineError} missing, format: as `readHdf5`
 */
export async function readStackSizes(
  path: string,
): Promise<{ readonly boxSize: Shape2; readonly templateSize: Shape2 } | undefined> {
  return readHdf5(path, (file) => {
    const attributes = file.attributes("/");
    const [boxSize, templateSize] = ["extracted_box_size", "original_template_size"].map((name) =>
      sizeOf(attributes[name]),
    );
    return boxSize && templateSize && { boxSize, templateSize };
  });
}

function sizeOf(value: unknown): Shape2 | undefined {
  const sides =
    Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(Object.values(value), Number) : [];
  const [height, width] = sides;
  return sides.length === 2 && height > 0 && width > 0 ? [height, width] : undefined;
}

function columnsOf(file: Hdf5File): readonly string[] {
  if (!file.has("/particles")) {
    const expected = "a particle stack, with a group /particles";
    const hint = "vitrine info lists what is in the file";
    throw new VitrineError({ code: "missing", at: file.name, expected, found: "another HDF5 file", hint });
  }
  const { columns } = file.attributes("/particles");
  if (Array.isArray(columns)) return columns.map(String).filter((column) => file.has(`/particles/${column}`));
  const at = `${file.name} /particles columns`;
  throw new VitrineError({ code: "missing", at, expected: "the names of the columns", found: "none" });
}

function cellsOf(column: string, data: Hdf5Values): string[] {
  return Array.from<string | number | bigint, string>(data, (value) => {
    if (typeof value !== "number") return String(value);
    if (Number.isNaN(value)) return "";
    return WHOLE.test(column) && Number.isInteger(value) ? String(value) : float64Text(value);
  });
}
