import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { goldenBytes, goldenJson, goldenMrc, goldenNpy } from "../../../test/support/npy.ts";
import {
  CHOICE_MAPS,
  filesOf,
  goldenConfig,
  largestDifference,
  MAP_BOUNDS,
  MAPS,
  readMap,
  scratchFolder,
  unequal,
} from "../../../test/support/searchCase.ts";
import { createFft, createPool, type Pool } from "../../compute/index.ts";
import { parseCsv, readMrcImage } from "../../io/index.ts";
import { romaRotationMatrices } from "../../optics/index.ts";
import { parseMatchSettings, searchSpace } from "../config/config.ts";
import { type CorrelationPlan, createCorrelation } from "../kernels/index.ts";
import { PARTICLE_COLUMNS } from "../particles/particles.ts";
import { runMatch } from "./program.ts";
import { preprocessMicrograph, templateFilters } from "./searchFilters.ts";

const scratch = scratchFolder();

/** A golden search into a folder of its own. */
async function runGolden(name: "search1" | "search2", exactSlices = false) {
  const folder = join(scratch, `${name}-${exactSlices}`);
  mkdirSync(folder);
  const particlesPath = join(folder, "particles.csv");
  const config = goldenConfig(name, folder);
  const report = await runMatch(config, { particlesPath, maskRadiusPx: 8, exactSlices, workers: 2 });
  return { folder, particlesPath, report };
}

describe.each(["search1", "search2"] as const)("the golden %s", (name) => {
  let run: Awaited<ReturnType<typeof runGolden>>;
  const golden = (map: string) => goldenMrc(`${name}_${map}.mrc`).data;
  beforeAll(async () => {
    run = await runGolden(name);
  });

  test.each(MAP_BOUNDS)("%s differs by less than %s", (map, bound) => {
    expect(largestDifference(readMap(run.folder, map), golden(map))).toBeLessThan(bound);
  });

  test.each(CHOICE_MAPS)("%s is the same in all but 0.2 %% of the pixels", (map) => {
    expect(unequal(readMap(run.folder, map), golden(map))).toBeLessThan(0.002);
  });

  test("maps say their voxel size and lie in the part where the template fits", async () => {
    for (const map of MAPS) {
      const image = await readMrcImage(join(run.folder, `${map}.mrc`));
      expect([image.shape, image.pixelSizeA]).toEqual([[209, 273], 2]);
    }
  });

  test("nothing else is left in the folder", () => {
    const maps = MAPS.map((map) => `${map}.mrc`);
    expect(filesOf(run.folder)).toEqual([...maps, "config.yaml", "particles.csv"].sort());
  });
});

const textTable = (bytes: Uint8Array) => parseCsv(new TextDecoder().decode(bytes), "table");

test("search1 finds Leopard-EM's particles to the pixel and writes its columns", async () => {
  const folder = join(scratch, "search1-false");
  const found = textTable(readFileSync(join(folder, "particles.csv")));
  const expected = textTable(goldenBytes("search1_particles.csv"));
  expect(found.columns).toEqual([...PARTICLE_COLUMNS]);
  expect(expected.columns).toEqual([...PARTICLE_COLUMNS]);
  const measured = ["mip", "scaled_mip", "correlation_mean", "correlation_variance"];
  const exact = PARTICLE_COLUMNS.filter((column) => !measured.includes(column) && !column.endsWith("_path"));
  const pick = (rows: readonly Record<string, unknown>[]) =>
    rows.map((row) => exact.map((column) => row[column]));
  expect(pick(found.rows)).toEqual(pick(expected.rows));
  expected.rows.forEach((row, i) => {
    for (const column of measured)
      expect(Math.abs(Number(found.rows[i][column]) - Number(row[column]))).toBeLessThan(2e-4);
    expect(found.rows[i].mip_path).toBe(join(folder, "mip.mrc"));
  });
});

interface Planted {
  readonly pos_y: number;
  readonly pos_x: number;
}

/**
 * Leopard-EM's ninth particle lies where nothing was planted, with angles (0, 90, 135): its float32 rotation puts x
 * frequencies of that slice just below 0, where it drops the sample, so that the slice is nearly empty.
 */
test("exact slices find the eight planted particles and no other; Leopard-EM's rounding adds one", async () => {
  const { report } = await runGolden("search1", true);
  const places = (particles: readonly { y: number; x: number }[]) =>
    particles.map(({ y, x }) => `${y} ${x}`).sort();
  const planted = goldenJson<Planted[]>("planted.json").map(({ pos_y, pos_x }) => ({ y: pos_y, x: pos_x }));
  expect(places(report?.particles ?? [])).toEqual(places(planted));
  const leopard = textTable(goldenBytes("search1_particles.csv")).rows;
  const extra = leopard.filter(
    (row) => !planted.some(({ y, x }) => y === Number(row.pos_y) && x === Number(row.pos_x)),
  );
  expect(extra.map((row) => [row.phi, row.theta, row.psi].map(Number))).toEqual([[0, 90, 135]]);
});

