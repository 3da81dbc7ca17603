import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import { type FromFileOptions, fromFile, softOtsu, thresholdOtsu } from "../../pipe/index.ts";
import type { Mask } from "../loaders/templates.ts";

const SOFT = "soft-otsu";
const HARD = "otsu";

/**
 * A mask as it is written on a command line: a file, `otsu`, or `soft-otsu` with its lengths in nm, as `soft-otsu:sigma=1,radius=1`.
 *
 * @param options  how a file is read
 * @throws {VitrineError} range: another length, or one that is no number
 */
export function parseMask(text: string, options: FromFileOptions = {}): Mask {
  requireKnownOptions("parseMask", options, { grid: true, onLog: true });
  const [kind, values = ""] = text.split(":", 2);
  if (kind === HARD && values === "") return thresholdOtsu();
  if (kind !== SOFT) return fromFile(text, undefined, undefined, options);
  const lengths = values === "" ? [] : values.split(",").map((pair) => parseLength(pair, text));
  return softOtsu(Object.fromEntries(lengths));
}

function parseLength(pair: string, at: string): readonly [name: string, nm: number] {
  const [name, value = ""] = pair.split("=", 2);
  const nm = Number(value);
  if ((name === "sigma" || name === "radius") && value.trim() !== "" && Number.isFinite(nm))
    return [name, nm];
  const expected = "soft-otsu:sigma=NM,radius=NM";
  throw new VitrineError({ code: "range", at: `mask ${at}`, expected, found: pair || "nothing" });
}
