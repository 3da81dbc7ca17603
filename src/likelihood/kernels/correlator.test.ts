import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noise } from "../../../test/support/noise.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import type { Basis } from "./basis.ts";
import { evenCount } from "./correlatorLayout.ts";
import { createCorrelator } from "./correlatorPlan.ts";
import type { CorrelatorPlan, CorrelatorSize } from "./correlatorTypes.ts";
import type { KernelPrecision } from "./precision.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

type Complex = readonly [re: number, im: number];
const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];

interface Case {
  readonly precision: KernelPrecision;
  readonly shells: number;
  readonly inplanes: number;
  readonly displacements: number;
  readonly templates: number;
  readonly images: number;
}

/** Polar images of real ones: I(k, t + pi) = conj I(k, t). */
function polar(count: number, { shells, inplanes }: Case, seed: number): Float64Array {
  const random = noise(2 * count * shells * inplanes, seed);
  const at = (row: number, j: number, part: number) => 2 * (row * inplanes + (j % inplanes)) + part;
  const half = inplanes / 2;
  return Float64Array.from(random, (_, index) => {
    const [part, point] = [index % 2, Math.floor(index / 2)];
    const [row, j] = [Math.floor(point / inplanes), point % inplanes];
    return random[at(row, j, part)] + (part === 0 ? 1 : -1) * random[at(row, j + half, part)];
  });
}

/** Of modulus 1. */
function unit(values: Float64Array): Float64Array {
  return values.map((value, i) => value / Math.hypot(values[i & ~1], values[i | 1]));
}

function dataOf(shape: Case) {
  const { shells, inplanes, displacements, templates, images } = shape;
  const plane = shells * inplanes;
  const ctfs = Float64Array.from({ length: images * plane }, (_, i) => {
    const [m, k, j] = [Math.floor(i / plane), Math.floor((i % plane) / inplanes), i % inplanes];
    return Math.sin(1 + m + 0.3 * k + 0.4 * Math.cos((4 * Math.PI * j) / inplanes + m));
  });
  return {
    weights: Float64Array.from({ length: shells }, (_, k) => 0.1 + 0.02 * k),
    displacements: unit(polar(displacements, shape, 5)),
    templates: polar(templates, shape, 6),
    images: polar(images, shape, 7),
    ctfs,
    offset: Float64Array.from({ length: plane }, (_, i) => 1 / (1 + Math.floor(i / inplanes))),
    isy: Float64Array.from({ length: images }, (_, m) => 0.1 * m),
  };
}

/** By the definition: sums over points of the grid. */
function direct(shape: Case, data: ReturnType<typeof dataOf>) {
  const { shells, inplanes } = shape;
  const plane = shells * inplanes;
  const read = (values: Float64Array, item: number, i: number): Complex => [
    values[2 * (item * plane + i)],
    values[2 * (item * plane + i) + 1],
  ];
  const turned = (i: number, w: number) => i - (i % inplanes) + ((i + w) % inplanes);
  const sum = (term: (i: number) => number) => {
    let total = 0;
    for (let i = 0; i < plane; i++) total += data.weights[Math.floor(i / inplanes)] * term(i);
    return total;
  };
  const norm = (m: number, s: number, w: number) =>
    sum((i) => {
      const [a, b] = read(data.templates, s, turned(i, w));
      return (a * a + b * b) * data.ctfs[m * plane + i] ** 2;
    });
  const product = (m: number, s: number, d: number, w: number) =>
    sum((i) => {
      const [a, b] = read(data.images, m, i);
      const t = times(read(data.templates, s, turned(i, w)), read(data.displacements, d, turned(i, w)));
      return data.ctfs[m * plane + i] * (a * t[0] + b * t[1]);
    });
  const iyy = (m: number) => sum((i) => read(data.images, m, i).reduce((total, x) => total + x * x, 0));
  const isx = (m: number, s: number) =>
    sum(
      (i) =>
        (data.offset[i] * data.ctfs[m * plane + i] * read(data.templates, s, i)[0]) /
        data.weights[Math.floor(i / inplanes)],
    );
  return { norm, product, iyy, isx };
}

