import { VitrineError } from "../../core/index.ts";

/**
 * What is believed of the noise before the image is seen, which chooses the power of the residual in a likelihood of N pixels:
 *
 * - `flat-variance` (default, CryoLike's): all variances alike, (4 - N)/2;
 * - `flat-sigma` (BioEM's): all standard deviations alike, (3 - N)/2;
 * - `profile` (cryoJAX's ensembles): (2 - N)/2, and no integral over scale and offset;
 * - a variance that is known: no power but -residual / (2 variance), at the best scale and offset.
 */
export type NoisePrior = "flat-variance" | "flat-sigma" | "profile" | { readonly variance: number };

/** Power of the residual, and of its scale's determinant. */
export interface NoisePowers {
  /** ln likelihood = -power ln residual - half ln determinant; 0 where the variance is known. */
  readonly power: number;
  readonly half: number;
  /** 1 / (2 variance); 0 where it is not known. */
  readonly rate: number;
}

/** @throws {VitrineError} range: a variance that is not above 0, or fewer pixels than the power takes */
export function noisePowers(prior: NoisePrior, pixels: number): NoisePowers {
  if (typeof prior === "object") {
    if (prior.variance > 0) return { power: 0, half: 0, rate: 1 / (2 * prior.variance) };
    const found = `${prior.variance}`;
    throw new VitrineError({ code: "range", at: "noisePrior variance", expected: "a number above 0", found });
  }
  const power = { "flat-variance": pixels / 2 - 2, "flat-sigma": pixels / 2 - 1.5, profile: pixels / 2 - 1 }[
    prior
  ];
  if (power > 0) return { power, half: prior === "profile" ? 0 : 0.5, rate: 0 };
  throw new VitrineError({
    code: "range",
    at: "noisePrior",
    expected: "images of more than 4 pixels",
    found: `${pixels}`,
  });
}

/** What is left of an image when the best scale of a model and the best offset are taken from it. */
export interface Residual {
  readonly scale: number;
  readonly offset: number;
  /** Sum of squares. */
  readonly squares: number;
  /** N Σc² - (Σc)². */
  readonly determinant: number;
}

/** @throws {VitrineError} shape: other lengths; range: a model that is the same everywhere */
export function residualOf(image: ArrayLike<number>, model: ArrayLike<number>): Residual {
  const n = image.length;
  if (model.length !== n) {
    throw new VitrineError({
      code: "shape",
      at: "residualOf model",
      expected: `${n} values`,
      found: `${model.length}`,
    });
  }
  let [r, c, rr, cc, rc] = [0, 0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    r += image[i];
    c += model[i];
    rr += image[i] ** 2;
    cc += model[i] ** 2;
    rc += image[i] * model[i];
  }
  const determinant = n * cc - c * c;
  if (!(determinant > 0)) {
    const found = "the same value everywhere";
    throw new VitrineError({ code: "range", at: "residualOf model", expected: "a model that varies", found });
  }
  const scale = (n * rc - r * c) / determinant;
  const offset = (r - scale * c) / n;
  return { scale, offset, squares: rr - r * offset - rc * scale, determinant };
}

/**
 * Log-likelihood of an image of so many pixels given what is left of it. Constants that no two structures differ in are left out, but for that of BioEM,
 * whose log-probability `flat-sigma` is: (3 - N)/2 ln F + (N/2 - 2) ln((N - 2) G) with F = G times the squares left.
 *
 * Source: Cossio & Hummer 2013, J. Struct. Biol. 184:427 (BioEM).
 */
export function residualLogLikelihood(
  { squares, determinant }: Residual,
  pixels: number,
  prior: NoisePrior,
): number {
  const { power, half, rate } = noisePowers(prior, pixels);
  if (rate > 0) return -rate * squares;
  const constant = prior === "flat-sigma" ? (pixels / 2 - 2) * Math.log(pixels - 2) : 0;
  return -power * Math.log(squares) - half * Math.log(determinant) + constant;
}
