import type { Command } from "commander";

/** Adds one command to the program. */
type Add = (cli: Command) => void;

/** A command as the help of all of them shows it. */
export interface CommandRow {
  /** How it is called: `info [options] <file...>`. */
  readonly term: string;
  readonly summary: string;
  /** Loads the file that it alone needs: a start takes half of all files' time. */
  load(): Promise<Add>;
}

/** The commands in the order of the help, which loads none of them. Terms and summaries are what they say of themselves (a test holds it). */
export const COMMANDS: Readonly<Record<string, CommandRow>> = {
  acquire: {
    term: "acquire [options] <plan.json>",
    summary: "run an acquisition: events through hardware, an image processor and into a dataset",
    load: async () => (await import("./acquire.ts")).addAcquire,
  },
  convert: {
    term: "convert [options] <in> <out>",
    summary: "write images, or a table of particles, as another format, or draw them",
    load: async () => (await import("./convert.ts")).addConvert,
  },
  info: {
    term: "info [options] <file...>",
    summary: "say what files are: datasets, arrays, tables, atoms",
    load: async () => (await import("./info.ts")).addInfo,
  },
  match: {
    term: "match [options] <config.yaml...>",
    summary: "search a micrograph for a template: Leopard-EM's match_template on its own configuration",
    load: async () => (await import("./match.ts")).addMatch,
  },
  "match-collect": {
    term: "match-collect [options] <config.yaml>",
    summary: "join the parts of a search (match --part I/N) and write its maps and particles",
    load: async () => (await import("./matchCollect.ts")).addMatchCollect,
  },
  picture: {
    term: "picture [options] <config.yaml>",
    summary: "draw a search again from its finished maps: micrograph, z-scores, particles, histogram",
    load: async () => (await import("./picture.ts")).addPicture,
  },
  "inspect-peaks": {
    term: "inspect-peaks [options] <table.h5|refine.yaml|scores.npz>",
    summary:
      "say how sharp the peaks of a search are in angle, defocus and place, and whether other poses fit",
    load: async () => (await import("./inspectPeaks.ts")).addInspectPeaks,
  },
  refine: {
    term: "refine [options] <config.yaml...>",
    summary: "refine found particles: Leopard-EM's refine_template on its own configuration",
    load: async () => (await import("./refine.ts")).addRefine,
  },
  "constrained-search": {
    term: "constrained-search [options] <config.yaml>",
    summary: "look for a particle where another was found: Leopard-EM's constrained_search",
    load: async () => (await import("./constrainedSearch.ts")).addConstrainedSearch,
  },
  "optimize-b-factor": {
    term: "optimize-b-factor [options] <config.yaml>",
    summary: "repeat a search with one B-factor after the other: Leopard-EM's optimize_b_factor",
    load: async () => (await import("./optimizeBFactor.ts")).addOptimizeBFactor,
  },
  "optimize-template": {
    term: "optimize-template [options] <config.yaml>",
    summary:
      "find the pixel size with which a template made from atoms fits its particles best: Leopard-EM's optimize_template",
    load: async () => (await import("./optimizeTemplate.ts")).addOptimizeTemplate,
  },
  extract: {
    term: "extract [options] <particles...>",
    summary: "cut particles out of their micrographs: a stack and a STAR file of RELION",
    load: async () => (await import("./extract.ts")).addExtract,
  },
  "compare-particles": {
    term: "compare-particles [options] <found.csv> <planted.csv>",
    summary: "say what of a table of particles was found in another, and how far off",
    load: async () => (await import("./compareParticles.ts")).addCompareParticles,
  },
  config: {
    term: "config [options] <config>",
    summary: "check a program's configuration and write it with every default, as YAML or JSON",
    load: async () => (await import("./config.ts")).addConfig,
  },
  align: {
    term: "align [options] <tomogram...>",
    summary: "find where and how a template fits best to the molecules of tomograms",
    load: async () => (await import("./subtomogram/align.ts")).addAlign,
  },
  average: {
    term: "average [options] <tomogram>",
    summary: "average the boxes of molecules of a tomogram in the molecules' own axes",
    load: async () => (await import("./subtomogram/average.ts")).addAverage,
  },
  fsc: {
    term: "fsc [options] <tomogram>",
    summary: "compare averages of halves of the molecules by frequency: Fourier shell correlation",
    load: async () => (await import("./subtomogram/fsc.ts")).addFsc,
  },
  classify: {
    term: "classify [options] <tomogram>",
    summary:
      "tell classes of molecules apart: principal components of their boxes and k-means, as acryo 0.5 did",
    load: async () => (await import("./subtomogram/classify.ts")).addClassify,
  },
  pick: {
    term: "pick [options] <tomogram>",
    summary: "find molecules in a tomogram: bright blobs, or what looks like a template",
    load: async () => (await import("./subtomogram/pick.ts")).addPick,
  },
  score: {
    term: "score [options] <tomogram>",
    summary: "say how well templates fit molecules where they are, without a search",
    load: async () => (await import("./subtomogram/score.ts")).addScore,
  },
  reconstruct: {
    term: "reconstruct [options] <series>",
    summary: "make the tomogram of an aligned tilt series, molecules bright",
    load: async () => (await import("./subtomogram/reconstruct.ts")).addReconstruct,
  },
  simulate: {
    term: "simulate [options] <template>",
    summary: "draw a tomogram, or a tilt series, of molecules whose places and orientations are known",
    load: async () => (await import("./subtomogram/simulate.ts")).addSimulate,
  },
  parameters: {
    term: "parameters [options] <parameters.npz>",
    summary:
      "write CryoLike's parameters.npz: what images and templates must agree in, and how templates are made",
    load: async () => (await import("./likelihood/parameters.ts")).addParameters,
  },
  templates: {
    term: "templates [options]",
    summary: "make CryoLike's templates of maps and of atoms, seen from all sides",
    load: async () => (await import("./likelihood/templates.ts")).addTemplates,
  },
  particles: {
    term: "particles [options]",
    summary:
      "convert particles of RELION and cryoSPARC to CryoLike's stacks: images and their transforms on a polar grid",
    load: async () => (await import("./likelihood/particles.ts")).addParticles,
  },
  likelihood: {
    term: "likelihood [options]",
    summary:
      "compare CryoLike's particles with its templates: the best pose of each image, or how likely it is",
    load: async () => (await import("./likelihood/likelihood.ts")).addLikelihood,
  },
  stitch: {
    term: "stitch [options] <folder>",
    summary: "put the results of all template stacks together: matrices of structures and images",
    load: async () => (await import("./likelihood/stitch.ts")).addStitch,
  },
  ensemble: {
    term: "ensemble [options] [matrix]",
    summary:
      "rank structures by the likelihoods of one set of images, and weigh them as an ensemble: of a matrix, or of particles and templates",
    load: async () => (await import("./likelihood/ensemble.ts")).addEnsemble,
  },
  experiment: {
    term: "experiment",
    summary: "make an experiment, a folder in which plates, images, layers and objects meet; look at it",
    load: async () => (await import("./experiment.ts")).addExperiment,
  },
  illuminati: {
    term: "illuminati [options] <experiment> <method...>",
    summary: "make the zoomable layers of an experiment: tiles of all channels, time points and z planes",
    load: async () => (await import("./illuminati/illuminati.ts")).addIlluminati,
  },
  import: {
    term: "import [options] <dir> <folder>",
    summary: "add the images of a plate to an experiment: what a microscope wrote, by its files and metadata",
    load: async () => (await import("./import.ts")).addImport,
  },
  objects: {
    term: "objects",
    summary:
      "map objects of an experiment (cells, nuclei, annotations): files in and out, windows of the map, groups, changes",
    load: async () => (await import("./objects.ts")).addObjects,
  },
  jobs: {
    term: "jobs",
    summary: "look at heavy work in batches, finish it, or remove it",
    load: async () => (await import("./jobs.ts")).addJobs,
  },
  serve: {
    term: "serve [options] [path...]",
    summary: "show files, folders and experiments in a browser, until Ctrl-C",
    load: async () => (await import("./serve.ts")).addServe,
  },
  "simulate-map": {
    term: "simulate-map [options] <atoms>",
    summary: "make a template from atoms: their electrostatic potential in volts, as ttsim3d does",
    load: async () => (await import("./simulateMap.ts")).addSimulateMap,
  },
  "simulate-micrograph": {
    term: "simulate-micrograph [options] <map.mrc>",
    summary: "make a micrograph of a map: particles from a seed, the microscope's CTF, noise, and the truth",
    load: async () => (await import("./simulateMicrograph.ts")).addSimulateMicrograph,
  },
  tour: {
    term: "tour [options]",
    summary:
      "acquire a plate and map it, find molecules, rank structures, average subtomograms, all simulated; compare with what was planted, and show it in a browser",
    load: async () => (await import("./tour/tour.ts")).addTour,
  },
};
