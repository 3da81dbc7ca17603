import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { writeOptimizeCase } from "../../../test/support/optimizeCase.ts";
import { filesOf, scratchFolder } from "../../../test/support/searchCase.ts";
import { formatCsv, parseCsv } from "../../io/index.ts";
import { parseParticleStack } from "../particles/particleStack.ts";
import { bestTrial, pixelSizeText, scanPixelSizes } from "./optimizeTemplate.ts";
import { chooseFromTable, chooseParticles } from "./optimizeTemplateChoice.ts";
import { type OptimizeTemplateProgramOptions, runOptimizeTemplate } from "./optimizeTemplateProgram.ts";
import { REFINED_COLUMNS } from "./refineTable.ts";

const scratch = scratchFolder();
const golden = (file: string) =>
  fileURLToPath(new URL(`../../../test/golden/match-extra/optimize/${file}`, import.meta.url));
const goldenText = (file: string) => readFileSync(golden(file), "utf8");

/** That of {@link writeOptimizeCase}, and room for the rounding of sums. */
const FINE_STEP_A = 0.005 + 1e-9;

/** Runs a golden search in a folder of its own; where its results begin. */
async function optimizeGolden(
  name: string,
  options: OptimizeTemplateProgramOptions,
  edit = (config: string) => config,
) {
  const absolute = (text: string) => text.replace(/\b\w+\.(mrc|pdb|star)\b/g, (file) => golden(file));
  const stem = join(scratch, `${name}-${Object.keys(options).join("-")}`);
  writeFileSync(`${stem}-particles.csv`, absolute(goldenText("particles.csv")));
  const config = absolute(goldenText(`${name}.yaml`)).replace("particles.csv", `${stem}-particles.csv`);
  writeFileSync(`${stem}.yaml`, edit(config));
  const results = { workers: 2, resultsPath: `${stem}.txt`, ...options };
  return { report: await runOptimizeTemplate(`${stem}.yaml`, results), stem };
}

const columnOf = (text: string, column: string) =>
  parseCsv(text, column).rows.map((row) => Number(row[column]));

describe.each([
  ["optimize1", { minSnr: 8.71 }],
  ["optimize2", { minSnr: 7.5, bestN: 5 }],
] as const)("the golden %s, as Leopard-EM does it", (name, options) => {
  let found: Awaited<ReturnType<typeof optimizeGolden>>;
  beforeAll(async () => {
    found = await optimizeGolden(name, { ...options, compat: true });
  });

  const own = () => readFileSync(`${found.stem}_all.csv`, "utf8");
  const theirs = goldenText(`${name}_all.csv`);

  // Where the peak is flat, atoms that differ by 0.5 % move it by a step.
  test("the best pixel size is Leopard-EM's to within the fine step, in its words", () => {
    const text = readFileSync(`${found.stem}.txt`, "utf8");
    const [ours, leopard] = [text, goldenText(`${name}.txt`)].map((line) =>
      /^(Optimal template px: )(\d\.\d{3})( Å)$/.exec(line),
    );
    expect([ours?.[1], ours?.[3]]).toEqual([leopard?.[1], leopard?.[3]]);
    expect(Math.abs(Number(ours?.[2]) - Number(leopard?.[2]))).toBeLessThanOrEqual(FINE_STEP_A);
    expect(found.report.pixelSizeA).toBe(Number(ours?.[2]));
  });

  test("the same pixel sizes are tried first, in a table of the same form", () => {
    expect(own().split("\n")[0]).toBe(theirs.split("\n")[0]);
    const [ours, leopard] = [own(), theirs].map((text) => columnOf(text, "Pixel Size (Å)"));
    expect(ours.slice(0, 9)).toEqual(leopard.slice(0, 9));
    expect(found.report.trials.map(({ pixelSizeA }) => pixelSizeA)).toEqual(ours);
    expect(found.report.trials.map(({ meanZScore }) => meanZScore.toFixed(3))).toEqual(
      own().match(/[\d.]+$/gm),
    );
  });

  // ttsim3d cuts atoms off where 0.5 % of their height is left: with its own maps the means are Leopard-EM's to its three decimals.
  test("mean z-scores differ by less than 0.2 %", () => {
    const expected = new Map(
      columnOf(theirs, "Pixel Size (Å)").map((size, i) => [size, columnOf(theirs, "SNR")[i]]),
    );
    const both = found.report.trials.filter(({ pixelSizeA }) => expected.has(pixelSizeA));
    const ratios = both.map(({ pixelSizeA, meanZScore }) => meanZScore / (expected.get(pixelSizeA) ?? 0));
    expect(ratios.length).toBeGreaterThan(10);
    expect(Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)))).toBeLessThan(2e-3);
  });
});

