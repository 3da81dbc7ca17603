import { expect, test } from "vitest";
import { type NumpyRow, numpyRecords } from "../../../test/support/numpyRecords.ts";
import { matrixFromZyz, multiplyMatrices, transposeMatrix } from "../../core/index.ts";
import { parseNpyRecords } from "../../io/index.ts";
import { cryosparcColumns } from "./cryosparc.ts";

const records = (rows: readonly NumpyRow[]) => parseNpyRecords(numpyRecords(rows), "p.cs");

const ROW = {
  "alignments3D/pose": [0, 0, Math.PI / 6],
  "alignments3D/shift": [2, -1],
  "alignments3D/psize_A": [2],
  "location/center_x_frac": [0.25],
  "location/center_y_frac": [0.5],
  "location/micrograph_shape": { u4: [400, 800] },
  "location/micrograph_path": ">J1/imported/mic.mrc",
  "location/micrograph_psize_A": [1],
  "ctf/df1_A": [12000],
  "ctf/df2_A": [11500],
  "ctf/df_angle_rad": [Math.PI / 4],
  "ctf/accel_kv": [300],
  "ctf/phase_shift_rad": [0],
};

test("places, poses and CTF in our units", () => {
  const { rows, columns } = cryosparcColumns(records([ROW]), { templateSize: 48 });
  expect(rows).toBe(1);
  expect(Object.fromEntries([...columns].map(([name, texts]) => [name, texts(0)]))).toMatchObject({
    pos_x: "172.0",
    pos_x_img: "196.0", // 800 / 4 less 2 pixels of 2 Å
    pos_y_img: "202.0",
    defocus_u: "12000.0",
    defocus_v: "11500.0",
    astigmatism_angle: "45.0",
    voltage: "300.0",
    pixel_size: "1.0",
    micrograph_path: "J1/imported/mic.mrc",
  });
  const inverted = cryosparcColumns(records([ROW]), { invertY: true }).columns;
  expect([inverted.get("pos_y_img")?.(0), inverted.get("astigmatism_angle")?.(0)]).toEqual([
    "197.0",
    "-45.0",
  ]);
});

test("places outside, of a micrograph without pixels, and 2D alignments are told", () => {
  const said: string[] = [];
  const outside = { ...ROW, "location/center_x_frac": [1.2] };
  cryosparcColumns(records([ROW, outside]), { invertY: true, onLog: (text) => said.push(text) });
  const { "alignments3D/pose": _, ...picked } = ROW;
  const classified = { ...picked, "alignments2D/pose": [0.5], "alignments2D/shift": [1, 2] };
  cryosparcColumns(records([classified]), { invertY: true, onLog: (text) => said.push(text) });
  expect(said).toEqual([
    expect.stringMatching(/^p\.cs: 1 of 2 particles lie outside their micrographs/),
    expect.stringMatching(/^p\.cs: alignments2D .* are left out/),
  ]);
  expect(() => cryosparcColumns(records([{ ...ROW, "location/micrograph_shape": [0, 0] }]))).toThrow(
    "p.cs row 0 location/micrograph_shape: expected sides of a micrograph, found 0 x 0.",
  );
});

test("half floats are numbers, and complex fields that nobody asks for are passed over (numpy)", () => {
  // numpy.array([(1.5, 2+3j, 7)], [("a", "<f2"), ("b", "<c8"), ("c", "<u4")]).tobytes()
  const head =
    "{'descr': [('a', '<f2'), ('b', '<c8'), ('c', '<u4')], 'fortran_order': False, 'shape': (1,), }\n";
  const values = [0x00, 0x3e, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 7, 0, 0, 0];
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, head.length, 0];
  const read = parseNpyRecords(
    Uint8Array.from([...magic, ...new TextEncoder().encode(head), ...values]),
    "p.cs",
  );
  expect([read.number(0, "a"), read.number(0, "c")]).toEqual([1.5, 7]);
  expect(() => read.number(0, "b")).toThrow("p.cs b: expected numbers, found other values (c8).");
});

test("a pose is the turn about its vector, reference to particle", () => {
  // scipy 1.17.1: Rotation.from_euler("ZYZ", [30, 40, 50], degrees=True).as_rotvec()
  const pose = [0.13128836956304088, 0.7445733434301244, 1.335234833029375];
  const { columns } = cryosparcColumns(records([{ ...ROW, "alignments3D/pose": pose }]));
  const angle = (name: string) => Number(columns.get(name)?.(0));
  const found = matrixFromZyz({ phiDeg: angle("phi"), thetaDeg: angle("theta"), psiDeg: angle("psi") });
  const expected = matrixFromZyz({ phiDeg: 30, thetaDeg: 40, psiDeg: 50 });
  const turn = multiplyMatrices(found, transposeMatrix(expected));
  turn.forEach((value, i) => {
    expect(value).toBeCloseTo(i % 4 === 0 ? 1 : 0, 5);
  });
});

test("y the other way turns the pose half about x", () => {
  const pose = [0, 0, Math.PI / 6];
  const { columns } = cryosparcColumns(records([{ ...ROW, "alignments3D/pose": pose }]), { invertY: true });
  const angle = (name: string) => Number(columns.get(name)?.(0));
  const found = matrixFromZyz({ phiDeg: angle("phi"), thetaDeg: angle("theta"), psiDeg: angle("psi") });
  const [c, s] = [Math.cos(Math.PI / 6), 0.5];
  [c, -s, 0, -s, -c, 0, 0, 0, -1].forEach((value, i) => {
    expect(found[i]).toBeCloseTo(value, 5);
  });
});

test("a file without places says where they are", () => {
  const { "location/center_x_frac": _, ...rest } = ROW;
  expect(() => cryosparcColumns(records([rest]))).toThrow(/passthrough/);
});

test("of several classes the most likely one's pose and shift count, in the forms of 4.5 and before", () => {
  const { "alignments3D/pose": _, "alignments3D/shift": __, "alignments3D/psize_A": ___, ...rest } = ROW;
  const texts = (row: NumpyRow) => {
    const { columns } = cryosparcColumns(records([row]));
    return ["phi", "theta", "psi", "pos_x_img", "pos_y_img"].map((name) => columns.get(name)?.(0));
  };
  const expected = texts({ ...ROW, "alignments3D/pose": [0.1, 0.2, 0.3], "alignments3D/shift": [3, 1] });
  expect(
    texts({
      ...rest,
      "alignments3D_multi/pose": [0, 0, 1, 0.1, 0.2, 0.3],
      "alignments3D_multi/shift": [0, 0, 3, 1],
      "alignments3D_multi/psize_A": [2, 2],
      "alignments3D_multi/class_posterior": [0.25, 0.75],
    }),
  ).toEqual(expected);
  expect(
    texts({
      ...rest,
      "alignments_class_0/pose": [0.1, 0.2, 0.3],
      "alignments_class_0/shift": [3, 1],
      "alignments_class_0/psize_A": [2],
      "alignments_class_0/class_posterior": [0.75],
      "alignments_class_1/pose": [0, 0, 1],
      "alignments_class_1/shift": [0, 0],
      "alignments_class_1/class_posterior": [0.25],
    }),
  ).toEqual(expected);
  // pyem, geom.rot2euler(geom.expmap([0.1, 0.2, 0.3]))
  const angles = expected.slice(0, 3).map(Number);
  for (const [i, value] of [-17.93485773, 12.76349582, 35.19524462].entries())
    expect(angles[i]).toBeCloseTo(value, 4);
});
