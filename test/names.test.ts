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
      "vitrine/compute": [
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
        "encodePng",
        "fileExists",
        "formatCsv",
        "formatMrc",
        "formatMrcHeader",
        "formatNpy",
        "formatNpz",
        "formatYaml",
        "openFile",
        "openMrc",
        "parseCsv",
        "parseMrc",
        "parseMrcHeader",
        "parseNpy",
        "parseNpz",
        "parseWithSchema",
        "parseYaml",
        "readFileBytes",
        "readMrcImage",
        "readMrcVolume",
        "readNpy",
        "readNpz",
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
        "doIterationStatisticsUpdates",
        "updateGlobalStatistics",
      ],
      "vitrine/optics": [
        "computeCtf",
        "electronWavelengthA",
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
