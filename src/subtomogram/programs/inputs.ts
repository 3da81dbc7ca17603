import { type Shape3, VitrineError } from "../../core/index.ts";
import { openImage } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { readTomogramMolecules } from "../formats/ofTomogram.ts";
import type { TomogramVolume } from "../formats/tomograms.ts";
import { BackProjectionLoader } from "../loaders/backProjectionLoader.ts";
import { SubtomogramLoader } from "../loaders/subtomogramLoader.ts";
import type { Molecules } from "../molecules/molecules.ts";
import { centreOf } from "../sampling/boxes.ts";
import { requireInside } from "../sampling/region.ts";
import { toTomogram } from "../sampling/tomogram.ts";
import type { TiltModel, TiltRange } from "../tilt/tilt.ts";
import { imageScale } from "../tiltSeries/common.ts";
import type { CtfCorrection } from "../tiltSeries/filter.ts";
import { isTiltSeriesPath, readTiltSeries } from "../tiltSeries/read.ts";
import { centreOfSide } from "../tiltSeries/tilt.ts";
import type { TiltSeries } from "../tiltSeries/tiltSeries.ts";

/** Which boxes a program reads of which tomogram. */
export interface TomogramInputs {
  /** MRC, TIFF, `.npy`, OME-Zarr; or a tilt series, of whose images boxes are made: see `readTiltSeries`. */
  readonly tomogramPath: string;
  /** CSV or Parquet as acryo's, or another program's table, see `readMolecules`. */
  readonly moleculesPath: string;
  /** Whose molecules, of a table of several tomograms; default those of the one that the file is called after. */
  readonly tomogram?: string;
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
  /** Of a tilt series: voxels (x, y, z) without binning of the tomogram in which molecules were found; default what its file says. */
  readonly tomogramSize?: readonly [number, number, number];
  /** Of a tilt series: nm/pixel of its images; default what files say. */
  readonly imageScale?: number;
  /** Of a tilt series: what is done about the CTF; default `flip` where each image's defocus is known. */
  readonly ctf?: CtfCorrection;
  /** Of a tilt series: weigh frequencies by the dose that the specimen had seen; default false. */
  readonly doseWeighting?: boolean;
}

/** Molecules of a tomogram or of a tilt series. */
export type MoleculeLoader = SubtomogramLoader | BackProjectionLoader;

/** Names of {@link TomogramInputs}, for checks. */
export const INPUT_KEYS = {
  tomogramPath: true,
  moleculesPath: true,
  tomogram: true,
  scale: true,
  outputShape: true,
  order: true,
  cornerSafe: true,
  tiltModel: true,
  dropOutside: true,
  tomogramSize: true,
  imageScale: true,
  ctf: true,
  doseWeighting: true,
} as const;

/** Scales that differ by more than this share are not roundings of one. */
const SAME_SCALE = 0.01;

/** What reads boxes of a tomogram. */
export interface LoaderUse<Result> {
  readonly work: (loader: MoleculeLoader, volume: TomogramVolume) => Promise<Result>;
  /** Of boxes that the inputs say no shape of, at a scale in nm/voxel; default: molecules are not checked. */
  readonly shapeOf?: ((scale: number) => Promise<Shape3>) | undefined;
}

/**
 * Opens the tomogram, reads the molecules, and gives both to `work` as a loader; closes the file whatever happens. Where the boxes' shape is known, molecules
 * outside of the tomogram are left out or refused before the work.
 *
 * @throws {VitrineError} as `openImage`, `readMolecules` and `SubtomogramLoader`; missing: no molecules
 */
export async function withLoader<Result>(
  inputs: TomogramInputs,
  onLog: Log | undefined,
  { work, shapeOf }: LoaderUse<Result>,
): Promise<Result> {
  const { tomogramPath, scale, outputShape, order, cornerSafe, tiltModel } = inputs;
  if (isTiltSeriesPath(tomogramPath)) {
    const { loader, volume } = await tiltSeriesLoader(inputs, onLog);
    return work(loader, volume);
  }
  for (const name of ["tomogramSize", "imageScale", "ctf", "doseWeighting"] as const)
    if (inputs[name] !== undefined)
      onLog?.(`${optionOf(name)} has no effect: ${tomogramPath} is no tilt series`, "warning");
  await using image = await openImage(tomogramPath);
  const tomogram = toTomogram(image);
  for (const line of tomogram.warnings ?? []) onLog?.(line, "warning");
  const [depth, height, width] = tomogram.shape;
  const own = scale ?? tomogram.scale;
  const volume = { pixelSizeA: own === undefined ? own : 10 * own, size: [width, height, depth] } as const;
  const molecules = await readTable(inputs, volume, onLog);
  const loader = new SubtomogramLoader(tomogram, molecules, {
    ...(outputShape !== undefined && { outputShape }),
    ...(scale !== undefined && { scale }),
    ...(order !== undefined && { order }),
    ...(cornerSafe !== undefined && { cornerSafe }),
    ...(tiltModel !== undefined && { tiltModel }),
  });
  const said = loader.tomogram.scale;
  if (said !== undefined && Math.abs(said / loader.scale - 1) > SAME_SCALE)
    onLog?.(`${tomogramPath} says ${said} nm/voxel; ${loader.scale} is taken, as given`, "warning");
  const shape = loader.outputShape ?? (await shapeOf?.(loader.scale));
  const used = shape === undefined ? loader : insideOf(loader, shape, inputs, onLog);
  return await work(used, { ...volume, pixelSizeA: 10 * loader.scale });
}

