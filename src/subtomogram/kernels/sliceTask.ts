/** What a frequency (y, x) of a slice counts, cycles/pixel; plain numbers, so that workers are given it. */
export interface SliceFilter {
  /** Electrons/Å² before the image; 0: frequencies are not weighed by it. */
  readonly dosePerA2: number;
  /** The contrast transfer function sin(`perDefocus` Δ f² - `spherical` f⁴ + `offset`), f in 1/nm; left out: nothing is done about it. */
  readonly ctf?: {
    readonly correction: "flip" | "wiener";
    readonly perDefocus: number;
    readonly spherical: number;
    readonly offset: number;
    /** Underfocus Δ, nm: `mean` + `cosine` cos 2a + `sine` sin 2a for the direction a from the x axis. */
    readonly mean: number;
    readonly cosine: number;
    readonly sine: number;
    /** nm/pixel. */
    readonly imageScale: number;
  };
}

/** A contrast transfer function without what is done about it. */
export type Transfer = Omit<NonNullable<SliceFilter["ctf"]>, "correction">;

/** A tilt's slice through the transform of a box. */
export interface Slice {
  /** Where the molecule is in the patch, pixels (y, x). */
  readonly origin: readonly [number, number];
  /** Frequencies of the box, cycles/voxel (z, y, x), that a cycle/pixel of the image along y and along x is. */
  readonly alongY: readonly [number, number, number];
  readonly alongX: readonly [number, number, number];
  /** What a coefficient is multiplied with: pixels of the image in a voxel's face, and its sign. */
  readonly factor: number;
  readonly filter: SliceFilter;
}

/** Added to the square of a transfer function, so that its zeros do not blow up noise. */
const WIENER = 0.1;

/** @internal Gain and weight of a frequency. @param rate  how fast it fades, Å² per electron; writes into `out` */
export function sliceGain(
  { dosePerA2, ctf }: SliceFilter,
  [fy, fx, rate]: readonly [number, number, number],
  out: Float64Array,
): void {
  const share = dosePerA2 === 0 ? 1 : Math.exp(-dosePerA2 * rate);
  out[0] = share;
  out[1] = share;
  if (ctf === undefined) return;
  const value = transferAt(ctf, fy, fx);
  if (ctf.correction === "flip") {
    out[0] = share * phaseSign(value);
    return;
  }
  out[0] = share * value;
  out[1] = share * (value * value + WIENER);
}

/** What turns a phase right: -1 where the transfer function is negative; where it is 0, as at the mean without amplitude contrast, nothing is turned. */
export function phaseSign(value: number): -1 | 1 {
  return value < 0 ? -1 : 1;
}

/** The contrast transfer function at a frequency (y, x), cycles/pixel. */
export function transferAt(ctf: Transfer, fy: number, fx: number): number {
  const { perDefocus, spherical, offset, mean, cosine, sine, imageScale } = ctf;
  const [y, x] = [fy / imageScale, fx / imageScale];
  const square = y * y + x * x;
  const focus = mean * square + cosine * (x * x - y * y) + 2 * sine * x * y;
  return Math.sin(perDefocus * focus - spherical * square * square + offset);
}
