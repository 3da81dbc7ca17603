/** The features of a GeoJSON text of any size, one at a time. */
import { VitrineError } from "../../../core/index.ts";

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN, CLOSE] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Where the scanner is: between values; in one that may be a collection; between features; in one of them; in what follows a collection's
 * features.
 */
type Place = "top" | "value" | "features" | "feature" | "rest";

/**
 * Cuts bytes into texts of features: of a FeatureCollection its `features`, of a list its elements, else every value by itself (a single
 * feature or geometry, or one a line). Nothing is held but the feature that is being read.
 */
export class FeatureScanner {
  readonly #name: string;
  #place: Place = "top";
  #depth = 0;
  /** How deep brackets are open between features. */
  #featuresDepth = 0;
  #isInString = false;
  #isEscaped = false;
  /** The last text at the first depth: before a bracket it is its key. */
  #key: number[] = [];
  /** Parts of what is being read, of earlier chunks. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** The texts that end in this chunk. @throws {VitrineError} format: brackets that do not fit, something else among features */
  *push(chunk: Uint8Array): Generator<string> {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i];
      if (this.#isInString) this.#readString(byte);
      else if (byte === OPEN || byte === OPEN_LIST) {
        if (this.#open(byte)) from = i;
      } else if (byte === CLOSE || byte === CLOSE_LIST) {
        if (!this.#close(i)) continue;
        yield this.#take(chunk.subarray(from, i + 1));
        from = i + 1;
      } else if (this.#place === "top" || this.#place === "features") this.#requireBetween(byte, i);
      else if (byte === QUOTE) this.#beginString();
    }
    this.#bytes += chunk.length;
    if (this.#place === "value" || this.#place === "feature") this.#pieces.push(chunk.slice(from));
  }

  /** Requires that the text is whole. @throws {VitrineError} format */
  end(): void {
    if (this.#place !== "top") throw this.#wrong(0, "a closing bracket", "the end of the file");
  }

  #beginString(): void {
    this.#isInString = true;
    if (this.#depth === 1) this.#key = [];
  }

  #readString(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === BACKSLASH) this.#isEscaped = true;
    else if (byte === QUOTE) this.#isInString = false;
    else if (this.#depth === 1 && this.#place === "value") this.#key.push(byte);
  }

  /** Whether what is to be read begins here. */
  #open(byte: number): boolean {
    const isOutermost = this.#place === "top";
    const isFeatures =
      isOutermost || (this.#place === "value" && this.#depth === 1 && isFeaturesKey(this.#key));
    this.#depth++;
    if (byte === OPEN_LIST && isFeatures) {
      this.#place = "features";
      this.#featuresDepth = this.#depth;
      this.#pieces = [];
      return false;
    }
    if (!isOutermost && this.#place !== "features") return false;
    this.#place = isOutermost ? "value" : "feature";
    return true;
  }

  /** Whether what was read ends here. */
  #close(at: number): boolean {
    if (this.#depth === 0) throw this.#wrong(at, "a feature", "a closing bracket");
    this.#depth--;
    if (this.#place === "features") {
      this.#place = this.#depth === 0 ? "top" : "rest";
      return false;
    }
    const isEnd = this.#depth === (this.#place === "feature" ? this.#featuresDepth : 0);
    if (!isEnd) return false;
    const isKept = this.#place !== "rest";
    this.#place = this.#place === "feature" ? "features" : "top";
    return isKept;
  }

  #take(last: Uint8Array): string {
    const whole = this.#pieces.length === 0 ? last : Buffer.concat([...this.#pieces, last]);
    this.#pieces = [];
    return new TextDecoder().decode(whole);
  }

  #requireBetween(byte: number, at: number): void {
    // white space, a comma, a byte order mark, or the record separator of text sequences (RFC 8142)
    if (byte <= 0x20 || byte === COMMA || byte >= 0x80) return;
    throw this.#wrong(at, "a feature", JSON.stringify(String.fromCharCode(byte)));
  }

  #wrong(at: number, expected: string, found: string): VitrineError {
    return new VitrineError({
      code: "format",
      at: `${this.#name} byte ${this.#bytes + at}`,
      expected: `GeoJSON: ${expected}`,
      found,
    });
  }
}

function isFeaturesKey(key: readonly number[]): boolean {
  return key.length === 8 && String.fromCharCode(...key) === "features";
}
