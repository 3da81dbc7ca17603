import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { smoothVolume } from "../../../test/support/searchCase.ts";
import { createPool, type Pool, rfft2, rfft3 } from "../../compute/index.ts";
import { parseMatchSettings, searchSpace } from "../config/config.ts";
import { preprocessMicrograph, templateFilters } from "../search/searchFilters.ts";
import { templateFromVolume } from "../search/searchInputs.ts";
import { coarseInputs, coarseSize } from "./coarseInputs.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const maps = ["mip", "scaled_mip", "correlation_average", "correlation_variance"];
const angles = ["orientation_psi", "orientation_theta", "orientation_phi", "relative_defocus"];

/** With everything that a template is multiplied with. */
const settings = parseMatchSettings(
  JSON.stringify({
    micrograph_path: "micrograph.mrc",
    template_volume_path: "template.mrc",
    optics_group: {
      label: "all",
      pixel_size: 1.3,
      voltage: 300,
      defocus_u: 9000,
      defocus_v: 8600,
      astigmatism_angle: 25,
      ctf_B_factor: 40,
      odd_zernikes: { Z31c: 20 },
      even_zernikes: { Z60: 1 },
      mag_matrix: [1.01, 0.004, -0.003, 0.99],
      mtf_values: [1, 0.8, 0.3],
    },
    defocus_search_config: { defocus_min: -500, defocus_max: 500, defocus_step: 500 },
    orientation_search_config: { psi_step: 90, theta_step: 90 },
    pixel_size_search_config: {
      enabled: true,
      pixel_size_min: -0.05,
      pixel_size_max: 0.05,
      pixel_size_step: 0.05,
    },
    preprocessing_filters: {
      bandpass_filter: { enabled: true, low_freq_cutoff: 0.02, high_freq_cutoff: 0.2, falloff: 0.05 },
      arbitrary_curve_filter: { enabled: true, frequencies: [0, 0.1, 0.4], amplitudes: [0.5, 1, 0.2] },
    },
    match_template_result: Object.fromEntries([...maps, ...angles].map((map) => [`${map}_path`, map])),
  }),
  "settings",
);

async function inputsOf(shape: readonly [number, number], n: number) {
  const micrograph = { data: noise(shape[0] * shape[1], 3), shape, pixelSizeA: 1.3 };
  const prepared = await preprocessMicrograph(pool, micrograph, settings.filters);
  const volume = { data: smoothVolume(n, 2), shape: [n, n, n] as const, voxelSizeA: 1.3 };
  return { prepared, shape, template: templateFromVolume(volume), settings, volume: volume.data };
}

/** Coefficients of a coarse half spectrum beside those of the full one at the same frequencies, times `scale`; no Nyquist. */
function pairs(coarse: Float32Array, full: Float32Array, sizes: { n: number[]; full: number[] }) {
  const half = (n: number) => Math.floor(n / 2) + 1;
  const [h, w] = sizes.n;
  const [height, width] = sizes.full;
  const found: [number, number][] = [];
  for (let ky = -Math.ceil(h / 2) + 1; ky < h / 2; ky++) {
    for (let i = 0; i < 2 * Math.ceil(w / 2); i++) {
      const at = (rows: number, columns: number) => 2 * ((ky + rows) % rows) * half(columns) + i;
      found.push([coarse[at(h, w)], full[at(height, width)]]);
    }
  }
  return found;
}

const largest = (values: readonly number[]) =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe("sizes", () => {
  test("every place of the full template is one of the coarse one, in any size", () => {
    const side = fc.integer({ min: 16, max: 700 });
    const sizes = fc.tuple(side, side, fc.integer({ min: 16, max: 300 }), fc.integer({ min: 2, max: 5 }));
    fc.assert(
      fc.property(sizes, ([height, width, template, factor]) => {
        fc.pre(template <= Math.min(height, width) && factor <= template / 8);
        const { shape, template: n, marginPx } = coarseSize([height, width], template, factor);
        expect(n % 2).toBe(0);
        expect(factor * n).toBeGreaterThanOrEqual(template);
        expect(marginPx + Math.floor(template / 2)).toBe((factor * n) / 2);
        [height, width].forEach((length, axis) => {
          expect(factor * (shape[axis] - n)).toBeGreaterThanOrEqual(length - template);
          expect(factor * shape[axis]).toBeGreaterThanOrEqual(marginPx + length);
        });
      }),
    );
  });

  test.each([1, 2.5, 7, Number.NaN])("a factor of %d is refused", (factor) => {
    expect(() => coarseSize([400, 400], 50, factor)).toThrow(
      /coarse factor: expected a whole number from 2 to 6, an eighth of the template, found/,
    );
  });
});