async function prepared(shape: Case, more: Partial<CorrelatorSize> = {}) {
  const { precision, shells, inplanes, displacements, templates, images } = shape;
  const data = dataOf(shape);
  const numbers = (values: Float64Array) => (precision === "single" ? Float32Array.from(values) : values);
  const size: CorrelatorSize = {
    ...{ precision, shells, inplanes, displacements, templates, images, integrates: true },
    normFrequencies: evenCount(inplanes),
    results: { kept: "everything", templates },
    ...more,
  };
  const plan = createCorrelator(pool, size);
  const exact = direct(shape, data);
  plan.set("weights", numbers(data.weights));
  plan.set("displacements", numbers(data.displacements));
  plan.set("offset", numbers(data.offset));
  const plane = 2 * shells * inplanes;
  const batch = precision === "single" && images >= 4 ? 4 : 2;
  for (let first = 0; first < templates; first += batch) {
    const count = Math.min(batch, templates - first);
    plan.set("items", numbers(data.templates.slice(first * plane, (first + count) * plane)));
    await plan.run({ kind: "templates", first, count });
  }
  plan.set("items", numbers(data.images));
  plan.set("ctfs", numbers(data.ctfs));
  plan.set("imageFactors", numbers(Float64Array.from({ length: images }, (_, m) => exact.iyy(m) ** -0.5)));
  plan.set(
    "imageNumbers",
    Float64Array.from({ length: 2 * images }, (_, i) =>
      i % 2 === 0 ? data.isy[i / 2] : exact.iyy((i - 1) / 2),
    ),
  );
  await plan.run({ kind: "images", count: images, tolerance: 0 });
  return { plan, exact, data };
}

async function everything(
  plan: CorrelatorPlan,
  { precision, templates, images, displacements, inplanes }: Case,
) {
  const values = new (precision === "single" ? Float32Array : Float64Array)(
    images * templates * displacements * inplanes,
  );
  await plan.run({ kind: "correlate", first: 0, count: templates, kept: "everything" });
  plan.read("values", values);
  return values;
}

const TOLERANCE = { single: 3e-6, double: 1e-13 } as const;
const SHAPES: Omit<Case, "precision">[] = [
  { shells: 7, inplanes: 12, displacements: 3, templates: 5, images: 8 },
  { shells: 3, inplanes: 22, displacements: 1, templates: 9, images: 5 },
  { shells: 4, inplanes: 32, displacements: 2, templates: 3, images: 13 },
];

