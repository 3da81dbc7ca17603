import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createExperiment } from "../../src/experiment/index.ts";
import { formatMrc, formatNpyValue, formatTorch, makeFolder, writeTiff } from "../../src/io/index.ts";
import { simulateMolecule, volumeFromMolecule } from "../../src/match/index.ts";
import type { TourStep } from "../../src/server/index.ts";
import { writeGoldenTable } from "./movieCase.ts";
import { writeOptimizeCase } from "./optimizeCase.ts";
import { smallConfiguration, writeConfig } from "./searchCase.ts";
import { checkTour } from "./tourCase.ts";

/** A command of `vitrine --help` and how it is tried. */
export interface CommandRow {
  readonly name: string;
  /** Writes what a short run reads into an empty folder; the run's arguments, its first input first, without name and `--json`. */
  readonly prepare: (folder: string) => readonly string[] | Promise<readonly string[]>;
  /** Commands that run before it, in which what it reads is computed; only where it is run, since they take their time. */
  readonly before?: (args: readonly string[]) => readonly (readonly string[])[];
  /** Fields of the results. */
  readonly results: readonly string[];
  /** What else holds of them, after the run. */
  readonly after?: (args: readonly string[], results: never) => Promise<void>;
  /** Whether a pool computes. */
  readonly computes: boolean;
  /** Runs as a program of its own, of built files: its jobs load what it has loaded. */
  readonly isBuilt?: boolean;
  /** Arguments that fail; default: those of the run, its first input not there, or broken. */
  readonly failing?: (folder: string) => readonly string[];
  /** Of the run, where it is not short. */
  readonly timeoutMs?: number;
}

const golden = (file: string) => fileURLToPath(new URL(`../golden/${file}`, import.meta.url));

/** Boxes of the molecules of the golden tomogram. */
const SUBTOMOGRAMS = [
  ...["--molecules", golden("subtomogram/molecules_truth.csv"), "--scale", "0.5", "--size", "24"],
];

/** acryo's tilt series, which names its images from where it lies. */
function writeTiltSeries(folder: string): string {
  const path = join(folder, "series.json");
  const text = readFileSync(golden("subtomogram/tiltSeries/acryo.json"), "utf8");
  writeFileSync(path, text.replace("tilts.mrc", golden("subtomogram/tiltSeries/tilts.mrc")));
  return path;
}

const likelihoodParams = ["--params", golden("likelihood/run/parameters.npz")];

/** CryoLike's particles and templates, whose list names them from elsewhere; the arguments that compare them. */
function likelihoodCase(folder: string): readonly string[] {
  const templates = join(folder, "templates");
  cpSync(golden("likelihood/run/templates"), templates, { recursive: true });
  const list = { dtype: "U", shape: [1], data: ["templates_fourier_vol.pt"] } as const;
  writeFileSync(join(templates, "template_file_list.npy"), formatNpyValue(list));
  const particles = golden("likelihood/run/particles");
  return [
    ...likelihoodParams,
    "--templates",
    templates,
    "--particles",
    particles,
    "--out",
    join(folder, "likelihood"),
    ...WORKERS,
  ];
}

/** 483 correlations. */
function searchConfig(folder: string): string {
  const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
  return writeConfig(folder, { ...configuration, computational_config: { gpu_ids: 0, num_cpus: 1 } });
}

/** A golden text with the paths of maps and tables made absolute. */
function writeAbsolute(folder: string, from: string, to: string): string {
  const text = readFileSync(golden(from), "utf8")
    .replace(/\b\w+\.mrc\b/g, (file) => golden(`match/${file}`))
    .replace(/\b\w+\.csv\b/g, (file) => join(folder, file));
  writeFileSync(join(folder, to), text);
  return join(folder, to);
}

function constrainedConfig(folder: string): string {
  for (const table of ["plain", "refined", "poles"])
    writeAbsolute(folder, `match-extra/constrained/${table}.csv`, `${table}.csv`);
  return writeAbsolute(folder, "match-extra/constrained/disabled.yaml", "config.yaml");
}

