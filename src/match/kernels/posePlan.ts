import {
  type Backend,
  type FftPlan,
  fftPlan,
  type Plan,
  type PlanArray,
  type PlanKind,
  type PlanTypes,
  type RunOptions,
} from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  noArray,
  type PlanArrayShape,
  type Regions,
  regionBytes,
  requireAtMost,
  WasmFft,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { type TemplateSpectrum, templateSpectrum } from "./correlationLayout.ts";
import type { TemplateUse } from "./correlationPlan.ts";
import {
  OPTIMUM_NUMBERS,
  POSE_NUMBERS,
  type PoseTask,
  poseFromNumbers,
  poseJob,
  poseNumbers,
} from "./poseJob.ts";
import type { PoseBounds, PoseOptimum } from "./poseOptimizer.ts";
import type { Pose, PoseScoreSize } from "./poseScore.ts";

/** What a {@link PosePlan} is made for. */
export interface PosePlanSize extends PoseScoreSize {
  /** Windows that lie in memory together. */
  readonly windows: number;
  /** Different filters; windows with the same optics share one set. */
  readonly filterSets: number;
  /** Whether filters are complex (odd aberrations). */
  readonly complexFilters: boolean;
}

/** Where the pose of one window begins, and which set of filters it is seen through. */
export interface PoseStart {
  readonly pose: Pose;
  readonly filterSet: number;
}

/** What a run of a {@link PosePlan} optimises: the windows in use, from the first on. */
export interface PoseWork {
  readonly starts: readonly PoseStart[];
  readonly bounds: PoseBounds;
}

/** The words of a {@link PosePlan}. Progress counts windows. */
export interface PoseTypes extends PlanTypes {
  /**
   * - `windows` (windows, n, n), cut out of a filtered image of mean 0 where the template's place is.
   * - `inPhase`, `quadrature` (filterSets, n, n/2+1), complex interleaved if the size says so: what slices are multiplied with at defocus 0,
   *   and the same with the CTF's phase a quarter period on.
   * - `perDefocus` (filterSets, n, n/2+1): phase of the CTF per Å of defocus.
   */
  readonly input: "windows" | "inPhase" | "quadrature" | "perDefocus";
  readonly output: never;
  readonly work: PoseWork;
  readonly outcome: PoseOptimum[];
}

/**
 * Finds the best pose near the start of each of many windows by gradients: see `PoseScore` for the score and `optimizePose` for the
 * way. A worker takes a window at a time, so the result does not depend on their number.
 *
 * One evaluation is n (n/2+1) trilinear samples (8 reads each) with derivatives, and sums over 7 planes of them: float64 on float32 data.
 * About 1.2 ms of a processor at n = 128, 6 ms at 256; a particle takes 3 to 15.
 */
export interface PosePlan extends Plan<PoseTypes> {
  readonly size: PosePlanSize;
}

/** The kind of plan that {@link createPoses} makes. */
export const posePlan: PlanKind<PosePlanSize, PosePlan, TemplateUse> = {
  name: "match/poses",
  wasm: {
    bytes: (size, workers) => regionBytes(pieces(size)) + fftPlan.wasm.bytes(spectraSize(size), workers),
    create: (pool, { spectrum, ...size }) => new WasmPoses(pool, size, spectrum),
  },
};

/** Makes a {@link PosePlan}. @throws {VitrineError} range: more memory than there is */
export function createPoses(backend: Backend, size: PosePlanSize, { spectrum }: TemplateUse): PosePlan {
  return backend.plan(posePlan, { ...size, spectrum });
}

class WasmPoses implements PosePlan {
  readonly size: PosePlanSize;
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #template: TemplateSpectrum;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;
  /** The border's image and all windows, their centres at 0. */
  readonly #spectra: WasmFft;
  readonly #border: Float32Array;

  constructor(pool: WorkerPool, size: PosePlanSize, spectrum: FftPlan) {
    this.size = size;
    this.#pool = pool;
    this.#template = templateSpectrum(spectrum);
    this.#border = borderImage(size.n);
    this.#spectra = new WasmFft(pool, spectraSize(size));
    this.#regions = createRegions(pool, pieces(size));
    this.bytes = this.#regions.bytes + this.#spectra.bytes;
  }

  set(name: PoseTypes["input"], data: PlanArray, at = 0): void {
    checkRows(`poses ${name}`, this.#arrayOf(name), { data, at });
    const { n } = this.size;
    if (name === "windows") this.#regions.set("windows", data, 4 * n * n * at);
    else this.#setFilters(name, data, at);
  }

  #arrayOf(name: PoseTypes["input"]): PlanArrayShape {
    const { n, windows, filterSets } = this.size;
    if (name === "windows") return { type: "f32", rows: windows, rowLength: n * n };
    const { plane, count } = planesOf(this.size);
    return { type: "f32", rows: filterSets, rowLength: name === "perDefocus" ? count : plane };
  }

