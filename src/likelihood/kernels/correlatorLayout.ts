import { basisDepth, panelFloats } from "./basis.ts";
import { CORRELATE_WORDS, LINES_WORDS } from "./blocks.ts";
import type { CorrelatorSize, ResultSize } from "./correlatorTypes.ts";
import { ELEMENT, numbersOf, ROWS } from "./precision.ts";
import { transformPlanBytes } from "./transformPlan.ts";

/** Bytes of the best that a thread has found of an image. */
export const FOUND_BYTES = 32;

/** Number of even angular frequencies from 0 to inplanes/2. */
export function evenCount(inplanes: number): number {
  return Math.floor(inplanes / 4) + 1;
}

/** Complex numbers of each frequency. */
export function ranksOf({ basis, inplanes, shells }: CorrelatorSize): Int32Array {
  return basis?.ranks ?? new Int32Array(inplanes / 2 + 1).fill(shells);
}

/** Complex numbers of one template and displacement. */
export function depthOf(size: Pick<CorrelatorSize, "basis" | "inplanes" | "shells">): number {
  return size.basis === undefined ? (size.inplanes / 2 + 1) * size.shells : basisDepth(size.basis);
}

/** Elements of squared templates of a group. */
export function squareStride({ normFrequencies, shells }: CorrelatorSize): number {
  return normFrequencies * shells;
}

/** Values that a run of so many templates leaves for one image. */
export function resultRows(
  { kept, templates }: ResultSize,
  { displacements, inplanes }: CorrelatorSize,
): number {
  switch (kept) {
    case "pose":
      return 1;
    case "template":
      return templates;
    case "displacement":
      return templates * displacements;
    case "rotation":
    case "norms":
      return templates * inplanes;
    case "everything":
    case "likelihoods":
      return templates * displacements * inplanes;
  }
}

/** Working memory of a thread: of transforms or of correlations (assembly/correlate.ts, workBytes). */
export function threadBytes({ shells, inplanes, results }: CorrelatorSize): number {
  const half = inplanes / 2 + 1;
  const transforms = 2 * ELEMENT * inplanes + ELEMENT * half * shells + ELEMENT * ROWS;
  const rows = 14 + (results.kept === "rotation" ? 12 : 0);
  const correlations = 12 * ELEMENT * half + 16 * rows * inplanes + 6 * 48 + 6 * 4 * 64 + 64;
  return 64 * Math.ceil(Math.max(transforms, correlations) / 64);
}

/** What has an index beside each value; that of a pose stands elsewhere. */
const INDEXED: ReadonlySet<ResultSize["kept"]> = new Set(["pose", "template", "displacement", "rotation"]);

/** Bytes of the memory's pieces, by their names. */
export function pieces(size: CorrelatorSize, workers: number) {
  const { precision, shells, inplanes, displacements, templates, images, basis, integrates, results } = size;
  const numbers = numbersOf(precision);
  const { bytes, lanes } = numbers;
  const plane = bytes * shells * inplanes;
  const depth = depthOf(size);
  const [templateGroups, imageGroups] = [Math.ceil(templates / lanes), Math.ceil(images / lanes)];
  const panels = Math.ceil(images / ROWS) * ROWS * 2 * bytes;
  const even = evenCount(inplanes) * shells;
  const values = images * resultRows(results, size);
  const floats = basis === undefined ? { forward: 0, back: 0 } : panelFloats(basis);
  return {
    fullPlan: transformPlanBytes(inplanes, numbers),
    halfPlan: transformPlanBytes(inplanes / 2, numbers),
    turns: bytes * (inplanes + 2),
    frequencyList: 12 * (inplanes / 2 + 1),
    allBins: 4 * (inplanes / 2 + 1),
    evenBins: 4 * evenCount(inplanes),
    lines: 4 * LINES_WORDS * (displacements + 5),
    correlateBlock: 4 * CORRELATE_WORDS,
    weights: bytes * shells,
    rootWeights: bytes * shells,
    imageWeights: bytes * shells,
    ones: bytes * shells,
    parts: bytes * shells,
    displacements: 2 * plane * displacements,
    items: 2 * plane * images,
    ctfs: plane * images,
    imageFactors: bytes * images,
    imageElements: ELEMENT * imageGroups * depth,
    imagePanels: panels * depth,
    ctfSquares: ELEMENT * imageGroups * even,
    ctfPanels: panels * even,
    templates: ELEMENT * templateGroups * displacements * depth,
    squares: ELEMENT * templateGroups * squareStride(size),
    forward: 4 * floats.forward,
    back: 4 * floats.back,
    forwardList: 16 * (inplanes / 2 + 1),
    backList: 16 * (inplanes / 2 + 1),
    residuals: basis === undefined ? 0 : 16 * templateGroups * displacements,
    offset: integrates ? plane : 0,
    offsets: integrates ? ELEMENT * templateGroups * even : 0,
    ctfElements: integrates ? ELEMENT * imageGroups * even : 0,
    offsetPanels: integrates ? panels * even : 0,
    imageNumbers: integrates ? 16 * images : 0,
    model: 40,
    integrals: integrates ? 8 * images * results.templates : 0,
    work: threadBytes(size) * workers,
    found: FOUND_BYTES * images * workers,
    leasts: 8 * workers,
    values: bytes * values,
    first: INDEXED.has(results.kept) ? 4 * values : 0,
    second: results.kept === "template" ? 4 * values : 0,
  };
}
