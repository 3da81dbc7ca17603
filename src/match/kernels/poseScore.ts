import type { Matrix3 } from "../../core/index.ts";
import { type SampledVolume, sampleVolume, VALUES_A_SAMPLE } from "./volumeSample.ts";

/** Continuous parameters of a pose: turns about x, y and z of the image (radians), shift x and y (pixels), defocus (Å). */
export const POSE_PARAMETERS = 6;

/** How a particle is seen. */
export interface Pose {
  /** Row-major, from the particle's view to the template. */
  readonly rotation: Matrix3;
  /** Of the particle against its window, pixels. */
  readonly shiftX: number;
  readonly shiftY: number;
  /** Added to the defocus that the filters are made for, Å. */
  readonly defocusA: number;
}

/** A score and its derivatives by the {@link POSE_PARAMETERS}. */
export interface PoseEvaluation {
  readonly score: number;
  readonly gradient: Float64Array;
}

/** What templates are multiplied with: planes of (n, n/2+1) values. */
export interface PoseFilters {
  /** At defocus 0, and the same with the CTF's phase a quarter period on; complex interleaved if `isComplex`. */
  readonly inPhase: Float32Array;
  readonly quadrature: Float32Array;
  /** Phase of the CTF per Å of defocus. */
  readonly perDefocus: Float32Array;
  readonly isComplex: boolean;
}

/** What all particles share. */
export interface PoseScoreSize {
  /** Side of template and window. */
  readonly n: number;
  /** Of the image that templates are normalised for. */
  readonly image: readonly [height: number, width: number];
  /** (A^-1)^T as yy, yx, xy, xx; absent where magnification is isotropic. */
  readonly magnification?: readonly [number, number, number, number];
}

/** The template, then its derivatives by each parameter. */
const PLANES = 1 + POSE_PARAMETERS;
const [TEMPLATE, SHIFT_X, SHIFT_Y] = [0, 4, 5];
const isShift = (plane: number) => plane === SHIFT_X || plane === SHIFT_Y;

/** As in the correlation kernels. */
const LEAST_ENERGY = 1e-8;

/**
 * The correlation of one window with the template in any pose, and its derivatives.
 *
 * With P the slice at rotation R times the filter at the pose's defocus, D the window's transform and <A, B> the sum over the full
 * plane of Re(A conj B) / n²:
 *
 *     score = sqrt(image area) <D exp(2πi k·shift), P> / sqrt(<P, P> + kappa e²)
 *
 * e being the template's mean over the border pixels and kappa what Leopard-EM's normalisation makes of it (sum of squared differences
 * from the mean after the border is taken out, in an image of the given shape). Without a shift this is what the correlation kernels
 * give for the window's place. A turn w makes the rotation R exp([w]x), so the plane of the slice moves by w x k in the image's frame.
 */
export class PoseScore {
  readonly #size: PoseScoreSize;
  readonly #volume: SampledVolume;
  readonly #columns: number;
  /** Template and derivatives, weighted for sums over the full plane: `count` complex values each. */
  readonly #planes: Float64Array[];
  readonly #window: Float64Array;
  readonly #shifted: Float64Array;
  readonly #border: Float64Array;
  readonly #borderWeight: number;
  /** Of the last evaluation: border means, squared norm of the template, and by which part of it each derivative lies along it. */
  #borders: number[] = [];
  #energy = 0;
  #along: number[] = [];
  #score = 0;
  #filters: PoseFilters | undefined;

