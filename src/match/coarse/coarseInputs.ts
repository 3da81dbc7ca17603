import { type Backend, resampleImages, resampleVolumes } from "../../compute/index.ts";
import { type Shape2, VitrineError } from "../../core/index.ts";
import type { RadialCurve } from "../../optics/index.ts";
import { type MatchFilters, type MatchSettings, type SearchSpace, searchSpace } from "../config/config.ts";
import type { PreparedInputs } from "../search/search.ts";
import type { PreparedMicrograph } from "../search/searchFilters.ts";
import { requireFinite, type TemplateSource, templateFromVolume } from "../search/searchInputs.ts";

/** Sizes of a search at a coarser pixel. Position p of its maps is position `factor` p of the full ones. */
export interface CoarseSize {
  readonly factor: number;
  /** Side of the coarse template, even, so that its centre is that of the full one. */
  readonly template: number;
  /** Of the coarse micrograph: large enough for every position of the full template. */
  readonly shape: Shape2;
  /** Zeros put above and left of the full micrograph before it is cropped. */
  readonly marginPx: number;
}

/**
 * Sizes of a coarse search. Template and micrograph are padded with zeros to multiples, so that the coarse pixel is exactly
 * `factor` pixels for both.
 *
 * @throws {VitrineError} range: a factor that is not a whole number from 2, or leaves less than 8 voxels of the template
 */
export function coarseSize(shape: Shape2, template: number, factor: number): CoarseSize {
  if (!(Number.isInteger(factor) && factor >= 2 && factor <= template / 8)) {
    const expected = `a whole number from 2 to ${Math.floor(template / 8)}, an eighth of the template`;
    throw new VitrineError({ code: "range", at: "coarse factor", expected, found: String(factor) });
  }
  const side = 2 * Math.ceil(template / (2 * factor));
  const length = (pixels: number) => side + Math.ceil((pixels - template) / factor);
  return {
    factor,
    template: side,
    shape: [length(shape[0]), length(shape[1])],
    marginPx: (factor * side) / 2 - Math.floor(template / 2),
  };
}

/**
 * The same search at a coarser pixel, its spectra cut at the new Nyquist frequency.
 *
 * The micrograph keeps the whitening measured on all of it and the Fourier coefficients of its filtered form, so that its noise
 * gives correlations of variance 1 at either pixel size. CTF, filters and pixel size offsets are those of the full search
 * at every frequency that is left.
 *
 * @param inputs  template: read whole, then (n, n, n) at the coarse pixel
 * @throws {VitrineError} range: a factor that cannot be, see {@link coarseSize}; NaN in the template; aborted
 */
export async function coarseInputs(
  backend: Backend,
  { prepared, shape, template, settings, space = searchSpace(settings) }: PreparedInputs,
  factor: number,
): Promise<Required<PreparedInputs>> {
  const size = coarseSize(shape, template.size, factor);
  return {
    prepared: {
      image: await coarseImage(backend, { ...prepared, shape }, size),
      whitening: prepared.whitening === null ? null : coarseCurve(prepared.whitening, factor),
    },
    shape: size.shape,
    template: await coarseTemplate(backend, template, size),
    settings: coarseSettings(settings, factor),
    space: coarseSpace(space, factor),
  };
}

/** (H, W) to the coarse shape; coefficients of the transform are kept, so values grow by factor². */
async function coarseImage(
  backend: Backend,
  { image, shape: [height, width] }: PreparedMicrograph & { shape: Shape2 },
  { factor, shape, marginPx }: CoarseSize,
): Promise<Float32Array> {
  const from: Shape2 = [factor * shape[0], factor * shape[1]];
  const padded = new Float32Array(from[0] * from[1]);
  for (let y = 0; y < height; y++) {
    padded.set(image.subarray(y * width, (y + 1) * width), (y + marginPx) * from[1] + marginPx);
  }
  const coarse = await resampleImages(backend, padded, { from, to: shape });
  return coarse.map((value) => value * factor ** 2);
}

async function coarseTemplate(
  backend: Backend,
  template: TemplateSource,
  { factor, template: side, marginPx }: CoarseSize,
): Promise<TemplateSource> {
  const { size, name } = template;
  const padded = factor * side;
  const data = new Float32Array(padded ** 3);
  for (let z = 0; z < size; z++) {
    const section = await template.readSections(z, 1);
    requireFinite(section, `${name} section ${z}`, size);
    for (let y = 0; y < size; y++) {
      const row = ((z + marginPx) * padded + y + marginPx) * padded;
      data.set(section.subarray(y * size, (y + 1) * size), row + marginPx);
    }
  }
  const to = [side, side, side] as const;
  const coarse = await resampleVolumes(backend, data, { from: [padded, padded, padded], to });
  return templateFromVolume({ data: coarse, shape: to, voxelSizeA: 0 }, name);
}

/** Settings at the coarse pixel; frequencies are counted in cycles/pixel. */
function coarseSettings(settings: MatchSettings, factor: number): MatchSettings {
  const { optics, filters } = settings;
  // the camera's pixels stay what they are
  const mtf = optics.mtf && { mtf: { pixelSizeA: optics.pixelSizeA, ...optics.mtf } };
  return {
    ...settings,
    optics: { ...optics, ...mtf, pixelSizeA: factor * optics.pixelSizeA },
    filters: coarseFilters(filters, factor),
  };
}

function coarseFilters({ bandPass, curve, ...others }: MatchFilters, factor: number): MatchFilters {
  const coarser = Object.entries(bandPass ?? {}).map(([name, frequency]) => [name, factor * frequency]);
  return {
    ...others,
    bandPass: bandPass && Object.fromEntries(coarser),
    curve: curve && coarseCurve(curve, factor),
  };
}

function coarseCurve({ frequencies, gains }: RadialCurve, factor: number): RadialCurve {
  return { frequencies: Float64Array.from(frequencies, (frequency) => factor * frequency), gains };
}

/** Spherical aberration follows the ratio of pixel sizes. */
function coarseSpace(space: SearchSpace, factor: number): SearchSpace {
  return { ...space, pixelSizeOffsetsA: space.pixelSizeOffsetsA.map((offset) => factor * offset) };
}
