/** Rows of tables as objects. */
import { VitrineError } from "../../../core/index.ts";
import type { FeatureRow } from "../features.ts";
import { type MapobjectTraits, OBJECT_TYPES, type RawMapobject, type RawOutline } from "../mapobject.ts";
import type { Shape } from "../shape.ts";
import { parseWkb } from "../wkb.ts";
import { FEATURE_PREFIX } from "./tableRows.ts";

/** Columns by what they hold, by their names in lower case: ours, scikit-image's, CellProfiler's, QuPath's. */
const NAMES = {
  geometry: ["geometry"],
  nucleus: ["nucleus"],
  y: ["centroid_y", "centroid-0", "location_center_y", "centroid y px", "y"],
  x: ["centroid_x", "centroid-1", "location_center_x", "centroid x px", "x"],
  minY: ["min_y"],
  minX: ["min_x"],
  maxY: ["max_y"],
  maxX: ["max_x"],
  area: ["area_px"],
  id: ["id"],
  externalId: ["external_id"],
  label: ["label", "objectnumber"],
  timepoint: ["timepoint"],
  zplane: ["zplane"],
  objectType: ["object_type"],
  name: ["name"],
  className: ["class", "classification"],
  classColor: ["class_color"],
} as const;

type Known = keyof typeof NAMES;
type Row = Readonly<Record<string, unknown>>;

/** Reads rows whose columns it has seen. */
export class TableRowReader {
  readonly #path: string;
  readonly #columns: ReadonlyMap<Known, string>;
  readonly #features: readonly string[];
  /** Columns of texts, and how many cells were left out. */
  readonly #texts = new Map<string, number>();

