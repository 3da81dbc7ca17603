import { expect, test } from "vitest";
import { gemmPlan, poolSizes } from "../src/compute/index.ts";
import * as experiment from "../src/experiment/index.ts";
import * as io from "../src/io/index.ts";
import { runBatch } from "../src/jobs/index.ts";
import * as likelihood from "../src/likelihood/index.ts";
import * as match from "../src/match/index.ts";
import { computeCtf, uniformOrientations } from "../src/optics/index.ts";
import * as pyramid from "../src/pyramid/index.ts";
import { exportSite } from "../src/server/index.ts";
import { runPick } from "../src/subtomogram/index.ts";

/** A call with options of any shape, as one that JavaScript makes. */
type Call = (options: never) => unknown;

/** Nobody looks at it. */
const NONE = undefined as never;
const EMPTY = {} as never;
const GRID = { shape: [4, 4], pixelSizeA: 1, defocusOffsetsA: [0] } as const;
const OPTICS = {
  voltageKv: 300,
  sphericalAberrationMm: 2.7,
  amplitudeContrast: 0.07,
  defocusUA: 5000,
  defocusVA: 5000,
  astigmatismAngleDeg: 0,
};
const STEPS = { symmetry: "C1", psiStepDeg: 10, thetaStepDeg: 10 };
const FILE = { path: "none", type: "Cells" };