test("with the same particles for every template the planted pixel size is found where Leopard-EM errs by two steps", async () => {
  const leopard = Number(/[\d.]+/.exec(goldenText("optimize1.txt"))?.[0]);
  const { report } = await optimizeGolden("optimize1", {});
  expect([leopard, report.particles]).toEqual([1.46, 8]);
  expect(Math.abs(report.pixelSizeA - 1.44)).toBeLessThan(0.0101);
});

test("the table of one pixel size is that of a refinement", async () => {
  const { stem, report } = await optimizeGolden("optimize2", { compat: true, writeTables: true }, (text) =>
    text.replace("pixel_spacing: 1.4", "pixel_spacing: 1.44").replace(/-?0\.0(8|15)$/gm, "0"),
  );
  expect(report.files.slice(2)).toEqual([`${stem}_pix=1.440.csv`]);
  const expected = parseCsv(goldenText("optimize2_pix=1.440.csv"), "theirs");
  const { columns, rows } = parseCsv(readFileSync(`${stem}_pix=1.440.csv`, "utf8"), "ours");
  expect(columns).toEqual(["", ...REFINED_COLUMNS]);
  expect(columns).toEqual(expected.columns);
  const places = (table: typeof rows) => table.map((row) => [row.refined_pos_x, row.refined_pos_y]);
  expect(places(rows)).toEqual(places(expected.rows));
  const ratios = rows.map(
    (row, i) => Number(row.refined_scaled_mip) / Number(expected.rows[i].refined_scaled_mip),
  );
  expect(Math.max(...ratios.map((ratio) => Math.abs(ratio - 1)))).toBeLessThan(3e-3);
});