  /** @throws {VitrineError} format: neither places nor objects; undeterminable: two columns for one thing */
  constructor(path: string, columns: readonly string[]) {
    this.#path = path;
    this.#columns = knownColumns(path, columns);
    const used = new Set(this.#columns.values());
    this.#features = columns.filter((name) => !used.has(name));
    if (this.hasPlaces || this.#columns.has("id") || this.#columns.has("label")) return;
    throw new VitrineError({
      code: "format",
      at: path,
      expected:
        "columns geometry, centroid_y and centroid_x, or min_y, min_x, max_y, max_x; or id or label of objects that are there",
      found: columns.join(", "),
    });
  }

  /** Whether rows tell where objects are. */
  get hasPlaces(): boolean {
    return this.#hasAll("geometry") || this.#hasAll("y", "x") || this.#hasBox;
  }

  get #hasBox(): boolean {
    return this.#hasAll("minY", "minX", "maxY", "maxX");
  }

  #hasAll(...names: readonly Known[]): boolean {
    return names.every((name) => this.#columns.has(name));
  }

  /** An object a row. @throws {VitrineError} format: a cell that is not what its column holds */
  async *objects(rows: AsyncIterable<Row>): AsyncGenerator<RawMapobject> {
    let index = 0;
    for await (const row of rows) {
      const at = `${this.#path} row ${++index}`;
      const [timepoint, zplane, label] = [
        this.#index(row, "timepoint", at),
        this.#index(row, "zplane", at),
        this.#index(row, "label", at),
      ];
      const nucleus = this.#cell(row, "nucleus");
      const inner = nucleus instanceof Uint8Array ? parseWkb(nucleus, `${at} nucleus`) : undefined;
      const outline: RawOutline = { timepoint, zplane, label, shape: this.#shape(row, at), nucleus: inner };
      const values = this.#values(row);
      const time = timepoint === undefined ? {} : { timepoint };
      const features = Object.keys(values).length > 0 ? [{ ...time, values }] : [];
      yield { at, ...this.#traits(row, at), outlines: [outline], features };
    }
  }

  /** Features a row, of an object that is there. @throws {VitrineError} as {@link objects} */
  async *featureRows(rows: AsyncIterable<Row>): AsyncGenerator<FeatureRow> {
    let index = 0;
    for await (const row of rows) {
      const at = `${this.#path} row ${++index}`;
      const [id, label] = [this.#index(row, "id", at), this.#index(row, "label", at)];
      const timepoint = this.#index(row, "timepoint", at);
      yield { at, id, label, timepoint, values: this.#values(row) };
    }
  }

  /** What was left out, a sentence each. */
  warnings(): string[] {
    const names = [...this.#texts].map(([name, count]) => `${name} (${count})`);
    return names.length === 0
      ? []
      : [`cells that are no numbers were left out of features: ${names.join(", ")}`];
  }

  #cell(row: Row, known: Known): unknown {
    const column = this.#columns.get(known);
    const value = column === undefined ? undefined : row[column];
    return value === "" || value === null ? undefined : value;
  }

  #number(row: Row, known: Known, at: string): number {
    const value = this.#cell(row, known);
    const number = typeof value === "string" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    const found = value === undefined ? "nothing" : String(value);
    throw new VitrineError({
      code: "format",
      at: `${at} ${this.#columns.get(known)}`,
      expected: "a number",
      found,
    });
  }

  #index(row: Row, known: Known, at: string): number | undefined {
    if (this.#cell(row, known) === undefined) return undefined;
    const value = this.#number(row, known, at);
    if (Number.isSafeInteger(value)) return value;
    const expected = "a whole number";
    throw new VitrineError({
      code: "format",
      at: `${at} ${this.#columns.get(known)}`,
      expected,
      found: String(value),
    });
  }

  #shape(row: Row, at: string): Shape {
    const wkb = this.#cell(row, "geometry");
    if (wkb instanceof Uint8Array) return parseWkb(wkb, at);
    if (wkb !== undefined)
      throw new VitrineError({
        code: "unsupported",
        at: `${at} geometry`,
        expected: "an outline as WKB",
        found: String(wkb).slice(0, 40),
      });
    if (this.#hasAll("y", "x"))
      return { kind: "point", y: this.#number(row, "y", at), x: this.#number(row, "x", at) };
    const [top, left] = [this.#number(row, "minY", at), this.#number(row, "minX", at)];
    const [bottom, right] = [this.#number(row, "maxY", at), this.#number(row, "maxX", at)];
    const ring = Float64Array.of(left, top, right, top, right, bottom, left, bottom, left, top);
    return { kind: "polygons", polygons: [[ring]] };
  }

  #traits(row: Row, at: string): MapobjectTraits {
    const text = (known: Known) => {
      const value = this.#cell(row, known);
      return value === undefined ? undefined : String(value);
    };
    const [name, className, classColor] = [text("name"), text("className"), text("classColor")];
    const externalId = text("externalId") ?? text("id");
    if (classColor !== undefined && !/^[0-9A-Fa-f]{6}$/.test(classColor))
      throw new VitrineError({
        code: "format",
        at: `${at} ${this.#columns.get("classColor")}`,
        expected: "six hexadecimal digits",
        found: classColor,
      });
    const objectType = OBJECT_TYPES.find((one) => one === text("objectType"));
    return {
      ...(name !== undefined && { name }),
      ...(className !== undefined && { className }),
      ...(classColor !== undefined && { classColor }),
      ...(externalId !== undefined && { externalId }),
      ...(objectType !== undefined && { objectType }),
    };
  }

  #values(row: Row): Record<string, number | null> {
    const values: Record<string, number | null> = {};
    for (const column of this.#features) {
      const value = featureValue(row[column]);
      if (value === undefined) this.#texts.set(column, (this.#texts.get(column) ?? 0) + 1);
      else values[column.startsWith(FEATURE_PREFIX) ? column.slice(FEATURE_PREFIX.length) : column] = value;
    }
    return values;
  }
}

/** A number, or null for a cell that holds none; nothing for a text. */
function featureValue(value: unknown): number | null | undefined {
  if (value === undefined || value === null || value === "") return null;
  if (typeof value === "number") return Number.isNaN(value) ? null : value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value !== "string") return undefined;
  if (/^\s*(nan|na|null|none)\s*$/i.test(value)) return null;
  const number = Number(value);
  return Number.isNaN(number) ? undefined : number;
}

function knownColumns(path: string, columns: readonly string[]): Map<Known, string> {
  const found = new Map<Known, string>();
  for (const [known, names] of Object.entries(NAMES) as [Known, readonly string[]][])
    for (const name of names) {
      const fitting = columns.filter((column) => column.trim().toLowerCase() === name);
      if (fitting.length > 1)
        throw new VitrineError({
          code: "undeterminable",
          at: path,
          expected: `one column ${name}`,
          found: fitting.join(", "),
        });
      if (fitting.length === 1 && !found.has(known)) found.set(known, fitting[0]);
    }
  return found;
}
