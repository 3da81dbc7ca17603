import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { addMapobjects, createExperiment } from "../../src/experiment/index.ts";
import { formatMrc, writeTiff } from "../../src/io/index.ts";
import { FILE_ROWS } from "./fileWarningRows.ts";
import { LIKELIHOOD_ROWS } from "./likelihoodWarningRows.ts";
import { MOLECULE_ROWS } from "./moleculeWarningRows.ts";
import { writeGoldenTable } from "./movieCase.ts";
import { VOLUME_ROWS } from "./volumeWarningRows.ts";
import {
  biomt,
  cases,
  convert,
  ctf,
  image,
  map,
  match,
  optics,
  places,
  plan,
  search,
  star,
  tiff,
  to,
  zarr,
  zarrPlate,
} from "./warningFiles.ts";
import { ATOM, golden, pdb, type WarningRow, written } from "./warningRow.ts";

export const WARNING_ROWS: readonly WarningRow[] = [
  ...LIKELIHOOD_ROWS,
  ...VOLUME_ROWS,
  ...FILE_ROWS,
  ...MOLECULE_ROWS,
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
  {
    name: "fields of a well that do not say where they lie",
    call: (f) => ["info", zarrPlate(f)],
    says: /plate\.zarr: well A01: fields have no positions: placed in a grid/,
  },
  {
    name: "other fields of a plate, and its wells",
    call: (f) => convert(zarrPlate(f), f, "b.npy"),
    says: /the first of 2 images is taken, "A\/1\/0".*or a well with all its fields \(--image "A01"\)/,
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
    name: "a defocus that is no number",
    call: (f) => convert(star(f, { df: "nan" }), f, "b.csv"),
    says: /p\.star row 1 defocus_u: "nan" is no number, and is written as it is/,
  },
  {
    name: "a table without particles",
    call: (f) => convert(written(f, "p.csv", "pos_x_img,pos_y_img\n"), f, "b.star"),
    says: /p\.csv: there is no particle in it$/,
  },
  {
    name: "optics groups without optics",
    call: (f) => convert(written(f, "p.star", places(["OpticsGroup 1"])), f, "b.csv"),
    says: /p\.star: rlnOpticsGroup without data_optics: pixel size \(--pixel-size\), voltage and the like are left open/,
  },
  {
    name: "origins in Å without a pixel size",
    call: (f) => convert(written(f, "p.star", places(["OriginXAngst 3", "OriginYAngst 0"])), f, "b.csv"),
    says: /rlnOriginXAngst is left out, as no pixel size is known; --pixel-size gives it$/,
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
    name: "locations that add up to two atoms",
    call: (f) => map(pdb(f, [ATOM(1, "A"), ATOM(2, "B", "1.00", "1.000")]), f),
    says: /a\.pdb: occupancies of the other locations of an atom add up to more than 1 \(2 of CA in GLY 1\)/,
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
  {
    name: "import: a channel that two cycles have",
    call: async (f) => {
      const folder = to(f, "cycles");
      mkdirSync(folder);
      const page = { data: new Uint16Array(6), width: 3, height: 2, channels: 1 };
      for (const cycle of [0, 1])
        await writeTiff(join(folder, `P_A01_c${cycle}_DAPI.tif`), { pages: [page] });
      const names = ["--pattern", "{plate}_{well}_c{cycle}_{channel}.tif", "--format", "96"];
      return ["import", await experiment(f), folder, ...names, "--dry-run"];
    },
    says: /^another cycle has channels of the names of cycle 1: DAPI is imported as 1_DAPI \(--channel-names as-found /,
  },
  {
    name: "objects cluster: an object without the feature",
    call: async (f) => objects("cluster", await cells(f), "--features", "area", "--clusters", "2"),
    says: /^Cells: 1 object lacks one of the features area: in no group$/,
  },
  {
    name: "objects cluster --undo without --assign",
    call: async (f) => {
      const groups = ["--features", "area", "--clusters", "2", "--undo", to(f, "undo.json")];
      return objects("cluster", await cells(f), ...groups);
    },
    says: /^--undo has no effect here without --assign: nothing is changed$/,
  },
  {
    name: "objects assign: a condition that nothing meets",
    call: async (f) => objects("assign", await cells(f), "--class", "A", "--where", "area>9"),
    says: /^no object of Cells is as said: nothing is changed$/,
  },
  {
    name: "objects remove --undo with --dry-run",
    call: async (f) =>
      objects("remove", await cells(f), "--ids", "1", "--dry-run", "--undo", to(f, "undo.json")),
    says: /^--undo has no effect here with --dry-run: nothing is changed$/,
  },
  {
    name: "objects remove --overwrite without --undo",
    call: async (f) => objects("remove", await cells(f), "--ids", "1", "--overwrite"),
    says: /^--overwrite has no effect here without --undo: no file is written$/,
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
    name: "acquire --name without a place",
    call: (f) => ["acquire", plan(f, [{ axes: { time: 0 } }]), "--name", "run"],
    says: /^--name has no effect here without --dir: nothing is saved \(--memory keeps the images/,
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
  {
    name: "positions of stages that a simulated microscope lacks",
    call: (f) => ["acquire", timePoint(f), "--positions", positionList(f, "ZStage", {})],
    says: /places\.pos: this microscope has no ZStage, XYStage: XY and Z move to x, y and z/,
  },
  {
    name: "properties of positions",
    call: (f) => ["acquire", timePoint(f), "--positions", positionList(f, "Z", { AUTOFOCUS: "full" })],
    says: /places\.pos: properties of positions are not used: AUTOFOCUS$/,
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

function timePoint(folder: string): string {
  return written(folder, "times.json", '{"num_time_points": 1}');
}

/** A position list of one place, of the stages Z and XY, or ZStage and XYStage. */
function positionList(folder: string, z: "Z" | "ZStage", properties: object): string {
  const xy = z.replace("Z", "XY");
  const DEVICES = [
    { DEVICE: z, AXES: 1, X: 3, Y: 0, Z: 0 },
    { DEVICE: xy, AXES: 2, X: 1, Y: 2, Z: 0 },
  ];
  const place = { LABEL: "a", DEVICES, DEFAULT_XY_STAGE: xy, DEFAULT_Z_STAGE: z, PROPERTIES: properties };
  return written(folder, "places.pos", JSON.stringify({ VERSION: 3, POSITIONS: [place] }));
}

async function experiment(folder: string): Promise<string> {
  const path = join(folder, "screen");
  await (await createExperiment(path)).close();
  return path;
}

/** Two cells with an area, and one without. */
async function cells(folder: string): Promise<string> {
  const path = join(folder, "screen");
  await using screen = await createExperiment(path);
  const at = [{ geometry: { type: "Point" as const, coordinates: [1, 1] as const } }];
  const measured = [1, 2].map((area) => ({ segmentations: at, features: [{ values: { area } }] }));
  await addMapobjects(screen, { type: "Cells", objects: [...measured, { segmentations: at }] });
  return path;
}

function objects(command: string, folder: string, ...rest: string[]): string[] {
  return ["objects", command, folder, "--type", "Cells", ...rest];
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
