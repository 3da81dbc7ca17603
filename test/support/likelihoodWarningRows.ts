import { mkdirSync, readFileSync } from "node:fs";
import { formatMrc, formatNpyValue, formatTorch, parseTorch } from "../../src/io/index.ts";
import { ATOM, golden, pdb, type WarningRow, written } from "./warningRow.ts";

const to = (folder: string, name: string) => `${folder}/${name}`;
const likelihood = (file: string) => golden(`likelihood/${file}`);
const params = ["--params", likelihood("run/parameters.npz")];
const templates = (structure: readonly string[], folder: string, ...rest: string[]) => [
  ...["templates", ...params, ...structure, "--out", folder, ...rest],
];
const particles = (table: readonly string[], folder: string, ...rest: string[]) => [
  ...["particles", ...params, ...table, "--out", folder, ...rest],
];
/** Particles that no file says the pixel size of. */
function unsized(
  folder: string,
  columns = "DefocusU DefocusV DefocusAngle SphericalAberration Voltage",
  values = "9000 9000 0 2.7 300",
) {
  const data = Float32Array.from({ length: 2 * 48 * 48 }, (_, i) => (i * 7919) % 101);
  const bytes = formatMrc({ data, shape: [2, 48, 48], voxelSizeA: 0, kind: "stack" });
  const names = columns
    .split(" ")
    .map((name) => `_rln${name}`)
    .join("\n");
  const table = `data_\n\nloop_\n${names}\n${values}\n${values}\n`;
  return ["--star", written(folder, "p.star", table), "--mrc", written(folder, "p.mrcs", bytes)];
}
const cube = (folder: string, side: number, voxelSizeA: number) =>
  written(
    folder,
    "v.mrc",
    formatMrc({
      data: Float32Array.from({ length: side ** 3 }, (_, i) => i % 5),
      shape: [side, side, side],
      voxelSizeA,
    }),
  );

const compare = (folder: string, ...rest: string[]) => [
  ...["likelihood", ...params, "--templates", templateFolder(folder)],
  ...["--particles", likelihood("run/particles4"), "--out", to(folder, "out"), ...rest],
];
/** A list of the golden templates of a map, or some of them. */
function templateFolder(folder: string, count = 62): string {
  mkdirSync(to(folder, "t"));
  const whole = readFileSync(likelihood("run/templates/templates_fourier_vol.pt"));
  const { data } = parseTorch(whole, "vol.pt") as { data: Float32Array };
  const shape = [count, 40, 96];
  const some =
    count === 62 ? whole : formatTorch({ dtype: "c8", shape, data: data.slice(0, 2 * 40 * 96 * count) });
  written(folder, "t/a.pt", some);
  const list = { dtype: "U", shape: [1], data: ["a.pt"] } as const;
  written(folder, "t/template_file_list.npy", formatNpyValue(list));
  return to(folder, "t");
}
const matrix = (folder: string) =>
  written(folder, "m.pt", formatTorch({ shape: [2, 3], data: Float64Array.of(-1, -2, -3, -2, -2, -2) }));
const idle = (option: string, why: string, call: WarningRow["call"]): WarningRow => ({
  name: `${option} ${why}`,
  call,
  says: new RegExp(`^${option} has no effect here ${why.replaceAll(/[.()]/g, "\\$&")}$`),
});

