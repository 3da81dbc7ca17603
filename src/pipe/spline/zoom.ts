import { elementCount, VitrineError } from "../../core/index.ts";
import { type PipeImage, roundHalfEven } from "../image.ts";
import { sampleGrid } from "./sample.ts";

/**
 * What the samples of a rescaled image stand for. `corners`: the outermost voxels stay where they are, as scipy's `zoom`
 * and so acryo do; a box of n voxels is magnified by (n' - 1) / (n - 1), not by the ratio (18 to 29 voxels: 1.647 for 1.6).
 * `scale`: magnified by the ratio itself about the centre of the box, reflected where it ends.
 */
export type RescaleGrid = "corners" | "scale";

/** 8 GiB of floats: more is a scale in another unit. */
const MOST_VOXELS = 2 ** 31;

/** An image of other voxels by its cubic spline; n voxels become round(n * ratio), at least 1. */
export function zoomImage(image: PipeImage, ratio: number, grid: RescaleGrid): PipeImage {
  const lengths = image.shape.map((n) => Math.max(1, roundHalfEven(n * ratio)));
  if (elementCount(lengths) > MOST_VOXELS)
    throw new VitrineError({
      code: "range",
      at: "an image that is rescaled",
      expected: `at most ${MOST_VOXELS} voxels`,
      found: lengths.join(" x "),
      hint: "Look whether both scales are in nm/voxel",
    });
  const places = (axis: number) =>
    axisPlaces(image.shape[axis], lengths[axis], grid === "scale" ? ratio : undefined);
  return sampleGrid(image, { coordinates: [places(0), places(1), places(2)], order: 3, boundary: "reflect" });
}

function axisPlaces(length: number, newLength: number, ratio: number | undefined): Float64Array {
  if (ratio === undefined) {
    const step = newLength === 1 ? 0 : (length - 1) / (newLength - 1);
    return Float64Array.from({ length: newLength }, (_, i) => i * step);
  }
  return Float64Array.from(
    { length: newLength },
    (_, i) => (i - (newLength - 1) / 2) / ratio + (length - 1) / 2,
  );
}
