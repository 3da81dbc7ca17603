import { type Backend, irfft2, irfft3, rfft2, rfft3 } from "../compute/index.ts";
import {
  type Image,
  type Random,
  requireKnownOptions,
  type Shape2,
  type Shape3,
  seededRandom,
  type Volume,
} from "../core/index.ts";
import { requireLength, requireNumber, requireShape, rfftWidth, signedFrequency } from "./frequencies.ts";

/** Which phases are drawn anew. */
export interface PhaseRandomization {
  /** Frequency from which phases are random, cycles/pixel; 0: all but the mean's. */
  readonly cutOn: number;
  /** 1 where absent. */
  readonly seed?: number;
}

/** Which phases of an image with a pixel size are drawn anew. */
export interface ResolutionPhases {
  /** Phases of detail as fine as this or finer are random, Å. */
  readonly beyondA: number;
  /** The image's own where absent. */
  readonly pixelSizeA?: number;
  readonly seed?: number;
}

/**
 * An image or volume with its amplitudes, and random phases beyond a resolution: what is found in it at that resolution is noise.
 *
 * @throws {VitrineError} range: a resolution or pixel size not above 0; shape: another number of values
 * Source: Chen et al. 2013, Ultramicroscopy 135:24.
 */
export async function randomizePhases<T extends Image | Volume>(
  backend: Backend,
  what: T,
  options: ResolutionPhases,
): Promise<T> {
  requireKnownOptions("randomizePhases", options, { beyondA: true, pixelSizeA: true, seed: true });
  const { beyondA, pixelSizeA = ownPixelSizeA(what), seed = 1 } = options;
  requireNumber(beyondA, beyondA > 0, { at: "randomizePhases beyondA", expected: "Å above 0" });
  requireNumber(pixelSizeA, pixelSizeA > 0, { at: "randomizePhases pixelSizeA", expected: "Å above 0" });
  const shape: Shape2 | Shape3 = what.shape;
  const phases = { cutOn: pixelSizeA / beyondA, seed };
  if (shape.length === 2) {
    const spectrum = randomizeSpectrumPhases(await rfft2(backend, what.data, shape), shape, phases);
    return { ...what, data: await irfft2(backend, spectrum, shape) };
  }
  const spectrum = randomizeSpectrumPhases(await rfft3(backend, what.data, shape), shape, phases);
  return { ...what, data: await irfft3(backend, spectrum, shape) };
}

function ownPixelSizeA(what: Image | Volume): number {
  return "pixelSizeA" in what ? what.pixelSizeA : what.voxelSizeA;
}

/**
 * A half transform with its amplitudes, and random phases from a frequency on. It stays that of a real image: where the half
 * holds a coefficient and its conjugate, they stay conjugate, and one that is its own conjugate keeps a real value of random sign.
 *
 * @param spectrum (..., floor(W/2) + 1) complex interleaved, not shifted; not changed
 * @param shape    [H, W] or [D, H, W] in real space
 * @throws {VitrineError} shape: another number of coefficients; range: a cut-on below 0
 */
export function randomizeSpectrumPhases(
  spectrum: Float32Array,
  shape: Shape2 | Shape3,
  options: PhaseRandomization,
): Float32Array<ArrayBuffer> {
  requireKnownOptions("randomizeSpectrumPhases", options, { cutOn: true, seed: true });
  const { cutOn, seed = 1 } = options;
  requireShape(shape, "randomizePhases shape");
  requireNumber(cutOn, cutOn >= 0, { at: "randomizePhases cutOn", expected: "cycles/pixel, 0 or more" });
  const [depth, height, width] = shape.length === 3 ? shape : [1, ...shape];
  const columns = rfftWidth(width);
  requireLength(spectrum, 2 * depth * height * columns, "randomizePhases spectrum");
  const random = seededRandom(seed);
  const out = Float32Array.from(spectrum);
  for (let row = 0; row < depth * height; row++) {
    const [z, y] = [Math.floor(row / height), row % height];
    const beside = Math.hypot(signedFrequency(z, depth), signedFrequency(y, height));
    const twinRow = ((depth - z) % depth) * height + ((height - y) % height);
    for (let x = 0; x < columns; x++) {
      const at = row * columns + x;
      const frequency = Math.hypot(beside, x / width);
      if (frequency < cutOn || frequency === 0) continue;
      const hasTwin = x === 0 || 2 * x === width;
      turn(out, { at, twin: hasTwin ? twinRow * columns + x : null, random });
    }
  }
  return out;
}

/** Gives coefficient `at` a random phase, and `twin` its conjugate; a twin that came before has done it already. */
function turn(
  spectrum: Float32Array,
  { at, twin, random }: { at: number; twin: number | null; random: Random },
): void {
  if (twin !== null && twin < at) return;
  const amplitude = Math.hypot(spectrum[2 * at], spectrum[2 * at + 1]);
  const angle = twin === at ? Math.PI * Math.round(random.uniform()) : 2 * Math.PI * random.uniform();
  spectrum[2 * at] = amplitude * Math.cos(angle);
  spectrum[2 * at + 1] = twin === at ? 0 : amplitude * Math.sin(angle);
  if (twin === null || twin === at) return;
  spectrum[2 * twin] = spectrum[2 * at];
  spectrum[2 * twin + 1] = -spectrum[2 * at + 1];
}
