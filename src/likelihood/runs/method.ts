import type { Log } from "../../program/index.ts";
import { type CompareMethod, isCompressionCheaper } from "../correlation/prepared.ts";
import type { TemplateSide } from "../correlation/sides.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { readStackMetadata } from "../particles/stackMetadata.ts";
import { isDouble } from "../precision.ts";
import type { LikelihoodFiles } from "./fileManager.ts";

/** What of a run's options decides. */
export interface MethodOptions extends Omit<CompareMethod, "precision"> {
  readonly discoverBatchSize?: boolean;
  readonly whiten?: boolean;
  readonly onLog?: Log;
}

/** What is compared with what. */
interface Run {
  readonly files: LikelihoodFiles;
  readonly side: TemplateSide;
  readonly descriptor: ImageDescriptor;
}

/** How templates are compared; says where whole spectra are though nobody asked for them. */
export async function methodOf(options: MethodOptions, run: Run): Promise<CompareMethod> {
  const { discoverBatchSize = true, nTemplatesPerBatch, nImagesPerBatch, errorBound, memoryBytes } = options;
  const templates = nTemplatesPerBatch ?? (discoverBatchSize ? undefined : 1);
  const images = nImagesPerBatch ?? (discoverBatchSize ? undefined : 128);
  return {
    precision: isDouble(run.descriptor.precision) ? "double" : "single",
    method: await chosenMethod(options, run),
    ...(errorBound !== undefined && { errorBound }),
    ...(memoryBytes !== undefined && { memoryBytes }),
    ...(templates !== undefined && { nTemplatesPerBatch: templates }),
    ...(images !== undefined && { nImagesPerBatch: images }),
  };
}

/** By the first stack's images, whichever stacks are skipped or are another task's: all of a run are compared alike. */
async function chosenMethod(
  { method = "auto", whiten, onLog, ...options }: MethodOptions,
  { files, side, descriptor }: Run,
): Promise<"compressed" | "exact"> {
  if (isDouble(descriptor.precision)) {
    if (method !== "exact")
      onLog?.("parameters in double precision: whole spectra are compared, nothing is compressed", "note");
    return "exact";
  }
  if (method !== "auto") return method;
  const { count } = await readStackMetadata(files.stacks[0].metadata);
  // Templates that are whitened with the noise of a stack serve no other.
  const images = options.nImages ?? count * (whiten ? 1 : files.stacks.length);
  if (isCompressionCheaper(side, images)) return "compressed";
  onLog?.(
    `${images} images: whole spectra are compared, which takes less time than compressing templates for them (--method compressed)`,
    "note",
  );
  return "exact";
}
