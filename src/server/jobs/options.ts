/** What a step may be started with from a page: some of the options that the command line has. */
import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import { BLENDINGS } from "../../pyramid/index.ts";

/** Ways to start it, as the command line has them: `submit` after `init`, `resubmit` for what is missing. */
export const STARTS = ["init", "submit", "resubmit"] as const;
export type Start = (typeof STARTS)[number];

const INIT = {
  batchSize: z.int().min(1).max(100_000).optional().describe("image files of a job"),
  align: z.boolean().optional().describe("align images between multiplexing cycles"),
  register: z.boolean().optional().describe("find where overlapping sites lie by their images"),
  illumcorr: z.boolean().optional().describe("correct illumination"),
  clip: z.boolean().optional().describe("clip intensities"),
  clipPercent: z.number().min(0).max(100).optional().describe("percentile at which they are clipped"),
  quality: z.int().min(1).max(100).optional().describe("of JPEG tiles"),
  blend: z.enum(BLENDINGS).optional().describe("what overlapping sites show"),
  multiscale: z.boolean().optional().describe("write each plate as OME-Zarr too"),
};
const SUBMIT = { tasks: z.int().min(1).max(1024).optional().describe("jobs at a time") };

/** Options of `init`, and of `submit` and `resubmit`. */
export const START_OPTIONS = z.strictObject({ ...INIT, ...SUBMIT });
export type StartOptions = z.output<typeof START_OPTIONS>;

/**
 * The options as the command line takes them.
 *
 * @throws {VitrineError} range: one that this way to start does not have
 */
export function startArguments(what: Start, options: StartOptions): string[] {
  const known = Object.keys(what === "init" ? INIT : SUBMIT);
  return Object.entries(options).flatMap(([key, value]) => {
    if (!known.includes(key)) throw noOption(what, key, known);
    if (value === undefined || value === false) return [];
    const name = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    return value === true ? [name] : [name, String(value)];
  });
}

function noOption(what: Start, found: string, known: readonly string[]): VitrineError {
  const expected = `one of ${known.join(", ")}`;
  return new VitrineError({ code: "range", at: `options of ${what}`, expected, found });
}
