import { type Backend, irfft2, irfft3, rfft2, rfft3 } from "../../compute/index.ts";
import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { type CtfPhases, ctfPhases, electronWavelengthA } from "../../optics/index.ts";
import type { NumberArray } from "../../pipe/index.ts";
import { phaseSign } from "../kernels/index.ts";
import { requireScale } from "../loaders/subtomogramLoader.ts";
import { withBackend } from "../withBackend.ts";

/** What a contrast transfer function follows from. */
export interface CtfParameters {
  /** Acceleration voltage. */
  readonly kv: number;
  /** Spherical aberration, mm; default 2.7. */
  readonly csMm?: number;
  /** µm, negative for underfocus as acryo has it. */
  readonly defocusUm: number;
  /** Of the envelope exp(-B f² / 4), nm²; default 0. */
  readonly bfactor?: number;
  /** Share of amplitude contrast, 0 to 1; default 0.07. */
  readonly amplitudeContrast?: number;
}

/** An image or a volume. */
export interface CtfImage {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What computes a filtered image; default worker threads of the call alone. */
export interface CtfRun {
  readonly backend?: Backend;
}

/** Constants of acryo's deconvolution, by its names. */
export interface AcryoWiener {
  /** How fast the signal-to-noise ratio falls; default 1. */
  readonly snrFalloff?: number;
  /** Powers of ten of that ratio; default 1. */
  readonly deconvStrength?: number;
  /** Below this share of the highest frequency the ratio falls to nothing; default 0.02. */
  readonly highpassNyquist?: number;
  /** Phases are right already: signs stay. */
  readonly phaseFlipped?: boolean;
}

/** How {@link CtfModel.deconvolve} weighs frequencies. */
export interface DeconvolveOptions extends CtfRun {
  readonly snr?: number;
  readonly falloff?: number;
  /** acryo 0.9.1's filter (from IsoNet) in place of this one; true: with its defaults. */
  readonly compat?: boolean | AcryoWiener;
}

const DECONVOLVE_KEYS: OptionKeys<DeconvolveOptions> = {
  snr: true,
  falloff: true,
  compat: true,
  backend: true,
};

const ACRYO_KEYS: OptionKeys<AcryoWiener> = {
  snrFalloff: true,
  deconvStrength: true,
  highpassNyquist: true,
  phaseFlipped: true,
};

/** acryo tabulates its filter. */
const ACRYO = { steps: 2048, least: 1e-6 };

const AMPLITUDE = 0.07;
const CS_MM = 2.7;

/**
 * The contrast transfer function sin(π λ |Δ| f² - π/2 Cs λ³ f⁴ + asin(a)) exp(-B f² / 4) of one defocus without astigmatism, f in 1/nm;
 * underfocus is positive within the sine.
 *
 * Source: acryo 0.9.1, whose numbers it gives; Rohou & Grigorieff 2015, J. Struct. Biol. 192:216.
 */
export class CtfModel {
  readonly parameters: Required<CtfParameters>;
  /** nm. */
  readonly wavelengthNm: number;
  readonly #phases: CtfPhases;

  /** @throws {VitrineError} range: a voltage not above 0, amplitude contrast outside 0 to 1, or a number that is not finite */
  constructor(parameters: CtfParameters) {
    requireKnownOptions("CtfModel", parameters, {
      kv: true,
      csMm: true,
      defocusUm: true,
      bfactor: true,
      amplitudeContrast: true,
    });
    const { kv, defocusUm, csMm = CS_MM, bfactor = 0, amplitudeContrast = AMPLITUDE } = parameters;
    this.parameters = { kv, defocusUm, csMm, bfactor, amplitudeContrast };
    checkParameters(this.parameters);
    this.wavelengthNm = electronWavelengthA(kv) / 10;
    this.#phases = ctfPhases({ voltageKv: kv, sphericalAberrationMm: csMm, amplitudeContrast });
  }

  /** Of a microscope's voltage; acryo's `from_kv`. */
  static fromKv(kv: number, others: Omit<CtfParameters, "kv">): CtfModel {
    requireKnownOptions("CtfModel.fromKv", others, {
      csMm: true,
      defocusUm: true,
      bfactor: true,
      amplitudeContrast: true,
    });
    return new CtfModel({ kv, ...others });
  }