describe("a pixel size that is not what it is called", () => {
  test.each([
    [1.37, 4, {}],
    [1.4481, 25, { bestN: 6, minSnr: 16 }],
  ])("%f Å, called 1.4 Å, is found to within the fine step (seed %i)", async (trueA, seed, choice) => {
    const folder = join(scratch, `planted${seed}`);
    const config = writeOptimizeCase(folder, { nominalA: 1.4, trueA, seed });
    const log: string[] = [];
    const report = await runOptimizeTemplate(config, {
      ...choice,
      workers: 2,
      resultsPath: join(folder, "found.txt"),
      onLog: (message) => log.push(message),
    });
    expect(Math.abs(report.pixelSizeA - trueA)).toBeLessThanOrEqual(FINE_STEP_A);
    expect(report.meanZScore).toBe(Math.max(...report.trials.map(({ meanZScore }) => meanZScore)));
    expect(report.particles).toBe("minSnr" in choice ? 5 : 8);
    expect(report.files).toEqual([join(folder, "found.txt"), join(folder, "found_all.csv")]);
    const sizes = new Set(report.trials.map(({ pixelSizeA }) => pixelSizeA));
    expect(log.length).toBe(sizes.size);
    expect(log[0]).toMatch(/^pixel size 1\.320 Å: mean z-score \d+\.\d{3}$/);
  });

  test("without a coarse search it is looked for around the simulator's", async () => {
    const folder = join(scratch, "fine");
    const config = writeOptimizeCase(folder, {
      nominalA: 1.4,
      trueA: 1.39,
      seed: 4,
      configuration: { pixel_size_coarse_search: { enabled: false } },
    });
    const report = await runOptimizeTemplate(config, { workers: 2, resultsPath: join(folder, "found") });
    expect(report.trials.map(({ search }) => search)).toEqual([
      "coarse",
      ...Array(report.trials.length - 1).fill("fine"),
    ]);
    expect(Math.abs(report.pixelSizeA - 1.39)).toBeLessThanOrEqual(FINE_STEP_A);
    expect(filesOf(folder)).toEqual(expect.arrayContaining(["found", "found_all.csv"]));
  });

  test("a best at the border of the coarse search is told", async () => {
    const folder = join(scratch, "border");
    const search = { enabled: true, pixel_size_min: 0, pixel_size_max: 0.02, pixel_size_step: 0.02 };
    const config = writeOptimizeCase(folder, {
      nominalA: 1.4,
      trueA: 1.46,
      seed: 4,
      configuration: { pixel_size_coarse_search: search, pixel_size_fine_search: { enabled: false } },
    });
    const log: string[] = [];
    const onLog = (message: string) => log.push(message);
    await runOptimizeTemplate(config, { workers: 2, resultsPath: join(folder, "found.txt"), onLog });
    expect(log.at(-1)).toBe("1.420 Å lies at the border of the coarse search: widen it");
  });
});

test("where no particle has a z-score of 8, all are taken, with a word", async () => {
  const folder = join(scratch, "weak");
  const search = { enabled: true, pixel_size_min: 0, pixel_size_max: 0, pixel_size_step: 1 };
  const config = writeOptimizeCase(folder, {
    nominalA: 1.4,
    trueA: 1.4,
    configuration: { pixel_size_coarse_search: search, pixel_size_fine_search: { enabled: false } },
  });
  const path = join(folder, "particles.csv");
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(/^(\d),,(\d+)/gm, "$1,,4"));
  const log: string[] = [];
  const options = { workers: 1, resultsPath: join(folder, "found.txt") };
  const report = await runOptimizeTemplate(config, { ...options, onLog: (message) => log.push(message) });
  expect(report.particles).toBe(8);
  expect(log).toContain(`${path}: no particle has a z-score of 8 or more, all 8 are taken`);
  log.length = 0;
  const compat = { ...options, compat: true, minSnr: 99, overwrite: true };
  await runOptimizeTemplate(config, { ...compat, onLog: (message) => log.push(message) });
  expect(log[0]).toBe("no particle has a z-score of 99 or more, all 8 are taken");
});

