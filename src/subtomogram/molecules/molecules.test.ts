import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseMoleculesCsv, readMoleculesCsv, writeMoleculesCsv } from "./csv.ts";
import { Molecules } from "./molecules.ts";
import { readMoleculesParquet, writeMoleculesParquet } from "./parquet.ts";
import { quaternionFromRotvec, quaternionMatrix } from "./quaternion.ts";

const FOLDER = fileURLToPath(new URL("../../../test/golden/subtomogram/molecules/", import.meta.url));

type Rows = readonly (readonly number[])[];
type Moved = { readonly pos: Rows; readonly quat: Rows };

let ops: Readonly<Record<string, Rows>> & Readonly<Record<string, Moved>>;
let molecules: Molecules;
let folder: string;
beforeAll(async () => {
  ops = JSON.parse((await readFile(join(FOLDER, "ops.json"), "utf8")).replace(/-?Infinity/g, "null"));
  molecules = Molecules.fromQuat(ops.pos, ops.quat_xyzw_scipy_on_zyx_vectors);
  folder = await mkdtemp(join(tmpdir(), "vitrine-molecules-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** acryo's are in double precision from here on. */
const DOUBLE = 1e-10;
/** Places and what is made of them are single. */
const SINGLE = 2e-6;

function expectRows(found: ArrayLike<number>, wanted: Rows, tolerance = DOUBLE) {
  const flat = wanted.flat();
  expect(found.length).toBe(flat.length);
  for (let i = 0; i < flat.length; i++)
    expect(Math.abs(found[i] - flat[i]), `${i}`).toBeLessThanOrEqual(tolerance);
}

/** Arrays of any depth as one row. */
function flatRows(rows: Rows): Rows {
  return [rows.flat(Number.POSITIVE_INFINITY) as number[]];
}

/** Up to the sign, which is one rotation. */
function expectQuats(found: Molecules, wanted: Rows, tolerance = 1e-9) {
  expect(found.count).toBe(wanted.length);
  found.rotator.forEach((q, i) => {
    const dot = q.reduce((sum, value, k) => sum + value * wanted[i][k], 0);
    expect(1 - Math.abs(dot), `${i}`).toBeLessThanOrEqual(tolerance);
  });
}

function expectMoved(found: Molecules, { pos, quat }: Moved) {
  expectRows(found.pos, pos, SINGLE);
  expectQuats(found, quat);
}

describe("what acryo 0.9.1 makes of the same molecules", () => {
  test("axes, matrices, vectors, Euler angles", () => {
    expectRows(molecules.z, ops.z);
    expectRows(molecules.y, ops.y);
    expectRows(molecules.x, ops.x);
    const matrices = molecules.matrix();
    expectRows(matrices, flatRows(ops.matrix));
    expectRows(molecules.rotvec(), ops.rotvec);
    for (const sequence of ["XYZ", "ZXZ", "ZYZ", "xyz", "zyx"])
      expectRows(molecules.eulerAngle({ sequence, degrees: true }), ops[`euler_${sequence}`], 1e-9);
  });

  test("made of Euler angles of either order, and of axes", () => {
    for (const sequence of ["XYZ", "ZXZ", "zyx", "zyz"])
      for (const order of ["xyz", "zyx"] as const) {
        const made = Molecules.fromEuler(ops.pos, ops.angles_deg, { sequence, order, degrees: true });
        const name = order === "xyz" ? "xyz" : "zyxorder";
        expectQuats(made, ops[`from_euler_${sequence}_${name}_quat`]);
      }
    const [z, y, x] = [ops.ax_z, ops.ax_y, ops.ax_x];
    expectRows(Molecules.fromAxes(ops.pos, { z, y }).matrix(), flatRows(ops.from_axes_zy));
    expectRows(Molecules.fromAxes(ops.pos, { y, x }).matrix(), flatRows(ops.from_axes_yx));
    expectRows(Molecules.fromAxes(ops.pos, { z, x }).matrix(), flatRows(ops.from_axes_zx));
  });

  test("moved and turned", () => {
    const { rot2_quat: by, shift } = ops;
    const vectors = Molecules.fromQuat(ops.pos, by).rotvec();
    expectMoved(molecules.translate(shift), ops.translate);
    expectMoved(molecules.translateInternal(shift), ops.translate_internal);
    expectMoved(molecules.rotateBy(by), ops.rotate_by);
    expectMoved(molecules.rotateByQuaternion(by), ops.rotate_by_quaternion);
    expectMoved(molecules.rotateByMatrix(Molecules.fromQuat(ops.pos, by).matrix()), ops.rotate_by_matrix);
    expectMoved(molecules.rotateByRotvecInternal(vectors), ops.rotate_by_rotvec_internal);
    expectMoved(molecules.spatialTransform(shift, vectors), ops.spatial_transform);
    expectMoved(molecules.spatialTransform(shift, vectors, true), ops.spatial_transform_inv);
    expectMoved(molecules.rotateByEulerAngle(ops.angles_deg, { degrees: true }), ops.rotate_by_euler_ZXZ);
  });

  test("expanded by a group; of T the rotations are the same, in another order", () => {
    const two = molecules.head(2);
    expectMoved(two.symmetryExpand("C3"), ops.symmetry_expand_C3);
    expectMoved(two.symmetryExpand("D2"), ops.symmetry_expand_D2);
    expectMoved(two.symmetryExpand("C4", "y"), ops.symmetry_expand_C4_y);
    const wanted = ops.symmetry_expand_T.quat;
    const expanded = two.symmetryExpand("T");
    expect(expanded.count).toBe(wanted.length);
    for (const q of wanted) {
      const nearest = Math.max(
        ...expanded.rotator.map((r) => Math.abs(r.reduce((sum, v, k) => sum + v * q[k], 0))),
      );
      expect(1 - nearest).toBeLessThan(1e-9);
    }
  });

  test("affine matrices and the coordinates of a box", () => {
    const source = [1, 2, 3];
    expectRows(molecules.affineMatrix(source), flatRows(ops.affine_matrix), SINGLE);
    const back = molecules.affineMatrix(source, [1, 1, 1], true);
    expectRows(back, flatRows(ops.affine_matrix_inv_dst), SINGLE);
    const box = molecules.head(1).localCoordinates([2, 3, 4], 0.5);
    expectRows(box, flatRows(ops["local_coordinates_2x3x4_scale0.5_mol0"]), 4 * SINGLE);
  });

  test("groups, bins, order and conditions", async () => {
    const read = await readMoleculesCsv(join(FOLDER, "m.csv"));
    const groups = ops.group_by_id as unknown as readonly (readonly [number, number, Rows])[];
    read.groupBy("id").forEach(([key, group], i) => {
      expect([key, group.count]).toEqual([groups[i][0], groups[i][1]]);
      expectRows(group.pos, groups[i][2], SINGLE);
    });
    const bins = ops.cutby_score as unknown as readonly (readonly [number, number, Rows])[];
    const cut = read.cutBy("score", [0.3, 0.6]);
    expect(cut).toHaveLength(bins.length);
    cut.forEach(([, group], i) => {
      expectRows(group.pos, bins[i][2], SINGLE);
    });
    expectRows(read.sort("score").pos, ops.sort_score, SINGLE);
    expectRows(read.filter(({ score }) => Number(score) > 0.4).pos, ops["filter_gt0.4"], SINGLE);
  });

  test("its tables are read, and written the same", async () => {
    const read = await readMoleculesCsv(join(FOLDER, "m.csv"));
    expectRows(read.pos, ops.pos, SINGLE);
    expectQuats(read, ops.quat_xyzw_scipy_on_zyx_vectors, 1e-6);
    expect(Object.keys(read.features)).toEqual(["score", "id"]);
    const path = join(folder, "four.csv");
    await writeMoleculesCsv(path, read);
    expect(await readFile(path, "utf8")).toBe(
      await readFile(join(FOLDER, "m_default_to_csv_prec4.csv"), "utf8"),
    );
    const all = join(folder, "all.csv");
    await writeMoleculesCsv(all, read, { floatPrecision: null });
    expect(Array.from((await readMoleculesCsv(all)).pos)).toEqual(Array.from(read.pos));
    await expect(writeMoleculesCsv(all, read)).rejects.toMatchObject({ code: "exists" });
  });
});

const unitVector = fc.tuple(
  fc.double({ min: -3, max: 3 }),
  fc.double({ min: -3, max: 3 }),
  fc.double({ min: -3, max: 3 }),
);

describe("rotations come back from every form", () => {
  test("matrix, vector, quaternion, Euler angles of every sequence", () => {
    const axes = ["x", "y", "z"];
    const sequences = axes.flatMap((a) =>
      axes.flatMap((b) => axes.map((c) => a + b + c).filter(([p, q, r]) => p !== q && q !== r)),
    );
    expect(sequences).toHaveLength(12);
    fc.assert(
      fc.property(unitVector, (vector) => {
        fc.pre(vector.every(Number.isFinite));
        const one = Molecules.fromRotvec([[0, 0, 0]], [vector]);
        expectQuats(Molecules.fromMatrix([[0, 0, 0]], one.matrix()), [one.rotator[0]]);
        expectQuats(Molecules.fromRotvec([[0, 0, 0]], one.rotvec()), [one.rotator[0]]);
        for (const sequence of [...sequences, ...sequences.map((s) => s.toUpperCase())])
          for (const order of ["xyz", "zyx"] as const) {
            const angles = one.eulerAngle({ sequence, order });
            expectQuats(
              Molecules.fromEuler([[0, 0, 0]], angles, { sequence, order }),
              [one.rotator[0]],
              1e-7,
            );
          }
      }),
      { numRuns: 60 },
    );
  });

  test("a misspelt option of Euler angles is refused: it would leave another sequence", () => {
    const wrong = { seq: "ZYZ" } as object;
    const message = '"seq" (did you mean "sequence"?)';
    expect(() => Molecules.fromEuler([[0, 0, 0]], [[1, 2, 3]], wrong)).toThrow(message);
    expect(() => new Molecules([[0, 0, 0]]).rotateByEulerAngle([[1, 2, 3]], wrong)).toThrow(message);
    expect(() => new Molecules([[0, 0, 0]]).eulerAngle(wrong)).toThrow(message);
  });

  test("Euler angles without a determined outer pair are still that rotation", () => {
    for (const angles of [
      [30, 0, 40],
      [30, 180, 40],
      [0, 0, 0],
    ]) {
      const one = Molecules.fromEuler([[0, 0, 0]], [angles], { degrees: true });
      expectQuats(Molecules.fromEuler([[0, 0, 0]], one.eulerAngle()), [one.rotator[0]]);
    }
  });

  test.each(["C1", "C5", "D3", "D4", "T", "O", "I"])("the rotations of %s are a group", (group) => {
    const expanded = Molecules.fromRotvec([[0, 0, 0]], [[0, 0, 0]]).symmetryExpand(group);
    const sizes: Record<string, number> = { C1: 1, C5: 5, D3: 6, D4: 8, T: 12, O: 24, I: 60 };
    expect(expanded.count).toBe(sizes[group]);
    const key = (m: ArrayLike<number>) =>
      Array.from(m, (v) => (Math.abs(v) < 1e-6 ? 0 : v).toFixed(5)).join();
    const known = new Set(expanded.rotator.map((q) => key(quaternionMatrix(q))));
    for (const by of expanded.rotator.slice(0, 6))
      for (const q of expanded.rotateBy([by]).rotator) expect(known.has(key(quaternionMatrix(q)))).toBe(true);
  });

  test("an axis of a group is where it is asked for; that of two in D3 is the next of z, y, x", () => {
    const one = Molecules.fromRotvec([[0, 0, 0]], [[0, 0, 0]]);
    for (const [axis, main, two] of [
      ["z", 0, 1],
      ["y", 1, 2],
      ["x", 2, 0],
    ] as const) {
      const [, turn, , flip] = one.symmetryExpand("D3", axis).rotator;
      expect(Math.abs(turn[main])).toBeCloseTo(Math.sin(Math.PI / 3), 12);
      expect(Math.abs(flip[two])).toBeCloseTo(1, 12);
    }
  });

  test("expanding keeps places and features, and turns inside the molecule", () => {
    const one = Molecules.fromRotvec([[1, 2, 3]], [[0.3, -0.2, 0.5]], { id: [7] });
    const expanded = one.symmetryExpand("C2");
    expect(Array.from(expanded.pos)).toEqual([1, 2, 3, 1, 2, 3]);
    expect(expanded.features.id).toEqual([7, 7]);
    // The axis of two-fold symmetry stays, the others point back.
    expectRows(expanded.z.subarray(3), [Array.from(one.z)]);
    expectRows(expanded.y.subarray(3), [Array.from(one.y, (v) => -v)]);
  });
});

describe("selections and features", () => {
  const table = new Molecules(
    [
      [0, 0, 0],
      [1, 0, 0],
      [2, 0, 0],
      [3, 0, 0],
    ],
    undefined,
    { score: [0.1, 0.4, 0.2, 0.3], kind: ["a", "b", "a", null] },
  );
  const zOf = (one: Molecules) => Array.from({ length: one.count }, (_, i) => one.place(i)[0]);

  test("by index, list, range, condition, in order, at random", () => {
    expect(zOf(table.subset(2))).toEqual([2]);
    expect(zOf(table.subset([3, 0]))).toEqual([3, 0]);
    expect(zOf(table.subset([true, false, false, true]))).toEqual([0, 3]);
    expect(zOf(table.slice(1, 3))).toEqual([1, 2]);
    expect(zOf(table.head(2))).toEqual([0, 1]);
    expect(zOf(table.tail(1))).toEqual([3]);
    expect(zOf(table.filter(({ score }) => Number(score) > 0.15))).toEqual([1, 2, 3]);
    expect(zOf(table.sort("score"))).toEqual([0, 2, 3, 1]);
    expect(zOf(table.sort(["kind", "score"], { descending: true }))).toEqual([3, 1, 2, 0]);
    const odd = table.withFeatures({ f: [0.5, Number.NaN, null, -1] });
    expect(zOf(odd.sort("f"))).toEqual([2, 3, 0, 1]);
    expect(zOf(odd.sort("f", { descending: true }))).toEqual([2, 1, 0, 3]);
    expect(zOf(table.sample(4, 1)).sort()).toEqual([0, 1, 2, 3]);
    expect(zOf(table.sample(2, 5))).toEqual(zOf(table.sample(2, 5)));
    expect(table.subset([]).count).toBe(0);
  });

  test("in groups of a value, of several, of bins closed on the right", () => {
    expect(table.groupBy("kind").map(([key, group]) => [key, zOf(group)])).toEqual([
      ["a", [0, 2]],
      ["b", [1]],
      [null, [3]],
    ]);
    expect(table.groupBy(["kind", "score"])).toHaveLength(4);
    const odd = table.withFeatures({ f: [null, Number.NaN, Number.POSITIVE_INFINITY, Number.NaN] });
    expect(odd.groupBy("f").map(([, group]) => zOf(group))).toEqual([[0], [1, 3], [2]]);
    expect(table.cutBy("score", [0.1, 0.3]).map(([edges, group]) => [edges, zOf(group)])).toEqual([
      [{ gt: -Infinity, le: 0.1 }, [0]],
      [{ gt: 0.3, le: Infinity }, [1]],
      [{ gt: 0.1, le: 0.3 }, [2, 3]],
    ]);
    // acryo 0.9.1: bins come as their first molecules do; what is no number is in none (there NaN is above all, null an error).
    const cut = odd.withFeatures({ f: [3, Number.NaN, -1, null] }).cutBy("f", [0]);
    expect(cut.map(([{ gt }, group]) => [gt, zOf(group)])).toEqual([
      [0, [0]],
      [-Infinity, [2]],
    ]);
    expect(() => table.cutBy("score", [2, 1])).toThrow("rising numbers, found [2,1]");
  });

  test("features are added, replaced, left out, joined", () => {
    const more = table.withFeatures({ id: Int32Array.of(1, 2, 3, 4) }).dropFeatures("kind");
    expect(Object.keys(more.features)).toEqual(["score", "id"]);
    const joined = table.concatWith(more);
    expect(joined.count).toBe(8);
    expect(joined.features.kind.slice(3)).toEqual([null, null, null, null, null]);
    expect(() => table.concatWith(more, { nullable: false })).toThrow('a feature "kind"');
    expect(Object.keys(table.dropFeatures(["kind", "score"]).features)).toEqual([]);
    expect(() => table.dropFeatures("skore")).toThrow('a feature "skore", found score, kind');
    expect(Molecules.empty(["a"]).features).toEqual({ a: [] });
    expect(`${table}`).toBe("Molecules(n=4)");
  });

  test("nothing given is changed, and what is wrong is told with its row", () => {
    const pos = [[1, 2, 3]];
    new Molecules(pos).translate([1, 1, 1]);
    expect(pos).toEqual([[1, 2, 3]]);
    expect(() => new Molecules([[1, 2]])).toThrow("molecules pos row 0: expected 3 numbers, found 2");
    expect(() => new Molecules([[1, 2, Number.NaN]])).toThrow("finite numbers");
    expect(() => new Molecules(pos, [[0, 0, 0, 0]])).toThrow("four numbers, finite and not all 0");
    expect(() => new Molecules(pos, undefined, { a: [1, 2] })).toThrow('feature "a": expected 1 values');
    expect(() => Molecules.fromMatrix(pos, [[1, 0, 0, 0, 1, 0, 0, 0, -1]])).toThrow("a mirror");
    expect(() => Molecules.fromEuler(pos, [[0, 0, 0]], { sequence: "ZZX" })).toThrow("three axes");
    expect(() => Molecules.fromAxes(pos, { z: [[1, 0, 0]] })).toThrow("two of the axes z, y and x, found z");
    expect(() => Molecules.fromAxes(pos, { z: [[1, 0, 0]], y: [[2, 0, 0]] })).toThrow("not parallel");
    expect(() => table.subset(9)).toThrow("an index from 0 to 3, found 9");
    expect(() =>
      table.translate([
        [1, 2, 3],
        [4, 5, 6],
      ]),
    ).toThrow("one row, or 4, found 2");
  });

  test("random ones are spread evenly, and the same for a seed", () => {
    const places = Array.from({ length: 2000 }, () => [0, 0, 0]);
    const turned = Molecules.fromRandom(places, 3);
    const mean = [0, 1, 2].map(
      (axis) => turned.z.reduce((sum, v, i) => (i % 3 === axis ? sum + v : sum), 0) / 2000,
    );
    // 4 standard deviations of the mean of a coordinate on the sphere
    for (const value of mean) expect(Math.abs(value)).toBeLessThan(4 / Math.sqrt(3 * 2000));
    expect(Molecules.fromRandom(places, 3).rotator).toEqual(turned.rotator);
    const moved = turned.translateRandom(2, 1);
    const far = Array.from({ length: 2000 }, (_, i) => Math.hypot(...moved.place(i)));
    expect(Math.max(...far)).toBeLessThanOrEqual(2.000001);
    expect(far.filter((d) => d < 1).length / 2000).toBeCloseTo(1 / 8, 1);
  });

  test("matrices and coordinates of boxes", () => {
    const one = Molecules.fromRotvec([[4, 5, 6]], [[0.4, -0.3, 0.2]]);
    const affine = one.affineMatrix([1, 1, 1]);
    const back = one.affineMatrix([4, 5, 6], [1, 1, 1], true);
    const product = [0, 1, 2, 3].map((r) =>
      [0, 1, 2, 3].map((c) => [0, 1, 2, 3].reduce((sum, k) => sum + back[4 * r + k] * affine[4 * k + c], 0)),
    );
    expectRows(product.flat(), [[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]], SINGLE);
    const coordinates = one.localCoordinates([3, 5, 4], 2);
    const m = quaternionMatrix(quaternionFromRotvec([0.4, -0.3, 0.2]));
    const at = (axis: number, z: number, y: number, x: number) =>
      coordinates[((axis * 3 + z) * 5 + y) * 4 + x];
    // (0, 2, 3) lies (-1, 0, 1.5) from the centre
    for (const axis of [0, 1, 2])
      expect(at(axis, 0, 2, 3)).toBeCloseTo([4, 5, 6][axis] / 2 - m[3 * axis] + 1.5 * m[3 * axis + 2], 5);
  });
});

describe("Parquet", () => {
  test.each(["m.parquet", "m_snappy.parquet", "m_uncompressed.parquet"])(
    "polars' %s, however it is packed",
    async (name) => {
      const read = await readMoleculesParquet(join(FOLDER, name));
      expectRows(read.pos, ops.pos, SINGLE);
      expectQuats(read, ops.quat_xyzw_scipy_on_zyx_vectors, 1e-6);
      expect(read.features).toEqual((await readMoleculesCsv(join(FOLDER, "m.csv"))).features);
    },
  );

  test("what is written comes back with its types", async () => {
    const path = join(folder, "again.parquet");
    const some = new Molecules(
      [
        [1.25, 2, 3],
        [4, 5, 6],
      ],
      undefined,
      { id: [1, null], name: ["a", "b"], ok: [true, false], x2: [0.5, 2] },
    );
    await writeMoleculesParquet(path, some);
    const read = await readMoleculesParquet(path);
    expect([...read.pos]).toEqual([...some.pos]);
    expect(read.features).toEqual(some.features);
    await expect(writeMoleculesParquet(path, some)).rejects.toMatchObject({ code: "exists" });
    await writeMoleculesParquet(path, Molecules.empty(["score"]), { overwrite: true });
    const none = await readMoleculesParquet(path);
    expect([none.count, Object.keys(none.features)]).toEqual([0, ["score"]]);
    await expect(readMoleculesParquet(join(FOLDER, "m.csv"))).rejects.toMatchObject({ code: "format" });
  });

  test("whole numbers that are too long keep their digits, days are texts", async () => {
    const place = ["z", "y", "x", "zvec", "yvec", "xvec"].map((name) => ({
      name,
      data: [1, 2],
      type: "FLOAT" as const,
    }));
    const days = [new Date(Date.UTC(2020, 0, 2)), new Date(Date.UTC(2020, 0, 3, 4))];
    const bytes = parquetWriteBuffer({
      columnData: [
        ...place,
        { name: "id", data: [2n ** 53n + 1n, 7n], type: "INT64" },
        { name: "day", data: days, type: "TIMESTAMP" },
      ],
    });
    const path = join(folder, "long.parquet");
    await writeFile(path, new Uint8Array(bytes));
    const read = await readMoleculesParquet(path);
    const wanted = { id: ["9007199254740993", "7"], day: ["2020-01-02", "2020-01-03T04:00:00.000Z"] };
    expect(read.features).toEqual(wanted);
    // As numbers they were 9007199254740992.
    const table = join(folder, "long.csv");
    await writeMoleculesCsv(table, read);
    expect((await readMoleculesCsv(table)).features).toEqual(wanted);
    await writeMoleculesParquet(path, read, { overwrite: true });
    expect((await readMoleculesParquet(path)).features).toEqual(wanted);
  });
});

describe("tables", () => {
  test("other columns, empty cells, texts and booleans", () => {
    const text = "pz,py,px,a,b,c,name,ok,n\n1,2,3,0,0,0,x,true,\n4,5,6,0,0,0.5,,false,2.5\n";
    const read = parseMoleculesCsv(text, "t.csv", { posCols: ["pz", "py", "px"], rotCols: ["a", "b", "c"] });
    expect(read.features).toEqual({ name: ["x", null], ok: [true, false], n: [null, 2.5] });
    expect(read.place(1)).toEqual([4, 5, 6]);
    expect(() => parseMoleculesCsv(text, "t.csv")).toThrow("t.csv");
  });

  test.each(["nan", "inf", "-inf"])("a place that is %s is told by its line and column", (cell) => {
    const text = `z,y,x,zvec,yvec,xvec\n1,2,3,0,0,0\n4,${cell},6,0,0,0\n`;
    expect(() => parseMoleculesCsv(text, "t.csv")).toThrow("t.csv line 3 y: expected a finite number, found");
  });

  test("a feature of a fixed name is refused before a file is made", async () => {
    const path = join(folder, "refused.csv");
    const wrong = new Molecules([[1, 2, 3]], undefined, { z: [1] });
    await expect(writeMoleculesCsv(path, wrong)).rejects.toThrow("found z. Rename them before writing");
    await expect(readFile(path)).rejects.toThrow();
  });
});
