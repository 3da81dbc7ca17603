import { expect, test } from "vitest";
import * as experiment from "../src/experiment/index.ts";
import * as io from "../src/io/index.ts";
import * as match from "../src/match/index.ts";
import * as pyramid from "../src/pyramid/index.ts";
import { exportSite } from "../src/server/index.ts";

/** A call with options of any shape, as one that JavaScript makes. */
type Call = (options: never) => unknown;

/** Nobody looks at it. */
const NONE = undefined as never;
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

test.each(CALLS)("%s refuses the unknown key %s and names the nearest", async (name, key, call) => {
  await expect(call({ [key]: 1 } as never)).rejects.toMatchObject({
    code: "format",
    message: expect.stringMatching(
      new RegExp(`^${name}.*[ .]${key}: expected a known key, found "${key}" \\(did you mean "\\w+"\\?\\)`),
    ),
  });
});
