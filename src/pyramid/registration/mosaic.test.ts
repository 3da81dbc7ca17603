import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type PlatePlace,
  type SyntheticPlate,
  syntheticPlate,
} from "../../../test/support/syntheticPlate.ts";
import { createPool, type Pool } from "../../compute/index.ts";
import { type RegisteredSite, registerMosaic } from "../index.ts";

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 2 });
});
afterAll(() => pool.dispose());

const SIDE = 320;
const size = { height: SIDE, width: SIDE };

async function register(plate: SyntheticPlate, missing: readonly number[] = []) {
  const reads: number[] = [];
  const readSite = async (i: number) => {
    reads.push(i);
    return missing.includes(i) ? undefined : { ...size, data: plate.image(i) };
  };
  const sites = plate.nominal.map((place) => ({ ...place, ...size }));
  return { ...(await registerMosaic(pool, { sites, readSite })), reads };
}

/** Distances from the truth of those that were registered, and of the others, in the frame of the former. */
function errorsOf(positions: readonly RegisteredSite[], truth: readonly PlatePlace[]) {
  const off = positions.map(({ y, x }, i) => ({ y: y - truth[i].y, x: x - truth[i].x }));
  const registered = off.filter((_, i) => positions[i].how === "registered");
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [y, x] = [mean(registered.map((one) => one.y)), mean(registered.map((one) => one.x))];
  const distances = off.map((one) => Math.hypot(one.y - y, one.x - x));
  const of = (how: string) => distances.filter((_, i) => positions[i].how === how);
  return { rms: Math.sqrt(mean(of("registered").map((value) => value ** 2))), model: of("model") };
}

describe("planted positions are recovered", () => {
  const well = { rows: 4, columns: 4, ...size, overlapPx: 48 };

  test.each([
    [0, 0.05],
    [0.4, 0.1],
  ])(
    "of a stage that errs by up to 3 pixels, where light falls off by %f: within %f pixels rms, each site read once",
    async (falloff, within) => {
      const plate = syntheticPlate({ ...well, falloff });
      const { positions, edges, reads } = await register(plate);
      expect(new Set(edges.map(({ verdict }) => verdict))).toEqual(new Set(["trusted"]));
      expect(edges).toHaveLength(24);
      expect(errorsOf(positions, plate.true).rms).toBeLessThan(within);
      expect(reads.toSorted((a, b) => a - b)).toEqual(plate.true.map((_, i) => i));
    },
  );

  test("with a turned camera, backlash and empty sites, which the model of the stage places", async () => {
    const blank = [5, 10, 15];
    const plate = syntheticPlate({ ...well, cameraAngleDeg: 0.5, backlashPx: 8, stageErrorPx: 1, blank });
    const { positions, edges, stage } = await register(plate);
    expect(positions.flatMap(({ how }, i) => (how === "model" ? [i] : []))).toEqual(blank);
    const { rms, model } = errorsOf(positions, plate.true);
    expect(rms).toBeLessThan(0.05);
    expect(Math.max(...model)).toBeLessThan(2);
    expect(edges.filter(({ verdict }) => verdict === "trusted")).toHaveLength(15);
    const sine = Math.sin((0.5 * Math.PI) / 180);
    expect(stage.matrix[0][1]).toBeCloseTo(sine, 2);
    expect(stage.matrix[1][0]).toBeCloseTo(-sine, 2);
    // From the right by 8 more than from the left.
    expect(2 * stage.backlash[1][1]).toBeCloseTo(-8, -0.5);
  });

  test("with sites missing, so that the mosaic falls apart", async () => {
    const plate = syntheticPlate({ rows: 3, columns: 3, ...size, overlapPx: 48, stageErrorPx: 2 });
    // The second column: left and right hang together no more.
    const { positions, edges } = await register(plate, [1, 4, 7]);
    expect(edges.filter(({ verdict }) => verdict === "missing")).toHaveLength(8);
    const left = [0, 5, 6];
    const part = (places: readonly PlatePlace[]) => left.map((i) => places[i]);
    expect(errorsOf(part(positions) as RegisteredSite[], part(plate.true)).rms).toBeLessThan(0.05);
    expect(positions[1].how).toBe("model");
  });

  test("where nothing is to be seen the stage is believed", async () => {
    const plate = syntheticPlate({ rows: 2, columns: 3, ...size, density: 0 });
    const { positions, edges } = await register(plate);
    expect(edges.every(({ verdict }) => verdict === "chance")).toBe(true);
    positions.forEach(({ y, x, how }, i) => {
      expect(how).toBe("model");
      expect([y, x].map((value) => Math.round(value * 1e6) / 1e6)).toEqual([
        plate.nominal[i].y,
        plate.nominal[i].x,
      ]);
    });
  });

  test("few cells: what is trusted is right, whatever is not", async () => {
    const plate = syntheticPlate({ ...well, density: 0.3 });
    const { edges } = await register(plate);
    const trusted = edges.filter(({ verdict }) => verdict === "trusted");
    expect(trusted.length).toBeGreaterThan(3);
    for (const { first, second, y, x } of trusted) {
      const [a, b] = [plate.true[first], plate.true[second]];
      expect(Math.hypot(y - b.y + a.y, x - b.x + a.x)).toBeLessThan(1);
    }
  });
});

test("one site, and none", async () => {
  const plate = syntheticPlate({ rows: 1, columns: 1, ...size });
  expect((await register(plate)).positions).toEqual([{ y: 0, x: 0, how: "model" }]);
  const readSite = async () => undefined;
  expect((await registerMosaic(pool, { sites: [], readSite })).positions).toEqual([]);
});

test("a site of another size than it should have is named", async () => {
  const sites = [0, 280].map((x) => ({ y: 0, x, ...size }));
  const readSite = async () => ({ height: 4, width: 4, data: new Uint16Array(16) });
  await expect(registerMosaic(pool, { sites, readSite })).rejects.toThrowErrorMatchingInlineSnapshot(
    `[VitrineError: registration site 0: expected 320 x 320 pixels, found 4 x 4.]`,
  );
});

test("what reading a site throws is what comes out, and the pool works on", async () => {
  const sites = [0, 280].map((x) => ({ y: 0, x, ...size }));
  const readSite = async (i: number) => {
    if (i === 1) throw new Error("site 1 is not there");
    return { ...size, data: new Uint16Array(SIDE * SIDE) };
  };
  await expect(registerMosaic(pool, { sites, readSite })).rejects.toThrow("site 1 is not there");
  const plate = syntheticPlate({ rows: 1, columns: 2, ...size });
  expect((await register(plate)).edges[0].verdict).toBe("trusted");
});