describe.each(["single", "double"] as const)("%s precision", (precision) => {
  test.each(SHAPES)(
    "$shells shells, $inplanes angles: sums over frequencies are those over points",
    async (sizes) => {
      const shape = { precision, ...sizes };
      const { plan, exact } = await prepared(shape);
      const values = await everything(plan, shape);
      let worst = 0;
      values.forEach((value, index) => {
        const w = index % shape.inplanes;
        const d = Math.floor(index / shape.inplanes) % shape.displacements;
        const s = Math.floor(index / shape.inplanes / shape.displacements) % shape.templates;
        const m = Math.floor(index / shape.inplanes / shape.displacements / shape.templates);
        const expected = exact.product(m, s, d, w) / Math.sqrt(exact.norm(m, s, w) * exact.iyy(m));
        worst = Math.max(worst, Math.abs(value - expected));
      });
      expect(worst).toBeLessThan(TOLERANCE[precision]);
      plan.dispose();
    },
  );

  test("what is kept is the first best of everything", async () => {
    const shape = { precision, ...SHAPES[0] };
    const { images, templates, displacements, inplanes } = shape;
    const { plan } = await prepared(shape);
    const all = await everything(plan, shape);
    const best = (index: (i: number) => number, count: number) => {
      let most = 0;
      for (let i = 1; i < count; i++) if (all[index(i)] > all[index(most)]) most = i;
      return most;
    };
    const rows = displacements * inplanes;
    const { best: poses } = await plan.run({ kind: "correlate", first: 0, count: templates, kept: "pose" });
    for (let m = 0; m < images; m++) {
      const at = best((i) => m * templates * rows + i, templates * rows);
      const expected = [Math.floor(at / rows), Math.floor(at / inplanes) % displacements, at % inplanes];
      expect([poses[m].template, poses[m].displacement, poses[m].rotation]).toEqual(expected);
      expect(poses[m].value).toBeCloseTo(all[m * templates * rows + at], 6);
    }
    plan.dispose();
    const [first, second] = [new Int32Array(images * templates), new Int32Array(images * templates)];
    const { plan: each } = await prepared(shape, { results: { kept: "template", templates } });
    await each.run({ kind: "correlate", first: 0, count: templates, kept: "template" });
    each.read("first", first);
    each.read("second", second);
    each.dispose();
    first.forEach((d, ms) => {
      expect(inplanes * d + second[ms]).toBe(best((i) => ms * rows + i, rows));
    });
    const rotations = new Int32Array(images * templates * displacements);
    const { plan: turned } = await prepared(shape, { results: { kept: "displacement", templates } });
    await turned.run({ kind: "correlate", first: 0, count: templates, kept: "displacement" });
    turned.read("first", rotations);
    turned.dispose();
    rotations.forEach((w, msd) => {
      expect(w).toBe(best((i) => msd * inplanes + i, inplanes));
    });
  });

  test("of each rotation too, and norms", async () => {
    const shape = { precision, ...SHAPES[0] };
    const { images, templates, displacements, inplanes } = shape;
    const { plan: whole } = await prepared(shape);
    const all = await everything(whole, shape);
    whole.dispose();
    const { plan, exact } = await prepared(shape, { results: { kept: "rotation", templates } });
    await plan.run({ kind: "correlate", first: 0, count: templates, kept: "rotation" });
    const found = new Int32Array(images * templates * inplanes);
    plan.read("first", found);
    found.forEach((d, msw) => {
      const [ms, w] = [Math.floor(msw / inplanes), msw % inplanes];
      const values = Array.from(
        { length: displacements },
        (_, i) => all[(ms * displacements + i) * inplanes + w],
      );
      expect(d).toBe(values.indexOf(Math.max(...values)));
    });
    await expect(
      plan.run({ kind: "correlate", first: 0, count: templates, kept: "template" }),
    ).rejects.toThrow("rotation");
    await plan.run({ kind: "correlate", first: 0, count: templates, kept: "norms" });
    const norms = new (precision === "single" ? Float32Array : Float64Array)(images * templates * inplanes);
    plan.read("values", norms);
    for (const [m, s, w] of [
      [0, 0, 0],
      [7, 4, 11],
      [3, 2, 5],
    ] as const)
      expect(norms[(m * templates + s) * inplanes + w] / exact.norm(m, s, w)).toBeCloseTo(
        1,
        precision === "single" ? 5 : 12,
      );
    plan.dispose();
  });

  test("log-likelihoods are sums over displacements and rotations", async () => {
    const shape = { precision, ...SHAPES[0] };
    const { images, templates, displacements, inplanes } = shape;
    const { plan, exact, data } = await prepared(shape);
    const { plan: each } = await prepared(shape, { results: { kept: "likelihoods", templates } });
    const all = new (precision === "single" ? Float32Array : Float64Array)(
      images * templates * displacements * inplanes,
    );
    let iss = 0;
    data.offset.forEach((value, i) => {
      iss += value ** 2 / data.weights[Math.floor(i / inplanes)];
    });
    // Beyond the squares of the offset, which keeps all logarithms real for offsets that fit nothing.
    iss *= 3;
    for (const model of [
      { power: 30, half: 0.5, iss, rate: 0, constant: 3 },
      { power: 0, half: 0, iss, rate: 1e-3, constant: -1 },
    ]) {
      await plan.run({ kind: "correlate", first: 0, count: templates, kept: "pose", model });
      const found = new Float64Array(images * templates);
      plan.read("integrals", found);
      await each.run({ kind: "correlate", first: 0, count: templates, kept: "likelihoods", model });
      each.read("values", all);
      found.forEach((value, ms) => {
        const [m, s] = [Math.floor(ms / templates), ms % templates];
        const [isx, isy] = [exact.isx(m, s), data.isy[m]];
        const terms: number[] = [];
        for (let d = 0; d < displacements; d++)
          for (let w = 0; w < inplanes; w++) {
            const a = exact.norm(m, s, w) * model.iss - isx ** 2;
            const b = exact.product(m, s, d, w) * model.iss - isx * isy;
            const left = exact.iyy(m) * model.iss - isy ** 2 - b ** 2 / a;
            terms.push(
              (model.rate > 0 ? -model.rate * left : -model.power * Math.log(left)) -
                model.half * Math.log(a),
            );
          }
        const whole = exact.iyy(m) * model.iss - isy ** 2;
        const nothing = model.rate > 0 ? -model.rate * whole : -model.power * Math.log(whole);
        terms.forEach((term, dw) => {
          const difference = Math.abs(all[ms * terms.length + dw] - (term - nothing));
          expect(difference / Math.max(1, Math.abs(term))).toBeLessThan(
            precision === "single" ? 2e-5 : 1e-11,
          );
        });
        const most = Math.max(...terms);
        const sum = terms.reduce((total, term) => total + Math.exp(term - most), 0);
        const expected = Math.log(sum) + most + model.constant;
        expect(Math.abs(value - expected) / Math.max(1, Math.abs(expected))).toBeLessThan(
          precision === "single" ? 2e-5 : 1e-12,
        );
      });
    }
    await expect(
      each.run({ kind: "correlate", first: 0, count: templates, kept: "likelihoods" }),
    ).rejects.toThrow("expected a model");
    plan.dispose();
    each.dispose();
  });
});