/** A key that each knows, one letter off; nothing else is given, since keys are looked at before anything else. */
const CALLS: readonly [name: string, key: string, call: Call][] = [
  ["runMatch", "zCutof", (options) => match.runMatch("none.yaml", options)],
  ["runCoarseMatch", "facter", (options) => match.runCoarseMatch("none.yaml", options)],
  ["collectMatch", "overwrit", (options) => match.collectMatch("none.yaml", options)],
  ["estimateMatch", "coars", (options) => match.estimateMatch("none.yaml", options)],
  ["inspectPeaks", "limti", (options) => match.inspectPeaks("none.h5", options)],
  ["inspectParticles", "perframe", (options) => match.inspectParticles("none.yaml", options)],
  ["runRefine", "worker", (options) => match.runRefine("none.yaml", options)],
  ["runConstrainedSearch", "falsePositive", (options) => match.runConstrainedSearch("none.yaml", options)],
  ["runOptimizeBFactor", "metrc", (options) => match.runOptimizeBFactor("none.yaml", options)],
  ["runOptimizeTemplate", "patiense", (options) => match.runOptimizeTemplate("none.yaml", options)],
  ["extractParticles", "boxsize", (options) => match.extractParticles("none.csv", options)],
  ["convertParticles", "ful", (options) => match.convertParticles("none.csv", "out.star", options)],
  ["compareParticleTables", "nearpx", (options) => match.compareParticleTables("a.csv", "b.csv", options)],
  ["runSimulateMap", "boxsize", (options) => match.runSimulateMap("none.pdb", options)],
  ["runSimulateMicrograph", "cout", (options) => match.runSimulateMicrograph("none.mrc", options)],
  ["compareParticles", "nearpx", async (options) => match.compareParticles([], [], options)],
  ["findPeaksByPValue", "cutof", async (options) => match.findPeaksByPValue(NONE, options)],
  ["simulateMicrographOfMap", "nois", (options) => match.simulateMicrographOfMap(NONE, EMPTY, options)],
  ["simulateMolecule", "radiusa", async (options) => match.simulateMolecule(options)],
  ["runMatches", "coars", (options) => match.runMatches([], options)],
  ["redrawMatch", "particlespath", (options) => match.redrawMatch("none.yaml", options)],
  ["particlesToStar", "leen", async (options) => match.particlesToStar(NONE, "p", options)],
  ["starToParticles", "templatesize", async (options) => match.starToParticles(NONE, options)],
  ["readAtoms", "modle", (options) => io.readAtoms("none.pdb", options)],
  ["readTiffImage", "pag", (options) => io.readTiffImage("none.tif", options)],
  ["openImage", "imag", (options) => io.openImage("none", options)],
  ["createMemoryDataset", "nam", async (options) => io.createMemoryDataset(options)],
  ["writeFileAtomic", "durabilty", (options) => io.writeFileAtomic("none", new Uint8Array(), options)],
  ["parseNpz", "maxbytes", async (options) => io.parseNpz(new Uint8Array(), "a.npz", options)],
  ["createNdtiff", "directry", io.createNdtiff],
  ["createNdtiffPyramid", "maxlevel", io.createNdtiffPyramid],
  ["openNdtiff", "repare", (options) => io.openNdtiff("none", options)],
  ["createOmeZarr", "compresion", io.createOmeZarr],
  ["createOmeZarrImage", "shardshape", async (options) => io.createOmeZarrImage(options)],
  ["createOmeZarrCollection", "thread", io.createOmeZarrCollection],
  ["createOmeZarrPlate", "row", io.createOmeZarrPlate],
  ["createOmeZarrLabels", "color", io.createOmeZarrLabels],
  ["createOmeTiff", "tiles", io.createOmeTiff],
  ["convertDataset", "formt", (options) => io.convertDataset("none.mrc", "out.tif", options)],
  [
    "calcGridCoordinatesFromLayout",
    "onebased",
    async (options) => pyramid.calcGridCoordinatesFromLayout([1, 1], "horizontal", options),
  ],
  ["calcStitchDimensions", "compt", async (options) => pyramid.calcStitchDimensions([], options)],
  ["calcStitchLayout", "reverseRow", async (options) => pyramid.calcStitchLayout([1, 1], [], options)],
  [
    "calcGridCoordinatesFromPositions",
    "reverseRow",
    async (options) => pyramid.calcGridCoordinatesFromPositions([], 1, options),
  ],
  ["registerPair", "sigmapx", (options) => pyramid.registerPair(NONE, NONE, options)],
  ["alignCycles", "maxshiftPx", (options) => pyramid.alignCycles(NONE, NONE, options)],
  ["registerCycle", "sigmapx", async (options) => pyramid.registerCycle(NONE, EMPTY, options)],
  ["registerMosaic", "sigmapx", (options) => pyramid.registerMosaic(NONE, NONE, options)],
  ["basicModel", "drak", async (options) => pyramid.basicModel(NONE, NONE, options)],
  ["medianModel", "sid", async (options) => pyramid.medianModel(NONE, NONE, options)],
  ["placePlates", "wellSpacr", async (options) => pyramid.placePlates(NONE, options)],
  ["writeDeepZoom", "qualty", (options) => pyramid.writeDeepZoom(NONE, "none.dzi", options)],
  ["drawPlate", "chanels", (options) => pyramid.drawPlate(NONE, options)],
  ["readSiteImage", "chanel", (options) => pyramid.readSiteImage(NONE, 1, options)],
  ["exportSite", "onlog", (options) => exportSite(["none"], "none", options)],
  ["createExperiment", "nam", (options) => experiment.createExperiment("none", options)],
  [
    "addMapobjects",
    "timpoint",
    (options) => experiment.addMapobjects(NONE, { type: "Cells", objects: [] }, options),
  ],
  ["queryMapobjects", "windw", (options) => experiment.queryMapobjects(NONE, options)],
  ["readMapobjects", "zplan", (options) => experiment.readMapobjects(NONE, "Cells", options).next()],
  ["importGeojson", "brokn", (options) => experiment.importGeojson(NONE, FILE, options)],
  ["importTable", "replac", (options) => experiment.importTable(NONE, FILE, options)],
  ["importLabels", "imag", (options) => experiment.importLabels(NONE, FILE, options)],
  ["exportGeojson", "orgin", (options) => experiment.exportGeojson(NONE, FILE, options)],
  ["exportTable", "overwrit", (options) => experiment.exportTable(NONE, FILE, options)],
  ["exportLabels", "windo", (options) => experiment.exportLabels(NONE, FILE, options)],
  ["openExperiment", "isReadonly", (options) => experiment.openExperiment("none", options)],
];

