import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { scratchFolder, smallConfiguration, writeConfig } from "../../../test/support/searchCase.ts";
import { runCoarseMatch } from "./coarseProgram.ts";
import { redrawMatch } from "./redrawMatch.ts";

const folder = scratchFolder();
const inFolder = (name: string) => join(folder, name);
const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
const mrc = writeConfig(folder, configuration);
const hdf5 = writeConfig(
  folder,
  { ...configuration, match_template_result: { hdf5_path: inFolder("maps.h5") } },
  "hdf5.yaml",
);

test.each([
  ["MRC", mrc],
  ["HDF5", hdf5],
])(
  "the picture of a coarse pass is drawn again from its %s maps and table",
  async (_, config) => {
    const shared = { falsePositives: 300, workers: 1, overwrite: true, particlesPath: inFolder("p.csv") };
    const options = { ...shared, factor: 2, picturePath: inFolder("first.png") };
    const found = await runCoarseMatch(config, options);
    expect(found.particles.length).toBeGreaterThan(1);
    const notes: string[] = [];
    const again = {
      ...shared,
      picturePath: inFolder("again.png"),
      onLog: (text: string) => notes.push(text),
    };
    const drawn = await redrawMatch(config, again);
    expect(drawn.files).toEqual([again.picturePath]);
    expect(drawn.zCutoff).toBe(found.zCutoff);
    expect(drawn.particles.map(({ x, y }) => [x, y])).toEqual(found.particles.map(({ x, y }) => [x, y]));
    expect(readFileSync(again.picturePath).equals(readFileSync(options.picturePath))).toBe(true);
    expect(notes.some((text) => text.endsWith("drawing the coarse pass beside it"))).toBe(true);

    const [{ zScore }] = found.particles;
    const strict = await redrawMatch(config, { ...again, zCutoff: zScore - 1e-3, coarseFactor: 2 });
    expect(strict.particles).toHaveLength(1);
    await expect(redrawMatch(config, { ...again, coarseFactor: 3 })).rejects.toThrow(/coarse factor/);
  },
  60_000,
);
