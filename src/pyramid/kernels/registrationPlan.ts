import {
  type Backend,
  type FftSize,
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
  defineJob,
  noArray,
  type Regions,
  regionBytes,
  requireAtMost,
  runPhases,
  WasmFft,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { VitrineError } from "../../core/index.ts";
import {
  type CorrelationPlane,
  findPeak,
  highestElsewhere,
  readerOf,
  type ShiftBox,
} from "./correlationPeak.ts";
import { commonParts, filterWeights, MOST_SIGMA, taper } from "./registrationFilter.ts";

/** Pairs of windows that are compared with each other. */
export interface WindowsSize {
  readonly height: number;
  readonly width: number;
  readonly pairs: number;
  /** Of the Laplacian of a Gaussian that all windows are filtered with, pixels, above 0 to 8. */
  readonly sigmaPx: number;
}

/** How two windows fit best. */
export interface WindowMatch {
  /** Shift in pixels that moves the second window onto the first. */
  readonly y: number;
  readonly x: number;
  /** Correlation coefficient of the filtered windows at the nearest whole shift, over both whole windows; 0 where one of them shows nothing. */
  readonly correlation: number;
  /** The highest of these coefficients in boxes of other shifts, as large as the one that was searched: what chance gives. */
  readonly chance: readonly number[];
  /** Correlation coefficient of what both windows share, and what it would be if they differed by their noise alone. */
  readonly shared: number;
  readonly noiseless: number;
}

/** The words of a {@link WindowsPlan}. Progress counts passes. */
export interface WindowsTypes extends PlanTypes {
  /** `windows` (2 x pairs, height x width): float32, first and second of each pair. */
  readonly input: "windows";
  readonly output: never;
  /** The shifts that are looked at, for the first pairs. */
  readonly work: readonly ShiftBox[];
  readonly outcome: readonly WindowMatch[];
}

/**
 * Finds by how much windows are shifted against each other: Laplacian of a Gaussian, taper, cross-correlation by Fourier transforms, not
 * normalised by phase, since noise would then count as much as what is shown. A second pass leaves of both windows what they
 * share, so that nothing at their ends draws the peak aside.
 */
export type WindowsPlan = Plan<WindowsTypes>;

/** The kind of plan that {@link createWindows} makes. */
export const windowsPlan: PlanKind<WindowsSize, WindowsPlan> = {
  name: "pyramid/windows",
  wasm: {
    bytes: (size, workers) => {
      const { spectra, products } = transforms(size);
      const of = (fft: FftSize) => fftPlan.wasm.bytes(fft, workers);
      return regionBytes(pieces(size, workers)) + of(spectra) + of(products);
    },
    create: (pool, size) => new WasmWindows(pool, size),
  },
};

/** Makes a {@link WindowsPlan}. @throws {VitrineError} range: more memory than there is, or a sigma that cannot be */
export function createWindows(backend: Backend, size: WindowsSize): WindowsPlan {
  return backend.plan(windowsPlan, size);
}

/** Kernels of pyramids one after the other. */
export const pyramidPhasesJob = defineJob("pyramid/phases", runPhases);

class WasmWindows implements WindowsPlan {
  readonly bytes: number;
  readonly #size: WindowsSize;
  readonly #pool: WorkerPool;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;
  readonly #spectra: WasmFft;
  readonly #products: WasmFft;

  constructor(pool: WorkerPool, size: WindowsSize) {
    const { spectra, products } = transforms(size);
    this.#size = size;
    this.#pool = pool;
    const taken: { dispose(): void }[] = [];
    const keep = <Held extends { dispose(): void }>(held: Held): Held => {
      taken.push(held);
      return held;
    };
    try {
      this.#regions = keep(createRegions(pool, pieces(size, pool.workers)));
      this.#spectra = keep(new WasmFft(pool, spectra));
      this.#products = keep(new WasmFft(pool, products));
    } catch (error) {
      for (const held of taken) held.dispose();
      throw error;
    }
    this.bytes = this.#regions.bytes + this.#spectra.bytes + this.#products.bytes;
    this.#regions.set("weights", filterWeights(size.sigmaPx).weights);
  }

  set(_: "windows", data: PlanArray, at = 0): void {
    const { height, width, pairs } = this.#size;
    const rowLength = height * width;
    checkRows("registration windows", { type: "f32", rows: 2 * pairs, rowLength }, { data, at });
    this.#regions.set("windows", data, 4 * rowLength * at);
  }

  async run(boxes: readonly ShiftBox[], options: RunOptions = {}): Promise<WindowMatch[]> {
    requireAtMost("registration pairs", boxes.length, this.#size.pairs);
    const { height, width } = this.#size;
    const whole = { first: [0, height, 0, width], second: [0, height, 0, width] } as const;
    const coarse = await this.#correlate(
      boxes.map(() => whole),
      options,
    );
    const found = boxes.map((box, i) => this.#coarseMatch(box, coarse[i], i));
    const shared = found.map(({ y, x }) => {
      const [down, across] = [commonParts(height, Math.round(y)), commonParts(width, Math.round(x))];
      return { first: [...down[0], ...across[0]], second: [...down[1], ...across[1]] } as const;
    });
    const fine = await this.#correlate(shared, options);
    return found.map((match, i) => this.#fineMatch(match, fine[i], i));
  }

  /** Leaves the correlations of all pairs in the products; gives what is needed to read coefficients off them. */
  async #correlate(parts: readonly PairParts[], options: RunOptions): Promise<PairNorms[]> {
    const { height, width } = this.#size;
    parts.forEach(({ first, second }, i) => {
      for (const [k, [fromY, toY, fromX, toX]] of [first, second].entries()) {
        this.#regions.set("taperY", taper(height, [fromY, toY]), 4 * height * (2 * i + k));
        this.#regions.set("taperX", taper(width, [fromX, toX]), 4 * width * (2 * i + k));
      }
    });
    await this.#filter(parts.length, options);
    const norms = parts.map((part, i) => this.#normsOf(part, i));
    this.#spectra.assume("real");
    await this.#spectra.run("forward", options);
    const { address, rowBytes } = this.#spectra;
    const args = [address, rowBytes, height, Math.floor(width / 2) + 1, this.#products.address];
    const phase = { kernel: "crossRows", args, count: parts.length * height, step: 64 };
    await this.#pool.run(pyramidPhasesJob, [phase], options);
    this.#products.assume("spectrum");
    await this.#products.run("inverse", options);
    return norms;
  }

  /** Filters the windows of so many pairs into the rows of their transforms. */
  async #filter(pairs: number, options: RunOptions): Promise<void> {
    const { height, width, sigmaPx } = this.#size;
    const { windows, weights, taperY, taperX, sums, scratch } = this.#regions.address;
    const { radius } = filterWeights(sigmaPx);
    const { address, rowBytes } = this.#spectra;
    const args = [windows, address, rowBytes, height, width, radius, weights, taperY, taperX, sums];
    const memory = { address: scratch, bytes: scratchBytes(width) };
    const phase = { kernel: "filterRows", args, scratch: memory, count: 2 * pairs * height, step: 16 };
    await this.#pool.run(pyramidPhasesJob, [phase], options);
  }

  #normsOf({ first, second }: PairParts, pair: number): PairNorms {
    const { height } = this.#size;
    const squares = new Float32Array(2 * height);
    this.#regions.read("sums", squares, 8 * height * pair);
    const sumOf = (from: number) =>
      squares.subarray(from, from + height).reduce((sum, value) => sum + value, 0);
    const sums = [sumOf(0), sumOf(height)];
    const signals = [first, second].map((part, k) => {
      const noise = this.#noiseOf(part, 2 * pair + k);
      return Math.max(0, 1 - noise / sums[k]);
    });
    return { norm: Math.sqrt(sums[0] * sums[1]), noiseless: Math.sqrt(signals[0] * signals[1]) };
  }

  /** Sum of squares that noise has in a filtered window: by the median of samples from its untapered middle, which cells do not reach. */
  #noiseOf([fromY, toY, fromX, toX]: PartBox, window: number): number {
    const { height } = this.#size;
    const stride = this.#spectra.rowBytes / 4;
    const plane = this.#pool.f32(this.#spectra.address + 4 * window * height * stride, height * stride);
    const [middleY, middleX] = [(toY - fromY) >> 1, (toX - fromX) >> 1];
    const samples = Float32Array.from({ length: SAMPLES }, (_, i) => {
      // Two irrational steps spread samples evenly over any shape.
      const y = fromY + (middleY >> 1) + Math.floor(((i * 0.7548776662466927) % 1) * middleY);
      const x = fromX + (middleX >> 1) + Math.floor(((i * 0.5698402909980532) % 1) * middleX);
      return Math.abs(plane[y * stride + x]);
    }).sort();
    const deviation = samples[SAMPLES >> 1] / 0.6745;
    // The mean square of a taper whose quarters fade: 1/2 + 2 x 1/4 x 3/8 an axis.
    return deviation ** 2 * (toY - fromY) * (toX - fromX) * 0.6875 ** 2;
  }

  #coarseMatch(box: ShiftBox, { norm }: PairNorms, pair: number): CoarseMatch {
    if (!(norm > 0)) return { y: 0, x: 0, correlation: 0, chance: [] };
    const plane = this.#planeOf(pair);
    const { y, x, wholeHeight } = findPeak(readerOf(plane), box);
    const chance = highestElsewhere(plane, box).map((value) => value / norm);
    return { y, x, correlation: clamped(wholeHeight / norm), chance };
  }

  #fineMatch(match: CoarseMatch, norms: PairNorms, pair: number): WindowMatch {
    const { norm, noiseless } = norms;
    if (match.correlation === 0 || !(norm > 0)) return { ...match, shared: 0, noiseless: 0 };
    const [middleY, middleX] = [Math.round(match.y), Math.round(match.x)];
    const box = { fromY: middleY - 1, toY: middleY + 1, fromX: middleX - 1, toX: middleX + 1 };
    const { y, x, height } = findPeak(readerOf(this.#planeOf(pair)), box);
    return { ...match, y, x, shared: clamped(height / norm), noiseless };
  }

  #planeOf(pair: number): CorrelationPlane {
    const { height, width } = this.#size;
    const stride = this.#products.rowBytes / 4;
    const address = this.#products.address + 4 * pair * height * stride;
    return { plane: this.#pool.f32(address, height * stride), stride, height, width };
  }

  read(name: never): void {
    throw noArray("registration windows", name);
  }

  dispose(): void {
    this.#regions.dispose();
    this.#spectra.dispose();
    this.#products.dispose();
  }
}

type CoarseMatch = Omit<WindowMatch, "shared" | "noiseless">;

/** Part of a window: first and last row, first and last column; the last are behind the part. */
type PartBox = readonly [fromY: number, toY: number, fromX: number, toX: number];

interface PairParts {
  readonly first: PartBox;
  readonly second: PartBox;
}

interface PairNorms {
  /** What a product of the pair is divided by to be a coefficient. */
  readonly norm: number;
  /** Coefficient of windows that differ by their noise alone. */
  readonly noiseless: number;
}

/** Values from which the noise of a window is taken. */
const SAMPLES = 2047;

const clamped = (value: number) => Math.min(1, Math.max(0, value));

function transforms({ height, width, pairs, sigmaPx }: WindowsSize): {
  readonly spectra: FftSize;
  readonly products: FftSize;
} {
  if (!(sigmaPx > 0 && sigmaPx <= MOST_SIGMA)) {
    const expected = `above 0 to ${MOST_SIGMA}`;
    throw new VitrineError({ code: "range", at: "registration sigmaPx", expected, found: `${sigmaPx}` });
  }
  const shape = [height, width] as const;
  return {
    spectra: { kind: "real2d", shape, batch: 2 * pairs },
    products: { kind: "real2d", shape, batch: pairs },
  };
}

/** Two filtered rows with their margins, and the addresses of the rows that are summed. */
function scratchBytes(width: number): number {
  return Math.ceil((8 * (width + 64) + 4 * 65 + 16) / 64) * 64;
}

function pieces({ height, width, pairs }: WindowsSize, workers: number) {
  return {
    // The kernel reads four floats at a time, beyond the last one too.
    windows: 8 * pairs * height * width + 64,
    weights: 8 * 65,
    taperY: 8 * pairs * height,
    taperX: 8 * pairs * width + 16,
    sums: 8 * pairs * height,
    scratch: workers * scratchBytes(width),
  };
}
