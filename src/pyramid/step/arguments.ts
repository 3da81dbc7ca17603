import { z } from "zod";
import type { Blending } from "../blending/compose.ts";
import type { Resampling } from "../blending/resample.ts";

/** How the light of a channel is corrected: TissueMAPS' way, a flat field after BaSiC or of the median, or a lab's own maps. */
export const ILLUMCORR_MODELS = ["zscore", "basic", "median", "files"] as const;

/** What pixels show that several sites cover: see {@link Blending}. */
export const BLENDINGS = ["last", "nearest", "linear"] as const satisfies readonly Blending[];

/** How sites are put at fractions of a pixel: see {@link Resampling}. */
export const RESAMPLINGS = ["round", "bilinear", "lanczos"] as const satisfies readonly Resampling[];

/** What becomes of a site whose image cannot be read or is of another size or type: its job fails, or the site stays black, which is said. */
export const MISSING_SITES = ["fail", "black"] as const;

/** Default of {@link IlluminatiBatchArguments}' `clipPercent`. */
export const CLIP_PERCENT = 99.9;

/**
 * What batches of a pyramid are made with, TissueMAPS' names in camelCase; unknown keys are refused.
 *
 * Source: TissueMAPS, tmlib.workflow.illuminati.args; `quality` is what its encoder is told.
 */
export const IlluminatiBatchArguments = z
  .strictObject({
    /** Image files of one job, at most where a block of tiles shows fewer. */
    batchSize: z.int().min(1).default(100),
    /** Whether images are aligned between cycles. */
    align: z.boolean().default(false),
    /** Whether `init` first finds where overlapping sites lie by their images; see `registerExperiment`. */
    register: z.boolean().default(false),
    /** Whether images are corrected for illumination. */
    illumcorr: z.boolean().default(false),
    illumcorrModel: z.enum(ILLUMCORR_MODELS).optional(),
    /** Names of channels that are not corrected. */
    illumcorrExceptions: z.array(z.string().min(1)).default([]),
    /** Whether intensities are clipped. */
    clip: z.boolean().optional(),
    /** The intensity that becomes white: implies `clip`, overrides the percentile and needs no statistics. */
    clipValue: z.int().min(1).max(65_535).optional(),
    /** The percentile that becomes white. */
    clipPercent: z.number().gt(0).max(100).optional(),
    /** Of JPEG, 1 to 100. */
    quality: z.int().min(1).max(100).default(95),
    /** Whether `collect` writes each plate as OME-Zarr too, with its full range of values. */
    multiscale: z.boolean().default(false),
    /** What a pixel shows that several sites cover; `last` is TissueMAPS' way. */
    blend: z.enum(BLENDINGS).default("last"),
    /** Pixels from a site's end over which its weight grows, with `blend` other than `last`; default to its middle. */
    featherPx: z.int().min(1).optional(),
    /** How sites are moved by fractions of a pixel; `round` does not. */
    resample: z.enum(RESAMPLINGS).default("round"),
    /** What becomes of sites that cannot be read; it may be changed when jobs are submitted. */
    missingSites: z.enum(MISSING_SITES).default("fail"),
  })
  .superRefine((args, context) => {
    const refuse = (key: string, message: string) =>
      context.addIssue({ code: "custom", path: [key], message });
    if (args.clip === false && args.clipValue !== undefined)
      refuse("clip", "true or left out beside clipValue, which implies it");
    if (args.clipPercent !== undefined && !args.clip && args.clipValue === undefined)
      refuse("clipPercent", "clip beside it");
    if (args.illumcorrModel !== undefined && !args.illumcorr) refuse("illumcorrModel", "illumcorr beside it");
    if (args.illumcorrExceptions.length > 0 && !args.illumcorr)
      refuse("illumcorrExceptions", "illumcorr beside it");
    if (args.featherPx !== undefined && args.blend === "last")
      refuse("featherPx", "blend nearest or linear beside it");
  });

/** {@link IlluminatiBatchArguments} as they are given. */
export type IlluminatiBatchInput = z.input<typeof IlluminatiBatchArguments>;

/** {@link IlluminatiBatchArguments} with their defaults. */
export type IlluminatiBatchOptions = z.output<typeof IlluminatiBatchArguments>;

/**
 * What each job gets, TissueMAPS' names; unknown keys are refused.
 *
 * Source: TissueMAPS, tmlib.workflow.illuminati.args.
 */
export const IlluminatiSubmissionArguments = z.strictObject({
  /** Longest time of each job, HH:MM:SS. */
  duration: z
    .string()
    .regex(/^\d{2,}:[0-5]\d:[0-5]\d$/, "a time as HH:MM:SS")
    .refine((text) => /[1-9]/.test(text), "a time above 00:00:00")
    .default("06:00:00"),
  /** Memory of each job, MB. */
  memory: z.int().min(1).default(2147),
  /** Cores of each job; more where its memory exceeds one core's share. */
  cores: z.int().min(1).default(1),
  /** What becomes of sites that cannot be read, from now on; default what `init` was told. */
  missingSites: z.enum(MISSING_SITES).optional(),
});

/** {@link IlluminatiSubmissionArguments} as they are given. */
export type IlluminatiSubmissionInput = z.input<typeof IlluminatiSubmissionArguments>;

/** {@link IlluminatiSubmissionArguments} with their defaults. */
export type IlluminatiSubmissionOptions = z.output<typeof IlluminatiSubmissionArguments>;

/** Seconds of `HH:MM:SS`. */
export function durationSeconds(duration: string): number {
  const [hours, minutes, seconds] = duration.split(":").map(Number);
  return 3600 * hours + 60 * minutes + seconds;
}
