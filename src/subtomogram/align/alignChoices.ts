import { z } from "zod";
import { type Shape3, VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import type { Json } from "../../jobs/index.ts";
import { type FromFileOptions, fromFile, type ImageProvider } from "../../pipe/index.ts";
import type { Log } from "../../program/index.ts";
import type { AlignOptions } from "../loaders/align.ts";
import { normalizeTemplates } from "../loaders/templates.ts";
import { FscAlignment, NccAlignment, PccAlignment, ZnccAlignment } from "../models/kinds.ts";
import { tellIdleCutoff } from "../models/lowPass.ts";
import type { AlignmentKind } from "../models/model.ts";
import { warnOfSteps } from "../models/rotationGrid.ts";
import { given } from "../programs/frame.ts";
import type { TomogramInputs } from "../programs/inputs.ts";
import { isMaskOfTemplate, parseMask } from "../programs/maskSpec.ts";
import { splitTiltSeriesPath } from "../tiltSeries/read.ts";

/** Models by the names of the command line. */
export const ALIGN_KINDS = {
  zncc: ZnccAlignment,
  ncc: NccAlignment,
  pcc: PccAlignment,
  fsc: FscAlignment,
} as const;

/** Names of the models. */
export type AlignModelName = keyof typeof ALIGN_KINDS;

/** The same as a list. */
export const ALIGN_MODELS: readonly AlignModelName[] = ["zncc", "ncc", "pcc", "fsc"];

const range = z.tuple([z.number(), z.number()]);
const tilt = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("none") }),
  z.strictObject({ kind: z.literal("single"), rangeDeg: range, axis: z.enum(["x", "y"]) }),
  z.strictObject({ kind: z.literal("dual"), rangeYDeg: range, rangeXDeg: range }),
]);

const CHOICES = z.strictObject({
  /** Tomograms, the table of each one's molecules, and what it is called there, of a table of several. */
  tomograms: z
    .array(z.strictObject({ path: z.string(), molecules: z.string(), name: z.string().optional() }))
    .min(1),
  /** MRC, TIFF, `.npy`, OME-Zarr; several are tried in turn. */
  templates: z.array(z.string()).min(1),
  /** nm/voxel of the templates; default what their files say. */
  templateScale: z.number().optional(),
  /** As `parseMask` takes it. */
  mask: z.string().optional(),
  /** nm/voxel of a mask's file; default what it says. */
  maskScale: z.number().positive().optional(),
  /** nm/voxel of the tomograms; default what their files say. */
  scale: z.number().optional(),
  maxShiftsNm: z.tuple([z.number(), z.number(), z.number()]),
  /** Angles about z, y and x: largest to both sides, and the step. */
  rotations: z.tuple([range, range, range]).optional(),
  /** Cycles/voxel. */
  cutoff: z.number().optional(),
  model: z.enum(["zncc", "ncc", "pcc", "fsc"]),
  tilt: tilt.optional(),
  order: z.union([z.literal(0), z.literal(1), z.literal(3)]),
  cornerSafe: z.boolean(),
  dropOutside: z.boolean(),
  /** Of tilt series, as of `TomogramInputs`. */
  tomogramSize: z.tuple([z.number(), z.number(), z.number()]).readonly().optional(),
  imageScale: z.number().optional(),
  ctf: z.enum(["flip", "wiener", "none"]).optional(),
  doseWeighting: z.boolean().optional(),
  compat: z.boolean(),
  search: z.enum(["exhaustive", "coarseToFine"]),
  /** As `ModelParams` has it. */
  estimate: z.enum(["best", "mean"]).optional(),
  outPath: z.string(),
  /** Å of a voxel without binning, in which tables of other programs are written; default that of each tomogram. */
  pixelSizeA: z.number().positive().optional(),
  picturePath: z.string().optional(),
});

/** What an alignment of molecules of tomograms is told, as the engine keeps it: paths and numbers. */
export type AlignChoices = z.infer<typeof CHOICES>;

const KEPT = z.strictObject({ choices: z.string(), inputs: z.record(z.string(), z.string()) });

