import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createExperiment } from "../../src/experiment/index.ts";
import { formatMrc, formatMrcHeader, parseMrcHeader } from "../../src/io/index.ts";
import { LIKELIHOOD_ROWS } from "./likelihoodWarningRows.ts";
import { writeGoldenTable } from "./movieCase.ts";
import { type Configuration, smallConfiguration, writeConfig } from "./searchCase.ts";
import { ATOM, golden, pdb, type WarningRow, written } from "./warningRow.ts";

const cases = (file: string) => golden(`cases/${file}`);

/** An image of 8 x 6, its header changed, and bytes behind it. */
function image(
  folder: string,
  { change = {}, behind = 0, name = "a.mrc", shape = [6, 8] }: ImageChange = {},
): string {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 7);
  const bytes = formatMrc({ data, shape: shape as [number, number], voxelSizeA: 2 });
  bytes.set(formatMrcHeader({ ...parseMrcHeader(bytes, name), ...change }));
  return written(folder, name, Buffer.concat([bytes, Buffer.alloc(behind)]));
}

interface ImageChange {
  readonly change?: Partial<ReturnType<typeof parseMrcHeader>>;
  readonly behind?: number;
  readonly name?: string;
  readonly shape?: readonly number[];
}

/** A TIFF of one byte of grey with other tags. */
function tiff(folder: string, tags: readonly (readonly [tag: number, value: number])[]): string {
  const all = [
    [256, 2],
    [257, 1],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, 1],
    [279, 2],
  ] as [number, number][];
  const merged = new Map([...all, ...tags] as [number, number][]);
  const entries = [...merged].sort(([a], [b]) => a - b);
  const bytes = Buffer.alloc(10 + 2 + entries.length * 12 + 4);
  bytes.write("II*\0", 0, "latin1");
  bytes.writeUInt32LE(10, 4);
  bytes.set([3, 200], 8);
  bytes.writeUInt16LE(entries.length, 10);
  entries.forEach(([tag, value], i) => {
    const at = 12 + 12 * i;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(3, at + 2);
    bytes.writeUInt32LE(1, at + 4);
    bytes.writeUInt16LE(value, at + 8);
  });
  return written(folder, "a.tif", bytes);
}

const map = (atoms: string, folder: string, ...rest: string[]) => [
  ...["simulate-map", atoms, "--pixel-size", "2", "--box", "8", "--out", join(folder, "map.mrc")],
  ...["--workers", "1", ...rest],
];
const biomt = (copy: number) =>
  `REMARK 350   BIOMT1 ${String(copy).padStart(3)}  1.000000  0.000000  0.000000        0.00000`;

const STAR = `data_optics
loop_
_rlnOpticsGroupName
_rlnOpticsGroup
_rlnVoltage
_rlnSphericalAberration
_rlnAmplitudeContrast
_rlnImagePixelSize
og 1 KV 2.7 0.1 2

data_particles
loop_
_rlnCoordinateX
_rlnCoordinateY
_rlnMicrographName
_rlnOpticsGroup
_rlnDefocusU
_rlnDefocusV
_rlnDefocusAngle
10 20 a.mrc 1 DF DF 0
11 21 a.mrc 1 DF DF 0
`;
const star = (folder: string, { kv = "300", df = "12000", more = "" } = {}) =>
  written(folder, "p.star", STAR.replace("KV", kv).replaceAll("DF", df) + more);

/** A search of a noise micrograph, 483 correlations. */
function search(folder: string, change: (configuration: Configuration) => void = () => {}): string {
  const configuration = smallConfiguration(folder, { image: [40, 36], template: 8 });
  configuration.orientation_search_config.psi_step = 150;
  configuration.orientation_search_config.theta_step = 100;
  change(configuration);
  return writeConfig(folder, configuration);
}
const match = (config: string, folder: string, ...rest: string[]) => [
  ...["match", config, "--particles", join(folder, "p.csv"), "--workers", "1", ...rest],
];
const optics = (folder: string, change: object) =>
  search(folder, (configuration) => Object.assign(configuration.optics_group, change));