test("a basis that spans everything changes nothing, and what it leaves is known", async () => {
  const shape: Case = {
    precision: "single",
    shells: 7,
    inplanes: 12,
    displacements: 3,
    templates: 5,
    images: 8,
  };
  const { plan: whole } = await prepared(shape);
  const expected = await everything(whole, shape);
  whole.dispose();
  const basis = (ranks: Int32Array): Basis => {
    const vectors: number[] = [];
    for (const rank of ranks)
      for (let r = 0; r < rank; r++) for (let k = 0; k < 7; k++) vectors.push(k === r ? 1 : 0);
    return { shells: 7, inplanes: 12, ranks, vectors: Float32Array.from(vectors) };
  };
  const { plan } = await prepared(shape, { basis: basis(new Int32Array(7).fill(7)) });
  const values = await everything(plan, shape);
  values.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(2e-6);
  });
  plan.dispose();
  // One frequency without its last shell.
  const { plan: part, data } = await prepared(shape, { basis: basis(Int32Array.of(7, 7, 6, 7, 7, 7, 7)) });
  part.set("items", Float32Array.from(data.templates.slice(0, 2 * 7 * 12 * 4)));
  const { residual } = await part.run({ kind: "templates", first: 0, count: 4 });
  let most = 0;
  for (let s = 0; s < 4; s++)
    for (let d = 0; d < 3; d++) {
      let [re, im] = [0, 0];
      for (let j = 0; j < 12; j++) {
        const i = 6 * 12 + j;
        const at = (values: Float64Array, item: number): Complex => [
          values[2 * (item * 84 + i)],
          values[2 * (item * 84 + i) + 1],
        ];
        const x = times(at(data.templates, s), at(data.displacements, d));
        const turn = times(x, [Math.cos((-2 * Math.PI * 2 * j) / 12), Math.sin((-2 * Math.PI * 2 * j) / 12)]);
        re += turn[0];
        im += turn[1];
      }
      most = Math.max(most, Math.sqrt((2 * data.weights[6] * (re * re + im * im)) / 12));
    }
  expect(residual / most).toBeCloseTo(1, 5);
  part.dispose();
});
