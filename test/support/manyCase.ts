import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { formatMrc } from "../../src/io/index.ts";
import { filesBelow } from "./command.ts";
import { noise } from "./noise.ts";
import { type Configuration, mapPaths, smallConfiguration, writeConfig } from "./searchCase.ts";

/** Micrographs of noise and one configuration for all of them; z-scores low enough for particles in noise. */
export function manyCase(
  scratch: string,
  name: string,
  change: (configuration: Configuration) => void = () => {},
) {
  const folder = join(scratch, name);
  mkdirSync(join(folder, "mics"), { recursive: true });
  mkdirSync(join(folder, "out"));
  const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
  configuration.match_template_result = mapPaths(join(folder, "out"));
  const micrographs = ["a", "b", "c"].map((stem, i) => {
    const path = join(folder, "mics", `${stem}.mrc`);
    writeFileSync(path, formatMrc({ data: noise(96 * 80, 10 + i), shape: [96, 80], voxelSizeA: 2 }));
    return path;
  });
  change(configuration);
  const config = writeConfig(folder, configuration);
  const table = join(folder, "out/particles.csv");
  const options = ["--particles", table, "--workers", "1", "--z-cutoff", "3.5"];
  const args = ["match", config, "--micrographs", join(folder, "mics/*.mrc"), ...options];
  return { folder, config, micrographs, table, args, options };
}

/** Values of a result, without the time of writing that an MRC file's label holds. */
export function values(path: string): Buffer {
  const bytes = readFileSync(path);
  return path.endsWith(".mrc") ? bytes.subarray(1024) : bytes;
}

/** Results in the folder `out` of two cases: the same files of the same values, but for the folders that tables name. */
export function expectSameResults(folder: string, reference: string): void {
  const files = resultsIn(reference);
  expect(resultsIn(folder)).toEqual(files);
  for (const file of files) {
    const [found, expected] = [folder, reference].map((each) =>
      file.endsWith(".csv")
        ? readFileSync(join(each, "out", file), "utf8").replaceAll(`${each}/`, "")
        : values(join(each, "out", file)).toString("base64"),
    );
    expect(found === expected, file).toBe(true);
  }
}

/** All but the folders of jobs. */
function resultsIn(folder: string): string[] {
  return filesBelow(join(folder, "out")).filter((file) => !/\.jobs\//.test(file));
}
