import { z } from "zod";
import { VitrineError } from "../../../core/index.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import { parseWithSchema } from "../../schema.ts";
import { sourceAxis } from "../axes.ts";
import type { AxisKind, SourceAxis, SourceChannel } from "../source.ts";
import { unitName } from "../units.ts";

/** A level as the metadata of an image group have it. */
export interface LevelMetadata {
  readonly path: string;
  /** Undefined where the store says nothing, as those before 0.4. */
  readonly scale: readonly number[] | undefined;
  readonly translation: readonly number[] | undefined;
}

/** What the attributes of an image group say. */
export interface ZarrImageMetadata {
  /** Undefined before 0.3. */
  readonly axes: readonly SourceAxis[] | undefined;
  readonly levels: readonly LevelMetadata[];
  readonly channels: readonly SourceChannel[];
  readonly isLabels: boolean;
  readonly warnings: readonly string[];
}

const transformation = z.object({
  type: z.string(),
  scale: z.array(z.number()).optional(),
  translation: z.array(z.number()).optional(),
});
const transformations = z.array(transformation).nullish();

const axis = z.union([
  z.string().transform((name): AxisMetadata => ({ name })),
  z.object({ name: z.string(), type: z.unknown().optional(), unit: z.unknown().optional() }),
]);
type AxisMetadata = { readonly name: string; readonly type?: unknown; readonly unit?: unknown };

const multiscale = z.object({
  version: z.unknown().optional(),
  axes: z.array(axis).min(2).max(16).nullish(),
  datasets: z
    .array(z.object({ path: z.string(), coordinateTransformations: transformations }))
    .min(1)
    .max(64),
  coordinateTransformations: transformations,
});

const channel = z.object({
  label: z.unknown().optional(),
  color: z.unknown().optional(),
  window: z.unknown().optional(),
});

const group = z.object({
  multiscales: z.array(multiscale).min(1),
  omero: z.object({ channels: z.array(channel).max(10_000).nullish() }).nullish(),
  "image-label": z.unknown().optional(),
  version: z.unknown().optional(),
});

/**
 * Reads the attributes of an image group, 0.1 to 0.5 (those of 0.5 stand below `ome`).
 *
 * @throws {VitrineError} missing, type, format: what OME-Zarr demands, or axes and transformations that contradict each other;
 *   unsupported: axes that do not end with y, x
 */
export function parseZarrImage(attributes: JsonObject, at: string): ZarrImageMetadata {
  const { multiscales, omero, "image-label": label, version: ofAll } = parseWithSchema(attributes, group, at);
  const warnings: string[] = [];
  const [{ axes, datasets, coordinateTransformations, version = ofAll }] = multiscales;
  if (typeof version === "string" && !KNOWN_VERSION.test(version))
    warnings.push(
      `version ${version.slice(0, 20)} of OME-Zarr is not known: read as 0.5, axes and places as far as they are written so`,
    );
  if (multiscales.length > 1) {
    warnings.push(`multiscales: the first of ${multiscales.length} is used`);
  }
  const known = axes?.map((one, i) => parseAxis(one, `multiscales[0].axes[${i}]`, { at, warnings }));
  if (known !== undefined) checkNames(known, at);
  const common = coordinateTransformations ?? [];
  const isScaled = common.length > 0 || (datasets[0].coordinateTransformations?.length ?? 0) > 0;
  if (!isScaled && known?.some(({ unit }) => unit !== undefined))
    warnings.push("multiscales[0].datasets[0] has no coordinateTransformations: steps of 1 are assumed");
  const levels = datasets.map(({ path, coordinateTransformations: own }, i) => ({
    path,
    ...placeOf([...(own ?? []), ...common], { rank: known?.length, at: `${at} datasets[${i}]`, warnings }),
  }));
  const channels = (omero?.channels ?? []).map((one, i) =>
    parseChannel(one, `omero.channels[${i}]`, warnings),
  );
  return { axes: known, levels, channels, isLabels: label !== undefined && label !== null, warnings };
}

/** With what was written on the way to 0.5 (`0.5-dev`). */
const KNOWN_VERSION = /^0\.[1-5]($|\D)/;

const NAMES: Readonly<Record<string, string>> = { t: "time", c: "channel" };

function parseAxis(
  { name, type, unit }: AxisMetadata,
  where: string,
  { at, warnings }: { readonly at: string; readonly warnings: string[] },
): SourceAxis {
  const usual = sourceAxis(NAMES[name] ?? name);
  const kind = kindOf(type) ?? usual.kind;
  if (usual.kind !== "other" && kind !== usual.kind && kind !== "other") {
    const fault = {
      code: "format",
      at: `${at} ${where}.type`,
      expected: `"${usual.kind}" for ${name}`,
    } as const;
    throw new VitrineError({ ...fault, found: JSON.stringify(type) });
  }
  const text = textOf(unit, `${where}.unit`, warnings);
  const known = text === undefined ? undefined : unitName(text);
  if (text !== undefined && known === undefined) {
    warnings.push(`${where}.unit is ${JSON.stringify(text.slice(0, 40))}, no unit that is known: left out`);
  }
  return {
    ...usual,
    kind: usual.kind === "other" ? kind : usual.kind,
    ...(known !== undefined && { unit: known }),
  };
}

