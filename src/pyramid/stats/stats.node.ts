import { z } from "zod";
import { builtFile } from "../../core/index.node.ts";
import { counted, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { fileExists, parseWithSchema } from "../../io/index.ts";
import {
  cleanupStep,
  ENGINE_KEYS,
  type EngineOptions,
  type Json,
  runStep,
  type Step,
} from "../../jobs/index.ts";
import { ILLUMCORR_MODELS } from "../step/arguments.ts";
import { parseStatsBatch, STATS_PHASES } from "./batch.ts";
import { type ChannelIllumination, collectStatistics } from "./collect.ts";
import { planStatistics } from "./plan.ts";

export type { ChannelIllumination } from "./collect.ts";

const STEP = "illumination";

const optionsSchema = z.strictObject({
  /** Which correction is prepared beside TissueMAPS' own. */
  model: z.enum(ILLUMCORR_MODELS).default("zscore"),
  /** What the camera shows without light, for flat fields: a number, or an image of the sites' size. */
  dark: z.union([z.number().min(0), z.string()]).optional(),
  /** A lab's own image of the light, for `files`. */
  flat: z.string().optional(),
  /** Images of a channel that are looked at, drawn at random. */
  images: z.int().min(1).default(20_000),
  /** Images that a flat field is made of. */
  flatImages: z.int().min(1).default(100),
  /** Images of one job. */
  batchSize: z.int().min(1).default(500),
  /** Names of channels; default all. */
  channels: z.array(z.string()).optional(),
  /** Go on from an earlier, interrupted run of the same choices. */
  resume: z.boolean().default(false),
});

/** What {@link computeIllumination} takes. */
export type IlluminationOptions = z.input<typeof optionsSchema>;

/**
 * Statistics of the light of every channel, image by image in batches of the engine, and what corrections need of them; kept below the
 * experiment's folder. Images that cannot be read or do not belong (lamp off, debris over the whole field) are left out and told.
 *
 * @throws {VitrineError} format: an unknown option; missing: no images, or no such channel; undeterminable: a channel without any image that
 *   can be read; and the errors of `runStep`
 *
 * Source: TissueMAPS, tmlib.workflow.corilla; flat fields: Peng et al. 2017, Nat. Commun. 8:14836.
 */
export async function computeIllumination(
  experiment: Experiment,
  options: IlluminationOptions = {},
  engine: EngineOptions = {},
): Promise<ChannelIllumination[]> {
  requireKnownOptions("computeIllumination", engine, ENGINE_KEYS);
  const { resume, dark, flat, ...choice } = parseWithSchema(
    options,
    optionsSchema,
    "computeIllumination options",
  );
  const { onLog = () => {} } = engine;
  await requireFiles(choice.model, { flat, dark });
  if (dark !== undefined && choice.model === "zscore")
    onLog(
      "dark (--dark) has no effect with TissueMAPS' correction (zscore), which has no flat field",
      "warning",
    );
  if (dark === undefined && choice.model !== "zscore")
    onLog(
      "what the camera shows without light is taken as 0: the flat field is then too flat; give --dark",
      "warning",
    );
  const { channels, ...numbers } = choice;
  const batches = await planStatistics(
    experiment,
    { ...numbers, ...(channels !== undefined && { channels }) },
    onLog,
  );
  const module = builtFile("#pyramid-stats");
  const work = (batch: Json) => parseStatsBatch(batch, STEP).images.length;
  const { levels, statistics } = STATS_PHASES;
  const step: Step<Json, Json, ChannelIllumination[]> = {
    name: STEP,
    phases: [
      { name: levels, target: { module, export: "findLevels" }, unit: "images", work },
      { name: statistics, target: { module, export: "addStatistics" }, unit: "images", work },
    ],
    init: () => batches,
    collect: (results) =>
      collectStatistics(experiment, results, {
        ...{ model: choice.model, dark: dark ?? 0, onLog },
        ...(flat !== undefined && { flat }),
      }),
  };
  const directory = `${experiment.directory}/jobs`;
  const config: Json = JSON.parse(JSON.stringify({ choice, batches: batches.length }));
  const existing = resume ? "resume" : "overwrite";
  const made = await runStep(step, { ...engine, directory, identity: { config }, existing });
  await cleanupStep(`${directory}/${STEP}`);
  for (const { channel, odd, unreadable } of made) tellLeftOut(channel, { odd, unreadable }, onLog);
  return made;
}

/** Before hours of work. @throws {VitrineError} missing: a lab's own maps, and none is named, or not there; format: maps that are not asked for */
async function requireFiles(
  model: string,
  { flat, dark }: { readonly flat: string | undefined; readonly dark: number | string | undefined },
): Promise<void> {
  const at = "computeIllumination options";
  if (model === "files" && flat === undefined && dark === undefined)
    throw new VitrineError({
      code: "missing",
      at,
      expected: "flat or dark, a lab's own maps",
      found: "neither",
    });
  if (model !== "files" && flat !== undefined)
    throw new VitrineError({ code: "format", at, expected: "the model files beside flat", found: model });
  for (const path of model === "zscore" ? [] : [flat, dark])
    if (typeof path === "string" && !(await fileExists(path))) throw notThere(path);
}

function notThere(path: string): VitrineError {
  const [expected, found] = ["a readable file", "no such file"];
  return new VitrineError({ code: "missing", at: path, expected, found, hint: "Check the path" });
}

function tellLeftOut(
  channel: string,
  { odd, unreadable }: Pick<ChannelIllumination, "odd" | "unreadable">,
  onLog: (message: string, kind: "warning") => void,
): void {
  for (const message of unreadable) onLog(`channel ${channel}: left out: ${message}`, "warning");
  if (odd.length > 0)
    onLog(
      `channel ${channel}: ${counted(odd.length, "image is", "images are")} far darker or brighter than the others and ${odd.length === 1 ? "is" : "are"} left out: ${odd.join("; ")}`,
      "warning",
    );
}
