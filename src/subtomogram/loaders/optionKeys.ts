import type { OptionKeys } from "../../io/index.ts";
import type { ClassifyOptions } from "../classify/classify.ts";
import type { ClassifyEmOptions } from "../classify/expectation.ts";
import type { AlignMultiOptions, AlignOptions, CompareOptions } from "./align.ts";
import type { AverageOptions, AverageSplitOptions } from "./averages.ts";
import type { FscOptions } from "./fsc.ts";
import type { LoadOptions, RunChoice } from "./subvolumes.ts";

const RUN: OptionKeys<RunChoice> = { backend: true, signal: true, onProgress: true, onLog: true };

const COMPARE: OptionKeys<CompareOptions> = {
  ...RUN,
  mask: true,
  model: true,
  rotations: true,
  cutoff: true,
  compat: true,
  search: true,
  estimate: true,
};

const LOAD: OptionKeys<LoadOptions> = { ...RUN, outputShape: true };

const AVERAGE: OptionKeys<AverageOptions> = { ...LOAD, wedgeWeighting: true, wienerConstant: true };

const ALIGN: OptionKeys<AlignOptions> = { ...COMPARE, maxShifts: true };

/** What each method of a loader takes: a misspelt option is refused there. */
export const LOADER_KEYS = {
  load: LOAD,
  average: AVERAGE,
  averageSplit: {
    ...AVERAGE,
    sets: true,
    parts: true,
    seed: true,
    divisions: true,
  } satisfies OptionKeys<AverageSplitOptions>,
  fsc: {
    ...AVERAGE,
    sets: true,
    seed: true,
    divisions: true,
    mask: true,
    dfreq: true,
    zeroNorm: true,
    randomizeFrom: true,
  } satisfies OptionKeys<FscOptions>,
  score: COMPARE,
  align: ALIGN,
  alignNoTemplate: { ...ALIGN, outputShape: true } satisfies OptionKeys<
    AlignOptions & Pick<LoadOptions, "outputShape">
  >,
  alignMultiTemplates: { ...ALIGN, labelName: true } satisfies OptionKeys<AlignMultiOptions>,
  landscape: { ...ALIGN, upsample: true } satisfies OptionKeys<AlignOptions & { upsample?: number }>,
  classify: {
    ...LOAD,
    template: true,
    mask: true,
    cutoff: true,
    components: true,
    clusters: true,
    seed: true,
    labelName: true,
  } satisfies OptionKeys<ClassifyOptions>,
  expectation: {
    ...COMPARE,
    sharpness: true,
    subset: true,
    subsetBias: true,
  } satisfies OptionKeys<ClassifyEmOptions>,
} as const;