/** What all batches are told: the choices, and what tells the inputs apart from others. */
export interface KeptChoices {
  readonly choices: AlignChoices;
  readonly inputs: Readonly<Record<string, string>>;
}

/** Checks choices. @throws {VitrineError} format, range: names the option */
export function parseChoices(value: unknown, at: string): AlignChoices {
  return parseWithSchema(value, CHOICES, at);
}

/** Reads what {@link keepChoices} made. */
export function keptChoices(options: Json): KeptChoices {
  const { choices, inputs } = parseWithSchema(options, KEPT, "step.json options");
  return { choices: parseChoices(JSON.parse(choices), "step.json choices"), inputs };
}

/** The same as JSON. */
export function keepChoices({ choices, inputs }: KeptChoices): Json {
  return { choices: JSON.stringify(choices), inputs };
}

/** How a tomogram is read. */
export function tomogramInputs(choices: AlignChoices, index: number): TomogramInputs {
  const { tomograms, order, cornerSafe, dropOutside, tilt: tiltModel } = choices;
  const one = tomograms[index];
  if (one === undefined)
    throw new VitrineError({
      code: "range",
      at: "batch tomogram",
      expected: `0 to ${tomograms.length - 1}`,
      found: `${index}`,
    });
  return {
    tomogramPath: one.path,
    moleculesPath: one.molecules,
    ...(one.name !== undefined && { tomogram: one.name }),
    order,
    cornerSafe,
    dropOutside,
    ...given(choices, "scale", "tomogramSize", "imageScale", "ctf", "doseWeighting"),
    ...(tiltModel !== undefined && { tiltModel }),
  };
}

/** Templates as loaders take them; `onLog` hears what their files leave open. */
export function templatesOf(
  { templates, templateScale }: AlignChoices,
  options: FromFileOptions = {},
): readonly ImageProvider[] {
  return templates.map((path) => fromFile(path, templateScale, undefined, options));
}

/** The shape of their boxes, at a scale. */
export function boxOf(choices: AlignChoices): (scale: number) => Promise<Shape3> {
  return async (scale) => (await normalizeTemplates(templatesOf(choices), scale))[0].shape;
}

/** Molecules were checked when the work began; those outside are left out again. */
export function dropping(choices: AlignChoices) {
  return choices.dropOutside ? { shapeOf: boxOf(choices) } : {};
}

/** How they are compared; `onLog` hears what a mask's file leaves open. */
export function alignOptionsOf(choices: AlignChoices, options: FromFileOptions = {}): AlignOptions {
  const { mask, maxShiftsNm, rotations, cutoff, compat, search, estimate } = choices;
  const maskFile = {
    ...options,
    ...(choices.maskScale !== undefined && { originalScale: choices.maskScale }),
  };
  const model: AlignmentKind = ALIGN_KINDS[choices.model];
  return {
    ...(mask !== undefined && { mask: parseMask(mask, maskFile) }),
    maxShifts: maxShiftsNm,
    rotations,
    cutoff,
    compat,
    search,
    estimate,
    model,
  };
}

/** Everything that is read. */
export function inputPaths({ tomograms, templates, mask }: AlignChoices): readonly string[] {
  const files = tomograms.flatMap(({ path, molecules }) => [splitTiltSeriesPath(path).file, molecules]);
  const isFile = mask !== undefined && !isMaskOfTemplate(mask);
  return [...files, ...templates, ...(isFile ? [mask] : [])];
}

/** What has no effect with the others, said once. */
export function warnOfChoices(
  { search, estimate, rotations, templates, model, cutoff }: AlignChoices,
  onLog: Log | undefined,
): void {
  warnOfSteps(rotations, onLog);
  tellIdleCutoff(cutoff, onLog);
  if (search === "coarseToFine" && rotations === undefined)
    onLog?.("a search from coarse to fine has no effect without rotations", "warning");
  if (estimate === "mean" && rotations === undefined)
    onLog?.("a mean of rotations has no effect without rotations", "warning");
  if (model === "pcc" && templates.length > 1)
    onLog?.(
      "scores of PCC are not normalised: of several templates the one with more contrast wins",
      "warning",
    );
}
