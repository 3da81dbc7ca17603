import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createPool, type Pool } from "../../compute/index.ts";
import type { Shape3 } from "../../core/index.ts";
import { parseNpy } from "../../io/index.ts";
import type { PipeImage } from "../../pipe/index.ts";
import { parseMoleculesCsv } from "../molecules/csv.ts";
import { type Quaternion, rotvecFromQuaternion, type Zyx } from "../molecules/quaternion.ts";
import { type FourierKind, FscAlignment, NccAlignment, PccAlignment, ZnccAlignment } from "./kinds.ts";
import type { AlignmentResult, ModelParams, Subtomogram } from "./model.ts";

/** Vectors of acryo 0.9.1; see test/golden/subtomogram/README.md. */
const FOLDER = new URL("../../../test/golden/subtomogram/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, FOLDER));
const KINDS: Record<string, FourierKind> = {
  zncc: ZnccAlignment,
  ncc: NccAlignment,
  pcc: PccAlignment,
  fsc: FscAlignment,
};

function golden(name: string): PipeImage {
  const { data, shape } = parseNpy(read(`${name}.npy`), name);
  const [depth, height, width] = shape.slice(-3);
  return { data: Float32Array.from(data, Number), shape: [depth, height, width] };
}

function json<T>(name: string): T {
  return JSON.parse(read(`${name}.json`).toString());
}

const A = golden("template_A");
const B = golden("template_B");
const MASK = golden("mask_A");
const BOX: Shape3 = [24, 24, 24];
/** Molecules whose boxes are there. */
const MOLECULES = [0, 3, 17, 39];
const BOXES = golden("subtomo/order3_box24");
const START = parseMoleculesCsv(read("molecules_start.csv").toString(), "molecules_start.csv");

const QUATERNIONS = START.quaternion();
function rotationOf(molecule: number): Quaternion {
  const [z, y, x, w] = QUATERNIONS.subarray(4 * molecule, 4 * molecule + 4);
  return [z, y, x, w];
}

const subtomogram = (i: number): Subtomogram => ({
  image: { data: BOXES.data.subarray(i * 13_824, (i + 1) * 13_824), shape: BOX },
  rotation: rotationOf(MOLECULES[i]),
});
const ALL = MOLECULES.map((_, i) => subtomogram(i));

let pool: Pool;
beforeAll(async () => {
  pool = await createPool({ workers: 1 });
});
afterAll(() => pool.dispose());

interface Case {
  readonly file: string;
  readonly kind: FourierKind;
  readonly params?: ModelParams;
  readonly mask?: PipeImage;
  readonly templates?: readonly PipeImage[];
  readonly maxShiftsPx?: Zyx;
}

const CUT = { cutoff: 0.3 };
const CASES: readonly Case[] = [
  { file: "align_zncc_norot_nomask_nocut", kind: ZnccAlignment },
  { file: "align_zncc_norot_mask_cut0.3", kind: ZnccAlignment, params: CUT, mask: MASK },
  {
    file: "align_zncc_norot_anisoshift",
    kind: ZnccAlignment,
    params: { cutoff: 0.4 },
    maxShiftsPx: [0.6, 1.6, 3.4],
  },
  { file: "align_ncc_rot27_cut0.3", kind: NccAlignment, params: { ...CUT, rotations: [5, 5] }, mask: MASK },
  { file: "align_pcc_rot27_cut0.3", kind: PccAlignment, params: { ...CUT, rotations: [5, 5] }, mask: MASK },
  { file: "align_multi_norot", kind: ZnccAlignment, params: CUT, templates: [A, B] },
];

async function align(
  { kind, params, mask, templates = [A], maxShiftsPx = [3, 3, 3] }: Case,
  subtomograms: readonly Subtomogram[],
) {
  const model = kind.create({ templates, mask }, { ...params, compat: true });
  const prepared = await model.prepare(pool, { maxShiftsPx });
  try {
    return await prepared.align(subtomograms);
  } finally {
    prepared.dispose();
  }
}

describe("alignments are acryo's: score to 1e-5, the same place and rotation", () => {
  test.each(CASES)("$file", async (given) => {
    const found = await align(given, ALL);
    const table = parseMoleculesCsv(read(`${given.file}.csv`).toString(), given.file);
    found.forEach((result, i) => {
      expectRow(result, table.features, MOLECULES[i]);
    });
  });

  test("align_fsc_norot", async () => {
    const given = {
      file: "align_fsc_norot",
      kind: FscAlignment,
      mask: MASK,
      maxShiftsPx: [2, 2, 2],
    } as const;
    const found = await align(given, ALL.slice(0, 2));
    const { features } = parseMoleculesCsv(read("align_fsc_norot.csv").toString(), "align_fsc_norot");
    [0, 3].forEach((row, i) => {
      expectRow(found[i], features, row);
    });
  });
});

function expectRow(
  result: AlignmentResult,
  features: Readonly<Record<string, ArrayLike<unknown>>>,
  row: number,
) {
  const number = (name: string) => Number(features[name][row]);
  const score = number("score");
  // Of PCC a sum over all frequencies.
  expect(Math.abs(result.score - score) / Math.max(1, Math.abs(score))).toBeLessThan(1e-5);
  ["dz", "dy", "dx"].forEach((axis, k) => {
    // The table has two decimals of a nanometre.
    expect(Math.abs(result.shiftPx[k] - number(`align-${axis}`) / 0.5)).toBeLessThan(0.0101);
  });
  const turn = rotvecFromQuaternion(result.rotation);
  ["dzrot", "dyrot", "dxrot"].forEach((axis, k) => {
    expect(turn[k]).toBeCloseTo(number(`align-${axis}`), 4);
  });
  if ("labels" in features) expect(result.label).toBe(number("labels"));
}

describe("one molecule, with small largest shifts", () => {
  const wanted = json<Record<string, { shift: Zyx; score: number }>>("model/single_align_mol3");
  const params: Record<string, [ModelParams, PipeImage?]> = {
    plain: [{}],
    "mask_cut0.3": [{ cutoff: 0.3 }, MASK],
    "tilt60_cut0.5": [{ cutoff: 0.5, tilt: [-60, 60] }],
  };
  const names = Object.keys(wanted).filter((name) => name.includes("|"));
  // FSC without a mask: template A has next to nothing in its outer shells, where acryo compares the rounding of single precision.
  const cases = names.filter((name) => !name.startsWith("fsc") || name.includes("mask"));
  test.each(cases)("%s", async (name) => {
    const [kind, how, shifts] = name.split("|");
    const [z, y, x] = shifts.slice(1, -1).split(",").map(Number);
    const [given, mask] = params[how];
    const model = KINDS[kind].create({ templates: [A], mask }, { ...given, compat: true });
    const found = await model.align(subtomogram(1), { maxShiftsPx: [z, y, x], backend: pool });
    const { shift, score } = wanted[name];
    expect(Math.abs(found.score - score) / Math.max(1, Math.abs(score))).toBeLessThan(1e-4);
    shift.forEach((value, k) => {
      expect(Math.abs(found.shiftPx[k] - value)).toBeLessThan(1e-3);
    });
  });
});

describe("landscapes are acryo's to 1e-5 of their range", () => {
  const cases: readonly [string, string, number, number, ModelParams?][] = [
    ["zncc_mol3", "zncc", 3, 1],
    ["ncc_mol3", "ncc", 3, 1],
    ["pcc_mol3", "pcc", 3, 1],
    ["fsc_mol3", "fsc", 2, 1],
    ["zncc_mol3_upsample3", "zncc", 2, 3],
    [
      "zncc_mol3_rot3",
      "zncc",
      2,
      1,
      {
        rotations: [
          [5, 5],
          [0, 0],
          [0, 0],
        ],
        compat: true,
      },
    ], // prettier-ignore
  ];
  test.each(cases)("%s", async (name, kind, shift, upsample, params) => {
    const model = KINDS[kind].create({ templates: [A], mask: MASK }, { cutoff: 0.3, ...params });
    const maxShiftsPx: Zyx = [shift, shift, shift];
    const found = await model.landscape(subtomogram(1), { maxShiftsPx, upsample, backend: pool });
    const wanted = golden(`landscape/${name}`);
    expect(found.data.length).toBe(wanted.data.length);
    const range = Math.max(...wanted.data) - Math.min(...wanted.data);
    const worst = Math.max(...found.data.map((value, i) => Math.abs(value - wanted.data[i])));
    expect(worst / range).toBeLessThan(1e-5);
  });
});

describe("scores of molecules where they are are acryo's", () => {
  const wanted = json<Record<string, number[][]>>("scores");
  test.each(["zncc_plain", "ncc_plain", "pcc_plain"])("%s", async (name) => {
    const model = KINDS[name.split("_")[0]].create({ templates: [A, B] });
    const found = await model.score(ALL, { backend: pool });
    found.forEach((scores, i) => {
      scores.forEach((score, t) => {
        const expected = wanted[name][t][MOLECULES[i]];
        expect(Math.abs(score - expected) / Math.max(1, expected)).toBeLessThan(1e-5);
      });
    });
  });
});
