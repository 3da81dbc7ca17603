import { type Shape3, VitrineError } from "../../core/index.ts";
import { openImage } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { readMolecules } from "../formats/moleculeFiles.ts";
import { SubtomogramLoader } from "../loaders/subtomogramLoader.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { type Tomogram, toTomogram } from "../sampling/tomogram.ts";
import type { TiltModel, TiltRange } from "../tilt/tilt.ts";

/** Which boxes a program reads of which tomogram. */
export interface TomogramInputs {
  /** MRC, TIFF, `.npy`, OME-Zarr. */
  readonly tomogramPath: string;
  /** CSV or Parquet as acryo's, or another program's table, see `readMolecules`. */
  readonly moleculesPath: string;
  /** nm/voxel; default what the tomogram's file says. */
  readonly scale?: number;
  /** Voxels of a box (z, y, x), or the side of a cube; alignments take that of the template. */
  readonly outputShape?: Shape3 | number;
  readonly order?: 0 | 1 | 3;
  readonly cornerSafe?: boolean;
  /** What the tomogram lacks: lowest and highest tilt, or a model. */
  readonly tiltModel?: TiltModel | TiltRange;
  /** Leave molecules out whose boxes have nothing of the tomogram, and say so; default: an error. */
  readonly dropOutside?: boolean;
}

/** Names of {@link TomogramInputs}, for checks. */
export const INPUT_KEYS = {
  tomogramPath: true,
  moleculesPath: true,
  scale: true,
  outputShape: true,
  order: true,
  cornerSafe: true,
  tiltModel: true,
  dropOutside: true,
} as const;

/** Scales that differ by more than this share are not roundings of one. */
const SAME_SCALE = 0.01;

/**
 * Opens the tomogram, reads the molecules, and gives both to `work` as a loader; closes the file whatever happens.
 *
 * @throws {VitrineError} as `openImage`, `readMolecules` and `SubtomogramLoader`; missing: no molecules
 */
export async function withLoader<Result>(
  inputs: TomogramInputs,
  onLog: Log | undefined,
  work: (loader: SubtomogramLoader) => Promise<Result>,
): Promise<Result> {
  const { tomogramPath, moleculesPath, scale, outputShape, order, cornerSafe, tiltModel } = inputs;
  await using image = await openImage(tomogramPath);
  const tomogram = toTomogram(image);
  const molecules = await readTable(moleculesPath, tomogram, scale ?? tomogram.scale);
  const loader = new SubtomogramLoader(tomogram, molecules, {
    ...(outputShape !== undefined && { outputShape }),
    ...(scale !== undefined && { scale }),
    ...(order !== undefined && { order }),
    ...(cornerSafe !== undefined && { cornerSafe }),
    ...(tiltModel !== undefined && { tiltModel }),
  });
  const own = loader.tomogram.scale;
  if (own !== undefined && Math.abs(own / loader.scale - 1) > SAME_SCALE)
    onLog?.(`${tomogramPath} says ${own} nm/voxel; ${loader.scale} is taken, as given`, "warning");
  return await work(inputs.dropOutside === true ? dropOutside(loader, onLog) : loader);
}

/** Voxels and sizes of other programs' tables are those of the tomogram. */
async function readTable(path: string, { shape }: Tomogram, scale: number | undefined): Promise<Molecules> {
  const [depth, height, width] = shape;
  const voxel = scale === undefined ? {} : { pixelSizeA: 10 * scale };
  const molecules = await readMolecules(path, { ...voxel, tomogramSize: [width, height, depth] });
  if (molecules.count > 0) return molecules;
  throw new VitrineError({ code: "missing", at: path, expected: "at least one molecule", found: "none" });
}

function dropOutside(loader: SubtomogramLoader, onLog: Log | undefined): SubtomogramLoader {
  const inside = loader.inside();
  const dropped = loader.count - inside.count;
  if (dropped > 0)
    onLog?.(
      `${dropped} of ${loader.count} molecules lie outside of the tomogram and are left out`,
      "warning",
    );
  return inside;
}