/** Of what makes images comparable with structures. */
export const LIKELIHOOD_ROWS: readonly WarningRow[] = [
  {
    name: "parameters: a radius of atoms with residues",
    call: (f) => ["parameters", to(f, "p.npz"), "--pixels", "8", "--pixel-size", "2", "--atom-radius", "2"],
    says: /^--atom-radius has no effect here without --no-residues$/,
  },
  {
    name: "parameters: neither residues nor a radius",
    call: (f) => ["parameters", to(f, "p.npz"), "--pixels", "8", "--pixel-size", "2", "--no-residues"],
    says: /^without residues and without --atom-radius, these parameters make no templates of atoms$/,
  },
  {
    name: "templates: a map without a voxel size",
    call: (f) => templates(["--map", cube(f, 48, 0)], f),
    says: /v\.mrc: no voxel size: its box is taken for that of the images, 96 Å$/,
  },
  {
    name: "templates: voxels that are too large",
    call: (f) => templates(["--map", cube(f, 32, 3)], f),
    says: /v\.mrc: its 32 voxels reach to 0\.833 of the largest frequency/,
  },
  {
    name: "templates: a residue without a radius",
    call: (f) => templates(["--pdb", pdb(f, [ATOM(1).replace("GLY", "XYZ")])], f),
    says: /a\.pdb: residues XYZ have no radius of their own: 3 Å$/,
  },
  {
    name: "templates: atoms outside the box",
    call: (f) => templates(["--pdb", pdb(f, [ATOM(1), ATOM(2, " ", "1.00", "200.000")])], f),
    says: /a\.pdb: 2 of 2 atoms lie outside the box of 96 Å$/,
  },
  {
    name: "templates: voxels of no map",
    call: (f) => templates(["--pdb", pdb(f, [ATOM(1)])], f, "--voxel-size", "2"),
    says: /^--voxel-size has no effect here without --map$/,
  },
  {
    name: "particles: no pixel size anywhere",
    call: (f) => particles(unsized(f), f),
    says: /^no file says its pixel size: that of the parameters, 2 Å, is taken$/,
  },
  {
    name: "particles: another pixel size than the parameters'",
    call: (f) => particles(unsized(f), f, "--pixel-size", "2.5"),
    says: /^the pixel size of the parameters, 2 Å, is replaced by 2\.5 Å/,
  },
  {
    name: "particles: no amplitude contrast",
    call: (f) => particles(unsized(f), f),
    says: /p\.star: no amplitude contrast \(rlnAmplitudeContrast\): 0\.1$/,
  },
  {
    name: "particles: a number of a job without one",
    call: (f) => particles(["--cs", likelihood("input/particles.cs")], f, "--job", "3"),
    says: /^--job has no effect here without --cryosparc$/,
  },
  idle("--atom-selection", "without --no-residues", (f) => [
    ...["parameters", to(f, "p.npz"), "--pixels", "8", "--pixel-size", "2", "--atom-selection", "name CB"],
  ]),
  idle("--radians", "without --mrc", (f) =>
    particles(
      ["--star", likelihood("input/particles.star")],
      f,
      "--mrc-folder",
      likelihood("input"),
      "--radians",
    ),
  ),
  idle("--mrc-folder", "where files are named", (f) => particles(unsized(f), f, "--mrc-folder", f)),
  ...["--integrated", "--pose-posterior", "--pose-likelihood", "--picture"].map((option) =>
    idle(option, "with --full", (f) => compare(f, "--full", option)),
  ),
  idle("--noise-prior", "without --integrated, --pose-likelihood or --pose-posterior", (f) =>
    compare(f, "--noise-prior", "profile"),
  ),
  idle("--noise-prior", "with --compat, whose integrated likelihoods are one constant", (f) =>
    compare(f, "--noise-prior", "profile", "--integrated", "--compat"),
  ),
  idle("--error-bound", "with --method exact", (f) =>
    compare(f, "--method", "exact", "--error-bound", "1e-4"),
  ),
  idle("--no-discover-batch-size", "where both batch sizes are given", (f) =>
    compare(f, "--no-discover-batch-size", "--n-templates-per-batch", "8", "--n-images-per-batch", "8"),
  ),
  {
    name: "likelihood: astigmatic stacks of CryoLike",
    call: (f) => compare(f),
    says: /particles_fourier_stack_000000\.npz: a stack of CryoLike, which takes defocus angles from rows; .*--ctf-angles columns is right$/,
  },
  {
    name: "likelihood: other viewing angles than the parameters'",
    call: (f) => [
      ...["likelihood", ...params, "--templates", templateFolder(f, 12)],
      ...["--particles", likelihood("run/particles4"), "--out", to(f, "out"), "--integrated"],
    ],
    says: /^the parameters have 62 viewing angles, the templates 12: all templates count alike in integrated likelihoods$/,
  },
  ...["--n-stacks 2", "--whiten", "--pose-posterior", "--skip-exist", "--n-displacements 3,3"].map((words) =>
    idle(words.split(" ")[0], "with a matrix, which is computed already", (f) => [
      ...["ensemble", matrix(f), "--out", to(f, "out"), ...words.split(" ")],
    ]),
  ),
  idle("--pose-likelihood", "with the file of a matrix", (f) => [
    ...["ensemble", matrix(f), "--out", to(f, "out"), "--pose-likelihood"],
  ]),
  ...["--seed 3", "--confidence 0.9"].map((words) =>
    idle(words.split(" ")[0], "with --bootstrap 0", (f) => [
      ...["ensemble", matrix(f), "--out", to(f, "out"), "--bootstrap", "0", ...words.split(" ")],
    ]),
  ),
  idle("--likelihood", "with --particles", (f) => [
    ...["ensemble", ...params, "--templates", templateFolder(f), "--particles", likelihood("run/particles4")],
    ...["--out", to(f, "out"), "--likelihood", f],
  ]),
];