/** Functions of likelihood, whose options are those of CryoLike. */
const LIKELIHOOD: readonly [name: string, key: string, call: Call][] = [
  ["rankStructures", "bootstrp", async (options) => likelihood.rankStructures(NONE, options)],
  ["ensembleWeights", "tolernce", async (options) => likelihood.ensembleWeights(NONE, options)],
  ["createPolarGrid", "radiusmax", async (options) => likelihood.createPolarGrid(options)],
  ["createSphereGrid", "distype", async (options) => likelihood.createSphereGrid(options)],
  ["nufftType2", "epss", async (options) => likelihood.nufftType2(NONE, NONE, options)],
  ["templatesFromVolume", "epss", (options) => likelihood.templatesFromVolume(NONE, NONE, options)],
  ["findBasis", "tolernce", (options) => likelihood.findBasis(NONE, NONE, options)],
];

/** Objects within options, which had their own silence: what a message calls them. */
const NESTED: readonly [name: string, key: string, call: Call][] = [
  [
    "createGemm a",
    "rowstride",
    async (a) => poolSizes(1).bytes(gemmPlan, { kind: "real", m: 1, n: 1, k: 1, a }),
  ],
  ["engine", "coress", (more) => runBatch("none", EMPTY, { engine: { kind: "local", ...(more as object) } })],
  [
    "peaks",
    "rat",
    async (more) =>
      match.TemplateSearch.prototype.particles.call(NONE, { peaks: { kind: "fdr", ...(more as object) } }),
  ],
  ["convertDataset zarr", "shardpx", (zarr) => io.convertDataset("none.mrc", "out.zarr", { zarr })],
  ["runMatches coarse", "candidats", (coarse) => match.runMatches([], { coarse })],
  [
    "createOmeZarr tiling",
    "overlappx",
    (tiling) => io.createOmeZarr({ directory: "none", name: "n", tiling }),
  ],
  [
    "placement",
    "flipy",
    (placement) => experiment.addMapobjects(NONE, { type: "Cells", objects: [] }, { placement }),
  ],
  ["optics", "phaseshiftDeg", async (more) => computeCtf({ ...OPTICS, ...(more as object) }, GRID)],
  [
    "optics.mtf",
    "pixelsizeA",
    async (more) =>
      computeCtf({ ...OPTICS, mtf: { frequencies: [0, 1], amplitudes: [1, 1], ...(more as object) } }, GRID),
  ],
  ["optics.evenZernikes", "Z42", async (evenZernikes) => computeCtf({ ...OPTICS, evenZernikes }, GRID)],
  [
    "laserPhasePlate",
    "angledeg",
    async (laserPhasePlate) => computeCtf({ ...OPTICS, laserPhasePlate }, GRID),
  ],
  ["focusSpread", "voltageRippl", async (focusSpread) => computeCtf({ ...OPTICS, focusSpread }, GRID)],
  ["orientations", "phistepDeg", async (more) => uniformOrientations({ ...STEPS, ...(more as object) })],
  [
    "quadrature",
    "weight",
    async (more) =>
      likelihood.createPolarGrid({
        radiusMax: 1,
        distRadii: 1,
        quadrature: { radii: [1], ...(more as object) },
      }),
  ],
  ["integrated", "noisePriors", (integrated) => likelihood.computeOptimalPose(NONE, EMPTY, { integrated })],
  [
    "runPick method",
    "minDistanc",
    (more) =>
      runPick({
        tomogramPath: "a",
        outPath: "b",
        method: { kind: "template", templatePath: "t", ...(more as object) },
      }),
  ],
];

test.each([...CALLS, ...LIKELIHOOD, ...NESTED])(
  "%s refuses the unknown key %s and names the nearest",
  async (name, key, call) => {
    await expect(call({ [key]: 1 } as never)).rejects.toMatchObject({
      code: "format",
      message: expect.stringMatching(
        new RegExp(`^${name}.*[ .]${key}: expected a known key, found "${key}" \\(did you mean "\\w+"\\?\\)`),
      ),
    });
  },
);
