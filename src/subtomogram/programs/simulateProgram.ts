import type { Shape3 } from "../../core/index.ts";
import {
  MRC_NAME,
  type OptionKeys,
  refuseOtherEnding,
  refuseOtherPicture,
  requireKnownOptions,
  writeMrc,
} from "../../io/index.ts";
import { fromFile } from "../../pipe/index.ts";
import { PROGRAM_KEYS, type ProgramOptions, runProgram } from "../../program/index.ts";
import { readTomogramMolecules } from "../formats/ofTomogram.ts";
import { requireContrast } from "../models/checks.ts";
import { drawSlices } from "../pictures/pictures.ts";
import { addNoise, loseWedge } from "../simulate/imaging.ts";
import { TomogramSimulator } from "../simulate/simulator.ts";
import { type TiltModel, type TiltRange, toTiltModel } from "../tilt/tilt.ts";
import { given, writePicture } from "./frame.ts";

/** What is simulated, how, and where it goes. */
export interface SimulateProgramOptions extends ProgramOptions {
  /** What every molecule looks like: a volume with its voxel size, which is rescaled. */
  readonly templatePath: string;
  /** nm/voxel of the template; default what its file says. */
  readonly templateScale?: number;
  readonly moleculesPath: string;
  /** Whose molecules, of a table of several tomograms; default those of the one that the result is called after. */
  readonly tomogram?: string;
  /** nm/voxel of the result. */
  readonly scale: number;
  /** Voxels of the tomogram (z, y, x). */
  readonly shape: Shape3;
  /** MRC: the tomogram, or with `tilts` the stack of images. */
  readonly outPath: string;
  /** Degrees: a tilt series about y in place of the tomogram. */
  readonly tilts?: readonly number[];
  /** What the tomogram lacks; default nothing. */
  readonly tiltModel?: TiltModel | TiltRange;
  /** Deviation of Gaussian noise; default 0. */
  readonly noise?: number;
  readonly seed?: number;
  readonly order?: 0 | 1 | 3;
  readonly compat?: boolean;
  readonly picturePath?: string;
  readonly overwrite?: boolean;
}

const KEYS: OptionKeys<SimulateProgramOptions> = {
  ...PROGRAM_KEYS,
  templatePath: true,
  templateScale: true,
  moleculesPath: true,
  tomogram: true,
  scale: true,
  shape: true,
  outPath: true,
  tilts: true,
  tiltModel: true,
  noise: true,
  seed: true,
  order: true,
  compat: true,
  picturePath: true,
  overwrite: true,
};

/** What was simulated. */
export interface SimulateReport {
  readonly molecules: number;
  readonly shape: Shape3;
  readonly scale: number;
  readonly files: readonly string[];
}

/** Draws a tomogram or a tilt series of molecules and writes it. @throws {VitrineError} as the readers; exists: a result is there */
export async function runSimulate(options: SimulateProgramOptions): Promise<SimulateReport> {
  requireKnownOptions("runSimulate", options, KEYS);
  const {
    templatePath,
    moleculesPath,
    scale,
    outPath,
    picturePath,
    overwrite = false,
    tilts,
    noise = 0,
    seed = 0,
  } = options;
  refuseOtherEnding(outPath, MRC_NAME, "a name that ends with .mrc");
  refuseOtherPicture(picturePath);
  const outputs = picturePath === undefined ? [outPath] : [outPath, picturePath];
  const [depth, height, width] = options.shape;
  const molecules = await readTomogramMolecules(moleculesPath, {
    tomogramPath: outPath,
    volume: { pixelSizeA: 10 * scale, size: [width, height, depth] },
    ...given(options, "tomogram", "onLog"),
  });
  const needs = { inputs: [templatePath, moleculesPath], outputs, overwrite };
  return runProgram(needs, options, async ({ pool, results }) => {
    const template = fromFile(templatePath, options.templateScale, undefined, given(options, "onLog"));
    requireContrast(await template(scale), templatePath);
    const simulator = new TomogramSimulator({
      scale,
      backend: pool,
      ...(options.order !== undefined && { order: options.order }),
    }).addMolecules(molecules, template);
    const draw = given(options, "compat", "signal", "onProgress", "onLog");
    const made =
      tilts === undefined
        ? await simulator.simulate(options.shape, draw)
        : await simulator.simulateTiltSeries(tilts, options.shape, draw);
    const noisy = { data: addNoise(made.data, noise, seed), shape: made.shape };
    const image =
      options.tiltModel === undefined
        ? noisy
        : await loseWedge(pool, noisy, { tilt: toTiltModel(options.tiltModel) });
    const kind = tilts === undefined ? "volume" : "stack";
    await results.write(outPath, (path) =>
      writeMrc(path, { ...image, voxelSizeA: 10 * scale, kind }, { overwrite: true }),
    );
    await writePicture(results, picturePath, () =>
      drawSlices(
        `${molecules.count} molecules`,
        [{ name: outPath, volume: image, isStack: tilts !== undefined }],
        scale,
      ),
    );
    return { molecules: molecules.count, shape: image.shape, scale, files: outputs };
  });
}