describe.each([
  [2, [64, 80], 32],
  [3, [61, 83], 25],
] as const)("at %i times the pixel size", (factor, shape, n) => {
  test("the micrograph keeps its Fourier coefficients", async () => {
    const inputs = await inputsOf(shape, n);
    const { shape: small, prepared } = await coarseInputs(pool, inputs, factor);
    const { marginPx } = coarseSize(shape, n, factor);
    const [height, width] = small.map((length) => factor * length);
    const padded = new Float32Array(height * width);
    for (let y = 0; y < shape[0]; y++) {
      const row = inputs.prepared.image.subarray(y * shape[1], (y + 1) * shape[1]);
      padded.set(row, (y + marginPx) * width + marginPx);
    }
    const spectrum = await rfft2(pool, padded, [height, width]);
    const found = pairs(await rfft2(pool, prepared.image, small), spectrum, {
      n: [...small],
      full: [height, width],
    });
    const most = largest(found.map(([, full]) => full));
    // float32 transforms
    expect(largest(found.map(([coarse, full]) => coarse - full)) / most).toBeLessThan(1e-5);
  });

  test("the template's centre is its centre, its coefficients the full one's", async () => {
    const inputs = await inputsOf(shape, n);
    const { template } = await coarseInputs(pool, inputs, factor);
    const volume = await template.readSections(0, template.size);
    const side = template.size;
    const [small, full] = await Promise.all([
      rfft3(pool, volume, [side, side, side]),
      rfft3(pool, inputs.volume, [n, n, n]),
    ]);
    expect(small[0] * factor ** 3).toBeCloseTo(full[0], 2);
    const sums = centreOf(volume, side).map((place, axis) => [
      factor * (place - side / 2),
      centreOf(inputs.volume, n)[axis] - Math.floor(n / 2),
    ]);
    // A cyclic crop leaves ringing far from the centre, which moves it a little.
    for (const [coarse, fine] of sums) expect(Math.abs(coarse - fine)).toBeLessThan(0.3);
  });
});

test("CTF, whitening and filters are those of the full search at every frequency that is left", async () => {
  const inputs = await inputsOf([64, 80], 32);
  const coarse = await coarseInputs(pool, inputs, 2);
  const at = (what: typeof coarse, size: number) =>
    templateFilters({ settings: what.settings, space: what.space, size, whitening: what.prepared.whitening });
  const space = searchSpace(settings);
  const [small, full] = [at(coarse, 16), at({ ...inputs, space }, 32)];
  const planes = space.defocusOffsetsA.length * space.pixelSizeOffsetsA.length;
  expect([small.length, full.length]).toEqual([planes * 2 * 16 * 9, planes * 2 * 32 * 17]);
  for (let plane = 0; plane < planes; plane++) {
    const cut = (values: Float32Array) =>
      values.subarray((plane * values.length) / planes, ((plane + 1) * values.length) / planes);
    const found = pairs(cut(small), cut(full), { n: [16, 16], full: [32, 32] });
    // The curves' frequencies are scaled and looked up in float64, the results float32.
    expect(largest(found.map(([a, b]) => a - b))).toBeLessThan(1e-5);
    expect(largest(found.map(([a]) => a))).toBeGreaterThan(0.1);
  }
});

/** Centre of mass, voxels. */
function centreOf(volume: Float32Array, n: number): number[] {
  const sums = [0, 0, 0, 0];
  volume.forEach((value, i) => {
    const place = [i % n, Math.floor(i / n) % n, Math.floor(i / (n * n))];
    place.forEach((p, axis) => {
      sums[axis] += p * value;
    });
    sums[3] += value;
  });
  return sums.slice(0, 3).map((sum) => sum / sums[3]);
}
