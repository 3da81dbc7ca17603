import type { PlanArray, RunOptions } from "../../../src/compute/index.ts";
import { noArray, requireAtMost } from "../../../src/compute/planArrays.ts";
import type { PosePlan, PosePlanSize, TemplateUse } from "../../../src/match/kernels/index.ts";
import { optimizePose, type PoseBounds, type PoseOptimum } from "../../../src/match/kernels/poseOptimizer.ts";
import type { PoseStart, PoseTypes, PoseWork } from "../../../src/match/kernels/posePlan.ts";
import { type PoseFilters, PoseScore } from "../../../src/match/kernels/poseScore.ts";
import { type ArrayShapes, arrayBytes, floats, HeldArrays } from "./arrays.ts";
import { spectrumOf } from "./fftPlan.ts";
import { finished, forwardReal } from "./fourier.ts";
import { runSteps } from "./steps.ts";

/** What lies in memory. */
export function poseBytes(size: PosePlanSize): number {
  return arrayBytes(poseArrays(size));
}

/** Windows, one after the other. */
export class ReferencePoses implements PosePlan {
  readonly size: PosePlanSize;
  readonly bytes: number;
  readonly #arrays: HeldArrays<PoseTypes["input"]>;
  readonly #spectrum: TemplateUse["spectrum"];

  constructor({ spectrum, ...size }: PosePlanSize & TemplateUse) {
    spectrumOf(spectrum);
    this.size = size;
    this.bytes = poseBytes(size);
    this.#spectrum = spectrum;
    this.#arrays = new HeldArrays("poses", poseArrays(size));
  }

  set(name: PoseTypes["input"], data: PlanArray, at = 0): void {
    this.#arrays.set(name, data, at);
  }

  async run({ starts, bounds }: PoseWork, options: RunOptions = {}): Promise<PoseOptimum[]> {
    requireAtMost("poses starts", starts.length, this.size.windows);
    return runSteps("poses", this.#optimize(starts, bounds), options);
  }

  *#optimize(starts: readonly PoseStart[], bounds: PoseBounds): Generator<number, PoseOptimum[]> {
    const { n } = this.size;
    const { data, side } = spectrumOf(this.#spectrum);
    const volume = { data: Float32Array.from(data), side, rowFloats: 2 * (Math.floor(side / 2) + 1) };
    const score = new PoseScore(this.size, volume);
    const rowFloats = 2 * (Math.floor(n / 2) + 1);
    const border = borderMean(n);
    score.setBorder(centredSpectrum(border, n), rowFloats);
    const found: PoseOptimum[] = [];
    for (const [i, { pose, filterSet }] of starts.entries()) {
      const window = balanced(this.#arrays.row("windows", i), border);
      score.setWindow(centredSpectrum(window, n), rowFloats, this.#filters(filterSet));
      found.push(optimizePose(score, pose, bounds));
      yield 1;
    }
    return found;
  }

  #filters(set: number): PoseFilters {
    return {
      inPhase: this.#arrays.row("inPhase", set),
      quadrature: this.#arrays.row("quadrature", set),
      perDefocus: this.#arrays.row("perDefocus", set),
      isComplex: this.size.complexFilters,
    };
  }

  read(name: never): never {
    throw noArray("poses", name);
  }

  dispose(): void {
    this.#arrays.release();
  }
}

function poseArrays({
  n,
  windows,
  filterSets,
  complexFilters,
}: PosePlanSize): ArrayShapes<PoseTypes["input"]> {
  const count = n * (Math.floor(n / 2) + 1);
  const plane = complexFilters ? 2 * count : count;
  return {
    windows: floats(windows, n * n),
    inPhase: floats(filterSets, plane),
    quadrature: floats(filterSets, plane),
    perDefocus: floats(filterSets, count),
  };
}

/** The image whose product with another is the mean over its border. */
function borderMean(n: number): Float64Array {
  const isEdge = (i: number) => i === 0 || i === n - 1;
  return Float64Array.from({ length: n * n }, (_, i) =>
    isEdge(i % n) || isEdge(Math.floor(i / n)) ? 1 / (4 * n - 4) : 0,
  );
}

/** The template loses the mean of its border, so its product with a window stays if the window's sum is taken out there. */
function balanced(window: Float32Array, border: Float64Array): Float64Array {
  const sum = window.reduce((total, value) => total + value, 0);
  return border.map((weight, i) => window[i] - sum * weight);
}

/** The half spectrum of an image whose pixel floor(n/2) is moved to 0. */
function centredSpectrum(image: Float64Array, n: number): Float32Array {
  const half = Math.floor(n / 2);
  const moved = image.map((_, i) => image[((Math.floor(i / n) + half) % n) * n + (((i % n) + half) % n)]);
  return Float32Array.from(finished(forwardReal(moved, [n, n])));
}
