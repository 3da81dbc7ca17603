import { fileExists, removeFile } from "../../io/index.ts";
import type { Json, Step } from "../../jobs/index.ts";
import { planSearches } from "../search/configuredSearch.ts";
import type { MatchOptions } from "../search/matchOptions.ts";
import { checkpointPath, type Part, partPath } from "../search/parts.ts";
import { refuseExisting } from "../search/searchRun.ts";
import { joinTables } from "./jointTable.ts";
import { type ManyOptions, type MicrographReport, type PlannedTarget, planTargets } from "./manyProgram.ts";
import type { StoredBatch } from "./matchBatch.ts";
import { currentKernels, searchIdentity } from "./record.ts";
import { checkPlaces, type ManyReport } from "./runMany.ts";
import type { MatchTarget } from "./targets.ts";

/** Searches in tasks, for an engine of `src/jobs`. */
export interface MatchStep {
  readonly step: Step<StoredBatch, Json, ManyReport>;
  /** What decides about the results. */
  readonly identity: Readonly<Record<string, Json>>;
}

/** How searches are divided, and where the batches' functions are. */
export interface MatchStepOptions extends ManyOptions {
  /** Parts of each micrograph. */
  readonly tasks: number;
  /** The built module of `matchBatch.ts`. */
  readonly module: string | URL;
  /** One search alone keeps the names of its configuration's results, and there is no joint table. */
  readonly isSingle: boolean;
}

/**
 * Divides searches into batches: each micrograph into parts, the states of which are those of `--part`, then a batch a micrograph that joins
 * them. The results are byte for byte those of the searches in one piece.
 *
 * @throws {VitrineError} as `planTargets` and `prepareResultFiles`; exists: parts of an earlier run, which is neither continued nor overwritten
 */
export async function matchStep(
  targets: readonly MatchTarget[],
  { tasks, module, isSingle, ...given }: MatchStepOptions,
): Promise<MatchStep> {
  const { signal: _, onProgress: __, onLog: ___, onBackend: ____, ...options } = given;
  const { particlesPath = "particles.csv", coarse } = options;
  const planned = (await planTargets(targets, options)).map((one) => (isSingle ? alone(one, options) : one));
  await checkPlaces(planned, isSingle ? undefined : particlesPath, {
    earlier: undefined,
    options: { ...options, overwrite: (options.overwrite ?? false) || (options.resume ?? false) },
  });
  const parts = Array.from({ length: coarse === undefined ? tasks : 0 }, (_, i) => ({
    index: i + 1,
    count: tasks,
  }));
  for (const one of planned) await clearParts(one, parts, options);
  const kernels = await currentKernels();
  const inputs = [];
  for (const one of planned) inputs.push(await searchIdentity(one));
  const store = (one: PlannedTarget, part?: Part) => ({ batch: JSON.stringify({ planned: one, part }) });
  const step: MatchStep["step"] = {
    name: "match",
    phases: [
      ...(parts.length > 0
        ? [{ name: "search", target: { module, export: "searchBatch" }, unit: "parts" }]
        : []),
      { name: "finish", target: { module, export: "finishBatch" }, unit: "micrographs" },
    ],
    init: (phase) =>
      phase === "search"
        ? planned.flatMap((one) => parts.map((part) => store(one, part)))
        : planned.map((one) => store(one)),
    async collect(results) {
      const micrographs: MicrographReport[] = [];
      for await (const { phase, value } of results)
        if (phase === "finish") micrographs.push(JSON.parse((value as { report: string }).report));
      if (isSingle) return { micrographs, particles: micrographs[0].particles, files: micrographs[0].files };
      const particles = await joinTables(
        planned.map((one) => one.particlesPath),
        particlesPath,
      );
      return { micrographs, particles, files: [particlesPath] };
    },
  };
  return { step, identity: { inputs, kernels, tasks, state: 2 } };
}

/** The names of a search by itself. */
function alone(
  one: PlannedTarget,
  { particlesPath = "particles.csv", picturePath }: ManyOptions,
): PlannedTarget {
  const options = { ...one.options, particlesPath, ...(picturePath !== undefined && { picturePath }) };
  const renamed = (path: string) =>
    path === one.particlesPath
      ? particlesPath
      : path === one.options.picturePath && picturePath !== undefined
        ? picturePath
        : path;
  return {
    ...one,
    options,
    particlesPath,
    places: { ...one.places, outputs: one.places.outputs.map(renamed) },
  };
}

/** Parts and checkpoints of an earlier run are continued, removed or refused as those of `--part` are. */
async function clearParts(
  { target, options: own }: PlannedTarget,
  parts: readonly Part[],
  { resume = false, overwrite = false }: Pick<MatchOptions, "resume" | "overwrite">,
): Promise<void> {
  if (resume) return;
  const { searches } = await planSearches(target.configPath, own);
  for (const { settings } of searches)
    for (const part of parts)
      for (const path of [partPath(settings, part), checkpointPath(settings, part)]) {
        const hint = "Continue with --resume, or start again with --overwrite";
        if (!overwrite)
          await refuseExisting(path, { expected: "no earlier run", found: "a part of it", hint });
        else if (await fileExists(path)) await removeFile(path);
      }
}