/** Molecules whose boxes have something of the tomogram: all, or without the others. @throws {VitrineError} range: a molecule outside; missing: all are */
function insideOf(
  loader: SubtomogramLoader,
  shape: Shape3,
  { dropOutside = false, moleculesPath }: TomogramInputs,
  onLog: Log | undefined,
): SubtomogramLoader {
  const { tomogram, molecules, scale, order, cornerSafe } = loader;
  if (shape.some((side, axis) => side > tomogram.shape[axis]))
    onLog?.(
      `boxes of ${shape.join(" x ")} voxels are larger than ${tomogram.name}, ${tomogram.shape.join(" x ")}: what lies outside is filled with means`,
      "warning",
    );
  if (dropOutside) return requireSome(without(loader, loader.inside(shape), onLog), moleculesPath);
  for (let i = 0; i < molecules.count; i++)
    requireInside(tomogram, centreOf(molecules, i, scale), { shape, order, cornerSafe, at: `molecule ${i}` });
  return loader;
}

function requireSome<Own extends MoleculeLoader>(loader: Own, at: string): Own {
  if (loader.count > 0) return loader;
  const expected = "a molecule that lies in the tomogram";
  throw new VitrineError({ code: "missing", at, expected, found: "none", hint: "Check the scale" });
}

/** Molecules' places are counted from the first voxel of the tomogram that the images would make. */
async function tiltSeriesLoader(inputs: TomogramInputs, onLog: Log | undefined) {
  const { tomogramPath, imageScale: given, scale, outputShape, tiltModel, ctf, doseWeighting } = inputs;
  const how = { ...(given !== undefined && { scale: given }), ...(onLog && { onLog }) };
  const series = await readTiltSeries(tomogramPath, how);
  const size = requireTomogramSize(series, inputs);
  const nm = await imageScale(series.tilts[0].imagePath, series.scale);
  const volume = { pixelSizeA: 10 * nm, size };
  const molecules = await readTable(inputs, volume, onLog);
  const [x, y, z] = size.map((side) => nm * centreOfSide(side, series.detectorCentre));
  const loader = await BackProjectionLoader.open(series, molecules, {
    tomogramCenter: [z, y, x],
    ...(outputShape !== undefined && { outputShape }),
    ...(scale !== undefined && { scale }),
    ...(tiltModel !== undefined && { tiltModel }),
    ...(ctf !== undefined && { ctf }),
    ...(doseWeighting !== undefined && { doseWeighting }),
    ...(onLog && { onLog }),
  });
  if (inputs.dropOutside !== true) return { loader, volume };
  const inside = without(loader, await loader.inside(), onLog);
  return { loader: requireSome(inside, inputs.moleculesPath), volume };
}

/** @throws {VitrineError} missing: nobody says how large the tomogram is */
export function requireTomogramSize(
  { tomogramSize }: TiltSeries,
  inputs: Pick<TomogramInputs, "tomogramPath" | "tomogramSize">,
): readonly [number, number, number] {
  const size = inputs.tomogramSize ?? tomogramSize;
  if (size !== undefined) return size;
  const expected = "the tomogram's size, from whose centre tilt series count";
  const hint = "Give it with --tomogram-size X,Y,Z (tomogramSize), in voxels without binning";
  throw new VitrineError({ code: "missing", at: inputs.tomogramPath, expected, found: "none", hint });
}

/** @throws {VitrineError} as `readTomogramMolecules`; missing: a table without molecules */
async function readTable(
  { tomogramPath, moleculesPath, tomogram }: TomogramInputs,
  volume: TomogramVolume,
  onLog: Log | undefined,
): Promise<Molecules> {
  const how = { tomogramPath, volume, tomogram, ...(onLog && { onLog }) };
  const molecules = await readTomogramMolecules(moleculesPath, how);
  if (molecules.count > 0) return molecules;
  const expected = "at least one molecule";
  throw new VitrineError({ code: "missing", at: moleculesPath, expected, found: "none" });
}

/** The option of the command line, and its name in a program. */
function optionOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} (${name})`;
}

function without<Own extends MoleculeLoader>(loader: Own, inside: Own, onLog: Log | undefined): Own {
  const dropped = loader.count - inside.count;
  if (dropped > 0)
    onLog?.(
      `${dropped} of ${loader.count} molecules lie outside of the tomogram and are left out`,
      "warning",
    );
  return inside;
}
