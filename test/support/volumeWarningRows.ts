import { appendFileSync, readFileSync } from "node:fs";
import { formatMrc, writeTiff } from "../../src/io/index.ts";
import { match, search } from "./warningFiles.ts";
import { golden, type WarningRow, written } from "./warningRow.ts";

const SIDE = 12;

/** A volume of values that differ, which its header calls a stack of images or a volume. */
export function cube(folder: string, name: string, kind: "stack" | "volume"): string {
  const data = Float32Array.from({ length: SIDE ** 3 }, (_, i) => (i * 7919) % 101);
  return written(folder, name, formatMrc({ data, shape: [SIDE, SIDE, SIDE], voxelSizeA: 10, kind }));
}

/** A small volume that is not 0 in its middle. */
function ball(folder: string): string {
  const data = Float32Array.from({ length: 6 ** 3 }, (_, i) => ((i * 31) % 13) + 1);
  return written(folder, "ball.mrc", formatMrc({ data, shape: [6, 6, 6], voxelSizeA: 10 }));
}

/** Molecules in nm whose boxes lie inside, or nearly. */
const molecules = (folder: string) =>
  written(folder, "m.csv", "z,y,x,zvec,yvec,xvec\n5.5,5.5,5.5,0,0,0\n5.5,5,6,0,0,0.1\n5,5.5,6,0,0.1,0\n");

const SAYS = /a\.mrc: header\.ispg 0 says a stack of 12 images; taken for a volume of 12 planes$/;

/** Programs of a tomogram `a.mrc`. */
const ofTomogram = (command: string, out: string, ...rest: readonly string[]): WarningRow => ({
  name: `a tomogram that its file calls a stack, ${command}`,
  call: (f) => [
    ...[command, cube(f, "a.mrc", "stack"), "--molecules", molecules(f), "--workers", "1"],
    ...["--out", `${f}/${out}`, ...rest.map((one) => (one === "T" ? cube(f, "t.mrc", "volume") : one))],
  ],
  says: SAYS,
});

/** Programs of a file `a.mrc` beside the tomogram. */
const beside = (name: string, call: (stack: string, folder: string) => readonly string[]): WarningRow => ({
  name: `a ${name} that its file calls a stack`,
  call: (f) => call(cube(f, "a.mrc", "stack"), f),
  says: SAYS,
});

const tomogram = (f: string) => [cube(f, "v.mrc", "volume"), "--workers", "1"];
const moved = (f: string) => ["--molecules", molecules(f), "--max-shift", "1", "--out", `${f}/o.csv`];

/** The second lies far outside. */
const outside = (folder: string) =>
  written(folder, "out.csv", "z,y,x,zvec,yvec,xvec\n5.5,5.5,5.5,0,0,0\n500,5,6,0,0,0\n");

/** A program of boxes of 8 voxels; `--out` is the last but one of what it is told. */
const averaged = (name: string, command: string, rest: readonly string[], says: RegExp): WarningRow => ({
  name,
  call: (f) => [
    ...[command, ...tomogram(f), "--molecules", molecules(f), "--size", "8"],
    ...rest.slice(0, -1),
    `${f}/${rest.at(-1)}`,
  ],
  says,
});