  /** Values at frequencies, 1/nm. */
  simulate(frequencies: ArrayLike<number>): Float64Array {
    return Float64Array.from(frequencies, (frequency) => this.#valueAt(frequency * frequency));
  }

  /** Values of all frequencies of an image or a volume, in the order of a transform: frequency 0 first. */
  simulateImage(shape: readonly number[], scale: number): CtfImage {
    return {
      data: Float32Array.from(squaredFrequencies(shape, scale), (square) => this.#valueAt(square)),
      shape,
    };
  }

  /** Multiplies every frequency of an image or a volume by the function. */
  applyCtf(image: NumberArray, scale: number, run: CtfRun = {}): Promise<CtfImage> {
    requireKnownOptions("CtfModel.applyCtf", run, { backend: true });
    return filterBy(image, scale, { gain: (square) => this.#valueAt(square), ...run });
  }

  /** Turns the sign of frequencies where the function is negative; where it is 0, as at the mean without amplitude contrast, they stay. */
  phaseFlip(image: NumberArray, scale: number, run: CtfRun = {}): Promise<CtfImage> {
    requireKnownOptions("CtfModel.phaseFlip", run, { backend: true });
    return filterBy(image, scale, { gain: (square) => phaseSign(this.#valueAt(square)), ...run });
  }

  /**
   * Wiener deconvolution: c / (c² + 1 / SNR), the signal-to-noise ratio falling with frequency; frequency 0, the mean, stays.
   *
   * @param options  `snr` at frequency 0 (default 20), and how it falls: exp(-falloff f) with f in 1/nm (default 20); `compat` for acryo's, which also
   *   takes the lowest frequencies away and gives the result the deviation of the volume
   */
  deconvolve(image: NumberArray, scale: number, options: DeconvolveOptions = {}): Promise<CtfImage> {
    requireKnownOptions("CtfModel.deconvolve", options, DECONVOLVE_KEYS);
    const { snr = 20, falloff = 20, compat, ...run } = options;
    if (typeof compat === "object") requireKnownOptions("CtfModel.deconvolve compat", compat, ACRYO_KEYS);
    if (compat !== undefined && compat !== false)
      return this.#deconvolveAsAcryo(image, scale, { ...(compat === true ? {} : compat), ...run });
    for (const [at, value] of [
      ["snr", snr],
      ["falloff", falloff],
    ] as const)
      if (!(Number.isFinite(value) && value >= 0))
        throw new VitrineError({
          code: "range",
          at: `deconvolve ${at}`,
          expected: "a number not below 0",
          found: `${value}`,
        });
    const gain = (square: number) => {
      if (square === 0) return 1;
      const value = this.#valueAt(square);
      const ratio = snr * Math.exp(-falloff * Math.sqrt(square));
      return ratio === 0 ? 0 : value / (value * value + 1 / ratio);
    };
    return filterBy(image, scale, { gain, ...run });
  }

  async #deconvolveAsAcryo(
    image: NumberArray,
    scale: number,
    {
      snrFalloff = 1,
      deconvStrength = 1,
      highpassNyquist = 0.02,
      phaseFlipped = false,
      backend,
    }: AcryoWiener & CtfRun,
  ): Promise<CtfImage> {
    for (const [at, value, isFine] of [
      ["snrFalloff", snrFalloff, Number.isFinite(snrFalloff)],
      ["deconvStrength", deconvStrength, Number.isFinite(deconvStrength)],
      ["highpassNyquist", highpassNyquist, highpassNyquist > 0],
    ] as const)
      if (!isFine)
        throw new VitrineError({
          code: "range",
          at: `deconvolve compat ${at}`,
          expected: at === "highpassNyquist" ? "a share above 0" : "a finite number",
          found: `${value}`,
        });
    const share = (i: number) => i / (ACRYO.steps - 1);
    const ramp = Float64Array.from({ length: ACRYO.steps }, (_, i) => {
      const highpass = 1 - Math.cos(Math.min(1, share(i) / highpassNyquist) * Math.PI);
      const snr =
        Math.exp((-share(i) * snrFalloff * 10) / scale) * 10 ** deconvStrength * highpass + ACRYO.least;
      const own = this.#valueAt((share(i) / (2 * scale)) ** 2);
      const value = phaseFlipped ? Math.abs(own) : own;
      return value / (value * value + 1 / snr);
    });
    // Frequencies count by the middle of each side, so that those of sides of another length are stretched.
    const gain = (square: number) => {
      const at = Math.min(1, Math.sqrt(square)) * (ACRYO.steps - 1);
      const before = Math.min(Math.floor(at), ACRYO.steps - 2);
      return ramp[before] + (at - before) * (ramp[before + 1] - ramp[before]);
    };
    const lengthOf = (side: number) => Math.max(1, Math.floor(side / 2));
    const { data, shape } = await filterBy(image, scale, { gain, lengthOf, ...(backend && { backend }) });
    const [given, found] = [spreadOf(image.data), spreadOf(data)];
    return { data: data.map((value) => (value / found.deviation) * given.deviation + given.mean), shape };
  }

  #valueAt(square: number): number {
    const { defocusUm, bfactor } = this.parameters;
    const { perDefocus, spherical, offset } = this.#phases;
    // µm and 1/nm² to Å and 1/Å².
    const perA2 = square / 100;
    const phase = perDefocus * -defocusUm * 1e4 * perA2 - spherical * perA2 * perA2 + offset;
    return Math.sin(phase) * Math.exp((-bfactor * square) / 4);
  }
}

interface Filter extends CtfRun {
  readonly gain: (squaredFrequency: number) => number;
  /** What an index of a side of n is divided by for its frequency; default n times the scale. */
  readonly lengthOf?: (side: number) => number;
}

async function filterBy(
  image: NumberArray,
  scale: number,
  { gain, backend, lengthOf }: Filter,
): Promise<CtfImage> {
  const { shape } = image;
  const data = image.data instanceof Float32Array ? image.data : Float32Array.from(image.data);
  if (shape.length !== 2 && shape.length !== 3)
    throw new VitrineError({
      code: "shape",
      at: "CtfModel",
      expected: "an image or a volume",
      found: `[${shape}]`,
    });
  return withBackend(backend, async (given) => {
    const [depth, height, width] = shape.length === 2 ? [1, ...shape] : shape;
    const isImage = shape.length === 2;
    const spectrum = isImage
      ? await rfft2(given, data, [height, width])
      : await rfft3(given, data, [depth, height, width]);
    const squares = squaredFrequencies(shape, scale, lengthOf);
    const columns = Math.floor(width / 2) + 1;
    for (let i = 0; i < spectrum.length; i++) {
      const coefficient = i >> 1;
      spectrum[i] *= gain(squares[Math.floor(coefficient / columns) * width + (coefficient % columns)]);
    }
    const filtered = isImage
      ? await irfft2(given, spectrum, [height, width])
      : await irfft3(given, spectrum, [depth, height, width]);
    return { data: filtered, shape };
  });
}

/** f² in 1/nm² of every coefficient of a whole transform. */
function squaredFrequencies(
  shape: readonly number[],
  scale: number,
  lengthOf = (side: number) => side * scale,
): Float64Array {
  requireScale(scale, "CtfModel");
  return shape.reduce((squares, side) => {
    const own = Float64Array.from(
      { length: side },
      (_, i) => ((2 * i < side ? i : i - side) / lengthOf(side)) ** 2,
    );
    return Float64Array.from(
      { length: squares.length * side },
      (_, i) => squares[Math.floor(i / side)] + own[i % side],
    );
  }, Float64Array.of(0));
}

function spreadOf(values: ArrayLike<number>): { readonly mean: number; readonly deviation: number } {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < values.length; i++) sum += values[i];
  const mean = sum / values.length;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) ** 2;
  return { mean, deviation: Math.sqrt(squares / values.length) || 1 };
}

function checkParameters({ kv, csMm, defocusUm, bfactor, amplitudeContrast }: Required<CtfParameters>): void {
  const fail = (at: string, expected: string, found: number) => {
    throw new VitrineError({ code: "range", at: `CtfModel ${at}`, expected, found: `${found}` });
  };
  if (!(kv > 0 && Number.isFinite(kv))) fail("kv", "a voltage above 0", kv);
  if (!(amplitudeContrast >= 0 && amplitudeContrast <= 1))
    fail("amplitudeContrast", "0 to 1", amplitudeContrast);
  for (const [at, value] of Object.entries({ csMm, defocusUm, bfactor }))
    if (!Number.isFinite(value)) fail(at, "a finite number", value);
}
