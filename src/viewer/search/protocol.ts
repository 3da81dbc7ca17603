/** What the page and the worker of its search tell each other. */
import type { FoundParticle } from "../../match/index.ts";
import type { SearchFields } from "./fields.ts";

/** To the worker. */
export type ToSearch =
  /** A file was dropped: it tells itself what it is. */
  | { readonly kind: "open"; readonly file: File }
  | { readonly kind: "size"; readonly request: SearchRequest }
  | { readonly kind: "start"; readonly request: SearchRequest }
  | { readonly kind: "stop" }
  /** Of the search that has run. */
  | { readonly kind: "choose"; readonly falsePositives: number }
  | { readonly kind: "save"; readonly what: "all" | "particles" };

/** What is searched with. */
export interface SearchRequest {
  readonly fields: SearchFields;
  /** Of the map that is made of atoms, voxels. */
  readonly boxSize: number;
  readonly falsePositives: number;
  readonly workers: number;
}

/** From it. */
export type FromSearch =
  | { readonly kind: "micrograph"; readonly micrograph: OpenedMicrograph }
  | { readonly kind: "template"; readonly template: OpenedTemplate }
  /** A configuration or a fit of the CTF. */
  | { readonly kind: "fields"; readonly name: string; readonly fields: Partial<SearchFields> }
  | { readonly kind: "size"; readonly size: SearchSizes }
  | { readonly kind: "progress"; readonly progress: SearchProgress }
  | { readonly kind: "scores"; readonly scores: FoundScores }
  | { readonly kind: "found"; readonly found: Found }
  | { readonly kind: "stopped" }
  | { readonly kind: "saved"; readonly name: string; readonly blob: Blob }
  | { readonly kind: "warning"; readonly message: string }
  /** `isFile`: of one that was dropped. */
  | { readonly kind: "failed"; readonly message: string; readonly isFile: boolean };

/** A micrograph that was dropped. */
export interface OpenedMicrograph {
  readonly name: string;
  readonly height: number;
  readonly width: number;
  /** 0 where the file does not say. */
  readonly pixelSizeA: number;
  readonly values: Float32Array;
}

/** What is searched for. */
export interface OpenedTemplate {
  readonly name: string;
  /** Voxels along an edge; of atoms what suits them is not known before the pixel size. */
  readonly size?: number;
  /** 0 where the file does not say. */
  readonly pixelSizeA?: number;
  /** Of a structure. */
  readonly atoms?: { readonly count: number; readonly diameterA: number };
}

/** How much a search has to do. */
export interface SearchSizes {
  readonly orientations: number;
  readonly defocusValues: number;
  readonly correlations: number;
  readonly bytes: number;
}

/** How far it is. */
export interface SearchProgress {
  readonly done: number;
  readonly of: number;
  readonly seconds: number;
}

/** The map of z-scores in the place of the micrograph: (height, width) of that, 0 where no template fits. */
export interface FoundScores {
  readonly values: Float32Array;
  readonly seconds: number;
  readonly correlations: number;
  readonly templateSize: number;
}

/** Particles, best first. */
export interface Found {
  readonly particles: readonly FoundParticle[];
  readonly zCutoff: number;
  /** The highest z-score there is. */
  readonly bestZScore: number;
}