  /** The three planes of a set lie together. */
  #setFilters(name: "inPhase" | "quadrature" | "perDefocus", data: PlanArray, at: number): void {
    const { plane, count } = planesOf(this.size);
    const offset = { inPhase: 0, quadrature: 4 * plane, perDefocus: 8 * plane }[name];
    const length = name === "perDefocus" ? count : plane;
    for (let i = 0; i * length < data.length; i++) {
      const one = data.subarray(i * length, (i + 1) * length);
      this.#regions.set("filters", one, (at + i) * filterBytes(this.size) + offset);
    }
  }

  async run({ starts, bounds }: PoseWork, options: RunOptions = {}): Promise<PoseOptimum[]> {
    if (starts.length === 0) return [];
    requireAtMost("poses starts", starts.length, this.size.windows);
    await this.#transform(starts.length, options.signal);
    starts.forEach(({ pose }, i) => {
      this.#regions.set("starts", Float64Array.from(poseNumbers(pose)), 8 * POSE_NUMBERS * i);
    });
    await this.#pool.run(poseJob, this.#task(starts, bounds), { ...options, teams: this.#pool.workers });
    const numbers = new Float64Array(OPTIMUM_NUMBERS * starts.length);
    this.#regions.read("results", numbers);
    return starts.map((_, i) => optimumFromNumbers(numbers.subarray(OPTIMUM_NUMBERS * i)));
  }

  read(name: never): never {
    throw noArray("poses", name);
  }

  /** Transforms the border's image and the windows in use; the others are 0, since a line of the transform holds two rows. */
  async #transform(count: number, signal: AbortSignal | undefined): Promise<void> {
    const { n, windows } = this.size;
    this.#spectra.set("real", rolled(this.#border, n));
    const window = new Float32Array(n * n);
    for (let i = 0; i < windows; i++) {
      if (i < count) this.#regions.read("windows", window, 4 * n * n * i);
      else window.fill(0);
      this.#spectra.set("real", rolled(balanced(window, this.#border), n), (i + 1) * n);
    }
    await this.#spectra.run("forward", signal === undefined ? {} : { signal });
  }

  #task(starts: readonly PoseStart[], bounds: PoseBounds): PoseTask {
    const { n, image, magnification, complexFilters } = this.size;
    const { address, rowBytes, side } = this.#template;
    const regions = this.#regions.address;
    return {
      size: { n, image, ...(magnification && { magnification }) },
      bounds,
      count: starts.length,
      volume: { address, rowBytes, side },
      spectra: { address: this.#spectra.address, rowBytes: this.#spectra.rowBytes },
      filters: starts.map(({ filterSet }) => regions.filters + filterSet * filterBytes(this.size)),
      complexFilters,
      starts: regions.starts,
      results: regions.results,
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
  const { n } = size;
  const window = 4 * n * n + 8 * n * (Math.floor(n / 2) + 1);
  return { window: window + 8 * (POSE_NUMBERS + OPTIMUM_NUMBERS), filterSet: filterBytes(size) };
}

function pieces(size: PosePlanSize) {
  const { n, windows, filterSets } = size;
  return {
    windows: 4 * n * n * windows,
    filters: filterSets * filterBytes(size),
    starts: 8 * POSE_NUMBERS * windows,
    results: 8 * OPTIMUM_NUMBERS * windows,
  };
}

function spectraSize({ n, windows }: PosePlanSize) {
  return { kind: "real2d", shape: [n, n], batch: windows + 1 } as const;
}

type FilterSize = Pick<PosePlanSize, "n" | "complexFilters">;

/** Numbers of a plane of filters, and of a plane of real values. */
function planesOf({ n, complexFilters }: FilterSize): { plane: number; count: number } {
  const count = n * (Math.floor(n / 2) + 1);
  return { plane: complexFilters ? 2 * count : count, count };
}

function filterBytes(size: FilterSize): number {
  const { plane, count } = planesOf(size);
  return 4 * (2 * plane + count);
}

function optimumFromNumbers(numbers: Float64Array): PoseOptimum {
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

/** The template loses the mean of its border: as well the window can lose its sum there. */
function balanced(image: Float32Array, border: Float32Array): Float32Array {
  const sum = image.reduce((total, value) => total + value, 0);
  return image.map((value, k) => value - sum * border[k]);
}

/** The image with pixel floor(n/2) moved to 0. */
function rolled(image: Float32Array, n: number): Float32Array {
  const half = Math.floor(n / 2);
  return Float32Array.from({ length: n * n }, (_, i) => {
    const [y, x] = [Math.floor(i / n), i % n];
    return image[((y + half) % n) * n + ((x + half) % n)];
  });
}
