/** Where planes are, out of the choices that the address keeps. */
import type { Choices } from "../useChoices.ts";
import type { VolumeFacts, Zyx } from "./api.ts";

/** The voxel that all planes go through: of the average, which has a place of its own, or of the tomogram. */
export function voxelAt(choices: Choices, { shape }: VolumeFacts, isAverage: boolean): Zyx {
  const given = (choices.text(isAverage ? "within" : "at") ?? "").split(",").map(Number);
  const isWithin =
    given.length === 3 && given.every((at, i) => Number.isInteger(at) && at >= 0 && at < shape[i]);
  return isWithin ? [given[0], given[1], given[2]] : [shape[0] >> 1, shape[1] >> 1, shape[2] >> 1];
}

/** Changes the voxel. */
export function chooseVoxel(choices: Choices, at: Zyx, isAverage: boolean): void {
  choices.choose({ [isAverage ? "within" : "at"]: at.join(",") });
}