describe("the order in which pixel sizes are tried", () => {
  /** Leopard-EM's loop, with its own offsets, as a reference. */
  function reference(curve: (size: number) => number, coarse: readonly number[], fine: readonly number[]) {
    const tried: number[] = [];
    let best = { size: 0, value: Number.NEGATIVE_INFINITY };
    for (const [offsets, isCoarse] of [
      [coarse, true],
      [fine, false],
    ] as const) {
      const around = isCoarse ? 10 : best.size;
      let [previous, decreases] = [Number.NEGATIVE_INFINITY, 0];
      for (const offset of offsets) {
        const size = Number((around + offset).toFixed(9));
        const value = curve(size);
        tried.push(size);
        if (value > best.value) best = { size, value };
        decreases = value > previous ? 0 : decreases + 1;
        if (decreases === 2) break;
        previous = value;
      }
    }
    return { tried, best: best.size };
  }

  const offsets = fc.uniqueArray(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 12 });
  const ascending = (values: readonly number[], step: number) =>
    values.toSorted((a, b) => a - b).map((n) => n * step);

  test("is Leopard-EM's, for any curve, and no pixel size is tried twice", async () => {
    await fc.assert(
      fc.asyncProperty(
        offsets,
        offsets,
        fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1 }),
        async (a, b, levels) => {
          const [coarse, fine] = [ascending(a, 0.1), ascending(b, 0.02)];
          const curve = (size: number) => levels[Math.round(size * 1000) % levels.length];
          const seen: number[] = [];
          const scan = { pixelSizeA: 10, coarseOffsetsA: coarse, fineOffsetsA: fine };
          const trials = await scanPixelSizes(scan, async (size, index) => {
            expect(index).toBeLessThan(coarse.length + fine.length);
            seen.push(size);
            return { meanZScore: curve(size) };
          });
          const expected = reference(curve, coarse, fine);
          expect(trials.map(({ pixelSizeA }) => pixelSizeA)).toEqual(expected.tried);
          expect(bestTrial(trials).pixelSizeA).toBe(expected.best);
          expect(new Set(seen).size).toBe(seen.length);
        },
      ),
    );
  });

  test("a longer patience crosses a dip", async () => {
    const curve = new Map([1, 0.9, 0.8, 0.7, 2].map((value, i) => [1 + i, value]));
    const scan = { pixelSizeA: 1, coarseOffsetsA: [0, 1, 2, 3, 4], fineOffsetsA: [] };
    const bestWith = async (patience: number) =>
      bestTrial(
        await scanPixelSizes({ ...scan, patience }, async (size) => ({ meanZScore: curve.get(size) ?? 0 })),
      ).pixelSizeA;
    expect([await bestWith(2), await bestWith(4)]).toEqual([1, 5]);
  });
});

test("particles are chosen as Leopard-EM chooses: above a z-score, or all where none is; of these the best", () => {
  const scores = [9, 7, 12, Number.NaN, 8, 10];
  const chosen = (choice: Parameters<typeof chooseParticles>[1]) => chooseParticles(scores, choice);
  expect(chosen({})).toEqual({ indices: [0, 2, 4, 5], missed: null });
  expect(chosen({ minSnr: 9.5 })).toEqual({ indices: [2, 5], missed: null });
  expect(chosen({ bestN: 2 })).toEqual({ indices: [2, 5], missed: null });
  expect(chosen({ bestN: 9 })).toEqual({ indices: [0, 1, 2, 3, 4, 5], missed: null });
  expect(chosen({ minSnr: 8, bestN: 3 })).toEqual({ indices: [0, 2, 5], missed: null });
  expect(chosen({ minSnr: 20, bestN: 3 })).toEqual({ indices: [0, 2, 5], missed: 20 });
  expect(chooseParticles([1, 2], {})).toEqual({ indices: [0, 1], missed: 8 });
});

test("the z-scores of a refinement choose where they are whole, else those of the search", () => {
  const { columns, rows } = parseCsv(goldenText("particles.csv"), "particles.csv");
  const chosen = (scores: readonly string[]) => {
    const refined = rows.map((row, i) => ({ ...row, refined_scaled_mip: scores[i] }));
    const stack = parseParticleStack(formatCsv([...columns, "refined_scaled_mip"], refined), "t.csv");
    const { particles, table } = chooseFromTable(stack, { bestN: 2 });
    expect(table.rows.map(({ pos_x }) => Number(pos_x))).toEqual(particles.map(({ posX }) => posX));
    return table.rows.map((row) => Number(row.particle_index));
  };
  expect(chosen(["1", "2", "3", "4", "8", "7", "6", "5"])).toEqual([4, 5]);
  expect(chosen(["1", "2", "3", "", "8", "7", "6", "5"])).toEqual([0, 1]);
});

test("a pixel size has three decimals, or as many as it needs", () => {
  expect([1, 1.4, 1.435, 1.0625, 0.123456789].map(pixelSizeText)).toEqual([
    "1.000",
    "1.400",
    "1.435",
    "1.0625",
    "0.123456789",
  ]);
});
