import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  likelihoodGolden,
  likelihoodNpy,
  likelihoodNpz,
  numbers,
} from "../../../test/support/likelihoodCase.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { readNpzValues, readTorchTensor } from "../../io/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { readImageDescriptor } from "../descriptor/descriptorFile.ts";
import { configureDisplacement } from "../displacements/configureDisplacement.ts";
import { polarCtf } from "../images/polarCtf.ts";
import { computeLikelihoodOptimalPose } from "../integrated/singlePose.ts";
import type { PolarStack } from "../stacks.ts";
import {
  type ComparatorRequest,
  computeCrossCorrelation,
  computeCrossCorrelationComplete,
  computeOptimalDisplacement,
  computeOptimalDisplacementAndRotation,
  computeOptimalPose,
  computeOptimalRotation,
  computeTemplateNorms,
} from "./comparators.ts";
import { polarNorms } from "./sides.ts";

const PRECISIONS = ["single", "double"] as const;
type Precision = (typeof PRECISIONS)[number];

let pool: Pool;
let descriptor: ImageDescriptor;
let request: ComparatorRequest;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
  descriptor = await readImageDescriptor(likelihoodGolden("run/parameters.npz"));
  const [templates, images] = await Promise.all([
    polar("run/templates/templates_fourier_vol.pt"),
    polar("run/particles/fft/particles_fourier_stack_000000.pt"),
  ]);
  const values = await readNpzValues(
    likelihoodGolden("run/particles/fft/particles_fourier_stack_000000.npz"),
  );
  const lens = (name: string) => numbers((values.get(name)?.data ?? []) as Iterable<number>);
  const ctf = polarCtf(
    {
      defocusUA: lens("defocusU"),
      defocusVA: lens("defocusV"),
      defocusAngleRad: lens("defocusAngle"),
      phaseShiftRad: lens("phaseShift"),
      csMm: lens("sphericalAberration")[0],
      voltageKv: lens("voltage")[0],
      amplitudeContrast: lens("amplitudeContrast")[0],
    },
    { grid: descriptor.polarGrid, boxSizeA: descriptor.boxSizeA[0] },
  );
  const displacer = configureDisplacement({
    maxDisplacementPixels: 3,
    nDisplacementsX: 5,
    nDisplacementsY: 5,
  });
  const displacements = displacer({ templates, descriptor });
  request = {
    templates,
    images,
    ctf,
    displacements,
    grid: descriptor.polarGrid,
    boxSizeA: descriptor.boxSizeA,
  };
});
afterAll(() => pool.dispose());

async function polar(path: string): Promise<PolarStack> {
  const { data, shape } = await readTorchTensor(likelihoodGolden(path));
  const [count, shells, inplanes] = shape;
  if (!(data instanceof Float32Array)) throw new Error(`${path} is not complex64`);
  return { shape: [count, shells, inplanes], data };
}

const inDouble = (stack: PolarStack): PolarStack => ({ ...stack, data: Float64Array.from(stack.data) });
const requestOf = (precision: Precision): ComparatorRequest =>
  precision === "single"
    ? request
    : { ...request, templates: inDouble(request.templates), images: inDouble(request.images) };

/** Largest difference. */
function worst(found: ArrayLike<number>, expected: Iterable<number | bigint>): number {
  const values = numbers(expected);
  if (values.length !== found.length) return Number.POSITIVE_INFINITY;
  return values.reduce((most, value, i) => {
    const difference = Math.abs(value - found[i]);
    return difference <= most ? most : difference;
  }, 0);
}

// The golden README: what an independent implementation differed by; single differs from double by 4e-7 itself.
const CORRELATION = { single: 6e-7, double: 3e-8 } as const;
const LOG_LIKELIHOOD = { single: 2e-3, double: 2e-5 } as const;
/** Of single templates more: the inputs' rounding moves a correlation by 2e-8, and the power of 1150 that. */
const LOG_LIKELIHOOD_MS = { single: 2e-3, double: 5e-5 } as const;
const PIXELS = 48 * 48;

