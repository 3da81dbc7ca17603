import { firstNotFinite, type Shape3, VitrineError } from "../../core/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import type { Subtomogram } from "./model.ts";

/** @throws {VitrineError} shape: another shape; range: a value that is no number */
export function checkVolume({ data, shape }: PipeImage, expected: Shape3, at: string): void {
  if (shape.some((n, axis) => n !== expected[axis])) {
    throw new VitrineError({
      code: "shape",
      at,
      expected: `the shape of the template, ${expected.join(" x ")}`,
      found: shape.join(" x "),
      hint: "Take boxes and masks of the template's shape (outputShape, reshapeImage)",
    });
  }
  const wrong = firstNotFinite(data);
  if (wrong < 0) return;
  throw new VitrineError({
    code: "range",
    at,
    expected: "finite values",
    found: `${data[wrong]} at voxel ${wrong}`,
  });
}

/** Checks templates and mask of a model; the shape that all have. @throws {VitrineError} shape; range: no number, or nothing to compare */
export function checkTemplates(templates: readonly PipeImage[], mask: PipeImage | undefined): Shape3 {
  const [first] = templates;
  if (first === undefined)
    throw new VitrineError({ code: "range", at: "templates", expected: "at least one", found: "none" });
  templates.forEach((template, i) => {
    const at = templates.length === 1 ? "template" : `template ${i}`;
    checkVolume(template, first.shape, at);
    requireContrast(template, at);
  });
  if (mask !== undefined) {
    checkVolume(mask, first.shape, "mask");
    if (mask.data.every((value) => value === 0))
      throw empty("mask", "a value other than 0", `${mask.data.length} times 0`);
  }
  return first.shape;
}

/** Scores of a template without contrast are those of rounding. @throws {VitrineError} range: all voxels alike */
export function requireContrast({ data }: PipeImage, at: string): void {
  if (data.some((value) => value !== data[0])) return;
  throw empty(at, "voxels that differ", `${data.length} times ${data[0]}`);
}

function empty(at: string, expected: string, found: string): VitrineError {
  const hint = "Nothing can be found with it: look which file it is and how it was made";
  return new VitrineError({ code: "range", at, expected, found, hint });
}

/** @throws {VitrineError} shape, range: as {@link checkVolume} */
export function checkSubtomograms(subtomograms: readonly Subtomogram[], shape: Shape3): void {
  subtomograms.forEach(({ image }, i) => {
    checkVolume(image, shape, `subtomogram ${i}`);
  });
}

/** @throws {VitrineError} range: a low pass below 0 or that is no number */
export function checkCutoff(cutoff: number | undefined): number | undefined {
  if (cutoff === undefined || (Number.isFinite(cutoff) && cutoff >= 0)) return cutoff;
  const expected = "cycles/voxel, not below 0";
  throw new VitrineError({ code: "range", at: "cutoff", expected, found: `${cutoff}` });
}
