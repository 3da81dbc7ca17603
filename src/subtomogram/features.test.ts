import { expect, test } from "vitest";
import * as pipe from "../pipe/index.ts";
import * as subtomogram from "./index.ts";

/** acryo's names and where they are here; a text is the reason why one is left out. */
type Place = readonly [owner: object, name: string] | string;

const {
  BackProjectionLoader,
  BatchLoader,
  CtfModel,
  ExtractedSubvolumeLoader,
  LoaderGroup,
  MockLoader,
  Molecules,
  SubtomogramLoader,
  TiltSeries,
  TomogramSimulator,
} = subtomogram;
const loader = (name: string): Place => [SubtomogramLoader.prototype, name];
const group = (name: string): Place => [LoaderGroup.prototype, name];
const simulator = (name: string): Place => [TomogramSimulator.prototype, name];
const ours = (name: string): Place => [subtomogram, name];

const LAZY =
  "loaders read when they are asked for: loadIter gives boxes one by one, there is no graph of tasks";

const FEATURES: Readonly<Record<string, Place>> = {
  SubtomogramLoader: ours("SubtomogramLoader"),
  "SubtomogramLoader.imread": [SubtomogramLoader, "imread"],
  BatchLoader: ours("BatchLoader"),
  "BatchLoader.add_tomogram": [BatchLoader.prototype, "addTomogram"],
  "BatchLoader.add_loader": [BatchLoader.prototype, "addLoader"],
  "BatchLoader.from_loaders": [BatchLoader, "fromLoaders"],
  "BatchLoader.loaders": [BatchLoader.prototype, "loaders"],
  MockLoader: ours("MockLoader"),
  "MockLoader degrees, central_axis": ours("MockLoader"),
  ExtractedSubvolumeLoader: ours("ExtractedSubvolumeLoader"),
  extract_subtomograms: ours("extractSubtomograms"),
  "ExtractedSubvolumeLoader.open": [ExtractedSubvolumeLoader, "open"],
  BackProjectionLoader: ours("BackProjectionLoader"),
  "BackProjectionLoader.exclude_tilts": [BackProjectionLoader.prototype, "excludeTilts"],
  "BackProjectionLoader.with_tilt_series": [BackProjectionLoader.prototype, "withTiltSeries"],
  "BackProjectionLoader.binning": [BackProjectionLoader.prototype, "binning"],
  "BackProjectionLoader.cache_tilt_images":
    "squares are read out of the files, which the system keeps in memory; means and deviations are kept",
  "BackProjectionLoader.reconstruct_tomogram": [BackProjectionLoader.prototype, "reconstructTomogram"],
  "BackProjectionLoader.score_on_tilt": [BackProjectionLoader.prototype, "scoreOnTilt"],
  "BackProjectionLoader.refine_tilt_series":
    "left out: it moves, turns and bends images by what molecules score, and nothing holds out molecules to show that it does not fit noise; programs that do (M, RELION's Bayesian polishing, IMOD) write series that are read here, and scoreOnTilt tells which images do not fit",
  "BackProjectionLoader.align_tilt_series":
    "left out: it aligns a series from nothing by molecules that are already known in a tomogram, thus by an alignment that was there; the same programs do",
  TiltSeries: ours("TiltSeries"),
  "TiltSeries.from_etomo_directory, from_aretomo_output, from_relion_tilt_series_star, from_json":
    ours("readTiltSeries"),
  "TiltSeries.dump_json": ours("formatTiltSeries"),
  "TiltSeries.project_points, point_depths": [TiltSeries.prototype, "project"],
  "TiltSeries.select_tilts": [TiltSeries.prototype, "selectTilts"],
  "TiltSeries.replace": [TiltSeries.prototype, "replace"],
  "TiltSeries.ctf_correction": [TiltSeries.prototype, "defocusAt"],
  "LocalAlignment, LocalShifts2D":
    "left out: shifts that depend on the place are said and not taken into account",
  TiltImagePreprocessor: "left out but for mean, deviation and CTF: images are not levelled or band-passed",
  load: loader("load"),
  load_iter: loader("loadIter"),
  asnumpy: loader("asArray"),
  construct_dask: LAZY,
  construct_mapping_tasks: LAZY,
  iter_mapping_tasks: LAZY,
  replace: loader("replace"),
  copy: loader("copy"),
  count: loader("count"),
  binning: loader("binning"),
  order_optimize: loader("orderOptimize"),
  order_restore: loader("orderRestore"),
  average: loader("average"),
  average_split: loader("averageSplit"),
  align: loader("align"),
  align_no_template: loader("alignNoTemplate"),
  align_multi_templates: loader("alignMultiTemplates"),
  construct_landscape: loader("constructLandscape"),
  score: loader("score"),
  apply: loader("apply"),
  fsc: loader("fsc"),
  fsc_with_average: loader("fscWithAverage"),
  fsc_with_halfmaps: loader("fscWithHalfmaps"),
  iter_classify_em: loader("iterClassifyEm"),
  classify: loader("classify"),
  reshape: loader("reshape"),
  head: loader("head"),
  tail: loader("tail"),
  sample: loader("sample"),
  filter: loader("filter"),
  groupby: loader("groupby"),
  normalize_template: loader("normalizeTemplate"),
  normalize_mask: loader("normalizeMask"),
  normalize_input: loader("normalizeInput"),
  LoaderGroup: ours("LoaderGroup"),
  ...Object.fromEntries(
    "average averageSplit align alignNoTemplate alignMultiTemplates apply fsc filter head tail sample"
      .split(" ")
      .map((name) => [`LoaderGroup.${name}`, group(name)]),
  ),
  ZNCCAlignment: ours("ZnccAlignment"),
  NCCAlignment: ours("NccAlignment"),
  PCCAlignment: ours("PccAlignment"),
  FSCAlignment: ours("FscAlignment"),
  BaseAlignmentModel: ours("defineAlignment"),
  no_wedge: ours("noWedge"),
  single_axis: ours("singleAxis"),
  dual_axis: ours("dualAxis"),
  TomogramSimulator: ours("TomogramSimulator"),
  add_molecules: simulator("addMolecules"),
  subset: simulator("subset"),
  collect_molecules: simulator("collectMolecules"),
  simulate: simulator("simulate"),
  "simulate(colormap)": simulator("simulateColor"),
  simulate_2d: simulator("simulate2d"),
  simulate_projection: simulator("simulateProjection"),
  simulate_tilt_series: simulator("simulateTiltSeries"),
  LoGPicker: ours("pickLoG"),
  DoGPicker: ours("pickDoG"),
  ZNCCTemplateMatcher: ours("pickTemplate"),
  CTFModel: ours("CtfModel"),
  "CTFModel.from_kv": [CtfModel, "fromKv"],
  ...Object.fromEntries(
    "simulate simulateImage applyCtf phaseFlip deconvolve"
      .split(" ")
      .map((name) => [`CTFModel.${name}`, [CtfModel.prototype, name]]),
  ),
  "TiltSeriesCTF, PatchCTFCorrection": [TiltSeries.prototype, "defocusAt"],
  ...Object.fromEntries(
    "from_file:fromFile from_files:fromFiles from_array:fromArray from_arrays:fromArrays from_gaussian:fromGaussian from_atoms:fromAtoms from_pdb:fromPdb threshold_otsu:thresholdOtsu dilation:dilation closing:closing gaussian_smooth:gaussianSmooth soft_otsu:softOtsu gaussian_filter:gaussianFilter lowpass_filter:lowpassFilter highpass_filter:highpassFilter shift:shift center_by_mass:centerByMass provider_function:providerFunction converter_function:converterFunction compose:compose"
      .split(" ")
      .map((pair) => pair.split(":"))
      .map(([theirs, name]) => [theirs, [pipe, name]]),
  ),
  ...Object.fromEntries(
    "fromAxes fromEuler fromQuat fromRotvec fromMatrix fromRandom empty concat"
      .split(" ")
      .map((name) => [`Molecules.${name}`, [Molecules, name]]),
  ),
  ...Object.fromEntries(
    "subset head tail sample filter sort groupBy cutBy withFeatures dropFeatures concatWith translate translateInternal translateRandom rotateBy rotateByRotvec rotateByRotvecInternal rotateByMatrix rotateByQuaternion rotateByEulerAngle rotateRandom spatialTransform affineMatrix localCoordinates symmetryExpand matrix eulerAngle quaternion rotvec x y z"
      .split(" ")
      .map((name) => [`molecules.${name}`, [Molecules.prototype, name]]),
  ),
  "Molecules.append": "molecules are never changed: concatWith gives both",
  "Molecules.linear_transform": "deprecated in acryo: spatialTransform",
  "Molecules.from_csv, to_csv": ours("readMoleculesCsv"),
  "Molecules.from_parquet, to_parquet": ours("readMoleculesParquet"),
  "Molecules.from_file, to_file": ours("readMolecules"),
  "Molecules.from_dataframe, to_dataframe":
    "tables are features: columns by name, without a library of data frames",
};

test.each(Object.entries(FEATURES))("acryo's %s is here, or left out with a reason", (_, place) => {
  if (typeof place === "string") return expect(place.length).toBeGreaterThan(20);
  const [owner, name] = place;
  expect(name in owner).toBe(true);
});

test("a mock is a loader as any other", () => {
  for (const one of [BackProjectionLoader, BatchLoader, ExtractedSubvolumeLoader, MockLoader])
    for (const name of ["average", "align", "fsc", "classify", "groupby"])
      expect(name in one.prototype).toBe(true);
});