test("the displacements are those of the golden grids", async () => {
  const stack = { templates: request.templates, descriptor };
  const even = configureDisplacement({ maxDisplacementPixels: 3, nDisplacementsX: 4, nDisplacementsY: 2 })(
    stack,
  );
  for (const [grid, name] of [
    [request.displacements, "5x5"],
    [even, "4x2"],
  ] as const) {
    const { data } = await likelihoodNpy(`agg/displacement_grid_angstrom_${name}.npy`);
    expect(worst([...Array.from(grid.x), ...Array.from(grid.y)], data)).toBeLessThan(1e-6);
  }
});

describe.each(PRECISIONS)("%s precision, exact", (precision) => {
  const options = { method: "exact", nImagesPerBatch: 10, nTemplatesPerBatch: 24 } as const;

  test("the best pose of every image", async () => {
    const golden = await likelihoodNpz(`agg/optimal_pose_${precision}.npz`);
    const weights = descriptor.viewingAngles.weights;
    const integrated = { pixels: PIXELS, weights, compat: true };
    const found = await computeOptimalPose(pool, requestOf(precision), { ...options, integrated });
    expect(worst(found.crossCorrelationM, golden("cross_correlation_M"))).toBeLessThan(
      CORRELATION[precision],
    );
    expect([...found.optimalTemplateM]).toEqual(golden("optimal_template_M"));
    expect(worst(found.optimalDisplacementXM, golden("optimal_displacement_x_M"))).toBeLessThan(1e-6);
    expect(worst(found.optimalDisplacementYM, golden("optimal_displacement_y_M"))).toBeLessThan(1e-6);
    expect(worst(found.optimalInplaneRotationM, golden("optimal_inplane_rotation_M"))).toBeLessThan(1e-6);
    const integral = found.integratedLogLikelihoodM ?? [];
    expect(worst(integral, golden("integrated_log_likelihood_M"))).toBeLessThan(LOG_LIKELIHOOD[precision]);
    const { data } = await likelihoodNpy(`agg/ill_MS_${precision}.npy`);
    expect(worst(found.integratedLogLikelihoodMS ?? [], data)).toBeLessThan(LOG_LIKELIHOOD_MS[precision]);
  });

  test("the best displacement and rotation of every image and template", async () => {
    const golden = await likelihoodNpz(`agg/optimal_displacement_and_rotation_${precision}.npz`);
    const found = await computeOptimalDisplacementAndRotation(pool, requestOf(precision), options);
    expect(worst(found.crossCorrelationMS, golden("cross_correlation_MS"))).toBeLessThan(
      CORRELATION[precision],
    );
    const same = (values: ArrayLike<number>, name: string) =>
      golden(name).filter((value, i) => Math.abs(value - values[i]) < 1e-6).length / values.length;
    // Two rotations may correlate alike to rounding.
    expect(same(found.optimalDisplacementXMS, "optimal_displacement_x_MS")).toBeGreaterThan(0.995);
    expect(same(found.optimalDisplacementYMS, "optimal_displacement_y_MS")).toBeGreaterThan(0.995);
    expect(same(found.optimalInplaneRotationMS, "optimal_inplane_rotation_MS")).toBeGreaterThan(0.995);
  });
});

