/** What the lines of ImageJ's description say. */
export interface ImageJLines {
  readonly images?: number;
  readonly channels: number;
  readonly slices: number;
  readonly frames: number;
  /** Between slices, in `unit`. */
  readonly spacing?: number;
  readonly unit?: string;
  /** Where rows, and slices, are measured in another unit. */
  readonly yUnit?: string;
  readonly zUnit?: string;
  /** Time between frames in `timeUnit`, else in seconds. */
  readonly interval?: number;
  readonly timeUnit?: string;
  /** The pixel that lies at 0, in pixels of each axis. */
  readonly origin: { readonly x: number; readonly y: number; readonly z: number };
  /** How ImageJ makes the values that it shows of those that are stored, in its words; undefined where it does not. */
  readonly calibration?: string;
  readonly min?: number;
  readonly max?: number;
  /** All lines as they are. */
  readonly lines: Readonly<Record<string, string>>;
}

/** Whether a description is ImageJ's. */
export function isImageJ(description: string): boolean {
  return description.startsWith("ImageJ=");
}

/** Reads ImageJ's description; undefined for those of other programs. */
export function parseImageJ(description: string): ImageJLines | undefined {
  if (!isImageJ(description)) return undefined;
  const lines: Record<string, string> = {};
  for (const line of description.split(/\r?\n/)) {
    const at = line.indexOf("=");
    if (at > 0) Object.defineProperty(lines, line.slice(0, at).trim(), field(line.slice(at + 1).trim()));
  }
  const number = (name: string) => {
    const value = Object.hasOwn(lines, name) && lines[name] !== "" ? Number(lines[name]) : Number.NaN;
    return Number.isFinite(value) ? value : undefined;
  };
  const count = (name: string) => {
    const value = number(name);
    return value !== undefined && Number.isInteger(value) && value >= 1 ? value : undefined;
  };
  const text = (name: string) => (Object.hasOwn(lines, name) ? unescaped(lines[name]) : undefined);
  const optional = {
    images: count("images"),
    spacing: number("spacing"),
    unit: text("unit"),
    yUnit: text("yunit"),
    zUnit: text("zunit"),
    // frames a second are always of seconds
    ...(number("finterval") === undefined
      ? { interval: reciprocal(number("fps")) }
      : { interval: number("finterval"), timeUnit: text("tunit") }),
    calibration: calibrationOf(lines),
    min: number("min"),
    max: number("max"),
  };
  const known = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  const counts = { channels: count("channels") ?? 1, frames: count("frames") ?? 1 };
  const origin = { x: number("xorigin") ?? 0, y: number("yorigin") ?? 0, z: number("zorigin") ?? 0 };
  return { ...counts, slices: count("slices") ?? 1, ...known, origin, lines };
}

/** Source: ij.measure.Calibration: function 0 is a straight line, c0 + c1 v. */
function calibrationOf(lines: Readonly<Record<string, string>>): string | undefined {
  const said = ["cf", "c0", "c1", "c2", "c3", "c4", "vunit"].filter((name) => Object.hasOwn(lines, name));
  const isIdentity = Number(lines.cf) === 0 && Number(lines.c0) === 0 && Number(lines.c1) === 1;
  if (!Object.hasOwn(lines, "cf") || isIdentity) return undefined;
  return said.map((name) => `${name}=${lines[name]}`).join(", ");
}

/** A line may have any name, `__proto__` too. */
function field(value: string): PropertyDescriptor {
  return { value, enumerable: true, configurable: true, writable: true };
}

function reciprocal(value: number | undefined): number | undefined {
  return value === undefined || value === 0 ? undefined : 1 / value;
}

/** Java's `\u00B5m`. */
function unescaped(text: string): string {
  return text.replace(/\\u([0-9a-fA-F]{4})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** What ImageJ keeps of an image's channels in its own tags. */
export interface ImageJMetadata {
  readonly labels: readonly string[];
  /** Minimum and maximum by channel. */
  readonly ranges: readonly (readonly [number, number])[];
  /** Colour of the highest value by channel, six hexadecimal digits. */
  readonly colors: readonly string[];
}

const LUT_BYTES = 768;
const BIG_MARK = "IJIJ";
const LITTLE_MARK = "JIJI";

/**
 * Reads ImageJ's tags 50838 and 50839. What does not lie in them is left out: they are an addition to the description.
 *
 * Source: ij.io.TiffEncoder: a mark, then a type of four letters and a count for each kind, then the entries one after another.
 */
export function parseImageJMetadata(byteCounts: readonly number[], bytes: Uint8Array): ImageJMetadata {
  const labels: string[] = [];
  const ranges: [number, number][] = [];
  const colors: string[] = [];
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isLittle = text(0, 4) === LITTLE_MARK;
  const [head = 0] = byteCounts;
  if ((!isLittle && text(0, 4) !== BIG_MARK) || head > bytes.length) return { labels, ranges, colors };
  let [entry, at] = [1, head];
  for (let kindAt = 4; kindAt + 8 <= head; kindAt += 8) {
    const letters = text(kindAt, kindAt + 4);
    const kind = isLittle ? [...letters].reverse().join("") : letters;
    const count = view.getUint32(kindAt + 4, isLittle);
    for (let i = 0; i < count && entry < byteCounts.length; i++, entry++) {
      const length = byteCounts[entry];
      if (at + length > bytes.length) return { labels, ranges, colors };
      if (kind === "labl") labels.push(utf16(view, { at, length, isLittle }));
      if (kind === "luts" && length === LUT_BYTES) colors.push(lutColor(bytes, at));
      if (kind === "rang")
        for (let place = at; place + 16 <= at + length; place += 16)
          ranges.push([view.getFloat64(place, isLittle), view.getFloat64(place + 8, isLittle)]);
      at += length;
    }
  }
  return { labels, ranges, colors };
}

function utf16(
  view: DataView,
  { at, length, isLittle }: { readonly at: number; readonly length: number; readonly isLittle: boolean },
): string {
  let text = "";
  for (let place = at; place + 2 <= at + length; place += 2)
    text += String.fromCharCode(view.getUint16(place, isLittle));
  return text;
}

/** The table ends with the colour of the highest value: 256 of red, of green, of blue. */
function lutColor(bytes: Uint8Array, at: number): string {
  const values = [255, 511, 767].map((place) => bytes[at + place]);
  return values.map((value) => value.toString(16).padStart(2, "0").toUpperCase()).join("");
}