function kindOf(type: unknown): AxisKind | undefined {
  if (type === "space" || type === "time" || type === "channel") return type;
  return type === undefined || type === null ? undefined : "other";
}

function checkNames(axes: readonly SourceAxis[], at: string): void {
  const names = axes.map(({ name }) => name);
  if (new Set(names).size < names.length) {
    const found = names.join(", ");
    throw new VitrineError({ code: "format", at: `${at} axes`, expected: "different names", found });
  }
  if (names.at(-2) === "y" && names.at(-1) === "x") return;
  throw new VitrineError({
    code: "unsupported",
    at: `${at} axes`,
    expected: "axes that end with y, x",
    found: names.join(", "),
  });
}

interface PlaceRequest {
  readonly rank: number | undefined;
  readonly at: string;
  readonly warnings: string[];
}

/** Transformations one after another as one scale and one translation. */
function placeOf(
  steps: readonly z.infer<typeof transformation>[],
  { rank, at, warnings }: PlaceRequest,
): Pick<LevelMetadata, "scale" | "translation"> {
  let scale: readonly number[] | undefined;
  let translation: readonly number[] | undefined;
  for (const step of steps) {
    const values =
      step.type === "scale" ? step.scale : step.type === "translation" ? step.translation : undefined;
    if (values === undefined) {
      if (step.type !== "identity")
        warnings.push(`${at}: a transformation ${step.type.slice(0, 40)} is left out`);
      continue;
    }
    if (rank !== undefined && values.length !== rank)
      throw otherRank(`${at} ${step.type}`, rank, values.length);
    if (step.type === "scale") {
      scale = values.map((value, i) => value * (scale?.[i] ?? 1));
      translation = translation?.map((value, i) => value * (values[i] ?? 1));
    } else {
      translation = values.map((value, i) => value + (translation?.[i] ?? 0));
    }
  }
  if (scale?.some((value) => !(value > 0 && Number.isFinite(value)))) {
    warnings.push(
      `${at}: the scale ${scale.join(", ")} has values that are not above 0, which are taken for 1`,
    );
    scale = scale.map((value) => (value > 0 && Number.isFinite(value) ? value : 1));
  }
  return { scale, translation };
}

/** The error of axes that contradict. */
export function otherRank(at: string, axes: number, found: number): VitrineError {
  return new VitrineError({
    code: "format",
    at,
    expected: `${axes} values, one an axis`,
    found: String(found),
    hint: "The axes and what is said of them contradict each other",
  });
}

function parseChannel(
  { label, color, window }: z.infer<typeof channel>,
  where: string,
  warnings: string[],
): SourceChannel {
  const name = textOf(label, `${where}.label`, warnings);
  const text = textOf(color, `${where}.color`, warnings);
  const hex = text === undefined ? undefined : /^#?([0-9a-f]{6})$/i.exec(text)?.[1].toUpperCase();
  if (text !== undefined && hex === undefined) {
    warnings.push(
      `${where}.color is ${JSON.stringify(text.slice(0, 40))}, no six hexadecimal digits: left out`,
    );
  }
  const shown = windowOf(window, `${where}.window`, warnings);
  return {
    ...(name !== undefined && { name }),
    ...(hex !== undefined && { color: hex }),
    ...(shown !== undefined && { window: shown }),
  };
}

const limits = z.object({
  start: z.number(),
  end: z.number(),
  min: z.number().optional().catch(undefined),
  max: z.number().optional().catch(undefined),
});

/** What is shown is lost with a window that is none, no values. */
function windowOf(value: unknown, where: string, warnings: string[]): SourceChannel["window"] {
  if (value === undefined || value === null) return undefined;
  const found = limits.safeParse(value);
  if (!found.success || !(found.data.end > found.data.start)) {
    const words = JSON.stringify(value).slice(0, 80);
    warnings.push(`${where} is ${words}, no start below an end: left out`);
    return undefined;
  }
  const { start, end, min, max } = found.data;
  return { start, end, ...(min !== undefined && { min }), ...(max !== undefined && { max }) };
}

/** A text that a store may lack; what is written in its stead is said. */
function textOf(value: unknown, where: string, warnings: string[]): string | undefined {
  if (value === undefined || typeof value === "string") return value;
  if (typeof value === "number") {
    warnings.push(`${where} is the number ${value}, no text`);
    return String(value);
  }
  const found = value === null ? "null" : `a ${typeof value}`;
  warnings.push(`${where} is ${found}: unknown`);
  return undefined;
}