test("the best rotation of every displacement, the best displacement of every rotation", async () => {
  const turned = await computeOptimalRotation(pool, request);
  const { data: correlations } = await likelihoodNpy("agg/optimal_rotation_cross_correlation_MSd.npy");
  expect(worst(turned.crossCorrelationMSd, correlations)).toBeLessThan(1e-5);
  expect(turned.errorBound).toBeGreaterThan(0);
  expect(turned.errorBound).toBeLessThan(1e-5);
  const { data: rotations } = await likelihoodNpy("agg/optimal_rotation_optimal_inplane_rotation_MSd.npy");
  const same = numbers(rotations).filter(
    (value, i) => Math.abs(value - turned.optimalInplaneRotationMSd[i]) < 1e-6,
  );
  expect(same.length / rotations.length).toBeGreaterThan(0.999);

  const plane = 2 * request.images.shape[1] * request.images.shape[2];
  const images: PolarStack = {
    shape: [8, request.images.shape[1], request.images.shape[2]],
    data: request.images.data.subarray(0, 8 * plane),
  };
  const ctf = request.ctf && {
    shape: [8, images.shape[1], images.shape[2]] as const,
    data: request.ctf.data.subarray(0, 4 * plane),
  };
  const moved = await computeOptimalDisplacement(
    pool,
    { ...request, images, ...(ctf && { ctf }) },
    { method: "exact" },
  );
  const name = (what: string) => likelihoodNpy(`agg/optimal_displacement_first8_${what}_MSw.npy`);
  expect(worst(moved.crossCorrelationMSw, (await name("cross_correlation")).data)).toBeLessThan(
    CORRELATION.single,
  );
  const { data: x } = await name("optimal_displacement_x");
  const alike = numbers(x).filter((value, i) => Math.abs(value - moved.optimalDisplacementXMSw[i]) < 1e-6);
  expect(alike.length / x.length).toBeGreaterThan(0.999);
});

test("all correlations, the norms of images and templates", async () => {
  const double = requestOf("double");
  const plane = 2 * request.images.shape[1] * request.images.shape[2];
  const part = (stack: PolarStack, count: number): PolarStack => ({
    shape: [count, stack.shape[1], stack.shape[2]],
    data: stack.data.subarray(0, count * plane),
  });
  const ctfOf = (count: number) =>
    double.ctf && {
      shape: [count, double.ctf.shape[1], double.ctf.shape[2]] as const,
      data: double.ctf.data.subarray(0, (count * plane) / 2),
    };
  const one = {
    ...double,
    templates: part(double.templates, 8),
    images: part(double.images, 1),
    ctf: ctfOf(1) ?? { shape: [0, 0, 0] as const, data: new Float64Array() },
  };
  const { data } = await likelihoodNpy("agg/cross_correlation_MSdw_double_image0_templates0-7.npy");
  expect(worst(await computeCrossCorrelation(pool, one), data)).toBeLessThan(CORRELATION.double);
  const { crossCorrelationMSdw } = await computeCrossCorrelationComplete(pool, {
    ...one,
    images: part(request.images, 1),
    templates: part(request.templates, 8),
  });
  expect(worst(crossCorrelationMSdw, data)).toBeLessThan(1e-5);
  const four = { ...one, images: part(double.images, 4), ctf: ctfOf(4) ?? one.ctf };
  const { data: norms } = await likelihoodNpy("unit/template_norms_Ixx_image0-3_template0-7_w.npy");
  expect(worst(await computeTemplateNorms(pool, four), norms)).toBeLessThan(3e-8);
  const { data: iyy } = await likelihoodNpy("unit/image_norms_Iyy.npy");
  expect(worst(polarNorms(double.images, double.grid), iyy)).toBeLessThan(3e-8);
});

test("the likelihood of one pose an image", async () => {
  const pose = await likelihoodNpz("agg/optimal_pose_double.npz");
  const poses = {
    optimalTemplateM: Int32Array.from(pose("optimal_template_M")),
    optimalDisplacementXM: Float64Array.from(pose("optimal_displacement_x_M")),
    optimalDisplacementYM: Float64Array.from(pose("optimal_displacement_y_M")),
    optimalInplaneRotationM: Float64Array.from(pose("optimal_inplane_rotation_M")),
  };
  const golden = await likelihoodNpz("agg/likelihood_at_optimal_pose_double.npz");
  const found = computeLikelihoodOptimalPose(requestOf("double"), poses, { pixels: PIXELS });
  expect(worst(found.logLikelihoodM, golden("log_likelihood"))).toBeLessThan(LOG_LIKELIHOOD.double);
  expect(worst(found.crossCorrelationM, golden("cross_correlation"))).toBeLessThan(CORRELATION.double);
});
