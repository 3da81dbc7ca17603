import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder, smallConfiguration, writeConfig } from "../../../test/support/searchCase.ts";
import { createPool } from "../../compute/index.ts";
import { readMrcImage, readMrcVolume } from "../../io/index.ts";
import { parseMatchSettings } from "../config/config.ts";
import { runMatch } from "./program.ts";
import { TemplateSearch } from "./search.ts";
import { searchFiles } from "./searchFiles.ts";
import { templateFromVolume } from "./searchInputs.ts";

const folder = scratchFolder();

test("gives the files that the program writes, byte for byte, and refuses maps in one file", async () => {
  const pixelSizes = { enabled: true, pixel_size_min: -0.02, pixel_size_max: 0.02, pixel_size_step: 0.02 };
  const configuration = { pixel_size_search_config: pixelSizes };
  const path = writeConfig(
    folder,
    smallConfiguration(folder, { image: [70, 80], template: 24, configuration }),
  );
  const particlesPath = join(folder, "particles.csv");
  const choice = { zCutoff: 3 };
  await runMatch(path, { particlesPath, workers: 2, ...choice });
  const settings = parseMatchSettings(readFileSync(path, "utf8"), path);
  const micrograph = await readMrcImage(settings.micrographPath);
  const template = templateFromVolume(await readMrcVolume(settings.templatePath));
  await using pool = await createPool({ workers: 2 });
  const search = await TemplateSearch.create(pool, { settings, micrograph, template });
  await search.run();
  const files = [...searchFiles(search, { particlesPath, ...choice })];
  expect(files).toHaveLength(9);
  for (const file of files)
    expect(Buffer.from(file.bytes).equals(readFileSync(file.path)), file.path).toBe(true);
  expect(files.at(-1)!.bytes.length).toBeGreaterThan(1000);

  const { statistics, space, templateSize } = search;
  const hdf5 = { ...settings, results: { ...settings.results, hdf5: { compress: true } } };
  expect(() => [...searchFiles({ settings: hdf5, statistics, space, templateSize })]).toThrow(
    /^searchFiles: expected maps in files of their own, found one HDF5 file/,
  );
});
