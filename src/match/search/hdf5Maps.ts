import {
  elementCount,
  type Image,
  requireKnownOptions,
  type Shape2,
  VitrineError,
} from "../../core/index.ts";
import { identifyFile, readHdf5, writeHdf5 } from "../../io/index.ts";
import type { SearchSpace } from "../config/config.ts";
import { MAP_NAMES, type MapPaths } from "../config/resultPaths.ts";
import { correlationCount } from "./resultMaps.ts";
import { readFiniteImage, requireFinite, type TiffOptions } from "./searchInputs.ts";

/** The release whose layout these files have. */
export const LEOPARD_LAYOUT = "1.3";

/**
 * Writes maps of a search as Leopard-EM 1.3 does: `/tensors` with (H, W) float32 each, deflated or not, and totals as
 * attributes of the file.
 *
 * @param maps  those that are written; a function makes one when its turn comes, and its array may be the one before
 */
export async function writeMapsHdf5(
  path: string,
  maps: Partial<Record<keyof MapPaths, Float32Array | (() => Float32Array)>>,
  {
    shape,
    space,
    compress,
  }: { readonly shape: Shape2; readonly space: SearchSpace; readonly compress: boolean },
): Promise<void> {
  const datasets = Object.entries(maps).map(([map, data]) => {
    return [MAP_NAMES[map as keyof MapPaths], { data, shape, compress }] as const;
  });
  const attributes = {
    leopard_em_version: LEOPARD_LAYOUT,
    total_projections: BigInt(correlationCount(space)),
    total_orientations: BigInt(space.eulerAnglesDeg.length / 3),
    total_defocus: BigInt(space.defocusOffsetsA.length),
  };
  const groups = { tensors: { datasets: Object.fromEntries(datasets) } };
  await writeHdf5(path, { attributes, groups }, { overwrite: true });
}

/** Reads a micrograph, or a map of a search from a file of its own or from HDF5 results. @throws {VitrineError} as `readFiniteImage` and `readHdf5Map` */
export async function readImageOrMap(
  path: string,
  options: TiffOptions & { readonly map?: keyof MapPaths | undefined } = {},
): Promise<Image> {
  requireKnownOptions("readImageOrMap", options, { tiffRows: true, onLog: true, map: true });
  const { map, ...tiff } = options;
  if (map === undefined || (await identifyFile(path)) !== "hdf5") return readFiniteImage(path, tiff);
  const image = await readHdf5Map(path, map);
  requireFinite(image.data, `${path} /tensors/${MAP_NAMES[map]}`, image.shape[1]);
  return image;
}

/**
 * Reads one map of Leopard-EM 1.3's HDF5 results.
 *
 * @throws {VitrineError} missing: no such map in it; shape: not an image; format: a damaged file
 */
export async function readHdf5Map(path: string, map: keyof MapPaths): Promise<Image> {
  const { data, shape } = await readHdf5(path, (file) => file.read(`/tensors/${MAP_NAMES[map]}`));
  const at = `${path} /tensors/${MAP_NAMES[map]}`;
  if (shape.length !== 2 || !(data instanceof Float32Array) || data.length !== elementCount(shape)) {
    const found = `${data instanceof Float32Array ? "" : "other values, "}${shape.join(" x ")}`;
    throw new VitrineError({ code: "shape", at, expected: "an image of float32", found });
  }
  const image: Shape2 = [shape[0], shape[1]];
  return { data, shape: image, pixelSizeA: 0 };
}