function optimizeConfig(folder: string): string {
  const search = (step: number) => ({
    enabled: step > 0,
    pixel_size_min: -step,
    pixel_size_max: step,
    pixel_size_step: step,
  });
  const sections = { pixel_size_coarse_search: search(0.02), pixel_size_fine_search: search(0) };
  return writeOptimizeCase(folder, { nominalA: 1.4, trueA: 1.4, configuration: sections });
}

function writeMap(folder: string): string {
  const path = join(folder, "map.mrc");
  const molecule = simulateMolecule({ seed: 3, atomCount: 100, radiusA: 20, sigmaA: 3 });
  writeFileSync(path, formatMrc(volumeFromMolecule(molecule, { boxSize: 24, voxelSizeA: 2 })));
  return path;
}

function writePlan(folder: string): string {
  const path = join(folder, "plan.json");
  writeFileSync(path, JSON.stringify([{ axes: { time: 0 } }, { axes: { time: 1 } }]));
  return path;
}

const PARTICLES = ["particles", "correlations", "files"];
const SEARCH = [...PARTICLES, "zCutoff"];
const WORKERS = ["--workers", "2"];

/** An experiment, and one image of a plate. */
async function plateImages(folder: string): Promise<readonly string[]> {
  const [experiment, images] = [join(folder, "screen"), join(folder, "plate")];
  await (await createExperiment(experiment)).close();
  await makeFolder(images);
  const page = { data: new Uint16Array(6), width: 3, height: 2, channels: 1 };
  await writeTiff(join(images, "B03_DAPI.tif"), { pages: [page] });
  return [experiment, images, "--pattern", "{well}_{channel}.tif", "--format", "96"];
}

