import { firstNotFinite, type Shape3, VitrineError } from "../../core/index.ts";
import {
  type ImageConverter,
  type ImageProvider,
  isConverter,
  isProvider,
  type NumberArray,
  type PipeImage,
  type PipeResult,
  reshapeImage,
} from "../../pipe/index.ts";
import type { Log } from "../../program/index.ts";

/** A template: a volume at the loader's scale, or what provides one for a scale. */
export type Template = NumberArray | ImageProvider<PipeResult>;

/** A mask: a volume, what provides one, or what makes one of the template. */
export type Mask = NumberArray | ImageProvider<PipeResult> | ImageConverter;

/** One template at a scale. @throws {VitrineError} shape: several, no volume; range: a value that is no number */
export async function normalizeTemplate(template: Template, scale: number): Promise<PipeImage> {
  const all = await normalizeTemplates(template, scale);
  if (all.length === 1) return all[0];
  const hint = "Use alignMultiTemplates() for several";
  throw new VitrineError({
    code: "shape",
    at: "template",
    expected: "one volume",
    found: `${all.length}`,
    hint,
  });
}

/** Templates at a scale, all of one shape. @throws {VitrineError} missing: none; shape: of several shapes; range: no numbers */
export async function normalizeTemplates(
  templates: Template | readonly Template[],
  scale: number,
): Promise<readonly PipeImage[]> {
  const given: readonly Template[] = isList(templates) ? templates : [templates];
  const all = (await Promise.all(given.map((one) => provided(one, scale, "template")))).flat();
  if (all.length === 0)
    throw new VitrineError({ code: "missing", at: "templates", expected: "at least one", found: "none" });
  all.forEach((one, i) => {
    requireNumbers(one, all.length === 1 ? "template" : `template ${i}`);
    requireSameShape(one.shape, all[0].shape, `template ${i}`);
  });
  return all;
}

/** What masks are made with. */
export interface MaskTools {
  /** nm/voxel. */
  readonly scale: number;
  /** Hears of a mask that was cropped or padded. */
  readonly onLog?: Log | undefined;
}

/**
 * A mask for templates: cropped or padded about its centre to their shape, which is said; of several templates that a converter is given, the maximum
 * of their masks.
 *
 * @throws {VitrineError} shape: no volume; range: a value that is no number, or nothing but 0
 */
export async function normalizeMask(
  mask: Mask | undefined,
  templates: readonly PipeImage[],
  { scale, onLog }: MaskTools,
): Promise<PipeImage | undefined> {
  if (mask === undefined) return undefined;
  const made = isConverter(mask)
    ? maximum(await Promise.all(templates.map((template) => mask(template, scale))))
    : one(await provided(mask, scale, "mask"), "mask");
  requireNumbers(made, "mask");
  if (made.data.every((value) => value === 0)) {
    const expected = "something that is seen";
    throw new VitrineError({ code: "range", at: "mask", expected, found: "0 everywhere" });
  }
  const { shape } = templates[0];
  if (made.shape.every((side, axis) => side === shape[axis])) return made;
  const [own, wanted] = [made.shape.join(" x "), shape.join(" x ")];
  onLog?.(`mask: ${own} voxels, cropped or padded with 0 about its centre to ${wanted}`, "warning");
  return reshapeImage(made, shape);
}

/** The shape of a mask that has one without a template. */
export async function shapeOfMask(mask: Mask | undefined, scale: number): Promise<Shape3 | undefined> {
  if (mask === undefined || isConverter(mask)) return undefined;
  return one(await provided(mask, scale, "mask"), "mask").shape;
}

/** A template and its mask at a scale: what an alignment is given. */
export async function normalizeInput(template: Template, mask: Mask | undefined, scale: number) {
  const volume = await normalizeTemplate(template, scale);
  return { template: volume, mask: await normalizeMask(mask, [volume], { scale }) };
}

function isList(value: Template | readonly Template[]): value is readonly Template[] {
  return Array.isArray(value);
}

async function provided(
  input: NumberArray | ImageProvider<PipeResult>,
  scale: number,
  at: string,
): Promise<readonly PipeImage[]> {
  if (!isProvider(input)) return [toVolume(input, at)];
  const result = await input(scale);
  return "data" in result ? [result] : result;
}

function toVolume({ data, shape }: NumberArray, at: string): PipeImage {
  const [depth, height, width] = shape;
  if (shape.length === 3 && data.length === depth * height * width)
    return {
      data: data instanceof Float32Array ? data : Float32Array.from(data),
      shape: [depth, height, width],
    };
  const expected = "a volume (z, y, x)";
  throw new VitrineError({ code: "shape", at, expected, found: `${data.length} values of shape [${shape}]` });
}

function one(images: readonly PipeImage[], at: string): PipeImage {
  if (images.length === 1) return images[0];
  throw new VitrineError({ code: "shape", at, expected: "one volume", found: `${images.length}` });
}

function maximum([first, ...rest]: readonly PipeImage[]): PipeImage {
  if (rest.length === 0) return first;
  const data = first.data.map((value, i) =>
    rest.reduce((most, { data: other }) => Math.max(most, other[i]), value),
  );
  return { data, shape: first.shape };
}

function requireNumbers({ data }: PipeImage, at: string): void {
  const wrong = firstNotFinite(data);
  if (wrong < 0) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: "finite numbers",
    found: `${data[wrong]} at voxel ${wrong}`,
  });
}

function requireSameShape(shape: Shape3, wanted: Shape3, at: string): void {
  if (shape.every((side, axis) => side === wanted[axis])) return;
  const expected = `the shape of the first, ${wanted.join(" x ")}`;
  throw new VitrineError({ code: "shape", at, expected, found: shape.join(" x ") });
}
