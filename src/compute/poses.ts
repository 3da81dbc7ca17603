import { checkLength, type VolumeSpectrum } from "./correlateLayout.ts";
import { createFft, type FftPlan } from "./fft.ts";
import type { Pool, RunOptions } from "./pool.ts";
import type { PoseAscent, PoseBounds } from "./poseAscent.ts";
import type { Pose, PoseFilters, PoseScoreSize } from "./poseScore.ts";
import { ASCENT_NUMBERS, POSE_NUMBERS, type PosesJob, poseFromNumbers, poseNumbers } from "./posesJob.ts";
import { createRegions, type Regions } from "./regions.ts";

/** What a {@link PosePlan} is made for. */
export interface PosePlanSize extends PoseScoreSize {
  /** Windows that lie in memory together. */
  readonly windows: number;
  /** Different filters; windows with the same optics share one set. */
  readonly filterSets: number;
  /** Whether filters are complex (odd aberrations). */
  readonly complexFilters: boolean;
}

/** One window and the pose to begin with. */
export interface PoseWindow {
  /** (n, n), cut out of a filtered image of mean 0 where the template's place is. */
  readonly image: Float32Array;
  readonly start: Pose;
  /** Which set of filters, from 0. */
  readonly filterSet: number;
}

/**
 * Poses of many windows, each climbed to the best one near its start by gradients: see `PoseScore` for the score and `ascendPose` for the
 * way. A worker takes a window at a time, so the result does not depend on their number.
 *
 * One evaluation is n (n/2+1) trilinear samples (8 reads each) with derivatives, and sums over 7 planes of them: float64 on float32 data.
 * About 1.2 ms of a processor at n = 128, 6 ms at 256; a particle takes 3 to 15.
 */
export class PosePlan {
  readonly size: PosePlanSize;
  readonly #pool: Pool;
  readonly #volume: VolumeSpectrum;
  readonly #regions: Regions<"filters" | "starts" | "results">;
  readonly #spectra: FftPlan;
  readonly #filterSets: number[] = [];

  constructor(pool: Pool, size: PosePlanSize, volume: VolumeSpectrum) {
    this.size = size;
    this.#pool = pool;
    this.#volume = volume;
    const { n, windows, filterSets } = size;
    this.#spectra = createFft(pool, { kind: "real2d", shape: [n, n], batch: windows + 1 });
    this.#regions = createRegions(pool, {
      filters: filterSets * filterBytes(size),
      starts: 8 * POSE_NUMBERS * windows,
      results: 8 * ASCENT_NUMBERS * windows,
    });
  }

  /** Sets one set of filters. @throws {VitrineError} shape: an array of another length */
  setFilters(set: number, { inPhase, quadrature, perDefocus }: PoseFilters): void {
    const { n, complexFilters } = this.size;
    const count = n * (Math.floor(n / 2) + 1);
    const plane = complexFilters ? 2 * count : count;
    checkLength("pose filters", inPhase.length, plane);
    checkLength("pose filters", quadrature.length, plane);
    checkLength("pose filters", perDefocus.length, count);
    const base = set * filterBytes(this.size);
    this.#regions.set("filters", inPhase, base);
    this.#regions.set("filters", quadrature, base + 4 * plane);
    this.#regions.set("filters", perDefocus, base + 8 * plane);
  }

  /**
   * Climbs from the start of each window.
   *
   * @param windows  as many as there is room for, or fewer
   * @returns        one result a window, in their order
   * @throws {VitrineError} shape: a window of another length; range: too many windows; aborted; worker
   */
  async run(
    windows: readonly PoseWindow[],
    bounds: PoseBounds,
    options: Omit<RunOptions, "teams"> = {},
  ): Promise<PoseAscent[]> {
    if (windows.length === 0) return [];
    await this.#transform(windows, options.signal);
    windows.forEach(({ start, filterSet }, i) => {
      this.#regions.set("starts", Float64Array.from(poseNumbers(start)), 8 * POSE_NUMBERS * i);
      this.#filterSets[i] = filterSet;
    });
    await this.#pool.run(this.#job(windows.length, bounds), { ...options, teams: this.#pool.workers });
    const numbers = new Float64Array(ASCENT_NUMBERS * windows.length);
    this.#regions.read("results", numbers);
    return windows.map((_, i) => ascentFromNumbers(numbers.subarray(ASCENT_NUMBERS * i)));
  }

  /** The border's image and all windows, transformed with their centres at 0. */
  async #transform(windows: readonly PoseWindow[], signal: AbortSignal | undefined): Promise<void> {
    const { n } = this.size;
    const border = borderImage(n);
    const plan = this.#spectra;
    plan.set("real", rolled(border, n));
    windows.forEach(({ image }, i) => {
      checkLength("pose window", image.length, n * n);
      const sum = image.reduce((total, value) => total + value, 0);
      // the template loses the mean of its border: as well the window can lose its sum there
      const balanced = image.map((value, k) => value - sum * border[k]);
      plan.set("real", rolled(balanced, n), (i + 1) * n);
    });
    // what is left of an earlier run would be transformed along
    const empty = new Float32Array(n * n);
    for (let i = windows.length; i < this.size.windows; i++) plan.set("real", empty, (i + 1) * n);
    await plan.forward(signal === undefined ? {} : { signal });
  }

  #job(count: number, bounds: PoseBounds): PosesJob {
    const { n, image, magnification, complexFilters } = this.size;
    const { address, rowBytes, side = n } = this.#volume;
    const { filters, starts, results } = this.#regions.address;
    return {
      kind: "poses",
      size: { n, image, ...(magnification && { magnification }) },
      bounds,
      count,
      volume: { address, rowBytes, side },
      spectra: { address: this.#spectra.address, rowBytes: this.#spectra.rowBytes },
      filters: this.#filterSets.map((set) => filters + set * filterBytes(this.size)),
      complexFilters,
      starts,
      results,
    };
  }

  dispose(): void {
    this.#regions.dispose();
    this.#spectra.dispose();
  }
}

/** Bytes that one more window takes, and those that one more set of filters takes. */
export function poseBytes(size: Pick<PosePlanSize, "n" | "complexFilters">): {
  window: number;
  filterSet: number;
} {
  const window = 8 * size.n * (Math.floor(size.n / 2) + 1);
  return { window: window + 8 * (POSE_NUMBERS + ASCENT_NUMBERS), filterSet: filterBytes(size) };
}

function filterBytes({ n, complexFilters }: Pick<PosePlanSize, "n" | "complexFilters">): number {
  return 4 * n * (Math.floor(n / 2) + 1) * (complexFilters ? 5 : 3);
}

function ascentFromNumbers(numbers: Float64Array): PoseAscent {
  const [score, startScore, evaluations] = numbers.subarray(POSE_NUMBERS);
  return { pose: poseFromNumbers(numbers), score, startScore, evaluations };
}

/** Its product with an image is the mean over the image's border. */
function borderImage(n: number): Float32Array {
  return Float32Array.from({ length: n * n }, (_, i) => {
    const [y, x] = [Math.floor(i / n), i % n];
    return y === 0 || x === 0 || y === n - 1 || x === n - 1 ? 1 / (4 * n - 4) : 0;
  });
}

/** The image with pixel floor(n/2) moved to 0. */
function rolled(image: Float32Array, n: number): Float32Array {
  const half = Math.floor(n / 2);
  return Float32Array.from({ length: n * n }, (_, i) => {
    const [y, x] = [Math.floor(i / n), i % n];
    return image[((y + half) % n) * n + ((x + half) % n)];
  });
}
