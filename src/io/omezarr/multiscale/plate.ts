import { listFolder, makeFolder } from "#files";
import { type OptionKeys, requireKnownOptions, Semaphore, VitrineError } from "../../../core/index.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import { NO_ATTRIBUTES, writeGroup } from "./metadata.ts";
import type { MultiscaleVersion } from "./plan.ts";
import { BandPool } from "./pool.ts";
import {
  notEmpty,
  type OmeZarrImageOptions,
  type OmeZarrImageWriter,
  OWN_IMAGE_KEYS,
  startImage,
} from "./writer.ts";

/** What {@link createOmeZarrPlate} makes. */
export interface OmeZarrPlateOptions {
  /** The folder that becomes the plate: made if it is not there, else empty. */
  readonly directory: string;
  /** Default 0.5. */
  readonly version?: MultiscaleVersion;
  readonly name?: string;
  /** Names of all physical rows: letters and digits, `A` … `H`. */
  readonly rows: readonly string[];
  /** Names of all physical columns, `1` … `12`. */
  readonly columns: readonly string[];
  readonly acquisitions?: readonly { readonly id: number; readonly name?: string }[];
  /** Of all fields together. */
  readonly threads?: number;
}

/** A field that is to be written. */
export interface PlateFieldOptions
  extends Omit<OmeZarrImageOptions, "directory" | "version" | "threads" | "name"> {
  /** One of the plate's rows. */
  readonly row: string;
  /** One of the plate's columns. */
  readonly column: string;
  /** Name of the image; default: as in `row column field`. */
  readonly name?: string;
  readonly acquisition?: number;
}

/** Writes a plate field by field. Several fields may be open. */
export interface OmeZarrPlateWriter extends AsyncDisposable {
  /** Adds a field to a well, after those that are there; the well is listed once the field can be opened. */
  createField(options: PlateFieldOptions): Promise<OmeZarrImageWriter>;
  close(): Promise<void>;
}

const FIELD_KEYS: OptionKeys<PlateFieldOptions> = {
  ...OWN_IMAGE_KEYS,
  row: true,
  column: true,
  acquisition: true,
};

const KEYS: OptionKeys<OmeZarrPlateOptions> = {
  directory: true,
  version: true,
  name: true,
  rows: true,
  columns: true,
  acquisitions: true,
  threads: true,
};

/**
 * Makes an OME-Zarr plate (HCS). It is valid whenever the program is stopped: a well is listed when its first field can be
 * opened, and no well before.
 *
 * @throws {VitrineError} exists: the folder is not empty; format: names that are no letters and digits, or twice; storage
 */
export async function createOmeZarrPlate(options: OmeZarrPlateOptions): Promise<OmeZarrPlateWriter> {
  requireKnownOptions("createOmeZarrPlate", options, KEYS);
  const { directory, rows, columns } = options;
  checkNames(rows, `${directory} rows`);
  checkNames(columns, `${directory} columns`);
  if ((await listFolder(directory)).length > 0) throw notEmpty(directory);
  await makeFolder(directory);
  const writer = new PlateWriter(options);
  await writer.writePlate();
  return writer;
}

interface Well {
  readonly row: string;
  readonly column: string;
  readonly images: { readonly path: string; readonly acquisition?: number }[];
  /** Fields whose folder is given away, listed or not. */
  fields: number;
}

class PlateWriter implements OmeZarrPlateWriter {
  readonly #options: OmeZarrPlateOptions;
  readonly #version: MultiscaleVersion;
  readonly #wells = new Map<string, Well>();
  readonly #pool: BandPool;
  /** Metadata of the plate are written one after another. */
  readonly #publishing = new Semaphore(1);

  constructor(options: OmeZarrPlateOptions) {
    this.#options = options;
    this.#version = options.version ?? "0.5";
    this.#pool = new BandPool(options.threads);
  }

  async createField(field: PlateFieldOptions): Promise<OmeZarrImageWriter> {
    requireKnownOptions("createField", field, FIELD_KEYS);
    const { row, column, acquisition } = field;
    const { directory, rows, columns, acquisitions = [] } = this.#options;
    requireOneOf(row, rows, `${directory} row`);
    requireOneOf(column, columns, `${directory} column`);
    if (acquisition !== undefined)
      requireOneOf(
        acquisition,
        acquisitions.map(({ id }) => id),
        `${directory} acquisition`,
      );
    const path = `${row}/${column}`;
    const well = this.#wells.get(path) ?? { row, column, images: [], fields: 0 };
    this.#wells.set(path, well);
    const name = String(well.fields++);
    const options = { name: `${row}${column} ${name}`, ...field, version: this.#version };
    const writer = await startImage(
      { ...options, directory: `${directory}/${path}/${name}` },
      { pool: this.#pool },
    );
    well.images.push({ path: name, ...(acquisition !== undefined && { acquisition }) });
    await this.#publishing.run(() => this.#publish(well));
    return writer;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Row, well, plate: each names only what is there. */
  async #publish(well: Well): Promise<void> {
    const folder = `${this.#options.directory}/${well.row}`;
    await writeGroup(folder, this.#version, NO_ATTRIBUTES);
    const images = [...well.images].sort((a, b) => Number(a.path) - Number(b.path));
    const ome = { well: { images, version: this.#version } };
    await writeGroup(`${folder}/${well.column}`, this.#version, { ome });
    await this.writePlate();
  }

  async writePlate(): Promise<void> {
    await writeGroup(this.#options.directory, this.#version, { ome: { plate: this.#plate() } });
  }

  #plate(): JsonObject {
    const { rows, columns, acquisitions, name } = this.#options;
    const wells = [...this.#wells.values()].filter(({ images }) => images.length > 0);
    const fieldCount = Math.max(1, ...wells.map(({ images }) => images.length));
    return {
      version: this.#version,
      ...(name !== undefined && { name }),
      rows: rows.map((row) => ({ name: row })),
      columns: columns.map((column) => ({ name: column })),
      field_count: fieldCount,
      ...(acquisitions !== undefined && acquisitions.length > 0 && { acquisitions }),
      wells: wells
        .map(({ row, column }) => ({
          path: `${row}/${column}`,
          rowIndex: rows.indexOf(row),
          columnIndex: columns.indexOf(column),
        }))
        .sort((a, b) => a.rowIndex - b.rowIndex || a.columnIndex - b.columnIndex),
    };
  }
}

function checkNames(names: readonly string[], at: string): void {
  const wrong = names.find((name, i) => !/^[A-Za-z0-9]+$/.test(name) || names.indexOf(name) !== i);
  if (wrong === undefined && names.length > 0) return;
  const expected = "different names of letters and digits, at least one";
  throw new VitrineError({
    code: "format",
    at,
    expected,
    found: wrong === undefined ? "none" : JSON.stringify(wrong),
  });
}

function requireOneOf<T extends number | string>(value: T, known: readonly T[], at: string): void {
  if (known.includes(value)) return;
  const expected = `one of ${known.join(", ") || "none"}`;
  throw new VitrineError({ code: "missing", at, expected, found: String(value) });
}