const ctf = (df: string, columns = "") => `data_micrographs
loop_
_rlnMicrographName
_rlnDefocusU
_rlnDefocusV
${columns === "" ? "" : `${columns.split(" ")[0]}\n`}image.mrc ${df} ${df} ${columns.split(" ")[1] ?? ""}
`;

const plan = (folder: string, value: unknown) => written(folder, "plan.json", JSON.stringify(value));
const zarr = (folder: string, attributes: object) => {
  // an image of 2 x 3 pixels without chunks: all 0
  const array = {
    ...{
      zarr_format: 3,
      node_type: "array",
      shape: [2, 3],
      data_type: "uint8",
      fill_value: 0,
      attributes: {},
    },
    chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    codecs: [{ name: "bytes" }],
  };
  const axes = ["y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" }));
  const scale = { type: "scale", scale: [1, 1] };
  const multiscale = { axes, datasets: [{ path: "0", coordinateTransformations: [scale] }] };
  const group = {
    ...{ zarr_format: 3, node_type: "group" },
    attributes: { ome: { version: "0.5", multiscales: [{ ...multiscale, ...attributes }], ...attributes } },
  };
  const at = join(folder, "a.zarr");
  for (const [path, value] of [
    ["", group],
    ["/0", array],
  ] as const) {
    mkdirSync(`${at}${path}`, { recursive: true });
    writeFileSync(`${at}${path}/zarr.json`, JSON.stringify(value));
  }
  return at;
};
const to = (folder: string, name: string) => join(folder, name);
const convert = (from: string, folder: string, name: string, ...rest: string[]) => [
  "convert",
  from,
  to(folder, name),
  ...rest,
];

