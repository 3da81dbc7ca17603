import { VitrineError } from "../../core/index.ts";
import type { MagnificationMatrix } from "../../optics/index.ts";

const EMPTY = /^\s*(?:nan|na|n\/a|null|none)?\s*$/i;

/** The number of a cell; NaN for an empty one, as pandas writes it in many ways, and for text. */
export function toNumber(text: string): number {
  return EMPTY.test(text) ? Number.NaN : Number(text);
}

/** The cells of one row, read as what they should be; messages name file, row and column. */
export class Cells {
  readonly at: string;
  readonly #row: Readonly<Record<string, string>>;

  constructor(row: Readonly<Record<string, string>>, at: string) {
    this.#row = row;
    this.at = at;
  }

  text(column: string): string {
    const text = this.#row[column];
    if (!EMPTY.test(text)) return text;
    throw this.#wrong(column, { code: "missing", expected: "a path" });
  }

  number(column: string): number {
    const value = toNumber(this.#row[column]);
    if (Number.isFinite(value)) return value;
    throw this.#wrong(column, { code: "type", expected: "a finite number" });
  }

  /** A whole number from 0. */
  index(column: string): number {
    const value = toNumber(this.#row[column]);
    if (Number.isInteger(value) && value >= 0) return value;
    throw this.#wrong(column, { code: "type", expected: "a whole number from 0" });
  }

  /** Numbers by name, as Leopard-EM writes Zernikes; undefined for an empty cell. */
  json<T extends object>(column: string): T | undefined {
    const text = this.#row[column];
    if (EMPTY.test(text)) return undefined;
    const value = parseJson(text);
    if (value !== null && typeof value === "object" && !Array.isArray(value)) {
      if (Object.values(value).every((entry) => typeof entry === "number")) return value as T;
    }
    throw this.#wrong(column, { code: "format", expected: 'numbers by name, such as {"Z60": 1.5}' });
  }

  matrix(column: string): MagnificationMatrix | undefined {
    const text = this.#row[column];
    if (EMPTY.test(text)) return undefined;
    const value = parseJson(text);
    if (Array.isArray(value) && value.length === 4 && value.every((entry) => typeof entry === "number")) {
      return [value[0], value[1], value[2], value[3]];
    }
    throw this.#wrong(column, { code: "format", expected: "four numbers, such as [1.0, 0.0, 0.0, 1.0]" });
  }

  #wrong(column: string, what: { code: "missing" | "type" | "format"; expected: string }): VitrineError {
    const found = JSON.stringify(this.#row[column]);
    return new VitrineError({ ...what, at: `${this.at} ${column}`, found });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
