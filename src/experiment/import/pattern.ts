/** Names of files as patterns: `{plate}_{well}_y{y}_x{x}_{channel}.tif`, regular expressions, and filepattern's. */
import { VitrineError } from "../../core/index.ts";
import { parseWellName, rowOfLetters, type WellPlace, wellName } from "../../io/index.ts";
import type { FoundImage } from "./found.ts";

/** What a name can tell, by the names of its parts; numbers as they are written. */
export interface NameParts {
  readonly plate?: string;
  readonly well?: string;
  /** Letters, or a number from 1. */
  readonly row?: string;
  readonly col?: string;
  readonly site?: string;
  readonly y?: string;
  readonly x?: string;
  readonly channel?: string;
  readonly t?: string;
  readonly z?: string;
  readonly cycle?: string;
}

/** The parts that a pattern may name, each with what it matches. */
const PARTS: Readonly<Record<string, string>> = {
  plate: "[^/]+?",
  well: "[A-Za-z]{1,2}\\d{1,3}",
  row: "[A-Za-z]{1,2}|\\d+",
  col: "\\d+",
  site: "\\d+",
  y: "-?\\d+",
  x: "-?\\d+",
  channel: "[^/]+?",
  t: "\\d+",
  z: "\\d+",
  cycle: "\\d+",
};

/** TissueMAPS' groups and others' words, with ours. */
const OTHERS: Readonly<Record<string, string>> = {
  w: "well",
  s: "site",
  c: "channel",
  ch: "channel",
  r: "row",
};

/**
 * A pattern as a regular expression with a group a part. Three forms: `{part}` and text between; filepattern's
 * `{r:dd}` and `{channel:c+}` (d a figure, c a letter, + repeats); a regular expression with groups, TissueMAPS' `w s c z t` too.
 *
 * @param pattern  matches the end of the path from a `/` on
 * @throws {VitrineError} format: an unknown part, one twice, none, or no regular expression
 *
 * @example compilePattern("{well}_y{y}_x{x}_{channel}.tif")
 */
export function compilePattern(pattern: string): RegExp {
  const isRegular = pattern.includes("(?<");
  if (pattern.includes("(?P<")) return compilePattern(pattern.replaceAll("(?P<", "(?<"));
  const source = isRegular ? withOurNames(pattern) : sourceOf(pattern);
  const names = [...source.matchAll(/\(\?<(\w+)>/g)].map(([, name]) => name);
  if (names.length === 0) throw malformed(pattern, `parts in braces: ${known()}`, "none");
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw malformed(pattern, "each part once", `${twice} twice`);
  try {
    return new RegExp(`(?:^|/)${source.replace(/^\^/, "")}${source.endsWith("$") ? "" : "$"}`);
  } catch (cause) {
    throw malformed(pattern, "a valid expression", (cause as Error).message);
  }
}

/** The name of a file that a pattern of the first form makes. @throws {VitrineError} missing: no value for a part */
export function formatPattern(pattern: string, parts: NameParts): string {
  return pattern.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = new Map(Object.entries(parts)).get(name);
    if (typeof value === "string") return value;
    throw new VitrineError({
      code: "missing",
      at: `pattern ${pattern}`,
      expected: `a value of ${name}`,
      found: "none",
    });
  });
}

/** What a path tells, whether its end is written `.tif` or `.TIF`; undefined where it does not match. */
export function matchPattern(compiled: RegExp, path: string): NameParts | undefined {
  const lower = path.replace(/\.[^./]*$/, (end) => end.toLowerCase());
  return (compiled.exec(path) ?? compiled.exec(lower))?.groups;
}

/** An image by what its name tells; undefined where that is no well. */
export function imageOfParts(path: string, parts: NameParts, plate: string): FoundImage | undefined {
  const well = wellOf(parts);
  if (well === undefined) return undefined;
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const [y, x, tpoint, zplane, cycle] = [parts.y, parts.x, parts.t, parts.z, parts.cycle].map(number);
  return {
    path,
    plate: parts.plate ?? plate,
    well,
    // sites that are told by their place alone get numbers later
    site: number(parts.site) ?? (y === undefined && x === undefined ? 0 : Number.NaN),
    ...((y !== undefined || x !== undefined) && { grid: [y ?? 0, x ?? 0] as const }),
    ...(parts.channel !== undefined && { channel: parts.channel }),
    ...(tpoint !== undefined && { tpoint }),
    ...(zplane !== undefined && { zplane }),
    ...(cycle !== undefined && { cycle }),
  };
}

function wellOf({ well, row, col }: NameParts): WellPlace | undefined {
  if (well !== undefined) return placeOf(well);
  if (row === undefined || col === undefined) return { rowIndex: 0, columnIndex: 0 };
  if (/^\d+$/.test(row))
    return Number(row) < 1 || Number(col) < 1
      ? undefined
      : { rowIndex: Number(row) - 1, columnIndex: Number(col) - 1 };
  return placeOf(wellName({ rowIndex: rowOfLetters(row.toUpperCase()), columnIndex: Number(col) - 1 }));
}

function placeOf(name: string): WellPlace | undefined {
  return /^[A-Za-z]{1,2}0*[1-9]\d*$/.test(name) ? parseWellName(name) : undefined;
}

/** Text between the parts stands for itself. */
function sourceOf(pattern: string): string {
  return pattern
    .split(/(\{[^{}]*\})/)
    .map((piece) => (piece.startsWith("{") ? groupOf(piece.slice(1, -1), pattern) : escaped(piece)))
    .join("");
}

function groupOf(part: string, pattern: string): string {
  const [name, form] = part.split(":");
  const ours = Object.hasOwn(OTHERS, name) && form !== undefined ? OTHERS[name] : name;
  if (!Object.hasOwn(PARTS, ours)) throw malformed(pattern, `one of the parts ${known()}`, `{${part}}`);
  return `(?<${ours}>${form === undefined ? PARTS[ours] : formOf(form, pattern)})`;
}

function formOf(form: string, pattern: string): string {
  if (!/^[dc]+\+?$/.test(form)) throw malformed(pattern, "d, c and + behind the colon", form);
  return form.replaceAll("d", "\\d").replaceAll("c", "[A-Za-z]");
}

function withOurNames(pattern: string): string {
  return pattern.replace(/\(\?<(\w+)>/g, (_, name: string) => {
    const ours = Object.hasOwn(OTHERS, name) ? OTHERS[name] : name;
    if (Object.hasOwn(PARTS, ours)) return `(?<${ours}>`;
    throw malformed(pattern, `groups named ${known()}`, name);
  });
}

function known(): string {
  return Object.keys(PARTS).join(", ");
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function malformed(pattern: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at: `pattern ${pattern}`, expected, found });
}
