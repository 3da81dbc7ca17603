import type { Backend, FftPlan, PlanArray, PlanKind, RunOptions } from "../../compute/index.ts";
import { noArray, regionBytes, requireAtMost, type WorkerPool } from "../../compute/kernels/index.ts";
import { BoxArrays, boxArrayBytes, imageBytes, positionsIn } from "./boxArrays.ts";
import { BEST_NUMBERS } from "./boxJob.ts";
import { BoxMaps, boxMapBytes } from "./boxMaps.ts";
import { BoxProducts, boxProductBytes, isForProducts } from "./boxProducts.ts";
import type { BestInBox, BoxInput, BoxMethod, BoxPlan, BoxSize, BoxWork } from "./boxTypes.ts";
import { type CorrelationSize, correlationShape, templateSpectrum } from "./correlationLayout.ts";
import type { TemplateUse } from "./correlationPlan.ts";

/** The kind of plan that {@link createBoxes} makes. */
export const boxPlan: PlanKind<BoxSize, BoxPlan, TemplateUse> = {
  name: "match/boxes",
  wasm: {
    bytes: boxPlanBytes,
    create: (pool, { spectrum, ...size }) => new WasmBoxes(pool, size, spectrum),
  },
};

/** Makes a {@link BoxPlan}. @throws {VitrineError} shape: boxes smaller than the template; range: no boxes, or too many */
export function createBoxes(backend: Backend, size: BoxSize, { spectrum }: TemplateUse): BoxPlan {
  return backend.plan(boxPlan, { ...size, spectrum });
}

/** Boxes in a pool's memory, on its workers: by products where the template has few positions in a box, else by whole maps. */
class WasmBoxes implements BoxPlan {
  readonly size: BoxSize;
  readonly bytes: number;
  readonly #arrays: BoxArrays;
  readonly #method: BoxMethod;

  constructor(pool: WorkerPool, size: BoxSize, spectrum: FftPlan) {
    const template = templateSpectrum(spectrum);
    const shape = correlationShape(size, template);
    const Method = isForProducts(size) ? BoxProducts : BoxMaps;
    this.size = size;
    this.#method = new Method(pool, size, shape, template);
    this.#arrays = new BoxArrays(pool, size, shape);
    this.bytes = this.#method.bytes + this.#arrays.bytes;
  }

  set(name: BoxInput, data: PlanArray, at = 0): void {
    this.#arrays.set(name, data, at);
  }

  async run(work: BoxWork, options: RunOptions = {}): Promise<BestInBox[]> {
    const count = work.filterSets.length;
    if (count === 0) return [];
    requireAtMost("boxes filterSets", count, this.size.boxes);
    await this.#method.run(this.#arrays.inputs(work), options);
    return this.#arrays.results(count);
  }

  read(name: never): never {
    throw noArray("boxes", name);
  }

  dispose(): void {
    this.#method.dispose();
    this.#arrays.dispose();
  }
}

/** Bytes that one more box takes, and those that one more set of filters takes. */
export function boxBytes(size: CorrelationSize): { box: number; filterSet: number } {
  const shape = correlationShape(size);
  return {
    box: imageBytes(size) + 8 * positionsIn(size) + 24 * size.orientations + 8 * BEST_NUMBERS,
    filterSet: size.filters * shape.filterBytes,
  };
}

function boxPlanBytes(size: BoxSize, workers: number): number {
  const shape = correlationShape(size);
  const bytesOfMethod = isForProducts(size) ? boxProductBytes : boxMapBytes;
  return regionBytes(boxArrayBytes(size, shape)) + bytesOfMethod(size, shape, workers);
}
