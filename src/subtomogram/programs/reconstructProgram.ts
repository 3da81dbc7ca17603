import type { Shape3 } from "../../core/index.ts";
import {
  MRC_NAME,
  type OptionKeys,
  refuseOtherEnding,
  refuseOtherPicture,
  requireKnownOptions,
  writeMrcStack,
} from "../../io/index.ts";
import { PROGRAM_KEYS, type ProgramOptions, runProgram } from "../../program/index.ts";
import { BackProjectionLoader } from "../loaders/backProjectionLoader.ts";
import { Molecules } from "../molecules/molecules.ts";
import { drawSlices } from "../pictures/pictures.ts";
import { imageScale } from "../tiltSeries/common.ts";
import type { CtfCorrection } from "../tiltSeries/filter.ts";
import { readTiltSeries } from "../tiltSeries/read.ts";
import { centreOfSide } from "../tiltSeries/tilt.ts";
import type { TomogramPatches } from "../tiltSeries/tomogram.ts";
import { given, writePicture } from "./frame.ts";
import { requireTomogramSize } from "./inputs.ts";
import { createPreview } from "./preview.ts";

/** Which tilt series a tomogram is made of, how, and where it goes. */
export interface ReconstructProgramOptions extends TomogramPatches, ProgramOptions {
  /** A tilt series, see `readTiltSeries`. */
  readonly seriesPath: string;
  /** The tomogram, MRC, float32. */
  readonly outPath: string;
  /** Voxels (x, y, z) without binning; default what the series' file says. */
  readonly tomogramSize?: readonly [number, number, number];
  /** nm/pixel of the images; default what files say. */
  readonly imageScale?: number;
  /** nm/voxel; default that of the images. */
  readonly scale?: number;
  /** What is done about the CTF, at each patch's own defocus; default `flip` where each image's defocus is known. */
  readonly ctf?: CtfCorrection;
  readonly doseWeighting?: boolean;
  /** Keep what is dark in the images dark; default false: molecules are bright. */
  readonly keepContrast?: boolean;
  /** -1: mirrored along z; default 1. */
  readonly tomogramHand?: 1 | -1;
  /** PNG with slices through the centre. */
  readonly picturePath?: string;
  readonly overwrite?: boolean;
}

const KEYS: OptionKeys<ReconstructProgramOptions> = {
  ...PROGRAM_KEYS,
  seriesPath: true,
  outPath: true,
  tomogramSize: true,
  imageScale: true,
  scale: true,
  ctf: true,
  doseWeighting: true,
  keepContrast: true,
  tomogramHand: true,
  patchSize: true,
  blendMargin: true,
  picturePath: true,
  overwrite: true,
};

/** What was made. */
export interface ReconstructReport {
  readonly tilts: number;
  readonly shape: Shape3;
  /** nm/voxel. */
  readonly scale: number;
  readonly files: readonly string[];
}

/**
 * Makes the tomogram of a tilt series and writes it plane by plane, in the memory of one layer of patches.
 *
 * @throws {VitrineError} as `readTiltSeries` and {@link BackProjectionLoader}; missing: the tomogram's size; exists: a result is there
 */
export async function runReconstruct(options: ReconstructProgramOptions): Promise<ReconstructReport> {
  requireKnownOptions("runReconstruct", options, KEYS);
  const { seriesPath, outPath, picturePath, overwrite = false, signal, onProgress, onLog } = options;
  refuseOtherEnding(outPath, MRC_NAME, "a name that ends with .mrc");
  refuseOtherPicture(picturePath);
  const how = {
    ...(options.imageScale !== undefined && { scale: options.imageScale }),
    ...(onLog && { onLog }),
  };
  const series = await readTiltSeries(seriesPath, how);
  const size = requireTomogramSize(series, { tomogramPath: seriesPath, ...given(options, "tomogramSize") });
  const nm = await imageScale(series.tilts[0].imagePath, series.scale);
  const { scale = nm } = options;
  const [width, height, depth] = size.map((side) => Math.max(1, Math.round((side * nm) / scale)));
  const shape: Shape3 = [depth, height, width];
  const [z, y, x] = shape.map((side) => centreOfSide(side, series.detectorCentre));
  const files = picturePath === undefined ? [outPath] : [outPath, picturePath];
  return runProgram(
    { inputs: [seriesPath], outputs: files, overwrite },
    options,
    async ({ pool, results }) => {
      const loader = await BackProjectionLoader.open(series, Molecules.empty(), {
        ...given(options, "ctf", "doseWeighting", "tomogramHand", "onLog"),
        scale,
        invert: options.keepContrast !== true,
        backend: pool,
      });
      const preview = createPreview(shape);
      await results.write(outPath, (path) =>
        writeMrcStack(
          path,
          { sections: depth, rows: height, columns: width, voxelSizeA: 10 * scale, kind: "volume" },
          async (put) => {
            const patches = given(options, "patchSize", "blendMargin");
            const run = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
            const planes = loader.reconstructPlanes({ shape, centre: [z, y, x], ...patches, ...run });
            for await (const { z: first, data } of planes)
              for (let i = 0; i * height * width < data.length; i++) {
                const plane = data.subarray(i * height * width, (i + 1) * height * width);
                preview.add(first + i, plane);
                await put(first + i, plane);
              }
          },
        ),
      );
      const volumes = () => [{ name: outPath, volume: preview.volume() }];
      await writePicture(results, picturePath, () =>
        drawSlices(`Tomogram of ${series.count} tilts`, volumes(), scale * preview.bin),
      );
      return { tilts: series.count, shape, scale, files };
    },
  );
}