export const WARNING_ROWS: readonly WarningRow[] = [
  ...LIKELIHOOD_ROWS,
  // MRC
  {
    name: "bytes behind an MRC file's sections, info",
    call: (f) => ["info", image(f, { behind: 500 })],
    says: /a\.mrc: header\.nz 1: 500 bytes behind/,
  },
  {
    name: "bytes behind an MRC file's sections, convert",
    call: (f) => convert(image(f, { behind: 500 }), f, "b.npy"),
    says: /a\.mrc: header\.nz 1: 500 bytes behind/,
  },
  {
    name: "an MRC header's size in a format without one",
    call: (f) => convert(image(f), f, "b.npy"),
    says: /b\.npy: \.npy has no place for the size of a pixel.*--format/,
  },
  {
    name: "MRC as TIFF",
    call: (f) => convert(image(f), f, "b.tif"),
    says: /b\.tif: its last row is taken for the first.*--tiff-rows keep/,
  },
  {
    name: "the plane of a volume that is drawn",
    call: (f) => convert(image(f, { shape: [3, 6, 8] }), f, "b.png"),
    says: /a\.mrc: z 1 of 3 is drawn; at \(--at z=/,
  },
  {
    name: "a picture without a scale bar",
    call: (f) => convert(tiff(f, []), f, "b.png"),
    says: /a\.tif tells no size of a pixel: the picture has no scale bar.*--pixel-size Å/,
  },
  // TIFF
  {
    name: "a TIFF's orientation",
    call: (f) => convert(tiff(f, [[274, 3]]), f, "b.npy"),
    says: /a\.tif: Orientation 3 is left out/,
  },
  {
    name: "a TIFF whose largest value is black",
    call: (f) => convert(tiff(f, [[262, 0]]), f, "b.npy"),
    says: /a\.tif: PhotometricInterpretation 0 is left out/,
  },
  {
    name: "reduced copies of TIFF pages",
    call: (f) => convert(cases("tiff/thumbnails.tif"), f, "b.npy"),
    says: /b\.npy: 1 lower levels? .*--level N/,
  },
  {
    name: "TIFF as MRC",
    call: (f) => convert(cases("tiff/fill_order_2.tif"), f, "b.mrc"),
    says: /fill_order_2\.tif: its last row is taken.*--tiff-rows/,
  },
  // OME-Zarr
  {
    name: "an axis whose unit is null",
    call: (f) => convert(cases("zarr/unit_null.zarr"), f, "b.zarr"),
    says: /axes\[\d\]\.unit is null: unknown/,
  },
  {
    name: "several multiscales",
    call: (f) => ["info", zarr(f, { name: "x", type: 3, omero: { channels: [{}, {}] } })],
    says: /omero\.channels: 2 for 1 channels of the image: left out/,
  },
  // tables
  {
    name: "which pixel size of a STAR file is meant",
    call: (f) => convert(cases("star/super_resolution.star"), f, "b.csv"),
    says: /rlnImagePixelSize 1\.06.*--pixel-size/,
  },
  {
    name: "other blocks of a STAR file",
    call: (f) => convert(star(f, { more: "\ndata_extra\nloop_\n_rlnX\n1\n" }), f, "b.csv"),
    says: /p\.star: data_extra is left out/,
  },
  {
    name: "columns that RELION does not know",
    call: (f) => convert(golden("match/search1_particles.csv"), f, "b.star"),
    says: /b\.star: left out what RELION does not know: particle_index.*--full/,
  },
  {
    name: "volts for kilovolts in a STAR file",
    call: (f) => convert(star(f, { kv: "300000" }), f, "b.csv"),
    says: /p\.star row 1 voltage: 300000 kV.*; so is 1 more row$/,
  },
  {
    name: "µm for Å in a STAR file",
    call: (f) => convert(star(f, { df: "1.2" }), f, "b.h5"),
    says: /p\.star row 1 defocus_u: 1\.2 Å/,
  },
  {
    name: "boxes that leave the micrograph",
    call: (f) => ["extract", writeGoldenTable(f), "--box", "200", "--out", to(f, "b.mrcs")],
    says: /micrograph\.mrc: \d+ of 9 boxes leave it and are padded \(--padding reflect\); --bounds error/,
  },
  {
    name: "a cell that is not at right angles",
    call: (f) => ["info", image(f, { change: { cellAnglesDeg: [90, 90, 120] } })],
    says: /header\.cellb 90, 90, 120°: axes of the cell are not at right angles/,
  },
  {
    name: "a side of a cell that is none",
    call: (f) => ["info", image(f, { change: { cellA: [-16, 12, 2] } })],
    says: /header\.cella x -16 Å is no length: no size of a pixel there/,
  },
  // structures
  {
    name: "frames between END lines",
    call: (f) => map(pdb(f, [ATOM(1), "END", ATOM(1), "END"]), f),
    says: /a\.pdb: atoms behind END taken as another model/,
  },
  {
    name: "occupancies that are none",
    call: (f) => map(pdb(f, [ATOM(1, " ", "5.00"), ATOM(2, " ", "1.00", "1.000")]), f),
    says: /a\.pdb: occupancies beyond 0 to 1 \(5 of /,
  },
  {
    name: "the first of two models",
    call: (f) => map(cases("atoms/two_models.pdb"), f),
    says: /two_models\.pdb: the first of 2 models is taken; --models all/,
  },
  {
    name: "atoms of no element",
    call: (f) => map(cases("atoms/element_x.pdb"), f),
    says: /element_x\.pdb: .*X.* left out/,
  },
  {
    name: "residue numbers that overflow",
    call: () => ["info", cases("atoms/residue_10000.pdb")],
    says: /residue_10000\.pdb: residue number that overflows its columns/,
  },
  {
    name: "copies of a PDB file's assembly",
    call: (f) => map(pdb(f, [biomt(1), biomt(2), biomt(24), ATOM(1), "END"]), f),
    says: /a\.pdb: its biological assembly is 3 copies.*--models all/,
  },
  {
    name: "copies of an mmCIF file's assembly, info",
    call: (f) => ["info", cif(f)],
    says: /a\.cif: its biological assembly is 60 copies/,
  },
  {
    name: "alternate locations taken fully",
    call: (f) => map(pdb(f, [ATOM(1, "A", "0.50"), ATOM(2, "B", "0.50", "1.000")]), f, "--ignore-occupancy"),
    says: /a\.pdb: 1 atoms are other locations.*--ignore-occupancy/,
  },
  {
    name: "atoms of occupancy 0",
    call: (f) => map(pdb(f, [ATOM(1), ATOM(2, " ", "0.00", "1.000")]), f),
    says: /a\.pdb: 1 of 2 atoms have occupancy 0.*--ignore-occupancy/,
  },
  // searches
  {
    name: "volts for kilovolts, match",
    call: (f) => match(optics(f, { voltage: 300_000 }), f),
    says: /config\.yaml optics_group\.voltage: 300000 kV/,
  },
  {
    name: "µm for Å, match --estimate",
    call: (f) => match(optics(f, { defocus_u: 1.2 }), f, "--estimate"),
    says: /config\.yaml optics_group\.defocus_u: 1\.2 Å/,
  },
  {
    name: "volts for kilovolts, config",
    call: (f) => ["config", optics(f, { voltage: 300_000 })],
    says: /config\.yaml optics_group\.voltage: 300000 kV/,
  },
  {
    name: "fields of a configuration without effect",
    call: (f) => ["config", search(f, (c) => Object.assign(c, { computational_config: { gpu_ids: 0 } }))],
    says: /config\.yaml computational_config\.gpu_ids has no effect here/,
  },
  {
    name: "a template of other pixels",
    call: (f) =>
      match(
        search(f),
        f,
        "--template",
        image(f, { name: "t.mrc", shape: [8, 8, 8], change: { cellA: [24, 24, 24] } }),
      ),
    says: /t\.mrc says 3 Å a pixel, the configuration 2 Å/,
  },
  {
    name: "a CTF table in µm",
    call: (f) =>
      match(search(f), f, "--micrographs", to(f, "image.mrc"), "--ctf", written(f, "ctf.star", ctf("1.2"))),
    says: /ctf\.star micrograph 1 defocus_u: 1\.2 Å/,
  },
  {
    name: "optics of a CTF table that are not used",
    call: (f) =>
      match(
        search(f),
        f,
        "--micrographs",
        to(f, "image.mrc"),
        "--ctf",
        written(f, "ctf.star", ctf("9000", "_rlnBeamTiltX 0.1")),
      ),
    says: /ctf\.star: rlnBeamTiltX are not used; the configuration's optics are/,
  },
  {
    name: "a micrograph without CTF",
    call: (f) =>
      match(
        search(f),
        f,
        "--micrographs",
        to(f, "image.mrc"),
        "--micrographs",
        image(f, { name: "other.mrc", shape: [40, 36] }),
        "--ctf",
        written(f, "ctf.star", ctf("9000")),
      ),
    says: /no CTF for \S*other\.mrc: left out/,
  },
  // options
  {
    name: "match --fdr without its method",
    call: (f) => match(search(f), f, "--fdr", "0.1"),
    says: /^--fdr has no effect here without --peaks fdr$/,
  },
  {
    name: "match --compat-batch without --compat",
    call: (f) => match(search(f), f, "--compat-batch", "8"),
    says: /^--compat-batch has no effect here without --compat$/,
  },
  {
    name: "match --correlation-limit without a table",
    call: (f) => match(search(f), f, "--correlation-limit", "9"),
    says: /^--correlation-limit has no effect here without --correlation-table or/,
  },
  {
    name: "--false-positives with a cutoff",
    call: (f) => match(search(f), f, "--z-cutoff", "9", "--false-positives", "2"),
    says: /^--false-positives has no effect here with --z-cutoff$/,
  },
  {
    name: "simulate-map --voltage without a dose",
    call: (f) => map(pdb(f, [ATOM(1)]), f, "--voltage", "200"),
    says: /^--voltage has no effect here without --dose-end$/,
  },
  {
    name: "simulate-map, volts for kilovolts",
    call: (f) => map(pdb(f, [ATOM(1)]), f, "--voltage", "200000", "--dose-end", "30"),
    says: /^--voltage: 200000 kV is not between/,
  },
  {
    name: "simulate-micrograph --psi-step without --config",
    call: (f) => micrograph(f, "--psi-step", "3"),
    says: /^--psi-step has no effect here without --config$/,
  },
  {
    name: "simulate-micrograph, µm for Å",
    call: (f) => micrograph(f, "--defocus", "1.2"),
    says: /^--defocus: 1\.2 Å is not between/,
  },
  {
    name: "convert: picture options on a map",
    call: (f) => convert(image(f), f, "b.mrc", "--zoom", "2"),
    says: /^--zoom has no effect here but on a picture/,
  },
  {
    name: "convert: compression on a map",
    call: (f) => convert(image(f), f, "b.mrc", "--compression", "zstd"),
    says: /^--compression has no effect here but on OME-Zarr/,
  },
  {
    name: "convert: shards on a map",
    call: (f) => convert(image(f), f, "b.mrc", "--shard", "512"),
    says: /^--shard has no effect here but on OME-Zarr/,
  },
  {
    name: "convert: table options on a map",
    call: (f) => convert(image(f), f, "b.mrc", "--full"),
    says: /^--full has no effect here on images$/,
  },
  {
    name: "convert: image options on a table",
    call: (f) => convert(star(f), f, "b.csv", "--at", "z=1"),
    says: /^--at has no effect here on a table of particles$/,
  },
  {
    name: "experiment add --wells without --plate",
    call: async (f) => ["experiment", "add", await experiment(f), "--wells", "A01", "--cycles", "1"],
    says: /^--wells has no effect here without --plate$/,
  },
  // acquisitions
  {
    name: "images of equal axes",
    call: (f) => acquire(f, [{ axes: { time: 0 } }, { axes: { time: 0 } }]),
    says: /1 of 2 events have the axes of an earlier one.*name positions and channels apart/,
  },
  {
    name: "acquire --format without a place",
    call: (f) => ["acquire", plan(f, [{ axes: { time: 0 } }]), "--format", "ome-zarr"],
    says: /^--format has no effect here without --dir and --name/,
  },
  {
    name: "acquire --idle without a processor",
    call: (f) => acquire(f, [{ axes: { time: 0 } }], "--idle", "1"),
    says: /^--idle has no effect here without --processor$/,
  },
  {
    name: "acquire --explore without a page",
    call: (f) => acquire(f, [{ axes: { time: 0 } }], "--explore"),
    says: /^--explore has no effect here without --view$/,
  },
];

function micrograph(folder: string, ...rest: string[]): string[] {
  const shape = [16, 16, 16] as const;
  const data = Float32Array.from({ length: 16 ** 3 }, (_, i) => Math.sin(i));
  const path = written(folder, "m.mrc", formatMrc({ data, shape, voxelSizeA: 2 }));
  const out = ["--out", to(folder, "x.mrc"), "--truth", to(folder, "t.csv")];
  const small = ["--size", "64x64", "--particles", "1", "--workers", "1", "--defocus", "9000"];
  return ["simulate-micrograph", path, ...out, ...small, ...rest];
}

function acquire(folder: string, events: readonly object[], ...rest: string[]): string[] {
  return ["acquire", plan(folder, events), "--dir", folder, "--name", "run", ...rest];
}

async function experiment(folder: string): Promise<string> {
  const path = join(folder, "screen");
  await (await createExperiment(path)).close();
  return path;
}

function cif(folder: string): string {
  const atoms = `loop_\n${["type_symbol", "Cartn_x", "Cartn_y", "Cartn_z"].map((name) => `_atom_site.${name}\n`).join("")}C 0 0 0
`;
  const assembly = `loop_
_pdbx_struct_assembly_gen.assembly_id
_pdbx_struct_assembly_gen.oper_expression
1 '(1-5)(61-72)'
PAU P
`;
  return written(folder, "a.cif", `data_A\n${assembly}#\n${atoms}`);
}
