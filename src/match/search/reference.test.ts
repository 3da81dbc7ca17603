import { afterAll, beforeAll, expect, test } from "vitest";
import { stringify } from "yaml";
import { noise } from "../../../test/support/noise.ts";
import { referenceBackend } from "../../../test/support/referenceBackend/index.ts";
import {
  type ReferenceInputs,
  type ReferenceStatistics,
  referenceSearch,
} from "../../../test/support/referenceSearch.ts";
import {
  type Configuration,
  scratchFolder,
  smallConfiguration,
  smoothVolume,
} from "../../../test/support/searchCase.ts";
import { type Backend, createPool, type Pool } from "../../compute/index.ts";
import { parseMatchSettings } from "../config/config.ts";
import { TemplateSearch } from "./search.ts";
import { templateFromVolume } from "./searchInputs.ts";

const scratch = scratchFolder();

let pools: readonly Pool[];
let backends: readonly Backend[];
beforeAll(async () => {
  pools = [await createPool({ workers: 2 }), await createPool({ workers: 2, relaxedSimd: false })];
  backends = [...pools, referenceBackend];
});
afterAll(async () => {
  for (const pool of pools) await pool.dispose();
});

/** 25 orientations. */
const ORIENTATIONS = {
  phi_min: 3,
  phi_max: 333,
  theta_min: 20,
  theta_max: 140,
  psi_min: 5,
  psi_max: 185,
  psi_step: 150,
  theta_step: 60,
  symmetry: null,
};

const PIXEL_SIZES = {
  enabled: true,
  pixel_size_min: -0.04,
  pixel_size_max: 0.04,
  pixel_size_step: 0.04,
};

const FILTERS = {
  whitening_filter: { enabled: true, do_power_spectrum: false, num_freq_bins: 20, max_freq: 0.4 },
  bandpass_filter: { enabled: true, low_freq_cutoff: 0.03, high_freq_cutoff: 0.4, falloff: 0.05 },
  arbitrary_curve_filter: { enabled: true, frequencies: [0, 0.1, 0.5], amplitudes: [0.4, 1, 0.5] },
};

interface Case {
  readonly name: string;
  readonly shape: readonly [number, number];
  readonly n: number;
  readonly exactSlices: boolean;
  /** Fields of the optics group beyond the usual ones. */
  readonly optics?: Configuration;
  readonly sections?: Configuration;
}

const CASES: Case[] = [
  {
    name: "complex filters, magnification and pixel sizes, odd sides",
    shape: [41, 37],
    n: 18,
    exactSlices: true,
    optics: {
      odd_zernikes: { Z31c: 8, Z33s: -6 },
      even_zernikes: { Z44c: 25, Z60: 300 },
      mag_matrix: [1.01, 0.005, -0.003, 0.99],
      phase_shift: 30,
    },
    sections: { pixel_size_search_config: PIXEL_SIZES },
  },
  {
    name: "a template of 2 x 11 pixels, whitening by amplitude, band-pass and curve, Leopard-EM's slices",
    shape: [36, 45],
    n: 22,
    exactSlices: false,
    sections: { preprocessing_filters: FILTERS },
  },
  {
    name: "magnification as Leopard-EM applies it",
    shape: [33, 40],
    n: 22,
    exactSlices: false,
    optics: { mag_matrix: [0.98, -0.01, 0.004, 1.02] },
  },
  {
    name: "a template of odd side, a tilted beam",
    shape: [31, 47],
    n: 21,
    exactSlices: true,
    optics: { beam_tilt_x: 0.4, beam_tilt_y: -0.2 },
    sections: { pixel_size_search_config: PIXEL_SIZES },
  },
  {
    name: "a template as high as the micrograph, an odd number of correlations, no filter",
    shape: [24, 31],
    n: 24,
    exactSlices: true,
    sections: {
      defocus_search_config: { enabled: false },
      preprocessing_filters: { whitening_filter: { enabled: false } },
    },
  },
  { name: "the smallest template", shape: [17, 19], n: 4, exactSlices: true },
];

function inputsOf({ shape, n, exactSlices, optics, sections }: Case): ReferenceInputs {
  const configuration = smallConfiguration(scratch, {
    image: shape,
    template: n,
    configuration: { orientation_search_config: ORIENTATIONS, ...sections },
  });
  Object.assign(configuration.optics_group, optics);
  const settings = parseMatchSettings(stringify(configuration), "case");
  const micrograph = noise(shape[0] * shape[1], n).map((value) => 5 + 3 * value);
  return { shape, micrograph, template: smoothVolume(n, 7), n, settings, exactSlices };
}

async function runSearch(
  backend: Backend,
  { shape, micrograph, template, n, settings, exactSlices }: ReferenceInputs,
) {
  const volume = templateFromVolume({ data: template, shape: [n, n, n], voxelSizeA: 2 });
  const image = { data: micrograph, shape, pixelSizeA: 2 };
  const inputs = { settings, micrograph: image, template: volume };
  const search = await TemplateSearch.create(backend, inputs, { exactSlices });
  await search.run();
  const count = search.statistics.shape[0] * search.statistics.shape[1];
  const found = {
    maximum: new Float32Array(count),
    index: new Int32Array(count),
    sum: new Float64Array(count),
    squaredSum: new Float64Array(count),
  };
  for (const [name, into] of Object.entries(found)) search.statistics.read(name as keyof typeof found, into);
  search.dispose();
  return { ...found, correlations: search.size.correlations };
}

test.each(CASES)("$name: the search is its definition in float64", async (each) => {
  const inputs = inputsOf(each);
  const expected = referenceSearch(inputs);
  for (const backend of backends) expectClose(await runSearch(backend, inputs), expected);
});

function expectClose(found: Awaited<ReturnType<typeof runSearch>>, expected: ReferenceStatistics): void {
  expect([found.correlations, found.maximum.length]).toEqual([expected.count, expected.maximum.length]);
  let unsure = 0;
  for (let i = 0; i < found.maximum.length; i++) {
    // float32 transforms of values up to about 10: some 1e-6 of that
    expect(Math.abs(found.maximum[i] - expected.maximum[i])).toBeLessThan(1e-4);
    if (expected.maximum[i] - expected.second[i] > 1e-4) expect(found.index[i]).toBe(expected.index[i]);
    else unsure++;
    const mean = (sums: { sum: Float64Array }) => sums.sum[i] / expected.count;
    const square = (sums: { squaredSum: Float64Array }) => sums.squaredSum[i] / expected.count;
    expect(Math.abs(mean(found) - mean(expected))).toBeLessThan(1e-5);
    expect(Math.abs(square(found) - square(expected))).toBeLessThan(1e-5 * square(expected) + 1e-5);
  }
  // so that the comparison of indices is one
  expect(unsure).toBeLessThanOrEqual(0.05 * found.maximum.length);
}
