import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const entries = Object.keys(exports).filter((entry) => !entry.endsWith(".json"));

test("the package has these entries and these public names", async () => {
  const names: Record<string, string[]> = {};
  for (const entry of entries) {
    const path = entry.replace(/^\./, "vitrine");
    names[path] = Object.keys(await import(path)).sort();
  }
  expect(names).toMatchInlineSnapshot(`
    {
      "vitrine/acquire": [
        "createSimulatedClock",
        "systemClock",
      ],
      "vitrine/compute": [
        "BLOCK_TEMPLATES",
        "CorrelationPlan",
        "correlationBytes",
        "createFft",
        "createPool",
        "defaultWorkerCount",
        "fft",
        "fftBytes",
        "ifft",
        "irfft2",
        "irfft3",
        "resampleImages",
        "resampleVolumes",
        "rescaledShape",
        "rfft2",
        "rfft3",
      ],
      "vitrine/core": [
        "VitrineError",
        "elementCount",
        "matrixFromZyz",
        "multiplyMatrices",
        "seededRandom",
        "toFault",
        "transposeMatrix",
        "zyzFromMatrix",
      ],
      "vitrine/io": [
        "BaseDataset",
        "axesKey",
        "bytesPerValue",
        "createMemoryDataset",
        "createNdtiff",
        "createNdtiffPyramid",
        "describeAxes",
        "encodePng",
        "fileExists",
        "formatCsv",
        "formatMrc",
        "formatMrcHeader",
        "formatNpy",
        "formatNpz",
        "formatYaml",
        "imageBytes",
        "layoutOf",
        "listFolder",
        "makeFolder",
        "nextDatasetFolder",
        "openFile",
        "openMrc",
        "openNdtiff",
        "parseCsv",
        "parseMrc",
        "parseMrcHeader",
        "parseNpy",
        "parseNpz",
        "parseWithSchema",
        "parseYaml",
        "pixelBytes",
        "pixelTypeOf",
        "pixelView",
        "readFileBytes",
        "readMrcImage",
        "readMrcVolume",
        "readNpy",
        "readNpz",
        "removeFile",
        "renameFile",
        "sourceName",
        "writeFileAtomic",
        "writeMrc",
        "writeNpy",
        "writeNpz",
      ],
      "vitrine/jobs": [
        "runMultiprocessJobs",
      ],
      "vitrine/match": [
        "LEOPARD_BATCH_SIZES",
        "PARTICLE_COLUMNS",
        "TemplateSearch",
        "collectMatch",
        "doIterationStatisticsUpdates",
        "drawSearchPicture",
        "estimateMatch",
        "findPeaks",
        "formatMatchConfig",
        "gaussianCutoff",
        "normalizeTemplateProjection",
        "parseMatchConfig",
        "parseMatchSettings",
        "parsePart",
        "particleTable",
        "resultMap",
        "runMatch",
        "scatterParticles",
        "searchSize",
        "searchSpace",
        "simulateMicrograph",
        "simulateMolecule",
        "templateFromVolume",
        "toMatchSettings",
        "updateGlobalStatistics",
        "valuesAtPeaks",
        "volumeFromMolecule",
        "writeParticles",
      ],
      "vitrine/optics": [
        "bandPassFilter",
        "combineFilters",
        "computeCtf",
        "countUniformOrientations",
        "defocusOffsets",
        "electronWavelengthA",
        "evaluateRadialCurve",
        "joinOrientations",
        "magnifiedFrequency",
        "padVolume",
        "peerRotationMatrices",
        "pixelSizeOffsets",
        "preprocessImage",
        "rotationMatrices",
        "sincCorrection",
        "uniformOrientations",
        "whiteningCurve",
      ],
    }
  `);
});

test("every entry has a built file and its source", () => {
  for (const entry of entries) {
    const folder = entry.slice(2);
    expect(exports[entry]).toEqual({
      source: `./src/${folder}/index.ts`,
      default: `./dist/${folder}/index.js`,
    });
  }
});