  constructor(size: PoseScoreSize, volume: SampledVolume) {
    this.#size = size;
    this.#volume = volume;
    this.#columns = (size.n >> 1) + 1;
    const floats = 2 * size.n * this.#columns;
    this.#planes = Array.from({ length: PLANES }, () => new Float64Array(floats));
    [this.#window, this.#shifted, this.#border] = [0, 1, 2].map(() => new Float64Array(floats));
    this.#borderWeight = borderWeight(size);
  }

  /** Sets the transform of the border's mean: 1/(4n - 4) in each pixel of the border, the centre moved to 0. */
  setBorder(spectrum: Float32Array, rowFloats: number): void {
    this.#load(spectrum, rowFloats, this.#border);
  }

  /** Sets the transform of a window, its centre moved to 0, and what the template is seen through. */
  setWindow(spectrum: Float32Array, rowFloats: number, filters: PoseFilters): void {
    this.#load(spectrum, rowFloats, this.#window);
    this.#filters = filters;
  }

  evaluate(pose: Pose): PoseEvaluation {
    this.#fillPlanes(pose);
    this.#symmetrise();
    this.#fillShifts();
    this.#shiftWindow(pose);
    const planes = this.#planes;
    this.#borders = planes.map((plane, k) => (isShift(k) ? 0 : dot(this.#border, plane)));
    this.#energy = Math.max(this.#product(TEMPLATE, TEMPLATE), LEAST_ENERGY);
    this.#along = planes.map((_, k) => this.#product(TEMPLATE, k) / this.#energy);
    const [height, width] = this.#size.image;
    const scale = Math.sqrt((height * width) / this.#energy);
    const [value, ...slopes] = planes.map((plane) => scale * dot(this.#shifted, plane));
    this.#score = value;
    return {
      score: value,
      gradient: Float64Array.from(slopes, (slope, k) => slope - value * this.#along[k + 1]),
    };
  }

  /**
   * (6, 6) Gauss-Newton matrix of the pose that was evaluated last: minus the second derivatives of the score, were the window a
   * template without noise. Positive semidefinite.
   */
  curvature(): Float64Array {
    const entry = (a: number, b: number) =>
      this.#product(a, b) / this.#energy - this.#along[a] * this.#along[b];
    return Float64Array.from({ length: POSE_PARAMETERS ** 2 }, (_, i) => {
      const [a, b] = [1 + Math.floor(i / POSE_PARAMETERS), 1 + (i % POSE_PARAMETERS)];
      return Math.abs(this.#score) * entry(a, b);
    });
  }

  #load(spectrum: Float32Array, rowFloats: number, into: Float64Array): void {
    const { n } = this.#size;
    for (let y = 0, i = 0; y < n; y++) {
      for (let x = 0; x < this.#columns; x++, i += 2) {
        const weight = this.#weight(x);
        into[i] = weight * spectrum[y * rowFloats + 2 * x];
        into[i + 1] = weight * spectrum[y * rowFloats + 2 * x + 1];
      }
    }
  }

  /** Root of how often a column occurs in the full plane, over n. */
  #weight(x: number): number {
    const { n } = this.#size;
    return (x === 0 || 2 * x === n ? 1 : Math.SQRT2) / n;
  }

  /** The template and its derivatives by turns and defocus. */
  #fillPlanes({ rotation, defocusA }: Pose): void {
    const { n, magnification = [1, 0, 0, 1] } = this.#size;
    const { side } = this.#volume;
    const filters = this.#filters as PoseFilters;
    const [xx, xy, xz, yx, yy, yz, zx, zy, zz] = rotation;
    const [myy, myx, mxy, mxx] = magnification;
    const [template, turnX, turnY, turnZ, , , defocus] = this.#planes;
    const place = new Float64Array(3);
    const s = new Float64Array(VALUES_A_SAMPLE);
    const t = new Float64Array(4);
    for (let row = 0, i = 0; row < n; row++) {
      const fy = (2 * row < n ? row : row - n) / n;
      for (let column = 0; column < this.#columns; column++, i++) {
        // in samples of the volume
        const v = side * (myy * fy + (myx * column) / n);
        const u = side * (mxy * fy + (mxx * column) / n);
        place[0] = xx * u + xy * v;
        place[1] = yx * u + yy * v;
        place[2] = zx * u + zy * v;
        sampleVolume(this.#volume, place, s);
        filterAt(filters, i, defocusA, t);
        const weight = this.#weight(column);
        const a = weight * t[0];
        const b = weight * t[1];
        // derivatives out of the slice's plane and along a turn in it
        const outRe = xz * s[2] + yz * s[4] + zz * s[6];
        const outIm = xz * s[3] + yz * s[5] + zz * s[7];
        const tx = u * xy - v * xx;
        const ty = u * yy - v * yx;
        const tz = u * zy - v * zx;
        const turnRe = tx * s[2] + ty * s[4] + tz * s[6];
        const turnIm = tx * s[3] + ty * s[5] + tz * s[7];
        const tiltRe = a * outRe - b * outIm;
        const tiltIm = a * outIm + b * outRe;
        const at = 2 * i;
        template[at] = a * s[0] - b * s[1];
        template[at + 1] = a * s[1] + b * s[0];
        turnX[at] = v * tiltRe;
        turnX[at + 1] = v * tiltIm;
        turnY[at] = -u * tiltRe;
        turnY[at + 1] = -u * tiltIm;
        turnZ[at] = a * turnRe - b * turnIm;
        turnZ[at + 1] = a * turnIm + b * turnRe;
        defocus[at] = weight * (t[2] * s[0] - t[3] * s[1]);
        defocus[at + 1] = weight * (t[2] * s[1] + t[3] * s[0]);
      }
    }
  }

  /** An inverse real transform keeps of columns 0 and n/2 what equals its own mirror image. */
  #symmetrise(): void {
    const { n } = this.#size;
    for (const column of n % 2 === 0 ? [0, n / 2] : [0]) {
      for (let row = 0; 2 * row <= n; row++) {
        const i = 2 * (row * this.#columns + column);
        const j = 2 * (((n - row) % n) * this.#columns + column);
        for (const plane of this.#planes) {
          const re = (plane[i] + plane[j]) / 2;
          const im = (plane[i + 1] - plane[j + 1]) / 2;
          plane.set([re, im], i);
          plane.set([re, -im], j);
        }
      }
    }
  }

  /** Derivatives by the shift of the template: -2πi k times the template. */
  #fillShifts(): void {
    const { n } = this.#size;
    const [template, shiftX, shiftY] = [this.#planes[TEMPLATE], this.#planes[SHIFT_X], this.#planes[SHIFT_Y]];
    const turn = (2 * Math.PI) / n;
    for (let row = 0, i = 0; row < n; row++) {
      const ky = turn * (2 * row < n ? row : row - n);
      for (let column = 0; column < this.#columns; column++, i += 2) {
        const kx = turn * column;
        shiftX[i] = kx * template[i + 1];
        shiftX[i + 1] = -kx * template[i];
        shiftY[i] = ky * template[i + 1];
        shiftY[i + 1] = -ky * template[i];
      }
    }
  }

  #shiftWindow({ shiftX, shiftY }: Pose): void {
    const { n } = this.#size;
    const turn = (2 * Math.PI) / n;
    const [window, shifted] = [this.#window, this.#shifted];
    for (let row = 0, i = 0; row < n; row++) {
      const angleY = turn * (2 * row < n ? row : row - n) * shiftY;
      for (let column = 0; column < this.#columns; column++, i += 2) {
        const angle = angleY + turn * column * shiftX;
        const c = Math.cos(angle);
        const s = Math.sin(angle);
        shifted[i] = window[i] * c - window[i + 1] * s;
        shifted[i + 1] = window[i] * s + window[i + 1] * c;
      }
    }
  }

  #product(a: number, b: number): number {
    const borders = this.#borderWeight * this.#borders[a] * this.#borders[b];
    return dot(this.#planes[a], this.#planes[b]) + borders;
  }
}

/** The filter at one frequency and its derivative by the defocus: re, im, re, im. */
function filterAt(
  { inPhase, quadrature, perDefocus, isComplex }: PoseFilters,
  i: number,
  defocusA: number,
  out: Float64Array,
): void {
  const slope = perDefocus[i];
  const c = Math.cos(slope * defocusA);
  const s = Math.sin(slope * defocusA);
  const at = isComplex ? 2 * i : i;
  out[0] = inPhase[at] * c - quadrature[at] * s;
  out[2] = -slope * (inPhase[at] * s + quadrature[at] * c);
  out[1] = isComplex ? inPhase[at + 1] * c - quadrature[at + 1] * s : 0;
  out[3] = isComplex ? -slope * (inPhase[at + 1] * s + quadrature[at + 1] * c) : 0;
}

function dot(a: Float64Array, b: Float64Array): number {
  let even = 0;
  let odd = 0;
  for (let i = 0; i < a.length; i += 2) {
    even += a[i] * b[i];
    odd += a[i + 1] * b[i + 1];
  }
  return even + odd;
}

/** What the square of the border's mean adds to the sum of squares of a template of mean 0. */
function borderWeight({ n, image: [height, width] }: PoseScoreSize): number {
  const area = n * n;
  const ratio = area / (height * width);
  return area * (1 - ratio * ratio) ** 2 + (height - n) * (width - n) * ratio ** 4;
}