describe("the raw correlation", () => {
  let pool: Pool;
  beforeAll(async () => {
    pool = await createPool({ workers: 2 });
  });
  afterAll(() => pool.dispose());

  /** Correlates the golden micrograph with some of search1's orientations at defocus 0; what a statistic then is. */
  async function correlate(orientations: readonly number[], statistic: "maximum" | "sum") {
    const micrograph = { ...goldenMrc("micrograph.mrc"), pixelSizeA: 2 };
    const shape = [256, 320] as const;
    const text = new TextDecoder().decode(goldenBytes("search1_config.yaml"));
    const settings = parseMatchSettings(text, "search1_config.yaml");
    const { image, whitening } = await preprocessMicrograph(pool, { ...micrograph, shape }, settings.filters);
    const volume = createFft(pool, { kind: "real3d", shape: [48, 48, 48] });
    volume.set("real", originToCorner(goldenMrc("template.mrc").data, 48));
    await volume.run("forward");
    const size = { image: shape, template: 48, orientations: orientations.length, filters: 1 };
    const plan = createCorrelation(pool, size, { spectrum: volume });
    plan.set("image", image);
    const space = { ...searchSpace(settings), defocusOffsetsA: new Float64Array(1) };
    plan.set("filters", templateFilters({ settings, space, size: 48, whitening }));
    const euler = goldenNpy("search1_euler_angles.npy").data;
    const angles = orientations.flatMap((i) => [...euler.subarray(3 * i, 3 * i + 3)]);
    plan.set("rotations", romaRotationMatrices(Float64Array.from(angles)));
    await plan.run({ firstBlock: 0, lastBlock: 1 });
    const result = new Float64Array(209 * 273);
    if (statistic === "sum") plan.read("sum", result);
    else result.set(readFloats(plan));
    plan.dispose();
    volume.dispose();
    return result;
  }

  function readFloats(plan: CorrelationPlan): Float32Array {
    const values = new Float32Array(209 * 273);
    plan.read("maximum", values);
    return values;
  }

  /** The part of golden correlation `i` where the template fits. */
  function goldenCorrelation(i: number): Float64Array {
    const { data } = goldenNpy("unit/cc_search1_orient0_777_defocus1.npy");
    return Float64Array.from(
      { length: 209 * 273 },
      (_, at) => data[(i * 256 + Math.floor(at / 273)) * 320 + (at % 273)],
    );
  }

  test.each([
    [0, 0],
    [777, 1],
  ])("of orientation %i alone is Leopard-EM's", async (orientation, i) => {
    const found = await correlate([orientation], "maximum");
    expect(largestDifference(found, goldenCorrelation(i))).toBeLessThan(5e-5);
  });

  test("of two orientations that share a transform adds up to both, and leaves the larger", async () => {
    const both = [goldenCorrelation(0), goldenCorrelation(1)];
    const [sum, maximum] = [await correlate([0, 777], "sum"), await correlate([0, 777], "maximum")];
    expect(
      largestDifference(
        sum,
        both[0].map((value, i) => value + both[1][i]),
      ),
    ).toBeLessThan(1e-4);
    expect(
      largestDifference(
        maximum,
        both[0].map((value, i) => Math.max(value, both[1][i])),
      ),
    ).toBeLessThan(5e-5);
  });
});

/** The cube with voxel n/2 moved to voxel 0. */
function originToCorner(data: Float32Array, n: number): Float32Array {
  const moved = (i: number) => (i + Math.floor(n / 2)) % n;
  return data.map((_, i) => {
    const [z, y, x] = [Math.floor(i / (n * n)), Math.floor(i / n) % n, i % n].map(moved);
    return data[(z * n + y) * n + x];
  });
}

test("a padded and corrected template finds the planted particles too, under a fingerprint of its own", async () => {
  const folder = join(scratch, "padded");
  mkdirSync(folder);
  const config = goldenConfig("search1", folder);
  const options = {
    particlesPath: join(folder, "particles.csv"),
    maskRadiusPx: 8,
    workers: 2,
    exactSlices: true,
  };
  const report = await runMatch(config, { ...options, templatePadding: 2, sincCorrection: true });
  const planted = goldenJson("planted.json") as { pos_x: number; pos_y: number }[];
  const places = (list: readonly (readonly [number, number])[]) => list.map(String).sort();
  expect(places((report?.particles ?? []).map(({ x, y }) => [x, y]))).toEqual(
    places(planted.map((particle) => [particle.pos_x, particle.pos_y])),
  );
});
