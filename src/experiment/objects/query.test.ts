import fc from "fast-check";
import { sql } from "kysely";
import { expect, test } from "vitest";
import { describeDatabases } from "../../../test/support/databases.ts";
import { seededRandom } from "../../core/index.ts";
import {
  addMapobjects,
  createStaticMapobjects,
  decodeMapobjects,
  type Experiment,
  encodeMapobjects,
  type MapobjectBlock,
  type MapobjectGeometry,
  type MapWindow,
  type NewMapobject,
  openExperiment,
  queryMapobjects,
} from "../index.ts";
import { parseGeometry } from "./geometry.ts";
import type { Shape } from "./shape.ts";
import { placeInRing } from "./validity.ts";

const EXTENT = 400;

/** Stars of eight corners, every third with a hole, every seventh in two parts, every tenth a point. */
function stars(count: number): NewMapobject[] {
  const random = seededRandom(11);
  const next = () => random.uniform();
  return Array.from({ length: count }, (_, i) => {
    const [x, y, radius] = [20 + next() * (EXTENT - 40), 20 + next() * (EXTENT - 40), 2 + next() * 15];
    const star = (cx: number, cy: number, size: number) => {
      const ring = Array.from({ length: 8 }, (_, k) => {
        const r = size * (k % 2 === 0 ? 1 : 0.5);
        const angle = (k * Math.PI) / 4;
        return [round(cx + r * Math.cos(angle)), round(cy + r * Math.sin(angle))] as const;
      });
      return [...ring, ring[0]];
    };
    const round = (value: number) => Math.round(value * 4) / 4;
    const rings = i % 3 === 0 ? [star(x, y, radius + 3), star(x, y, radius / 3)] : [star(x, y, radius + 3)];
    const geometry: MapobjectGeometry =
      i % 10 === 9
        ? { type: "Point", coordinates: [round(x), round(y)] }
        : i % 7 === 0
          ? { type: "MultiPolygon", coordinates: [rings, [star(x + 45, y, radius + 3)]] }
          : { type: "Polygon", coordinates: rings };
    return { segmentations: [{ label: i + 1, geometry }] };
  });
}

async function addLayer(experiment: Experiment, maxZoom: number): Promise<void> {
  const { query } = experiment;
  const { id } = await query
    .insertInto("channels")
    .values({ name: "DAPI", bitDepth: 16 })
    .returning("id")
    .executeTakeFirstOrThrow();
  const size = { height: 500, width: 500, maxZoom };
  await query
    .insertInto("channelLayers")
    .values({ channelId: id, tpoint: 0, zplane: 0, minIntensity: 0, maxIntensity: 1, ...size })
    .execute();
}

const found = ({ labels }: MapobjectBlock) => [...labels];
const window = (y: number, x: number, height: number, width = height): MapWindow => ({ y, x, height, width });

