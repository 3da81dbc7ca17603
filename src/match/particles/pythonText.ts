import { shortestFloat32 } from "../../io/index.ts";

/**
 * A float64 as Python's repr writes it: the shortest text that reads back the same, always with a point or an
 * exponent; nothing for NaN, as pandas writes it.
 */
export function float64Text(value: number): string {
  return decimalText(value, { digits: (v) => v.toExponential(), scientificFrom: 1e16 });
}

/** A float32 as NumPy 2 (and so pandas) writes it: the shortest text that reads back the same float32. */
export function float32Text(value: number): string {
  return decimalText(value, { digits: shortestFloat32, scientificFrom: 1e6 });
}

/** A Python list of floats. */
export function listText(values: readonly number[]): string {
  return `[${values.map((value) => float64Text(value)).join(", ")}]`;
}

/** A Python dictionary of floats as `json.dumps` writes it. */
export function jsonText(values: Readonly<Record<string, number | undefined>>): string {
  const entries = Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return `{${entries.map(([key, value]) => `${JSON.stringify(key)}: ${float64Text(value)}`).join(", ")}}`;
}

interface Style {
  /** Shortest digits in the form of `toExponential`. */
  readonly digits: (value: number) => string;
  /** Values of this size and above carry an exponent; so do those below 1e-4. */
  readonly scientificFrom: number;
}

function decimalText(value: number, { digits, scientificFrom }: Style): string {
  if (Number.isNaN(value)) return "";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const size = Math.abs(value);
  const [mantissa, exponent] = digits(size).split("e");
  if (size !== 0 && (size < 1e-4 || size >= scientificFrom)) {
    const power = Number(exponent);
    return `${sign}${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  return sign + pointText(mantissa.replace(".", ""), Number(exponent));
}

/** Digits d with the value d[0].d[1]d[2]... x 10^exponent, written out. */
function pointText(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${"0".repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, "0");
  return `${whole}.${digits.slice(exponent + 1) || "0"}`;
}
