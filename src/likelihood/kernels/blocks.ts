/** What a line block says (assembly/lines.ts). */
export interface LinesBlock {
  readonly shells: number;
  readonly inplanes: number;
  /** Transform plan of length inplanes. */
  readonly plan: number;
  /** List of stored frequencies, and how many. */
  readonly bins: number;
  readonly binCount: number;
  readonly kind: "complex" | "squaredModulus" | "real" | "squaredReal" | "complexTimesReal";
  /** Table that all lanes share; 0: none. */
  readonly shared: number;
  /** Weights of shells. */
  readonly weights: number;
  /** Bytes of an item, and of the lanes' own tables. */
  readonly itemBytes: number;
  readonly ownBytes: number;
}

export const LINES_WORDS = 12;
const KINDS = ["complex", "squaredModulus", "real", "squaredReal", "complexTimesReal"] as const;

/** Words of a line block; frequencies of the result lie one after the other, each of all shells. */
export function linesWords(block: LinesBlock): Uint32Array {
  const { shells, inplanes, plan, bins, binCount, kind, shared, weights, itemBytes, ownBytes } = block;
  const apart = 32 * shells;
  const kindWord = KINDS.indexOf(kind);
  return Uint32Array.of(
    ...[shells, inplanes, plan, binCount, bins, apart, kindWord, shared, 0, ownBytes, weights, itemBytes],
  );
}

/** What is kept of correlations; the numbers are those of assembly/correlate.ts. */
export const KEPT = {
  pose: 0,
  template: 1,
  displacement: 2,
  rotation: 3,
  everything: 4,
  norms: 5,
  likelihoods: 6,
} as const;
export type Kept = keyof typeof KEPT;

/** What a correlation block says (assembly/correlate.ts); addresses and counts. */
export interface CorrelateBlock {
  readonly shells: number;
  readonly inplanes: number;
  readonly plan: number;
  readonly turns: number;
  readonly frequencies: number;
  readonly frequencyList: number;
  readonly depth: number;
  readonly imagePanels: number;
  readonly templates: number;
  readonly displacements: number;
  readonly normFrequencies: number;
  readonly normList: number;
  readonly ctfPanels: number;
  readonly squares: number;
  readonly images: number;
  readonly templateCount: number;
  readonly kept: Kept;
  readonly values: number;
  readonly first: number;
  readonly second: number;
  readonly imageFactors: number;
  readonly firstTemplate: number;
  readonly resultTemplates: number;
  readonly integrals: number;
  readonly model: number;
  readonly offsetFrequencies: number;
  readonly offsetList: number;
  readonly offsetPanels: number;
  readonly offsets: number;
  readonly imageNumbers: number;
  readonly squareStride: number;
}

export const CORRELATE_WORDS = 32;

/** Words of a correlation block. */
export function correlateWords(block: CorrelateBlock): Uint32Array {
  return Uint32Array.of(
    ...[block.shells, block.inplanes, block.inplanes / 2 + 1, block.plan, block.turns],
    ...[block.frequencies, block.frequencyList, block.depth, block.imagePanels, block.templates],
    ...[block.displacements, block.normFrequencies, block.normList, block.ctfPanels, block.squares],
    ...[block.images, block.templateCount, KEPT[block.kept], block.values, block.first, block.second],
    ...[block.imageFactors, block.firstTemplate, block.resultTemplates, block.integrals, block.model],
    ...[block.offsetFrequencies, block.offsetList, block.offsetPanels, block.offsets, block.imageNumbers],
    block.squareStride,
  );
}