/** Volumes of which a header says that they are stacks of images. */
export const VOLUME_ROWS: readonly WarningRow[] = [
  ofTomogram("align", "o.csv", "--template", "T", "--max-shift", "1"),
  ofTomogram("score", "o.csv", "--template", "T"),
  ofTomogram("average", "o.mrc", "--size", "8"),
  ofTomogram("fsc", "o.csv", "--size", "8"),
  ofTomogram("classify", "o.csv", "--size", "8"),
  {
    name: "a tomogram that its file calls a stack, pick",
    call: (f) => [
      ...["pick", cube(f, "a.mrc", "stack"), "--method", "log", "--sigma", "2", "--workers", "1"],
      ...["--out", `${f}/o.csv`],
    ],
    says: SAYS,
  },
  beside("template, align", (a, f) => ["align", ...tomogram(f), "--template", a, ...moved(f)]),
  beside("mask, align", (a, f) => [
    ...["align", ...tomogram(f), "--template", cube(f, "t.mrc", "volume"), "--mask", a, ...moved(f)],
  ]),
  beside("template, score", (a, f) => [
    ...["score", ...tomogram(f), "--molecules", molecules(f), "--template", a, "--out", `${f}/o.csv`],
  ]),
  beside("mask, score", (a, f) => [
    ...["score", ...tomogram(f), "--molecules", molecules(f), "--template", cube(f, "t.mrc", "volume")],
    ...["--mask", a, "--out", `${f}/o.csv`],
  ]),
  beside("template, simulate", (a, f) => [
    ...["simulate", a, "--molecules", molecules(f), "--shape", "12x12x12", "--scale", "1", "--workers", "1"],
    ...["--out", `${f}/o.mrc`],
  ]),
  {
    name: "a molecule outside of the tomogram, simulate",
    call: (f) => [
      ...["simulate", cube(f, "t.mrc", "volume"), "--molecules", molecules(f), "--shape", "12x6x12"],
      ...["--scale", "1", "--workers", "1", "--out", `${f}/o.mrc`],
    ],
    // Places along y are 5.5, 5 and 5.5 of 6 voxels: the last voxel ends at 5.5.
    says: /simulate: 2 of 3 molecules lie outside of the 12 x 6 x 12 voxels and show in part or not at all, the first of them molecule 0 of component 0: see shape \(--shape\)/,
  },
  {
    name: "an image that two tilts name, reconstruct",
    call: (f) => {
      const series = JSON.parse(readFileSync(golden("subtomogram/tiltSeries/acryo.json"), "utf8"));
      const { tilt_angles: angles } = series;
      series.image_path = golden("subtomogram/tiltSeries/tilts.mrc");
      series.image_indices = angles.map((_: number, i: number) => Math.max(1, i));
      return [
        ...["reconstruct", written(f, "a.json", JSON.stringify(series)), "--tomogram-size", "16,16,8"],
        ...["--patch", "16", "--image-scale", "0.5", "--workers", "1", "--out", `${f}/o.mrc`],
      ];
    },
    says: /a\.json: image 1 counts twice: two tilts name it/,
  },
  beside("part to pick in", (a, f) => [
    ...["pick", ...tomogram(f), "--method", "log", "--sigma", "2", "--within", a, "--out", `${f}/o.csv`],
  ]),
  beside("template, match", (a, f) => match(search(f), f, "--template", a)),
  beside("map, simulate-micrograph", (a, f) => [
    ...["simulate-micrograph", a, "--out", `${f}/x.mrc`, "--truth", `${f}/t.csv`, "--size", "64x64"],
    ...["--particles", "1", "--workers", "1", "--defocus", "9000", "--pixel-size", "10"],
  ]),
  beside("map, templates", (a, f) => [
    ...["templates", "--params", golden("likelihood/run/parameters.npz"), "--map", a, "--out", f],
    ...["--voxel-size", "8"],
  ]),
  {
    name: "pages of TIFF as a tomogram, average",
    call: async (f) => {
      const pages = Array.from({ length: SIDE }, (_, z) => ({
        data: Uint8Array.from({ length: SIDE ** 2 }, (_, i) => (z * i * 7919) % 101),
        height: SIDE,
        width: SIDE,
        channels: 1,
      }));
      await writeTiff(`${f}/a.tif`, { pages, pixelSizeA: 10 });
      return [
        ...["average", `${f}/a.tif`, "--molecules", molecules(f), "--size", "8", "--workers", "1"],
        ...["--out", `${f}/o.mrc`],
      ];
    },
    says: /a\.tif: the axis time of 12 says a stack of 12 images; taken for a volume of 12 planes/,
  },
  {
    name: "bytes behind a tomogram's sections, average",
    call: (f) => {
      const path = cube(f, "a.mrc", "volume");
      appendFileSync(path, new Uint8Array(500));
      return [
        ...["average", path, "--molecules", molecules(f), "--size", "8", "--workers", "1"],
        ...["--out", `${f}/o.mrc`],
      ];
    },
    says: /a\.mrc: header\.nz 12: 500 bytes behind/,
  },
  {
    name: "a step above the range of rotations, align",
    call: (f) => [
      ...["align", ...tomogram(f), "--template", cube(f, "t.mrc", "volume"), ...moved(f)],
      ...["--rotations", "5:10,5:5,5:10"],
    ],
    says: /^rotations about z, x: a step of 10° in a range of 5° tries 0 alone \(--rotations MAX:STEP\)$/,
  },
  {
    name: "a step above the range of rotations, pick",
    call: (f) => [
      ...["pick", ...tomogram(f), "--method", "template", "--template", ball(f)],
      ...["--rotations", "5:10", "--out", `${f}/o.csv`],
    ],
    says: /^rotations about z, y, x: a step of 10° in a range of 5° tries 0 alone/,
  },
  {
    name: "a mask of another shape, align",
    call: (f) => [
      ...["align", ...tomogram(f), "--template", cube(f, "t.mrc", "volume"), "--mask", ball(f), ...moved(f)],
    ],
    says: /^mask: 6 x 6 x 6 voxels, cropped or padded with 0 about its centre to 12 x 12 x 12$/,
  },
  {
    name: "a mask of another shape, fsc",
    call: (f) => [
      ...["fsc", ...tomogram(f), "--molecules", molecules(f), "--size", "8", "--mask", ball(f)],
      ...["--out", `${f}/o.csv`],
    ],
    says: /^mask: 6 x 6 x 6 voxels, cropped or padded with 0 about its centre to 8 x 8 x 8$/,
  },
  {
    name: "molecules that are there twice, fsc",
    call: (f) => [
      ...["fsc", ...tomogram(f), "--molecules", molecules(f), "--size", "8", "--out", `${f}/o.csv`],
    ],
    says: /^2 of 3 molecules lie within a voxel of another: halves that share them agree too well/,
  },
  {
    name: "more components than boxes differ along, classify",
    call: (f) => [
      ...["classify", ...tomogram(f), "--molecules", molecules(f), "--size", "8", "--components", "3"],
      ...["--out", `${f}/o.csv`],
    ],
    says: /^components: 3 asked for, boxes differ along 2 alone, others are 0 \(--components\)$/,
  },
  {
    name: "a low pass beyond the corner, classify",
    call: (f) => [
      ...["classify", ...tomogram(f), "--molecules", molecules(f), "--size", "8", "--cutoff", "2"],
      ...["--out", `${f}/o.csv`],
    ],
    says: /^cutoff 2 filters nothing: it counts above 0 and below 0\.866 cycles\/voxel.*\(--cutoff\)$/,
  },
  {
    name: "weighting without a missing wedge, average",
    call: (f) => [
      ...["average", ...tomogram(f), "--molecules", molecules(f), "--size", "8", "--wedge-weighting"],
      ...["--out", `${f}/o.mrc`],
    ],
    says: /^no missing wedge is known: weighting changes the height of the average alone.*--tilt/,
  },
  {
    name: "a low pass above all frequencies, align",
    call: (f) => [
      ...["align", ...tomogram(f), "--template", cube(f, "t.mrc", "volume"), "--cutoff", "30", ...moved(f)],
    ],
    says: /^cutoff 30 filters nothing: it counts above 0 and below 0\.866 cycles\/voxel.*\(--cutoff\)$/,
  },
  averaged(
    "shells without a frequency, fsc",
    "fsc",
    ["--out", "o.csv"],
    /^1 of 17 shells have no frequency of boxes of 8 x 8 x 8 voxels, and NaN for an FSC: shells of --dfreq 0\.13 \(dfreq\) have$/,
  ),
  averaged(
    "a missing wedge, fsc",
    "fsc",
    ["--tilt=-60,60", "--out", "o.csv"],
    /^--tilt has no effect here since halves are averaged as they are/,
  ),
  {
    name: "boxes larger than the tomogram, average",
    call: (f) => [
      ...["average", ...tomogram(f), "--molecules", molecules(f), "--size", "20", "--out", `${f}/o.mrc`],
    ],
    says: /^boxes of 20 x 20 x 20 voxels are larger than .*v\.mrc, 12 x 12 x 12: what lies outside is filled with means$/,
  },
  {
    name: "a template whose file says another scale, align",
    call: (f) => [...["align", ...tomogram(f), "--template", ball(f), "--template-scale", "2", ...moved(f)]],
    says: /ball\.mrc says 1 nm\/voxel; 2 is taken, as given$/,
  },
  {
    name: "molecules outside of the tomogram, align",
    call: (f) => [
      ...["align", ...tomogram(f), "--template", ball(f), "--molecules", outside(f), "--max-shift", "1"],
      ...["--drop-outside", "--out", `${f}/o.csv`],
    ],
    says: /^1 of 2 molecules lie outside of the tomogram and are left out$/,
  },
  {
    name: "molecules outside of the tomogram, simulate",
    call: (f) => [
      ...["simulate", ball(f), "--molecules", outside(f), "--shape", "12", "--scale", "1", "--workers", "1"],
      ...["--out", `${f}/o.mrc`],
    ],
    says: /^simulate: 1 of 2 molecules lie outside of the 12 x 12 x 12 voxels and show in part or not at all.*\(--shape\)/,
  },
  {
    name: "the voxels of another program's table, align",
    call: (f) => [
      ...["align", ...tomogram(f), "--template", ball(f), "--molecules", molecules(f), "--max-shift", "1"],
      ...["--out", `${f}/o.tbl`],
    ],
    says: /o\.tbl: voxels are those of .*v\.mrc, 10 Å; --pixel-size for those of images without binning$/,
  },
  {
    name: "the tomogram of a table of several, average",
    call: (f) => [
      ...["average", ...tomogram(f), "--size", "8", "--out", `${f}/o.mrc`, "--molecules"],
      written(f, "s.csv", "z,y,x,zvec,yvec,xvec,tomogram\n5,5,5,0,0,0,v\n5,5,6,0,0,0,w\n"),
    ],
    says: /s\.csv has molecules of 2 tomograms: those of v are taken, as v\.mrc is called; others: --tomogram NAME/,
  },
  {
    name: "what Dynamo's tables have no column for, convert",
    call: (f) => [
      "convert",
      written(f, "s.csv", "z,y,x,zvec,yvec,xvec,tomogram,kind\n5,5,5,0,0,0,v,1\n"),
      ...[`${f}/o.tbl`, "--pixel-size", "2"],
    ],
    says: /o\.tbl: left out kind: Dynamo has no such columns$/,
  },
  {
    name: "a Gaussian below a voxel, pick",
    call: (f) => ["pick", ...tomogram(f), "--method", "log", "--sigma", "0.1", "--out", `${f}/o.csv`],
    says: /^pickLoG sigma of 0\.1 nm is 0\.10 voxels: single voxels, and noise, are picked$/,
  },
];