describeDatabases("queries of map objects", ({ isSkipped, isPostgres, create }) => {
  test.skipIf(isSkipped)(
    "a window holds what a look at every object finds, asked of the database or of memory",
    async () => {
      await using experiment = await create();
      const objects = stars(150);
      await addMapobjects(experiment, { type: "Stars", objects });
      const windows = fc.sample(
        fc.record({
          y: fc.integer({ min: -8, max: 4 * EXTENT }).map((v) => v / 4),
          x: fc.integer({ min: -8, max: 4 * EXTENT }).map((v) => v / 4),
          height: fc.oneof(
            fc.constant(0),
            fc.integer({ min: 0, max: 400 }).map((v) => v / 4),
          ),
          width: fc.oneof(
            fc.constant(0),
            fc.integer({ min: 0, max: 400 }).map((v) => v / 4),
          ),
        }),
        { numRuns: 60, seed: 4 },
      );
      for (const one of windows) {
        const expected = objects.flatMap(({ segmentations: [{ geometry, label }] }) =>
          doesMeet(parseGeometry(geometry, "test").shape, one) ? [label] : [],
        );
        expect(found(await queryMapobjects(experiment, { type: "Stars", window: one }))).toEqual(expected);
        // PostGIS takes a rectangle without area for a broken polygon
        if (!isPostgres || one.height === 0 || one.width === 0) continue;
        const { rows } = await sql<{ label: number }>`
        select label from mapobject_segmentations
        where st_intersects(st_geomfromwkb(geometry), st_makeenvelope(${one.x}, ${one.y}, ${one.x + one.width}, ${one.y + one.height}))
        order by id`.execute(experiment.query);
        expect(rows.map(({ label }) => label)).toEqual(expected);
      }
    },
  );

  test.skipIf(isSkipped)("zooms: nothing, centroids, simplified outlines, whole ones", async () => {
    await using experiment = await create();
    await addMapobjects(experiment, { type: "Stars", objects: stars(60) });
    const whole = { type: "Stars", window: window(0, 0, 500) };
    await expect(queryMapobjects(experiment, { ...whole, zoom: 3 })).rejects.toMatchObject({
      code: "undeterminable",
    });
    await addLayer(experiment, 8);
    const at = (zoom: number) => queryMapobjects(experiment, { ...whole, zoom });
    const corners = (block: MapobjectBlock) => block.points.length / 2;
    expect(await at(1)).toMatchObject({ detail: "nothing", ids: new Uint32Array(0) });
    const centroids = await at(2);
    expect(centroids).toMatchObject({ detail: "centroids", points: new Float64Array(0) });
    expect(centroids.ids).toHaveLength(60);
    const [coarse, exact] = [await at(4), await at(8)];
    expect([coarse.detail, exact.detail]).toEqual(["outlines", "outlines"]);
    expect(coarse.ringPoints.length).toBe(exact.ringPoints.length);
    expect(corners(coarse)).toBeLessThan(corners(exact) / 1.5);
    expect(await queryMapobjects(experiment, whole)).toEqual(exact);
    expect((await queryMapobjects(experiment, { ...whole, zoom: 4, maxZoom: 4 })).points).toEqual(
      exact.points,
    );
    // of centroids, those in the window alone
    const half = await queryMapobjects(experiment, {
      type: "Stars",
      window: window(0, 0, 500, 200),
      zoom: 2,
    });
    expect(half.ids.length).toBe(
      centroids.centroids.filter((value, i) => i % 2 === 0 && value <= 200).length,
    );
  });

  test.skipIf(isSkipped)(
    "time points, z planes, plates and sites; what changes is seen at once",
    async () => {
      await using experiment = await create();
      const at = (x: number, where: { timepoint?: number; zplane?: number }) => ({
        segmentations: [
          { label: x, ...where, geometry: { type: "Point" as const, coordinates: [x, 1] as const } },
        ],
      });
      const objects = [
        at(1, {}),
        at(2, { timepoint: 0 }),
        at(3, { timepoint: 1, zplane: 0 }),
        at(4, { timepoint: 1, zplane: 1 }),
      ];
      await addMapobjects(experiment, { type: "Spots", objects });
      const asked = async (where: object) =>
        found(await queryMapobjects(experiment, { type: "Spots", window: window(0, 0, 9), ...where }));
      expect(await asked({})).toEqual([1, 2, 3, 4]);
      expect(await asked({ timepoint: 1 })).toEqual([1, 3, 4]);
      expect(await asked({ timepoint: 1, zplane: 0 })).toEqual([1, 3]);
      for (let i = 0; i < 6; i++) expect(await asked({ timepoint: 0 })).toEqual([1, 2]);
      await addMapobjects(experiment, { type: "Spots", objects: [at(5, { timepoint: 0 })] });
      expect(await asked({ timepoint: 0 })).toEqual([1, 2, 5]);
      if (!isPostgres) {
        await using other = await openExperiment(experiment.directory);
        await addMapobjects(other, { type: "Spots", objects: [at(6, { timepoint: 0 })] }, { replace: true });
        expect(await asked({ timepoint: 0 })).toEqual([6]);
      }
      const map = {
        plates: [{ id: 1, y: 0, x: 0, height: 500, width: 500 }],
        wells: [],
        sites: [{ id: 9, y: 0, x: 0, height: 90, width: 90 }],
      };
      await createStaticMapobjects(experiment, { ...map, maxZoom: 12 });
      const sites = (zoom: number) =>
        queryMapobjects(experiment, { type: "Sites", window: window(0, 0, 50), zoom, maxZoom: 12 });
      expect((await sites(0)).detail).toBe("centroids");
      expect((await sites(4)).detail).toBe("outlines");
      expect(
        (await queryMapobjects(experiment, { type: "Plates", window: window(0, 0, 5), zoom: 0, maxZoom: 12 }))
          .ids,
      ).toHaveLength(1);
    },
  );

  test.skipIf(isSkipped)("no such type, no window", async () => {
    await using experiment = await create();
    const ask = (type: string, where: MapWindow) => queryMapobjects(experiment, { type, window: where });
    await expect(ask("Cells", window(0, 0, 1))).rejects.toMatchObject({ code: "missing" });
    await expect(ask("Cells", window(0, 0, -1))).rejects.toMatchObject({ code: "range" });
    await expect(ask("Cells", window(0, Number.NaN, 1))).rejects.toMatchObject({ code: "range" });
  });

  test.skipIf(isSkipped)("a block as bytes and back, relative to a corner far from the origin", async () => {
    await using experiment = await create();
    const placement = { y: 1_000_000, x: 2_000_000 };
    await addMapobjects(experiment, { type: "Stars", objects: stars(50) }, { placement });
    const block = await queryMapobjects(experiment, {
      type: "Stars",
      window: window(1_000_000, 2_000_000, 300),
    });
    const read = decodeMapobjects(encodeMapobjects(block, placement));
    expect(read.origin).toEqual(placement);
    for (const name of ["ids", "labels", "objectPolygons", "polygonRings", "ringPoints"] as const)
      expect(read[name]).toEqual(block[name]);
    const moved = Array.from(read.points, (value, i) => value + (i % 2 === 0 ? placement.x : placement.y));
    expect(moved).toEqual([...block.points]);
    expect(() => decodeMapobjects(new Uint8Array(50))).toThrow(/what encodeMapobjects writes/);
    expect(() => decodeMapobjects(encodeMapobjects(block).subarray(0, -4))).toThrow(/expected \d+ bytes/);
    const shifted = new Uint8Array(encodeMapobjects(block).length + 1);
    shifted.set(encodeMapobjects(block), 1);
    expect(decodeMapobjects(shifted.subarray(1)).ids).toEqual(block.ids);
  });
});

