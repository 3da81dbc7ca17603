import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { type FromFileOptions, fromFile, softOtsu, thresholdOtsu } from "../../pipe/index.ts";
import type { Mask } from "../loaders/templates.ts";

const SOFT = "soft-otsu";
const HARD = "otsu";

/** How a mask's file is read. */
export interface MaskSpecOptions extends Pick<FromFileOptions, "grid" | "onLog"> {
  /** nm/voxel of the file; default what it says. */
  readonly originalScale?: number;
}

/** Whether a mask is made of the template or the average, and not read. */
export function isMaskOfTemplate(text: string): boolean {
  return /^(soft-)?otsu(:|$)/.test(text);
}

/**
 * A mask as it is written on a command line: a file, `otsu`, or `soft-otsu` with its lengths in nm, as `soft-otsu:sigma=1,radius=1`. A radius below 0 takes from the mask's rim.
 *
 * @throws {VitrineError} range: another length, one of them twice, or one that is no number
 */
export function parseMask(text: string, options: MaskSpecOptions = {}): Mask {
  requireKnownOptions("parseMask", options, { grid: true, onLog: true, originalScale: true });
  const { originalScale, ...how } = options;
  if (!/^(soft[-_ ]?)?otsu(:|$)/i.test(text)) return fromFile(text, originalScale, undefined, how);
  if (text === HARD) return thresholdOtsu();
  const [, values] = /^soft-otsu(?::(.*))?$/.exec(text) ?? [text];
  if (values === undefined && text !== SOFT) throw wrong(text, text);
  const lengths = !values ? [] : values.split(",").map((pair) => parseLength(pair, text));
  const names = lengths.map(([name]) => name);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw wrong(text, `${twice} twice`);
  return softOtsu(Object.fromEntries(lengths));
}

function parseLength(pair: string, text: string): readonly [name: string, nm: number] {
  const [, name, value] = /^(sigma|radius)=\s*(\S+)$/.exec(pair.trim()) ?? [];
  const nm = value === undefined ? Number.NaN : Number(value);
  if (Number.isFinite(nm) && (name === "radius" || nm >= 0)) return [name, nm];
  throw wrong(text, pair || "nothing");
}

function wrong(text: string, found: string): VitrineError {
  const expected = "otsu, or soft-otsu:sigma=NM,radius=NM with sigma from 0";
  return new VitrineError({ code: "range", at: `mask ${text}`, expected, found });
}
