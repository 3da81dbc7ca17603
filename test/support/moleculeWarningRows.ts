import { rmSync } from "node:fs";
import { Molecules, writeMolecules } from "../../src/subtomogram/index.ts";
import { cube } from "./volumeWarningRows.ts";
import { type WarningRow, written } from "./warningRow.ts";

const HEAD = "z,y,x,zvec,yvec,xvec";
const row = (x: number, ...features: readonly (number | string)[]) =>
  [5.5, 5.5, x, 0, 0, 0.5, ...features].join(",");

/** A table in nm, of features by name. */
const table = (folder: string, names: string, ...rows: readonly string[]) =>
  written(folder, "m.csv", [names === "" ? HEAD : `${HEAD},${names}`, ...rows, ""].join("\n"));

/** `vitrine convert` of molecules, at 10 Å a pixel. */
const to = (from: string, folder: string, out: string, ...rest: readonly string[]) => [
  ...["convert", from, `${folder}/${out}`, "--pixel-size", "10", "--tomogram-size", "12,12,12", ...rest],
];

const writes = (
  name: string,
  [out, ...rest]: readonly [out: string, ...rest: readonly string[]],
  {
    features,
    rows,
    says,
  }: { readonly features: string; readonly rows: readonly string[]; readonly says: RegExp },
): WarningRow => ({
  name: `molecules: ${name}`,
  call: (f) => to(table(f, features, ...rows), f, out, ...rest),
  says,
});

const reads = (name: string, from: (folder: string) => string, says: RegExp): WarningRow => ({
  name: `molecules: ${name}`,
  call: (f) => to(from(f), f, "o.csv"),
  says,
});

const POINT = { location: { x: 10, y: 20, z: 30 }, score: 1, instance_id: 0 };
const matrix = (shift: number) => [
  [1, 0, 0, shift],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];
const picks = (more: object) => (folder: string) =>
  written(
    folder,
    "p.json",
    JSON.stringify({ pickable_object_name: "a", run_name: "b", points: [POINT], ...more }),
  );

const STOPGAP_COLUMNS =
  "motl_idx tomo_num object subtomo_num halfset orig_x orig_y orig_z score x_shift y_shift z_shift phi psi the class";
const STOPGAP = [
  "data_stopgap_motivelist",
  "loop_",
  ...STOPGAP_COLUMNS.split(" ").map((name) => `_${name}`),
  "1 1 1 1 C 5 5 5 0 0 0 0 0 0 0 1",
  "",
].join("\n");

/** What tables of molecules lack, and what of several tomograms is taken. */
export const MOLECULE_ROWS: readonly WarningRow[] = [
  writes("features without a column", ["o.tbl"], {
    ...{ features: "kind", rows: [row(5, "a")] },
    says: /o\.tbl: left out kind: Dynamo has no such columns$/,
  }),
  writes("a feature without its number", ["o.em"], {
    ...{ features: "class", rows: [row(5, 1), row(6, "")] },
    says: /o\.em: class is no number in 1 of 2 molecules; they get a motive list's default$/,
  }),
  writes("names of tomograms where numbers are", ["o.tbl", "--tomogram", "TS_1"], {
    ...{ features: "", rows: [row(5)] },
    says: /o\.tbl: Dynamo numbers tomograms: 1 is TS_1$/,
  }),
  writes("halves that nobody knows", ["o.star", "--molecules", "stopgap", "--tomogram", "1"], {
    ...{ features: "", rows: [row(5)] },
    says: /o\.star: no halfset is known: even numbers of subtomograms are A, odd ones B$/,
  }),
  writes("orientations of boxes", ["o.json", "--molecules", "eman2"], {
    ...{ features: "", rows: [row(5)] },
    says: /o\.json: left out orientations: EMAN2's boxes have none$/,
  }),
  writes("one tomogram of several", ["o.json", "--tomogram", "b"], {
    ...{ features: "tomogram", rows: [row(5, "a"), row(6, "b")] },
    says: /o\.json: 1 of 2 molecules are of other tomograms than b and are left out \(--tomogram\)$/,
  }),
  reads(
    "boxes of EMAN2",
    (f) => written(f, "i.json", JSON.stringify({ apix_unbin: 10, boxes_3d: [[1, 2, 3, "manual", 0, 0]] })),
    /i\.json: EMAN2's boxes have no orientations: no molecule is turned$/,
  ),
  reads(
    "orientations of copick that are not to be trusted",
    picks({ trust_orientation: false }),
    /p\.json: trust_orientation is false: orientations are as they stand there$/,
  ),
  reads(
    "shifts in copick's matrices",
    picks({ points: [{ ...POINT, transformation_: matrix(4) }] }),
    /p\.json: shifts in transformation_ of 1 of 1 points are not added to location$/,
  ),
  reads(
    "halves of STOPGAP that are none",
    (f) => written(f, "s.star", STOPGAP),
    /s\.star: halfset is neither A nor B in 1 of 1 molecules \("C"\): they are of none$/,
  ),
  {
    name: "molecules: a model of PEET without its list",
    call: async (f) => {
      await writeMolecules(`${f}/p.mod`, new Molecules([[1, 2, 3]]), { pixelSizeA: 10 });
      rmSync(`${f}/p.csv`);
      return to(`${f}/p.mod`, f, "o.csv");
    },
    says: /p\.mod: no motive list is beside it \(--motive-list\): no molecule is turned$/,
  },
  {
    name: "molecules: those of one tomogram in a table of several, average",
    call: (f) => [
      ...[
        "average",
        cube(f, "TS_1_bin4.mrc", "volume"),
        "--size",
        "8",
        "--workers",
        "1",
        "--out",
        `${f}/o.mrc`,
      ],
      ...["--molecules", table(f, "tomogram", row(5, "TS_1"), row(6, "TS_10"))],
    ],
    says: /m\.csv has molecules of 2 tomograms: those of TS_1 are taken, as TS_1_bin4\.mrc is called; others: --tomogram NAME/,
  },
];