/** Whether an outline and a window meet: by a clip of every edge, and by the place of each one's corner in the other. */
function doesMeet(shape: Shape, { y, x, height, width }: MapWindow): boolean {
  const isIn = (px: number, py: number) => px >= x && px <= x + width && py >= y && py <= y + height;
  if (shape.kind === "point") return isIn(shape.x, shape.y);
  const box = Float64Array.of(x, y, x + width, y, x + width, y + height, x, y + height, x, y);
  for (const ring of shape.polygons.flat())
    for (let i = 0; i + 3 < ring.length; i += 2) {
      if (isIn(ring[i], ring[i + 1])) return true;
      for (let k = 0; k + 3 < box.length; k += 2)
        if (crosses([...ring.subarray(i, i + 4)], [...box.subarray(k, k + 4)])) return true;
    }
  return shape.polygons.some(([outer, ...holes]) => {
    if (placeInRing(x, y, outer) === "outside") return false;
    return holes.every((hole) => placeInRing(x, y, hole) !== "inside");
  });
}

/** Whether two closed segments meet, one of them along an axis. */
function crosses([ax, ay, bx, by]: number[], [cx, cy, dx, dy]: number[]): boolean {
  const turn = (px: number, py: number, qx: number, qy: number, rx: number, ry: number) =>
    Math.sign((qx - px) * (ry - py) - (qy - py) * (rx - px));
  const boxes =
    Math.max(ax, bx) >= Math.min(cx, dx) &&
    Math.max(cx, dx) >= Math.min(ax, bx) &&
    Math.max(ay, by) >= Math.min(cy, dy) &&
    Math.max(cy, dy) >= Math.min(ay, by);
  return (
    boxes &&
    turn(ax, ay, bx, by, cx, cy) * turn(ax, ay, bx, by, dx, dy) <= 0 &&
    turn(cx, cy, dx, dy, ax, ay) * turn(cx, cy, dx, dy, bx, by) <= 0
  );
}