/** Every command; a new one is a row here. */
export const COMMAND_ROWS: readonly CommandRow[] = [
  {
    name: "acquire",
    prepare: (folder) => [writePlan(folder), "--dir", join(folder, "data"), "--name", "run"],
    results: ["folder", "images", "stages", "seconds"],
    computes: false,
  },
  {
    name: "convert",
    prepare: (folder) => [golden("acquire/pz_u8"), join(folder, "out.npy")],
    results: ["from", "to", "images", "filled", "path"],
    computes: false,
  },
  {
    name: "info",
    prepare: () => [golden("match/template.mrc")],
    results: ["path", "kind", "shape"],
    computes: false,
  },
  {
    name: "match",
    prepare: (folder) => [searchConfig(folder), "--particles", join(folder, "p.csv"), ...WORKERS],
    results: SEARCH,
    computes: true,
  },
  {
    name: "match-collect",
    prepare: (folder) => [searchConfig(folder), "--particles", join(folder, "p.csv")],
    before: ([config]) => [["match", config, "--part", "1/1", ...WORKERS]],
    results: SEARCH,
    computes: false,
  },
  {
    name: "picture",
    prepare: (folder) => [searchConfig(folder), "--out", join(folder, "again.png")],
    before: ([config, , picture]) => [["match", config, "--particles", `${picture}.csv`, ...WORKERS]],
    results: ["particles", "zCutoff", "files"],
    computes: false,
  },
  {
    name: "inspect-peaks",
    prepare: (folder) => [join(folder, "table.h5"), "--picture", join(folder, "peaks.png")],
    before([table]) {
      const folder = dirname(table);
      const keep = ["--correlation-table", table, "--correlation-threshold", "3"];
      return [["match", searchConfig(folder), "--particles", join(folder, "p.csv"), ...keep, ...WORKERS]];
    },
    results: ["threshold", "correlations", "peaks", "files"],
    computes: false,
  },
  {
    name: "refine",
    prepare(folder) {
      writeAbsolute(folder, "match/search1_particles.csv", "search1_particles.csv");
      const config = writeAbsolute(folder, "match/refine1_config.yaml", "config.yaml");
      return [config, "--particles", join(folder, "r.csv"), "--gradient-only", ...WORKERS];
    },
    results: [...PARTICLES, "micrographs"],
    computes: true,
  },
  {
    name: "constrained-search",
    prepare: (folder) => [constrainedConfig(folder), "--particles", join(folder, "c.csv"), ...WORKERS],
    results: [...PARTICLES, "zCutoff", "found"],
    computes: true,
  },
  {
    name: "optimize-b-factor",
    prepare: (folder) => [
      searchConfig(folder),
      "--max",
      "10",
      "--results",
      join(folder, "b.csv"),
      ...WORKERS,
    ],
    results: ["trials", "bestBFactorA2", "files"],
    computes: true,
  },
  {
    name: "optimize-template",
    prepare: (folder) => [optimizeConfig(folder), "--results", join(folder, "o.txt"), ...WORKERS],
    results: ["pixelSizeA", "meanZScore", "trials", "particles", "files"],
    computes: true,
  },
  {
    name: "extract",
    prepare: (folder) => [writeGoldenTable(folder), "--box", "40", "--out", join(folder, "boxes.mrcs")],
    results: ["particles", "micrographs", "files"],
    computes: false,
  },
  {
    name: "compare-particles",
    prepare: (folder) => [writeGoldenTable(folder), golden("match/search1_particles.csv")],
    results: ["matches", "missed", "extra"],
    computes: false,
  },
  {
    name: "config",
    prepare: () => [golden("match/search1_config.yaml")],
    results: ["optics_group", "micrograph_path"],
    computes: false,
  },
  {
    name: "align",
    prepare: (folder) => [
      golden("subtomogram/tomo.npy"),
      ...["--molecules", golden("subtomogram/molecules_start.csv"), "--scale", "0.5"],
      ...["--template", golden("subtomogram/template_A.npy"), "--template-scale", "0.5"],
      ...["--mask", "soft-otsu:sigma=1,radius=1", "--cutoff", "0.3", "--max-shift", "1.5"],
      ...["--out", join(folder, "aligned.csv"), "--picture", join(folder, "aligned.png"), ...WORKERS],
    ],
    results: ["tomograms", "molecules", "meanScore", "medianShiftNm", "files"],
    computes: true,
  },
  {
    name: "average",
    prepare: (folder) => [
      golden("subtomogram/tomo.npy"),
      ...SUBTOMOGRAMS,
      ...["--out", join(folder, "average.mrc"), "--picture", join(folder, "average.png"), ...WORKERS],
    ],
    results: ["molecules", "shape", "scale", "files"],
    computes: true,
  },
  {
    name: "fsc",
    prepare: (folder) => [
      golden("subtomogram/tomo.npy"),
      ...SUBTOMOGRAMS,
      ...["--mask", "soft-otsu:sigma=1,radius=1", "--out", join(folder, "fsc.csv")],
      ...["--picture", join(folder, "fsc.png"), ...WORKERS],
    ],
    results: ["molecules", "scale", "resolutionNm", "files"],
    computes: true,
  },
  {
    name: "classify",
    prepare: (folder) => [
      golden("subtomogram/tomo.npy"),
      ...SUBTOMOGRAMS,
      ...["--out", join(folder, "classes.csv"), "--picture", join(folder, "classes.png"), ...WORKERS],
    ],
    results: ["molecules", "sizes", "explained", "files"],
    computes: true,
  },
  {
    name: "pick",
    prepare: (folder) => [
      golden("subtomogram/average_truth.npy"),
      ...["--method", "log", "--sigma", "1.6", "--scale", "0.5"],
      ...["--out", join(folder, "picks.csv"), ...WORKERS],
    ],
    results: ["molecules", "bestScore", "files"],
    computes: true,
  },
  {
    name: "score",
    prepare: (folder) => [
      golden("subtomogram/tomo.npy"),
      ...["--molecules", golden("subtomogram/molecules_start.csv"), "--scale", "0.5"],
      ...["--template", golden("subtomogram/template_A.npy"), "--template-scale", "0.5"],
      ...["--mask", "soft-otsu:sigma=1,radius=1", "--cutoff", "0.3"],
      ...["--out", join(folder, "scored.csv"), ...WORKERS],
    ],
    results: ["molecules", "meanScores", "meanTiltScores", "files"],
    computes: true,
  },
  {
    name: "reconstruct",
    prepare: (folder) => [
      writeTiltSeries(folder),
      ...["--tomogram-size", "32,32,16", "--patch", "16", "--image-scale", "0.5"],
      ...["--out", join(folder, "tomogram.mrc"), ...WORKERS],
    ],
    results: ["tilts", "shape", "scale", "files"],
    computes: true,
  },
  {
    name: "simulate",
    prepare: (folder) => [
      golden("subtomogram/template_A.mrc"),
      ...["--molecules", golden("subtomogram/sim_molecules.csv"), "--shape", "26x28x30", "--scale", "0.5"],
      ...["--noise", "0.1", "--out", join(folder, "tomogram.mrc"), ...WORKERS],
    ],
    results: ["molecules", "shape", "scale", "files"],
    computes: true,
  },
  {
    name: "parameters",
    prepare: (folder) => [join(folder, "p.npz"), "--pixels", "48", "--pixel-size", "2"],
    results: ["path", "boxSizeA", "resolutionA", "shells", "inplanes", "templates"],
    computes: false,
    failing(folder) {
      writeFileSync(join(folder, "there.npz"), "");
      return [join(folder, "there.npz"), "--pixels", "48", "--pixel-size", "2"];
    },
  },
  {
    name: "templates",
    prepare: (folder) => [...likelihoodParams, "--map", golden("likelihood/input/vol.mrc"), "--out", folder],
    results: ["files", "list", "templates"],
    computes: true,
    failing: (folder) => [...likelihoodParams, "--map", join(folder, "none.mrc"), "--out", folder],
  },
  {
    name: "particles",
    prepare: (folder) => [
      ...likelihoodParams,
      "--cs",
      golden("likelihood/input/particles.cs"),
      "--out",
      folder,
    ],
    results: ["folder", "stacks", "images"],
    computes: false,
    failing: (folder) => [...likelihoodParams, "--cs", join(folder, "none.cs"), "--out", folder],
  },
  {
    name: "likelihood",
    prepare: (folder) => likelihoodCase(folder),
    results: ["images", "stacks", "files"],
    computes: true,
    failing: (folder) => [...likelihoodCase(folder), "--templates", join(folder, "none")],
  },
  {
    name: "stitch",
    prepare: (folder) => [golden("likelihood/run/likelihood"), "--out", join(folder, "matrix")],
    results: ["templates", "images", "files"],
    computes: false,
    failing: (folder) => [join(folder, "none")],
  },
  {
    name: "ensemble",
    prepare: (folder) => {
      const data = Float64Array.of(-1, -2, -3, -2, -2, -2);
      const matrix = join(folder, "matrix.pt");
      writeFileSync(matrix, formatTorch({ shape: [2, 3], data }));
      return [matrix, "--out", join(folder, "ensemble"), "--bootstrap", "20"];
    },
    results: ["structures", "images", "ranking", "weights", "effectiveNumber", "files"],
    computes: false,
    failing: (folder) => [join(folder, "none.pt"), "--out", folder],
  },
  {
    name: "import",
    prepare: plateImages,
    results: ["understood", "missing", "plates", "wells", "sites", "images", "imported"],
    computes: false,
  },
  {
    name: "serve",
    prepare: (folder) => [folder, "--once"],
    results: ["address", "host", "port", "roots"],
    computes: false,
    failing: (folder) => [join(folder, "none"), "--once"],
  },
  {
    name: "simulate-map",
    prepare: (folder) => [
      golden("match-extra/chignolin.pdb"),
      ...["--pixel-size", "1", "--box", "32", "--out", join(folder, "map.mrc"), ...WORKERS],
    ],
    results: ["path", "atoms", "boxSize", "pixelSizeA", "minimumV", "maximumV", "files"],
    computes: true,
  },
  {
    name: "simulate-micrograph",
    prepare: (folder) => [
      writeMap(folder),
      ...["--out", join(folder, "m.mrc"), "--truth", join(folder, "t.csv"), "--defocus", "8000"],
      ...["--size", "96x80", "--particles", "2", ...WORKERS],
    ],
    results: ["particles", "zScore", "files"],
    computes: true,
  },
  {
    name: "tour",
    prepare: (folder) => ["--once", "--dir", join(folder, "tour"), ...WORKERS],
    results: ["steps", "address"],
    after: ([, , folder], { steps }: { readonly steps: readonly TourStep[] }) => checkTour(folder, steps),
    computes: true,
    isBuilt: true,
    timeoutMs: 300_000,
    failing(folder) {
      writeFileSync(join(folder, "file"), "");
      return ["--once", "--dir", join(folder, "file", "tour")];
    },
  },
];
