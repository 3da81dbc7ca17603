import { type Progress, progressTeller } from "../../../core/index.ts";
import type { Mapobject } from "../mapobject.ts";

/** What was written. */
export interface ExportReport {
  readonly path: string;
  readonly objects: number;
  readonly segmentations: number;
}

/** Counts what is written. */
export class ExportTeller {
  readonly #path: string;
  readonly #tell: (done: number, total: number) => void;
  #objects = 0;
  #segmentations = 0;

  constructor({
    path,
    onProgress,
  }: {
    readonly path: string;
    readonly onProgress?: ((progress: Progress) => void) | undefined;
  }) {
    this.#path = path;
    this.#tell = progressTeller(onProgress, { unit: "objects" });
  }

  add({ segmentations }: Pick<Mapobject, "segmentations">): void {
    this.#objects++;
    this.#segmentations += segmentations.length;
    if (this.#objects % 1000 === 0) this.#tell(this.#objects, Infinity);
  }

  finish(): ExportReport {
    return { path: this.#path, objects: this.#objects, segmentations: this.#segmentations };
  }
}
